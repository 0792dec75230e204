//! The hidden tests as one program: one link instead of four. The grader makes such a root of its own.

mod behaviour;
mod schedules;
mod timing;
mod transcript;

/// What the compiler must accept. That it compiles is the test.
#[allow(warnings, clippy::all, reason = "each case is a program of its own, and only has to compile")]
mod compile_pass {
    mod a_stream_can_be_written_by_hand;
    mod a_yielder_can_be_lent;
    mod items_may_borrow_what_outlives_the_stream;
    mod parts_need_not_be_send_clone_or_unpin;
    mod streams_are_send_if_their_parts_are;
}
