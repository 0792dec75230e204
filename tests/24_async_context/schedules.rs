//! Stories of futures that are dropped on one thread while what they hand over runs on another, each told along every
//! schedule.

use harness::{Actor, Tracked, actor, eventually, expect, expect_eq, note, scenario};
use std::future::pending;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use subject::{AsyncResource, Ending, ExitStack, with, with_stack};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Notify, oneshot};

/// A resource whose task is aborted while its body comes to its end exits once, and is told which of the two it was.
///
/// Next: all that the exit has to know must be in its hands before it is handed over.
#[scenario(negated)]
fn an_abort_meets_the_end_of_the_body() {
    let runtime = runtime();
    let exits = Arc::new(Exits::default());
    let (customer, wanted) = oneshot::channel();
    let task = runtime.spawn(with(Probe::new(&exits), async |_| wanted.await.map_err(drop)));
    let customer = actor("customer", move || customer.send(()).unwrap_or_default());
    note("aborts the task");
    task.abort();
    customer.finish();
    let outcome = block_on(&runtime, task);
    eventually("every exit that has begun has ended", || exits.begun().len() == exits.ended());
    let expected: &[Ending] = match outcome {
        Ok(_) => &[Ending::Returned],
        // Aborted before it was polled, or while it waited.
        Err(_) if exits.entered.load(SeqCst) == 0 => &[],
        Err(_) => &[Ending::Cancelled],
    };
    expect_eq!(exits.begun(), expected, "what the exits of one resource were told, which was entered at most once");
}

/// An exit whose task is aborted while what it waits for comes goes on: it begins once and ends once.
///
/// Next: what was handed over may run before your `drop` has returned; it must have all it needs by then.
#[scenario]
fn an_abort_meets_the_end_of_the_exit() {
    let runtime = runtime();
    let exits = Arc::new(Exits::default());
    let task = runtime.spawn(with(Probe::waiting(&exits), async |_| Ok(())));
    // So that the abort finds an exit, and not a task that was never polled.
    eventually("the exit has begun", || exits.begun() == [Ending::Returned]);
    let theirs = Arc::clone(&exits);
    let opener = actor("opener", move || theirs.gate.notify_one());
    note("aborts the task");
    task.abort();
    opener.finish();
    eventually("the exit has ended", || exits.ended() > 0);
    expect_eq!((exits.begun(), exits.ended()), (vec![Ending::Returned], 1), "exits that have begun, and ended");
    drop(task);
}

/// No exit begins before the body is gone, with everything in it.
///
/// Next: locals are dropped in the reverse of the order in which they were declared: which goes first, the body or the debt?
#[scenario]
fn the_body_is_gone_before_the_exit_begins() {
    let runtime = runtime();
    let shared = Arc::new(Tracked::new(Vec::new()));
    let (theirs, exited) = (Arc::clone(&shared), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&exited);
    let running = with_stack(async move |stack: &mut ExitStack<()>| {
        let _local = LastWords(Arc::clone(&theirs));
        stack.push(move |_| async move {
            note("the exit begins");
            theirs.write(|words| words.push("exit"));
            count.fetch_add(1, SeqCst);
            Ok(())
        });
        pending::<Result<(), ()>>().await
    });
    drop_half_way(&runtime, running);
    eventually("the exit has run", || exited.load(SeqCst) == 1);
    shared.read(|words| expect_eq!(*words, ["body", "exit"], "who wrote, in order: the body's local and the exit"));
}

/// The next user of something that one user at a time may have gets it after the exit of a user that was aborted.
///
/// Next: an exit that finds the resource still in use has to wait for it, not to give up.
#[scenario]
fn the_next_user_comes_after_the_exit() {
    let runtime = runtime();
    let desk = Arc::new(Desk { is_free: Notify::new(), papers: Tracked::new(0), steps: AtomicUsize::new(0) });
    desk.is_free.notify_one();
    let first = runtime.spawn(with(Place(Arc::clone(&desk)), async |place| {
        place.0.work();
        pending::<Result<(), ()>>().await
    }));
    eventually("the first user works", || desk.steps.load(SeqCst) == 1);
    let second = runtime.spawn(with(Place(Arc::clone(&desk)), async |place| {
        place.0.work();
        Ok(())
    }));
    note("aborts the first user");
    first.abort();
    eventually("two users and their two exits have come and gone", || desk.steps.load(SeqCst) == 4);
    expect_eq!(desk.papers.get(), 4, "what was done to the papers, by two users and by two exits");
    drop(second);
}

