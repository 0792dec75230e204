//! The hidden tests as one program: one link instead of four. The grader makes such a root of its own.

mod behaviour;
mod schedules;
mod specification;
mod timing;
mod transcript;

/// What the compiler must accept. That it compiles is the test.
#[allow(warnings, clippy::all, reason = "each case is a program of its own, and only has to compile")]
mod compile_pass {
    mod a_future_may_borrow;
    mod a_future_need_not_be_send;
    mod a_future_need_not_be_unpin;
    mod a_sleep_can_be_sent_and_moved;
}
