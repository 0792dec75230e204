//! The same programs on the real crossbeam and on the stand-in, over many schedules: the same results.

#![allow(clippy::duplicate_mod)] // the programs are the same by intention

mod explored;
mod real;

use interleave::engine::{Limits, Phase, Plan, explore};

fn agree(expected: &str, program: fn() -> String) {
    let phases = vec![
        Phase::Bounded { preemptions: 0, most: 60 },
        Phase::Urw { seed: 1, schedules: 60 },
        Phase::Random { seed: 2, schedules: 60 },
        Phase::Spurious { seed: 3, schedules: 20 },
        Phase::Bounded { preemptions: 1, most: 100 },
    ];
    let plan = Plan { phases, steps: 200_000, limits: Limits { panics: true, ..Limits::default() } };
    let expected = expected.to_owned();
    let exploration = explore(&plan, move || assert_eq!(program(), expected));
    let failure = exploration.found.map(|found| {
        let events: Vec<String> = found
            .recording
            .events
            .iter()
            .map(|event| {
                format!("{} {:?} {} {}:{}", event.task.0, event.mark, event.operation, event.at.line(), event.detail)
            })
            .collect();
        format!("{:?} {}\n{}", found.failure.kind, found.failure.message, events.join("\n"))
    });
    assert_eq!(failure, None);
    assert!(exploration.schedules > 1);
}

macro_rules! programs {
    ($($area:ident: $($name:ident)*;)*) => {$($(
        #[test]
        fn $name() {
            agree(&real::programs::$area::$name(), explored::programs::$area::$name);
        }
    )*)*};
}

programs! {
    channel:
        a_channel_keeps_the_order_of_one_sender
        several_senders_and_receivers_lose_nothing
        a_bounded_channel_is_full_at_its_capacity
        an_unbounded_channel_is_never_full
        a_channel_without_senders_is_emptied_first
        a_channel_without_receivers_gives_messages_back
        the_last_receiver_drops_what_nobody_received
        a_blocked_receiver_learns_that_the_senders_are_gone
        a_blocked_sender_learns_that_the_receivers_are_gone
        messages_may_hold_senders
        a_message_that_is_dropped_may_close_its_own_channel
        handles_know_their_channel
        errors_speak_crossbeams_words
    ;
    rendezvous:
        at_a_rendezvous_both_sides_meet
        a_rendezvous_sees_who_waits
        a_rendezvous_ends_with_the_other_side
        a_rendezvous_times_out_and_keeps_the_message
    ;
    select:
        select_takes_what_is_ready
        select_gets_every_message_once
        select_sends_as_well
        select_meets_select_at_a_rendezvous
        one_thread_does_not_meet_itself
        select_in_a_loop_breaks_and_continues
        a_biased_select_takes_the_first
        select_waits_for_timers
        the_select_list_is_kept_by_index
        a_selected_operation_is_completed_later
        select_completes_a_rendezvous_later
        select_takes_an_offer_later
        who_observes_learns_of_a_partner
        select_sees_a_closed_channel_as_ready
        mistakes_with_select_panic
    ;
    time:
        timeouts_end_in_their_order
        a_message_comes_before_the_timeout
        a_deadline_that_has_passed_still_takes_what_is_there
        timers_deliver_their_moment
        ticks_are_apart_and_do_not_pile_up
        nothing_ever_comes_from_never
    ;
    threads:
        scoped_threads_borrow_and_return
        scoped_threads_start_others
        a_panic_of_an_unjoined_thread_is_the_scopes_error
        a_panic_of_a_joined_thread_is_the_joiners
        backoff_completes_after_some_snoozes
        cache_padded_is_its_value
    ;
    data:
        array_queues_have_a_capacity
        array_queues_lose_nothing
        segment_queues_are_unbounded
        who_has_a_queue_alone_needs_no_lock
        atomic_cells_compute_in_one_step
        workers_give_tasks_to_thieves
        stolen_tasks_are_done_once
        steals_are_put_together
    ;
    sync:
        a_wait_group_waits_for_its_members
        all_who_wait_in_a_group_go_on
        a_parker_has_one_token
        a_parker_survives_being_a_pointer
        a_parked_thread_sees_what_was_before_the_unpark
        a_sharded_lock_excludes_writers
        a_sharded_lock_is_poisoned_by_writers_only
    ;
}
