//! The hidden tests as one program: one link instead of four. The grader makes such a root of its own.

mod behaviour;
mod schedules;
mod timing;
mod transcript;

/// What the compiler must accept. That it compiles is the test.
#[allow(warnings, clippy::all, reason = "each case is a program of its own, and only has to compile")]
mod compile_pass {
    mod an_error_is_an_error_like_any_other;
    mod futures_may_be_any_that_can_be_sent;
    mod handles_can_be_cloned_whatever_the_output;
    mod handles_can_be_sent_and_shared;
    mod joins_and_waits_are_send;
}
