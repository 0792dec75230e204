//! The hidden tests as one program: one link instead of four. The grader makes such a root of its own.

mod behaviour;
mod schedules;
mod specification;
mod timing;
mod transcript;

/// What the compiler must accept. That it compiles is the test.
#[allow(warnings, clippy::all, reason = "each case is a program of its own, and only has to compile")]
mod compile_pass {
    mod guard_is_shared_by_reference;
    mod lock_is_a_static;
    mod lock_of_a_cell_is_sent;
    mod lock_of_a_cell_is_shared;
    mod results_are_those_of_std;
    mod value_is_borrowed;
}
