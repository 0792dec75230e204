//! The hidden tests as one program: one link instead of four. The grader makes such a root of its own.

mod behaviour;
mod schedules;
mod timing;
mod transcript;

/// What the compiler must accept. That it compiles is the test.
#[allow(warnings, clippy::all, reason = "each case is a program of its own, and only has to compile")]
mod compile_pass {
    mod a_closure_borrows_and_returns_what_it_likes;
    mod a_token_is_copied_and_passed_on;
    mod cells_and_gils_are_shared_between_threads;
}
