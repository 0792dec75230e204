//! What stand-ins call: points, waits, wakes, and what happens before what.

use super::super::clock::{Clock, Moment};
use super::super::failure::FailureKind;
use super::super::object::{Object, ObjectId};
use super::super::record::{Mark, Thing};
use super::super::strategy::Choice;
use super::super::task::{Flavour, Locals, Stack, State, Task, TaskId};
use super::super::wait::{Wait, WaitKind, Woken};
use super::{EPOCH, EXECUTION, LAST, LAST_PANICS, LastPanics, PROGRESS, STACK, STACKS, with_execution};
use std::cell::RefCell;
use std::panic::Location;
use std::ptr;
use std::rc::Rc;
use std::sync::PoisonError;
use std::sync::atomic::Ordering::Relaxed;
use std::task::Waker;

/// The state behind a stand-in: one task looks at a time.
///
/// # Safety
/// `action` must neither switch tasks nor look at the same cell again.
pub(crate) unsafe fn with<T: ?Sized, R>(cell: &std::cell::UnsafeCell<T>, action: impl FnOnce(&mut T) -> R) -> R {
    // SAFETY: all tasks live on one operating-system thread, and the caller promises not to nest.
    action(unsafe { &mut *cell.get() })
}

/// Whether a program is being explored on this operating-system thread.
pub fn is_exploring() -> bool {
    !EXECUTION.get().is_null()
}

/// The number of the present execution; a new one for each, never 0.
pub fn epoch() -> u32 {
    EPOCH.get()
}

/// The running task. Outside of an execution, the one that the scenario would be.
pub fn current() -> TaskId {
    with_execution(|execution| execution.current).unwrap_or(TaskId(0))
}

/// How many tasks there are that have not ended.
pub fn running() -> usize {
    with_execution(|execution| execution.tasks.iter().filter(|task| !task.is_finished()).count()).unwrap_or(1)
}

/// Whether a task has ended.
pub fn has_ended(task: TaskId) -> bool {
    with_execution(|execution| execution.tasks.get(task.index()).is_none_or(Task::is_finished)).unwrap_or(true)
}

/// A task's name.
pub fn name_of(task: TaskId) -> String {
    with_execution(|execution| execution.tasks.get(task.index()).map(|task| task.name.clone()))
        .flatten()
        .unwrap_or_else(|| "main".to_owned())
}

/// The virtual time since the beginning of the execution, in nanoseconds.
pub fn now() -> u64 {
    with_execution(|execution| execution.now).unwrap_or(0)
}

/// The `thread_local!` values of the running task.
pub(crate) fn locals() -> Option<Rc<RefCell<Locals>>> {
    with_execution(|execution| Rc::clone(&execution.tasks[execution.current.index()].locals))
}

/// Whether the running task is unwinding.
pub(crate) fn is_unwinding() -> bool {
    with_execution(|execution| execution.tasks[execution.current.index()].unwinding > 0)
        .unwrap_or_else(std::thread::panicking)
}

/// A panic of the running task has been caught.
pub(crate) fn after_caught_panic() {
    with_execution(|execution| {
        let task = &mut execution.tasks[execution.current.index()];
        task.unwinding = task.unwinding.saturating_sub(1);
    });
}

/// The running task is about to panic without the panic hook being called.
pub(crate) fn before_resumed_panic() {
    with_execution(|execution| execution.tasks[execution.current.index()].unwinding += 1);
}

pub(crate) fn register(kind: &'static str, made: &'static Location<'static>) -> u32 {
    with_execution(|execution| {
        execution.objects.push(Thing { kind, made });
        execution.objects.len() as u32 - 1
    })
    .unwrap_or(0)
}

/// The moment before an operation that other tasks could notice: another one may go first. Then the operation is recorded,
/// and must be done at once.
#[track_caller]
pub fn point(operation: &'static str, object: &Object) {
    point_at(operation, object, Location::caller());
}

/// As [`point`], for an operation whose place cannot be asked for: a destructor's.
pub fn point_at(operation: &'static str, object: &Object, at: &'static Location<'static>) {
    if !is_exploring() {
        return;
    }
    let id = object.id();
    step(false);
    LAST.store(ptr::from_ref(at).cast_mut(), Relaxed);
    record(operation, Some(id), Mark::Done, String::new, at);
}

