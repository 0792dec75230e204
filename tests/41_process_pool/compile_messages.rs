//! Pins the compiler's whole messages for the reference, so that an exercise whose refusals become unreadable is noticed.
//! A submission is judged by error code and line only.

#[test]
fn the_reference_is_refused_in_the_pinned_words() {
    if harness::pinned_compiler() {
        trybuild::TestCases::new().compile_fail("compile_fail/*.rs");
    }
}

#[test]
fn the_reference_compiles_where_it_must() {
    trybuild::TestCases::new().pass("compile_pass/*.rs");
}
