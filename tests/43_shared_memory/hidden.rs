//! The hidden tests as one program: one link instead of four. The grader makes such a root of its own.

mod behaviour;
mod timing;
mod transcript;

/// What the compiler must accept. That it compiles is the test.
#[allow(warnings, clippy::all, reason = "each case is a program of its own, and only has to compile")]
mod compile_pass {
    mod threads_share_the_objects;
    mod two_guards_at_once;
}
