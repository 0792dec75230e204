//! The hidden tests as one program: one link instead of four. The grader makes such a root of its own.

mod behaviour;
mod schedules;
mod timing;
mod transcript;

/// What the compiler must accept. That it compiles is the test.
#[allow(warnings, clippy::all, reason = "each case is a program of its own, and only has to compile")]
mod compile_pass {
    mod a_body_may_borrow_and_need_not_be_send;
    mod a_future_is_send_if_its_parts_are;
    mod resources_and_errors_of_any_kind;
}