/// As [`point`], for an operation on no object in particular.
#[track_caller]
pub fn point_of_task(operation: &'static str) {
    if !is_exploring() {
        return;
    }
    step(false);
    record(operation, None, Mark::Done, String::new, Location::caller());
}

/// The running task gives way to any other that can go on.
#[track_caller]
pub fn yield_point(operation: &'static str) {
    yield_point_at(operation, Location::caller());
}

/// As [`yield_point`], for an operation whose place cannot be asked for.
pub fn yield_point_at(operation: &'static str, at: &'static Location<'static>) {
    if !is_exploring() {
        return;
    }
    step(true);
    record(operation, None, Mark::Done, String::new, at);
}

/// Adds to what is known of the operation just recorded: the value that was read, say.
pub fn note(detail: impl FnOnce() -> String) {
    with_execution(|execution| {
        let current = execution.current;
        let recording = execution.recording.as_mut().filter(|_| execution.rescue.is_none());
        if let Some(event) = recording.and_then(|recording| recording.events.last_mut())
            && event.task == current
        {
            event.detail = detail();
        }
    });
}

/// Records a step that is no scheduling point.
pub fn record(
    operation: &'static str,
    object: Option<ObjectId>,
    mark: Mark,
    detail: impl FnOnce() -> String,
    at: &'static Location<'static>,
) {
    with_execution(|execution| execution.record(operation, object, mark, detail, at));
}

/// Picks one of `count` legal outcomes of the operation in progress; 0 is the usual one.
pub fn choose(count: usize) -> usize {
    if count < 2 {
        return 0;
    }
    with_execution(|execution| {
        let outcome = execution.strategy.outcome(count);
        execution.choices.push(Choice::Outcome(outcome as u32));
        if outcome > 0 {
            execution.preemptions += 1;
        }
        outcome
    })
    .unwrap_or(0)
}

/// Waits until woken. Not a scheduling point of its own: whoever calls this has found, after a [`point`], that it cannot go on.
///
/// # Panics
/// Outside of an execution: nobody could ever wake the caller.
pub fn block(wait: Wait) -> Woken {
    assert!(is_exploring(), "{} would wait for ever: no other thread exists here", wait.operation);
    let doomed = with_execution(|execution| {
        if execution.failure.is_some() && execution.rescue.is_none() {
            return true;
        }
        execution.record(wait.operation, wait.object, Mark::Blocked, String::new, wait.at);
        let current = execution.current;
        execution.tasks[current.index()].state = State::Blocked(wait);
        execution.decide(false);
        false
    });
    if doomed == Some(true) {
        abandon();
    }
    if with_execution(|execution| execution.next != Some(execution.current)) == Some(true) {
        suspend();
    } else {
        with_execution(|execution| execution.next = None);
    }
    with_execution(|execution| {
        let woken = execution.tasks[execution.current.index()].woken;
        let mark = match woken {
            Woken::Signalled => Mark::Resumed,
            Woken::TimedOut => Mark::TimedOut,
            Woken::Spurious => Mark::Spurious,
        };
        if wait.kind != WaitKind::Rest {
            execution.record(wait.operation, wait.object, mark, String::new, wait.at);
        }
        woken
    })
    .unwrap_or(Woken::Signalled)
}

/// Waits until no other task can go on and no time-out is pending.
#[track_caller]
pub fn at_rest() {
    if is_exploring() {
        let at = Location::caller();
        block(Wait { kind: WaitKind::Rest, operation: "quiesce", object: None, holder: None, deadline: None, at });
    }
}

/// Makes every task that waits on `object` able to go on.
pub fn wake_all(object: ObjectId) {
    wake_all_of(object, |_| true);
}

/// Makes every task able to go on that waits on `object` in a way that `which` accepts. Returns how many.
pub fn wake_all_of(object: ObjectId, which: impl Fn(&Wait) -> bool) -> usize {
    with_execution(|execution| {
        let mut count = 0;
        for task in &mut execution.tasks {
            if matches!(&task.state, State::Blocked(wait) if wait.object == Some(object) && which(wait)) {
                task.wake(Woken::Signalled);
                count += 1;
            }
        }
        count
    })
    .unwrap_or(0)
}

