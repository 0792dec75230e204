//! What comes of a task: outputs and panics, who sees them, and what is dropped when.

use super::clock::{after, ms, on_paused_clock, rest};
use super::handles::{OnDrop, holding, join_of, states};
use harness::{Log, expect, expect_eq, fact};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use subject::{Task, TaskError, create_task};
use tokio::time::sleep;

/// All handles lend out the same output; it is neither copied nor given away.
///
/// Next: the output stays in a place that all handles share, and `result` and `join` return references into it.
#[fact(negated)]
fn all_handles_lend_out_the_same_output() {
    on_paused_clock(async {
        let task = create_task(after(1, String::from("output")));
        let clone = task.clone();
        let joined = task.join().await.map(std::ptr::from_ref);
        for handle in [&task, &clone] {
            let seen = handle.result().map(std::ptr::from_ref);
            expect!(seen == joined, "the output that result() refers to", "the one join() gave", "another one");
            let again = handle.join().await.map(std::ptr::from_ref);
            expect!(again == joined, "the output that a second join() refers to", "the same", "another one");
        }
    });
}

/// Everybody who joins a task is told of its end.
///
/// Next: a task may have many waiters, and its end concerns all of them.
#[fact]
fn everybody_who_joins_is_told() {
    on_paused_clock(async {
        let task = create_task(after(10, 7));
        let joiners = [1, 2, 3].map(|_| create_task(join_of(&task)));
        sleep(ms(20)).await;
        let told = joiners.iter().filter(|joiner| joiner.result() == Ok(&Ok(7))).count();
        expect_eq!(told, 3, "of three tasks that joined a task that has ended, those that were told");
    });
}

/// Panics end the task that panics, and become values: their text, or `Box<dyn Any>` if there is none.
///
/// Next: look into the payload for a `&'static str`, then for a `String`.
#[fact(panics, negated)]
fn panics_become_values() {
    on_paused_clock(async {
        let payloads: [fn(); 4] = [
            || panic!("plain"),
            || panic!("{}", String::from("formatted")),
            || std::panic::panic_any(7_u8),
            || std::panic::panic_any(String::from("a String")),
        ];
        let tasks = payloads.map(|payload| {
            create_task(async move {
                rest().await;
                payload();
            })
        });
        let bystander = create_task(after(10, 7));
        for (task, text) in tasks.iter().zip(["plain", "formatted", "Box<dyn Any>", "a String"]) {
            let expected = Err(TaskError::Panicked(text.to_owned()));
            expect_eq!(task.join().await.copied(), expected, "what joining a task that panics gives");
            expect_eq!(states(task), (true, expected), "done() and result() of a task that has panicked");
            expect_eq!(task.cancel(), false, "cancel() of a task that has panicked");
        }
        expect_eq!(bystander.join().await, Ok(&7), "the result of a task beside those that panic");
        let errors = [TaskError::NotDone, TaskError::Cancelled, TaskError::Panicked("why".into())];
        let texts = ["the task is not done", "the task was cancelled", "the task panicked: why"];
        expect_eq!(errors.map(|error| error.to_string()), texts, "how errors are shown, as in the starter");
    });
}

/// When a task is done its future has been dropped, however it ended.
///
/// Next: drop the future first, then publish the outcome; a waiter may rely on what its destructor gives back.
#[fact(panics)]
fn the_future_is_dropped_before_the_task_is_done() {
    on_paused_clock(async {
        for ending in ["a return", "a panic", "a cancellation"] {
            let (own, log) = (Arc::new(Mutex::new(None::<Task<()>>)), Log::new());
            let (theirs, sees) = (Arc::clone(&own), log.clone());
            let guard = OnDrop(move || {
                let done = theirs.lock().unwrap().as_ref().is_some_and(Task::done);
                sees.add(done);
            });
            let task = create_task(holding(guard, async move {
                rest().await;
                match ending {
                    "a return" => {}
                    "a panic" => panic!("on purpose"),
                    _ => std::future::pending().await,
                }
            }));
            *own.lock().unwrap() = Some(task.clone());
            sleep(ms(5)).await;
            let _ = ending != "a cancellation" || task.cancel();
            let _ = task.join().await;
            expect_eq!(log.read(), [false], format!("done() at each drop of the future, the end being {ending}"));
        }
    });
}

/// The output is dropped once: with the last handle, or with the task if no handle is left.
///
/// Next: share the output by `Arc` rather than leaking it, and let nothing that outlives the task hold on to it.
#[fact]
fn the_output_is_dropped_with_the_last_handle() {
    on_paused_clock(async {
        let drops = Arc::new(AtomicUsize::new(0));
        let output = || {
            let drops = Arc::clone(&drops);
            async move {
                rest().await;
                OnDrop(move || _ = drops.fetch_add(1, SeqCst))
            }
        };
        let task = create_task(output());
        let clone = task.clone();
        sleep(ms(5)).await;
        drop(task);
        expect_eq!(drops.load(SeqCst), 0, "drops of an output to which there is still a handle");
        drop(clone);
        expect_eq!(drops.load(SeqCst), 1, "drops of an output whose last handle was dropped");
        drop(create_task(output()));
        sleep(ms(5)).await;
        expect_eq!(drops.load(SeqCst), 2, "drops of two outputs after a second task, without a handle, has ended");
    });
}
