//! The hidden tests as one program: one link instead of four. The grader makes such a root of its own.

mod behaviour;
mod schedules;
mod timing;
mod transcript;

/// What the compiler must accept. That it compiles is the test.
#[allow(warnings, clippy::all, reason = "each case is a program of its own, and only has to compile")]
mod compile_pass {
    mod a_gather_is_send_if_its_children_are;
    mod children_come_from_any_iterator;
    mod children_may_borrow;
    mod children_need_not_be_send;
    mod children_need_not_be_unpin;
    mod panicked_is_an_error;
}