/// Makes one of the tasks able to go on that wait on `object`; which one is not for the program to say. Returns which.
pub fn wake_one(object: ObjectId) -> Option<TaskId> {
    let waiting = with_execution(|execution| {
        let waits = |task: &&Task| matches!(&task.state, State::Blocked(wait) if wait.object == Some(object));
        execution.tasks.iter().filter(waits).count()
    })?;
    if waiting == 0 {
        return None;
    }
    let chosen = choose(waiting);
    with_execution(|execution| {
        let mut waiting = execution
            .tasks
            .iter_mut()
            .enumerate()
            .filter(|(_, task)| matches!(&task.state, State::Blocked(wait) if wait.object == Some(object)));
        let (index, task) = waiting.nth(chosen)?;
        task.wake(Woken::Signalled);
        Some(TaskId(index as u32))
    })
    .flatten()
}

/// Makes a task able to go on, whatever it waits for. False if it does not wait.
pub fn wake_task(task: TaskId) -> bool {
    wake_task_if(task, |_| true)
}

/// Makes a task able to go on that waits for its waker. False if it waits for something else, or not at all.
pub(crate) fn wake_async(task: TaskId) -> bool {
    wake_task_if(task, |wait| wait.kind == WaitKind::Waker)
}

fn wake_task_if(task: TaskId, which: impl Fn(&Wait) -> bool) -> bool {
    with_execution(|execution| {
        let Some(task) = execution.tasks.get_mut(task.index()) else { return false };
        let waits = matches!(&task.state, State::Blocked(wait) if which(wait));
        if waits {
            task.wake(Woken::Signalled);
        }
        waits
    })
    .unwrap_or(false)
}

/// A waker that is to be called at a time.
#[derive(Clone, Copy, Debug)]
pub struct TimerId {
    key: (u64, u64),
    epoch: u32,
}

/// Has `waker` called when the virtual time is `deadline`, in nanoseconds; like all deadlines it comes when nothing else can
/// go on. A waker that the program has made is called by a task of its own, named "timer".
pub fn set_timer(deadline: u64, waker: Waker) -> TimerId {
    let nth = with_execution(|execution| {
        execution.timers_set += 1;
        execution.timers.insert((deadline, execution.timers_set), waker);
        execution.timers_set
    });
    TimerId { key: (deadline, nth.unwrap_or(0)), epoch: epoch() }
}

/// Takes a timer back. Nothing happens if it has come.
pub fn cancel_timer(timer: TimerId) {
    if timer.epoch == epoch() {
        // Dropped out here: a waker that the program has made may do anything then.
        drop(with_execution(|execution| execution.timers.remove(&timer.key)));
    }
}

/// Where the running task was last seen, if the execution is recorded: for an operation whose place cannot be asked for.
pub(crate) fn last_place(otherwise: &'static Location<'static>) -> &'static Location<'static> {
    with_execution(|execution| {
        let events = &execution.recording.as_ref()?.events;
        events.iter().rev().find(|event| event.task == execution.current).map(|event| event.at)
    })
    .flatten()
    .unwrap_or(otherwise)
}

/// What the running task did happened before what acquires `clock` from now on.
pub fn release(clock: &mut Clock) {
    with_execution(|execution| {
        let current = execution.current;
        let own = &mut execution.tasks[current.index()].clock;
        own.advance(current);
        clock.join(own);
    });
}

/// As [`release`], but `clock` forgets what it knew: a store, not an addition.
pub fn release_into(clock: &mut Clock) {
    clock.clear();
    release(clock);
}

/// What `clock` stands for happened before what the running task does from now on.
pub fn acquire(clock: &Clock) {
    with_execution(|execution| execution.tasks[execution.current.index()].clock.join(clock));
}

/// Everything that `task` has done happened before what the running task does from now on.
pub fn acquire_from(task: TaskId) {
    with_execution(|execution| {
        let theirs = execution.tasks[task.index()].clock.clone();
        execution.tasks[execution.current.index()].clock.join(&theirs);
    });
}

/// What the running task knows of the past.
pub fn clock_of_current() -> Clock {
    with_execution(|execution| {
        let current = execution.current;
        let own = &mut execution.tasks[current.index()].clock;
        own.advance(current);
        own.clone()
    })
    .unwrap_or_default()
}

/// This moment of the running task: later than all it has released so far.
pub fn moment() -> Moment {
    let count = with_execution(|execution| {
        let current = execution.current;
        let own = &mut execution.tasks[current.index()].clock;
        own.advance(current);
        own.of(current)
    });
    Moment { task: current(), count: count.unwrap_or(0) }
}