/// A stack that is dropped half-way unwinds in order on a runtime with several threads, too.
///
/// Next: an exit that is handed over by itself may run before whoever has to wait for it waits.
#[scenario]
fn a_stack_dropped_half_way_unwinds_in_order() {
    let runtime = runtime();
    let shared = Arc::new(Tracked::new(Vec::new()));
    let exited = Arc::new(AtomicUsize::new(0));
    let running = with_stack(async |stack: &mut ExitStack<()>| {
        for name in ["outer", "inner"] {
            let (shared, exited) = (Arc::clone(&shared), Arc::clone(&exited));
            stack.push(move |_| async move {
                note(&format!("exit: {name}"));
                shared.write(|words| words.push(name));
                exited.fetch_add(1, SeqCst);
                Ok(())
            });
        }
        pending::<Result<(), ()>>().await
    });
    drop_half_way(&runtime, running);
    eventually("both exits have run", || exited.load(SeqCst) == 2);
    shared.read(|words| expect_eq!(*words, ["inner", "outer"], "the exits in the order in which they ran"));
}

/// Two futures that two threads drop at the same time both exit.
///
/// Next: what drops share with each other, or with a task that works for them, must bear that two come at once.
#[scenario(negated)]
fn two_futures_are_dropped_at_once() {
    let runtime = runtime();
    let exits = Arc::new(Exits::default());
    let droppers = ["first dropper", "second dropper"].map(|name| {
        let mut running = Box::pin(with(Probe::new(&exits), async |_| pending::<Result<(), ()>>().await));
        block_on(&runtime, async { drop(running.as_mut().poll(&mut Context::from_waker(Waker::noop()))) });
        actor(name, move || drop(running))
    });
    droppers.into_iter().for_each(Actor::finish);
    eventually("both exits have ended", || exits.ended() == 2);
    expect_eq!(exits.begun(), [Ending::Cancelled; 2], "what the exits of two dropped futures were told");
}

// ---- The parts that the stories are played with

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).build().expect("the system has room for a runtime")
}

fn block_on<F: Future>(runtime: &Runtime, future: F) -> F::Output {
    runtime.block_on(future)
}

/// Polls a future once in the context of the runtime, then drops it outside.
fn drop_half_way<F: Future>(runtime: &Runtime, future: F) {
    let mut running = pin!(Some(future));
    block_on(runtime, async {
        let poll =
            running.as_mut().as_pin_mut().expect("not dropped yet").poll(&mut Context::from_waker(Waker::noop()));
        expect!(poll.is_pending(), "the first poll of a future whose body never ends", "pending", "ready");
    });
    note("the future is dropped");
    running.set(None);
}

/// What has become of the resources of one story.
#[derive(Default)]
struct Exits {
    entered: AtomicUsize,
    begun: Mutex<Vec<Ending>>,
    ended: AtomicUsize,
    gate: Notify,
}

impl Exits {
    fn begun(&self) -> Vec<Ending> {
        self.begun.lock().expect("nothing panics while it writes").clone()
    }

    fn ended(&self) -> usize {
        self.ended.load(SeqCst)
    }
}

struct Probe {
    exits: Arc<Exits>,
    waits: bool,
}

impl Probe {
    fn new(exits: &Arc<Exits>) -> Self {
        Probe { exits: Arc::clone(exits), waits: false }
    }

    /// Its exit waits for the gate.
    fn waiting(exits: &Arc<Exits>) -> Self {
        Probe { exits: Arc::clone(exits), waits: true }
    }
}

impl AsyncResource for Probe {
    type Error = ();

    async fn enter(&mut self) -> Result<(), ()> {
        note("entered");
        self.exits.entered.fetch_add(1, SeqCst);
        Ok(())
    }

    async fn exit(&mut self, ending: Ending) -> Result<(), ()> {
        note(&format!("exit: {ending:?}"));
        self.exits.begun.lock().expect("nothing panics while it writes").push(ending);
        if self.waits {
            self.exits.gate.notified().await;
        }
        self.exits.ended.fetch_add(1, SeqCst);
        note("the exit has ended");
        Ok(())
    }
}

/// Writes when it is dropped.
struct LastWords(Arc<Tracked<Vec<&'static str>>>);

impl Drop for LastWords {
    fn drop(&mut self) {
        note("the body is dropped");
        self.0.write(|words| words.push("body"));
    }
}

/// One user at a time.
struct Desk {
    is_free: Notify,
    papers: Tracked<u32>,
    steps: AtomicUsize,
}

impl Desk {
    fn work(&self) {
        self.papers.write(|papers| *papers += 1);
        self.steps.fetch_add(1, SeqCst);
    }
}

struct Place(Arc<Desk>);

impl AsyncResource for Place {
    type Error = ();

    async fn enter(&mut self) -> Result<(), ()> {
        self.0.is_free.notified().await;
        note("takes the desk");
        Ok(())
    }

    async fn exit(&mut self, _: Ending) -> Result<(), ()> {
        note("the desk is tidied up");
        self.0.work();
        self.0.is_free.notify_one();
        Ok(())
    }
}
