// Programs that have one result, whatever the schedule. They are compiled twice: see `conformance.rs`.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex as StdMutex};
use tokio::sync::{broadcast, mpsc, oneshot, watch, Barrier, Mutex, Notify, OnceCell, RwLock, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{self, Duration, Instant};

/// What happened, in order. Never locked across an await.
#[derive(Clone, Default)]
struct Log(Arc<StdMutex<Vec<String>>>);

impl Log {
    fn add(&self, text: impl std::fmt::Display) {
        self.0.lock().unwrap().push(text.to_string());
    }

    fn text(&self) -> String {
        self.0.lock().unwrap().join(" ")
    }
}

/// Logs that it is dropped.
struct Dropped(Log, &'static str);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.add(format!("{} dropped", self.1));
    }
}

fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

include!("tasks.rs");
include!("channels.rs");
include!("locks.rs");
include!("guards.rs");
include!("local.rs");

type Program = (&'static str, fn() -> Pin<Box<dyn Future<Output = String>>>);

macro_rules! programs {
    ($($name:ident,)*) => {
        vec![$( (stringify!($name), || Box::pin($name())), )*]
    };
}

pub(crate) fn all() -> Vec<Program> {
    programs![
        sleepers_wake_in_the_order_of_deadlines,
        a_timeout_drops_what_it_gives_up,
        an_interval_catches_up_as_it_is_told,
        a_sleep_can_be_set_anew,
        a_join_set_gives_results_in_the_order_of_their_end,
        a_join_set_aborts_what_is_left_when_dropped,
        an_abort_is_a_request,
        a_panic_is_the_error_of_the_handle,
        notify_one_is_kept_once_and_notify_waiters_is_not,
        notified_waiters_are_served_in_order,
        a_notification_that_is_not_seen_goes_to_the_next,
        a_full_channel_blocks_and_a_closed_one_drains,
        a_channel_ends_with_its_last_sender,
        a_promised_message_keeps_a_closed_channel_open,
        senders_learn_that_the_receiver_is_gone,
        many_are_received_at_once,
        a_oneshot_tells_when_a_side_is_gone,
        a_slow_receiver_of_a_broadcast_lags,
        a_watch_keeps_the_last_value,
        those_who_wait_learn_that_the_senders_are_gone,
        those_who_wait_learn_that_the_receivers_are_gone,
        a_semaphore_serves_in_order,
        a_semaphore_gives_back_what_a_waiter_leaves,
        a_mutex_serves_in_order_and_survives_a_waiter_that_leaves,
        a_waiting_writer_is_not_overtaken,
        a_barrier_has_one_leader,
        a_once_cell_is_set_once,
        select_closes_branches,
        select_drops_the_branches_that_lose,
        join_waits_for_all_and_try_join_for_the_first_error,
        giving_way_lets_others_go_on,
        blocking_code_meets_tasks,
        many_permits_are_reserved_at_once,
        a_channel_is_polled,
        senders_are_counted,
        a_mutex_is_held_by_a_part,
        an_owned_guard_of_a_part_keeps_the_mutex,
        a_read_write_lock_is_held_by_a_part,
        owned_guards_of_a_read_write_lock_keep_it,
        a_value_that_is_set_once_is_waited_for,
        threads_wait_for_a_semaphore,
        tasks_of_a_local_set_take_turns,
        a_local_set_stops_when_nobody_drives_it,
        a_local_set_ends_with_its_tasks,
        a_join_set_takes_local_tasks,
        a_task_local_value_goes_with_its_future,
        a_task_knows_its_id,
        futures_without_a_budget,
        a_thread_enters_a_runtime,
    ]
}
