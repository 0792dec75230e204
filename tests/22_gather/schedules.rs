//! Stories of a gather whose children are woken by other threads, each told along every schedule.

use harness::{Actor, ManualTask, actor, block_on, expect, expect_eq, note, scenario};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use subject::{gather, try_gather};

/// A child that is woken while it is being polled is polled again.
///
/// Next: take the list first, unmark a child before its poll, and ask what a wake finds that comes right after each step.
#[scenario(negated)]
fn a_child_is_woken_while_it_is_being_polled() {
    let bell = Bell::new();
    let ringer = ring("ringer", &bell);
    expect_eq!(block_on(gather([Sleeper::new(&bell, 7)])), [7], "the output of the child that the ringer woke");
    ringer.finish();
    let polls = bell.polls();
    expect!(polls <= 2, "polls of a child that was woken once", "2 at most", polls.to_string());
}

/// Two children that are woken by two threads both finish, each polled once for its wake.
///
/// Next: which of the two wakes tells the task? How does it know that the task has not looked at the list yet?
#[scenario]
fn two_children_are_woken_by_two_threads() {
    let bells = [Bell::new(), Bell::new()];
    let ringers = [ring("ringer-0", &bells[0]), ring("ringer-1", &bells[1])];
    let outputs = block_on(gather([Sleeper::new(&bells[0], 0), Sleeper::new(&bells[1], 1)]));
    expect_eq!(outputs, [0, 1], "the outputs of two children that two ringers woke");
    ringers.into_iter().for_each(Actor::finish);
    for bell in &bells {
        expect!(bell.polls() <= 2, "polls of a child that was woken once", "2 at most", bell.polls().to_string());
    }
}

/// A child that two threads wake before the next poll is polled once in it.
///
/// Next: to look whether the child is listed and to list it are one step, not two.
#[scenario]
fn two_threads_wake_the_same_child() {
    let bell = Bell::new();
    let mut gathered = pin!(gather([Sleeper::new(&bell, 7)]));
    let task = ManualTask::new();
    let _ = task.poll(gathered.as_mut());
    let wakes = ["first waker", "second waker"].map(|name| {
        let waker = bell.waker();
        actor(name, move || waker.wake())
    });
    wakes.into_iter().for_each(Actor::finish);
    expect!(task.wakes() > 0, "wakes of the task after two wakes of its child", "1 or 2", "0");
    let _ = task.poll(gathered.as_mut());
    expect_eq!(bell.polls(), 2, "polls of the child: the first one, and one for both wakes");
}

/// While the gather moves to another task, no wake goes to the old one only.
///
/// Next: a wake must read whom to tell after it has listed its child, or in the same step.
#[scenario]
fn the_task_changes_while_a_child_is_woken() {
    let bell = Bell::new();
    let mut gathered = pin!(gather([Sleeper::new(&bell, 7)]));
    let _ = ManualTask::new().poll(gathered.as_mut());
    let ringer = ring("ringer", &bell);
    expect_eq!(block_on(gathered), [7], "the output, waited for by another task than the one that polled first");
    ringer.finish();
}

/// An error that meets the wake of a sibling is returned, and every child is dropped once.
///
/// Next: which of your locks is held while children are dropped, and who may be waiting for it?
#[scenario(negated)]
fn an_error_meets_the_wake_of_a_sibling() {
    let [fails, other] = [Bell::new(), Bell::new()];
    let ringers = [ring("failing ringer", &fails), ring("other ringer", &other)];
    let children = [Sleeper::new(&fails, Err("refused")), Sleeper::new(&other, Ok(1))];
    let mut gathered = Box::pin(try_gather(children));
    expect_eq!(
        block_on(gathered.as_mut()),
        Err("refused"),
        "the result: the first child fails, the other one does not"
    );
    expect!(
        other.has_finished() || other.drops() == 1,
        "the other child, when the error has been returned",
        "it has finished or it has been dropped",
        "it is alive and unfinished"
    );
    ringers.into_iter().for_each(Actor::finish);
    drop(gathered);
    expect_eq!([fails.drops(), other.drops()], [1, 1], "drops of the children after the gather was dropped");
}

/// A gather can be dropped while one of its children is being woken.
///
/// Next: between a waker's look whether the gather is still there and its use of what it found, the gather may go.
#[scenario]
fn a_gather_is_dropped_while_a_child_is_woken() {
    let bells = [Bell::new(), Bell::new()];
    let mut gathered = Box::pin(gather([Sleeper::new(&bells[0], 0), Sleeper::new(&bells[1], 1)]));
    let _ = ManualTask::new().poll(gathered.as_mut());
    let ringer = ring("ringer", &bells[1]);
    drop(gathered);
    ringer.finish();
    expect_eq!([bells[0].drops(), bells[1].drops()], [1, 1], "drops of the children");
    expect_eq!([bells[0].polls(), bells[1].polls()], [1, 1], "polls of the children, of which one was woken meanwhile");
}

// ---- The parts that the stories are played with

/// What a child waits for: rung once, by another thread.
#[derive(Default)]
struct Bell {
    state: Mutex<Ringing>,
    polls: AtomicUsize,
    drops: AtomicUsize,
    has_finished: AtomicBool,
}

#[derive(Default)]
struct Ringing {
    has_rung: bool,
    sleeper: Option<Waker>,
}

impl Bell {
    fn new() -> Arc<Bell> {
        Arc::default()
    }

    fn polls(&self) -> usize {
        self.polls.load(SeqCst)
    }

    fn drops(&self) -> usize {
        self.drops.load(SeqCst)
    }

    fn has_finished(&self) -> bool {
        self.has_finished.load(SeqCst)
    }

    /// A waker that panics is reported where it happens: here it does no more harm.
    fn lock(&self) -> MutexGuard<'_, Ringing> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The waker of the latest poll.
    fn waker(&self) -> Waker {
        self.lock().sleeper.clone().expect("the child has been polled")
    }

    /// Wakes with the bell locked, as timers do: so a sleeper that stops waiting knows that no wake comes any more.
    fn ring(&self) {
        let mut ringing = self.lock();
        ringing.has_rung = true;
        if let Some(sleeper) = ringing.sleeper.take() {
            sleeper.wake();
        }
    }
}

fn ring(name: &str, bell: &Arc<Bell>) -> Actor<()> {
    let bell = Arc::clone(bell);
    actor(name, move || bell.ring())
}

/// A child that is ready when its bell has rung.
struct Sleeper<T> {
    bell: Arc<Bell>,
    output: Option<T>,
}

impl<T> Sleeper<T> {
    fn new(bell: &Arc<Bell>, output: T) -> Self {
        Sleeper { bell: Arc::clone(bell), output: Some(output) }
    }
}

impl<T> Unpin for Sleeper<T> {}

impl<T> Future for Sleeper<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        self.bell.polls.fetch_add(1, SeqCst);
        note("a child is polled");
        {
            let mut ringing = self.bell.lock();
            if !ringing.has_rung {
                ringing.sleeper = Some(context.waker().clone());
                return Poll::Pending;
            }
        }
        self.bell.has_finished.store(true, SeqCst);
        Poll::Ready(self.output.take().expect("a finished child is never polled again"))
    }
}

impl<T> Drop for Sleeper<T> {
    fn drop(&mut self) {
        self.bell.lock().sleeper = None;
        self.bell.drops.fetch_add(1, SeqCst);
    }
}