/// Whether `moment` happened before what the running task does from now on.
pub fn knows(moment: Moment) -> bool {
    with_execution(|execution| execution.tasks[execution.current.index()].clock.knows(moment)).unwrap_or(true)
}

/// The running task panics. Called by the panic hook.
pub(crate) fn note_panic(message: String, at: Option<&'static Location<'static>>) {
    let mut last = LAST_PANICS.lock().unwrap_or_else(PoisonError::into_inner);
    if is_unwinding() {
        last.second = last.second.or(at);
    } else {
        *last = LastPanics { first: Some(message.clone()), second: None };
    }
    drop(last);
    with_execution(|execution| execution.panicked(message, at));
}

/// Whether atomics may return values that are not the newest.
pub(crate) fn weak_memory() -> bool {
    with_execution(|execution| execution.limits.weak_memory).unwrap_or(false)
}

/// Ends the execution: it has shown a failure. Does not return if called by a task.
#[track_caller]
pub fn fail(kind: FailureKind, message: String) {
    let at = Location::caller();
    with_execution(|execution| execution.fail(kind, message, Some(at)));
    if is_exploring() {
        abandon();
    }
}

/// Ends the execution: what the running task asks for would lead out of the program. `what` is a sentence without its full stop.
///
/// # Panics
/// Outside of an execution.
#[track_caller]
pub fn unexplorable(what: &str) -> ! {
    fail(FailureKind::Unexplorable, what.to_owned());
    panic!("{what}")
}

/// Starts a task. It can go on from now on; the running one goes on first unless a later point decides otherwise.
///
/// # Panics
/// Outside of an execution, and if there is no room for one more stack.
#[track_caller]
pub fn spawn(name: Option<String>, flavour: Flavour, body: Box<dyn FnOnce() + 'static>) -> TaskId {
    // Room is made out here: a panic in the middle of the engine would find it half done.
    let stack = STACKS.with_borrow_mut(Vec::pop).map_or_else(|| Stack::new(STACK), Ok);
    let stack = stack.unwrap_or_else(|error| panic!("there is no room for the stack of one more thread: {error}"));
    STACKS.with_borrow_mut(|stacks| stacks.push(stack));
    with_execution(|execution| {
        let parent = execution.current;
        let id = TaskId(execution.tasks.len() as u32);
        execution.tasks[parent.index()].clock.advance(parent);
        let mut clock = execution.tasks[parent.index()].clock.clone();
        clock.advance(id);
        let name = name.unwrap_or_else(|| match flavour {
            Flavour::Thread => format!("thread-{}", id.0),
            Flavour::Async => format!("task-{}", id.0),
        });
        execution.add(name, flavour, clock, body);
        execution.strategy.spawned(id, parent);
        id
    })
    .expect("threads are started inside of a scenario")
}

/// One step of the running task, and perhaps of others before it.
fn step(yielding: bool) {
    PROGRESS.fetch_add(1, Relaxed);
    let go_on = with_execution(|execution| {
        // A failed execution does not go on, but for the search for a lost wakeup.
        if execution.failure.is_some() && execution.rescue.is_none() {
            return false;
        }
        execution.steps += 1;
        if execution.steps > execution.limits.steps {
            let limit = execution.limits.steps;
            if execution.rescue.is_none() {
                let message = format!("{limit} steps, and nothing has come of them");
                execution.fail(FailureKind::Livelock, message, None);
            }
            return false;
        }
        execution.decide(yielding);
        true
    });
    if go_on == Some(false) {
        abandon();
    }
    let stays = with_execution(|execution| {
        let stays = execution.next == Some(execution.current);
        if stays {
            execution.next = None;
        }
        stays
    });
    if stays == Some(false) {
        suspend();
    }
}

/// Hands control to the executor; returns when it is the running task's turn again.
fn suspend() {
    let yielder = with_execution(|execution| execution.tasks[execution.current.index()].yielder);
    let Some(yielder) = yielder.filter(|yielder| !yielder.is_null()) else {
        unreachable!("a task that runs has a yielder");
    };
    // SAFETY: the yielder lives on the stack of the running coroutine, below this frame.
    unsafe { (*yielder).suspend(()) };
}

/// Stops the running task where it stands, for good.
fn abandon() -> ! {
    with_execution(|execution| execution.next = None);
    loop {
        suspend();
    }
}
