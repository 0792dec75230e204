//! Small programs that give the same result on `std` and, along every schedule that is tried, on its stand-in.
//!
//! Each file of programs is compiled twice: once where `std` is the real one, once where it is `interleave`. A program returns
//! what it has seen; where several results are legal, it returns only what they have in common.

// The programs use what is deprecated in `std` too.
#![allow(deprecated)]

mod alias;
mod schedules;
mod sockets;

use interleave::engine::{Limits, Phase, Plan, explore};
use std::fmt::Debug;

/// Declares a file of programs, and a test for each of them.
macro_rules! conform {
    ($topic:ident, $file:literal: $($program:ident)*) => {
        mod $topic {
            mod real {
                include!($file);
            }
            mod explored {
                use ::interleave as std;
                include!($file);
            }
            $(
                #[test]
                fn $program() {
                    super::conform(real::$program, explored::$program);
                }
            )*
        }
    };
}

conform!(barrier, "barrier.rs": one_leads debug_output);
conform!(condvar, "condvar.rs":
    a_notified_waiter_goes_on all_waiters_go_on wait_while_returns_when_it_may time_outs_are_told wait_timeout_ms_says_false
    a_condition_that_comes_in_time a_poisoned_lock_is_told_after_the_wait debug_output);
conform!(lazy, "lazy.rs":
    a_lock_is_set_once get_or_init_runs_one_closure a_panic_leaves_it_empty wait_sees_the_value owned_access comparisons
    a_lazy_value_is_made_once a_panic_poisons_a_lazy_value lazy_owned_access statics_start_anew values_are_dropped
    debug_output);
conform!(local, "local.rs":
    a_value_per_thread shortcuts values_go_in_reverse_order an_access_after_destruction_fails joining_waits_for_destructors
    values_begin_when_first_used);
conform!(mpsc, "mpsc.rs":
    messages_keep_their_order a_channel_ends_with_its_last_sender sending_to_nobody_fails try_recv_says_why
    recv_timeout_says_why a_bounded_channel_fills a_waiting_sender_is_let_go a_rendezvous_hands_over
    try_send_needs_a_receiver_that_waits a_rendezvous_that_nobody_keeps iterators what_is_left_is_dropped
    messages_of_several_senders debug_output);
conform!(mutex, "mutex.rs":
    increments_add_up a_held_lock_cannot_be_tried a_panic_poisons a_caught_panic_poisons
    a_guard_taken_while_unwinding_does_not_poison poison_can_be_cleared owned_access unsized_values a_static_lock
    debug_output);
conform!(net, "net.rs":
    bytes_arrive_in_order more_than_any_buffer_gets_through writes_are_not_kept_apart lines_and_text
    a_dropped_end_is_the_end an_end_dropped_with_bytes_unread_is_reset a_waiting_reader_is_told_of_the_end
    a_waiting_writer_is_told_of_the_end an_end_is_closed_with_its_last_clone shutting_down_for_writing
    shutting_down_for_reading shutting_down_lets_everybody_go who_does_not_wait_is_told time_outs_end_waits
    connections_are_accepted connections_come_in_their_order names_are_taken_once nobody_listens
    connections_that_nobody_accepts_are_reset a_listener_need_not_wait descriptors_lead_back
    descriptors_of_a_listener_are_as_good_as_it a_listener_that_is_shut_down_accepts_who_has_come
    a_listener_is_shut_down_through_a_stream shutting_a_listener_down_for_writing_is_nothing
    a_socket_of_the_other_kind_refuses accepting_can_have_a_time_out sockets_have_addresses
    a_command_holds_what_it_is_given what_a_process_leaves_is_a_value);
conform!(once, "once.rs":
    it_runs_once a_panic_poisons force_mends waiting debug_output);
conform!(panics, "panics.rs":
    payloads_come_through a_resumed_panic_keeps_its_payload panicking_is_told locations nested_panics);
conform!(rwlock, "rwlock.rs":
    readers_share a_writer_is_alone a_panicking_reader_does_not_poison a_panicking_writer_poisons poison_can_be_cleared
    downgrading_keeps_writers_out owned_access unsized_values debug_output);
conform!(thread, "thread.rs":
    results_come_through_join payloads_come_through_join names_and_ids builders is_finished_after_the_end
    parking_takes_the_token a_token_is_kept park_timeouts_end scopes_borrow a_scope_waits a_panic_in_a_scope
    a_joined_panic_in_a_scope the_scope_body_panics scoped_builders unchecked detached_threads_run sleeping_orders
    debug_output);
conform!(time, "time.rs":
    instants_add_and_subtract time_passes_while_sleeping system_times_add_and_subtract errors_of_system_time);

/// Runs a program once on `std` and a few dozen times on its stand-in.
fn conform<R: Debug + PartialEq + 'static>(real: fn() -> R, explored: fn() -> R) {
    let expected = real();
    let phases = vec![
        Phase::Bounded { preemptions: 0, most: 20 },
        Phase::Urw { seed: 1, schedules: 20 },
        Phase::Random { seed: 2, schedules: 20 },
        Phase::Spurious { seed: 3, schedules: 20 },
    ];
    let plan = Plan { phases, steps: 400_000, limits: Limits { panics: true, ..Limits::default() } };
    let exploration = explore(&plan, move || assert_eq!(explored(), expected));
    if let Some(found) = exploration.found {
        let steps: Vec<_> = found.recording.events.iter().map(|event| (event.task.0, event.operation)).collect();
        panic!("{}\n{:?}\n{steps:?}", found.failure.message, found.failure);
    }
    assert!(exploration.schedules > 1, "it was explored");
}
