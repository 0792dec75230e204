//! One execution: its tasks, run one at a time to the end of all or to the first failure.

mod decide;
mod ending;
mod operations;

pub use operations::{
    TimerId, acquire, acquire_from, at_rest, block, cancel_timer, choose, clock_of_current, current, epoch, fail,
    has_ended, is_exploring, knows, moment, name_of, note, now, point, point_at, point_of_task, record, release,
    release_into, running, set_timer, spawn, unexplorable, wake_all, wake_all_of, wake_one, wake_task, yield_point,
    yield_point_at,
};
pub(crate) use operations::{
    after_caught_panic, before_resumed_panic, is_unwinding, last_place, locals, wake_async, weak_memory, with,
};
pub(super) use operations::{note_panic, register};

use super::clock::Clock;
use super::failure::{Failure, FailureKind};
use super::object::ObjectId;
use super::record::{Event, Mark, Recording, Thing};
use super::strategy::{Choice, Strategy};
use super::task::{Flavour, Stack, State, Task, TaskId};
use super::wait::{Stuck, WaitKind, Woken};
use corosensei::Coroutine;
use std::backtrace::Backtrace;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::ptr;
use std::rc::Rc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicPtr, AtomicU64};
use std::sync::{Mutex, PoisonError};
use std::task::Waker;

/// The stack of a task, in bytes. Only what is touched takes memory.
const STACK: usize = 1 << 20;

/// What an execution is allowed.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// An execution of more steps goes on for ever.
    pub steps: u32,
    /// Whether threads may panic.
    pub panics: bool,
    /// Whether threads and tasks may still wait when the scenario is over.
    pub leftovers: bool,
    /// Whether atomics may return values that are not the newest, as the memory model allows.
    pub weak_memory: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { steps: 20_000, panics: false, leftovers: false, weak_memory: false }
    }
}

struct Execution {
    limits: Limits,
    tasks: Vec<Task>,
    current: TaskId,
    next: Option<TaskId>,
    strategy: Box<dyn Strategy>,
    choices: Vec<Choice>,
    now: u64,
    /// Who is to be woken when, in the order of deadlines, then of setting.
    timers: BTreeMap<(u64, u64), Waker>,
    timers_set: u64,
    steps: u32,
    streak: u32,
    preemptions: u32,
    objects: Vec<Thing>,
    recording: Option<Recording>,
    failure: Option<Failure>,
    /// After a deadlock: the tasks that were woken to see whether they can go on.
    rescue: Option<Vec<Stuck>>,
    options: Vec<TaskId>,
}

thread_local! {
    /// The execution of this operating-system thread.
    static EXECUTION: Cell<*mut Execution> = const { Cell::new(ptr::null_mut()) };
    /// Stacks to be used again: a fresh one costs a system call and page faults.
    static STACKS: RefCell<Vec<Stack>> = const { RefCell::new(Vec::new()) };
}

thread_local! {
    static EPOCH: Cell<u32> = const { Cell::new(1) };
}

/// Counts steps and executions of the whole process, for a watchdog: a number that stands still means that a task is busy, or
/// waits, without any operation that the engine knows of.
static PROGRESS: AtomicU64 = AtomicU64::new(0);

/// Where the last operation was.
static LAST: AtomicPtr<Location<'static>> = AtomicPtr::new(ptr::null_mut());

/// What panicked last, for a watchdog.
static LAST_PANICS: Mutex<LastPanics> = Mutex::new(LastPanics { first: None, second: None });

/// A panic, and another one while it was unwinding: together they can end the process.
#[derive(Clone, Debug, Default)]
pub struct LastPanics {
    /// What the first one said.
    pub first: Option<String>,
    /// Where the second one was.
    pub second: Option<&'static Location<'static>>,
}

/// What panicked last in this process. For other operating-system threads to look at.
pub fn last_panics() -> LastPanics {
    LAST_PANICS.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// How far explorations in this process have come, and where the last operation in the program was. For other
/// operating-system threads to look at.
pub fn progress() -> (u64, Option<&'static Location<'static>>) {
    // SAFETY: only `&'static` references are stored.
    (PROGRESS.load(Relaxed), unsafe { LAST.load(Relaxed).as_ref() })
}

/// Runs `action` on the present execution; `None` outside of one.
fn with_execution<R>(action: impl FnOnce(&mut Execution) -> R) -> Option<R> {
    let execution = EXECUTION.get();
    if execution.is_null() {
        return None;
    }
    // SAFETY: the pointer is set for the duration of `run` to an execution that outlives it. No `action` in this file
    // calls back into this function or switches tasks, so there is one reference at a time.
    Some(action(unsafe { &mut *execution }))
}

impl Execution {
    fn add(&mut self, name: String, flavour: Flavour, clock: Clock, body: Box<dyn FnOnce() + 'static>) {
        let stack = STACKS.with_borrow_mut(Vec::pop);
        let stack = stack.unwrap_or_else(|| Stack::new(STACK).expect("the system has memory for one more stack"));
        let index = self.tasks.len();
        let coroutine = Coroutine::with_stack(stack, move |yielder, ()| {
            with_execution(|execution| execution.tasks[index].yielder = yielder);
            // A panic has been noted by the hook; here it only ends the task, and the scenario if it is the scenario's.
            let ended = catch_unwind(AssertUnwindSafe(|| {
                body();
                crate::local::destroy_all();
            }));
            if ended.is_err() {
                after_caught_panic();
                if index == 0 {
                    with_execution(Execution::scenario_panicked);
                }
            }
        });
        if let Some(recording) = &mut self.recording {
            recording.tasks.push(name.clone());
        }
        self.tasks.push(Task {
            name,
            flavour,
            state: State::Runnable,
            woken: Woken::Signalled,
            clock,
            unwinding: 0,
            panic: None,
            locals: Rc::default(),
            coroutine: Some(coroutine),
            yielder: ptr::null(),
        });
    }

    fn panicked(&mut self, message: String, at: Option<&'static Location<'static>>) {
        let current = self.current;
        let task = &mut self.tasks[current.index()];
        task.unwinding += 1;
        task.panic = Some((message.clone(), at));
        // Woken by the search for a lost wakeup, it has not found what it waited for.
        let woken = self.rescue.as_mut().and_then(|stuck| stuck.iter_mut().find(|stuck| stuck.task == current));
        if let Some(stuck) = woken {
            stuck.missed = false;
        }
        match at {
            Some(at) if self.limits.panics => {
                self.record("panics", None, Mark::Note, || format!("panics: {message}"), at)
            }
            _ => {}
        }
        if !self.limits.panics {
            self.fail(FailureKind::Panic, message, at);
        }
    }

    fn scenario_panicked(&mut self) {
        let (message, at) = self.tasks[0].panic.take().unwrap_or_else(|| ("a panic without a message".into(), None));
        self.fail(FailureKind::Panic, message, at);
    }

    fn record(
        &mut self,
        operation: &'static str,
        object: Option<ObjectId>,
        mark: Mark,
        detail: impl FnOnce() -> String,
        at: &'static Location<'static>,
    ) {
        if self.rescue.is_some() {
            return;
        }
        let (task, time) = (self.current, self.now);
        if let Some(recording) = &mut self.recording {
            let detail = detail();
            // Where a destructor runs, and which of the program's functions was called, only the stack can tell.
            let calls = Rc::new(Backtrace::force_capture());
            recording.events.push(Event {
                task,
                operation,
                thing: object.map(|id| id.0),
                mark,
                detail,
                at,
                time,
                calls,
            });
        }
    }

    fn fail(&mut self, kind: FailureKind, message: String, at: Option<&'static Location<'static>>) {
        if self.failure.is_none() {
            let operation = match kind {
                FailureKind::Panic => Some("panics"),
                FailureKind::Unmet | FailureKind::Starvation => Some("fails"),
                FailureKind::Race => Some("data race"),
                FailureKind::Unexplorable => Some("leaves the program"),
                _ => None,
            };
            if let (Some(operation), Some(at)) = (operation, at) {
                self.record(operation, None, Mark::Failed, String::new, at);
            }
            self.failure = Some(Failure { kind, message, at, task: self.current, stuck: Vec::new() });
        }
    }

    /// The task whose turn it is, to be resumed. `None` when the execution is over.
    fn take_next(&mut self) -> Option<Coroutine<(), (), (), Stack>> {
        while self.next.is_none() {
            if !self.at_end() {
                return None;
            }
            self.decide(false);
        }
        self.current = self.next.take()?;
        self.tasks[self.current.index()].coroutine.take()
    }

    /// A task has come to its end.
    fn finish(&mut self, ended: TaskId) {
        self.tasks[ended.index()].state = State::Finished;
        for task in &mut self.tasks {
            if matches!(&task.state, State::Blocked(wait) if wait.kind == WaitKind::Join && wait.holder == Some(ended))
            {
                task.wake(Woken::Signalled);
            }
        }
        let failed = self.failure.is_some() && self.rescue.is_none();
        if failed {
            self.next = None;
        } else {
            self.decide(false);
        }
    }
}

/// The program under exploration. It is run from the beginning for every schedule.
pub(super) type Body = Rc<dyn Fn()>;

/// Runs the program once.
pub(super) fn once(
    strategy: Box<dyn Strategy>,
    limits: &Limits,
    recorded: bool,
    choices: Vec<Choice>,
    body: &Body,
) -> Ran {
    let body = Rc::clone(body);
    run(strategy, limits, recorded, choices, Box::new(move || body()))
}

/// What came of one execution.
pub(super) struct Ran {
    pub(super) strategy: Box<dyn Strategy>,
    pub(super) failure: Option<Failure>,
    pub(super) choices: Vec<Choice>,
    pub(super) steps: u32,
    pub(super) preemptions: u32,
    pub(super) recording: Option<Recording>,
}

/// Runs `body` as the first task of a new execution, to the end of all tasks or to the first failure.
///
/// # Panics
/// If called from within an execution.
fn run(
    strategy: Box<dyn Strategy>,
    limits: &Limits,
    recorded: bool,
    mut choices: Vec<Choice>,
    body: Box<dyn FnOnce() + 'static>,
) -> Ran {
    assert!(!is_exploring(), "an exploration cannot be explored");
    PROGRESS.fetch_add(1, Relaxed);
    EPOCH.set(EPOCH.get().wrapping_add(1).max(1));
    choices.clear();
    let mut execution = Box::new(Execution {
        limits: *limits,
        tasks: Vec::with_capacity(8),
        current: TaskId(0),
        next: None,
        strategy,
        choices,
        now: 0,
        timers: BTreeMap::new(),
        timers_set: 0,
        steps: 0,
        streak: 0,
        preemptions: 0,
        objects: Vec::new(),
        recording: recorded.then(Recording::default),
        failure: None,
        rescue: None,
        options: Vec::with_capacity(8),
    });
    let mut clock = Clock::new();
    clock.advance(TaskId(0));
    execution.add("the scenario".into(), Flavour::Thread, clock, body);
    let execution: *mut Execution = Box::into_raw(execution);
    EXECUTION.set(execution);
    with_execution(|execution| execution.decide(false));
    while let Some(mut coroutine) = with_execution(Execution::take_next).flatten() {
        let done = coroutine.resume(()).as_return().is_some();
        with_execution(|execution| {
            let current = execution.current;
            if done {
                STACKS.with_borrow_mut(|stacks| stacks.push(coroutine.into_stack()));
                execution.finish(current);
            } else {
                execution.tasks[current.index()].coroutine = Some(coroutine);
            }
        });
    }
    EXECUTION.set(ptr::null_mut());
    // SAFETY: made by `Box::into_raw` above; nothing points to it any more.
    let mut execution = unsafe { Box::from_raw(execution) };
    // What abandoned tasks own is never dropped, and timers that are left are theirs.
    std::mem::forget(std::mem::take(&mut execution.timers));
    for task in &mut execution.tasks {
        if let Some(mut coroutine) = task.coroutine.take() {
            // SAFETY: what the abandoned task owns is leaked, and nobody is left who could look at its stack: every task of
            // this execution is abandoned with it.
            unsafe { coroutine.force_reset() };
            STACKS.with_borrow_mut(|stacks| stacks.push(coroutine.into_stack()));
        }
    }
    let mut recording = execution.recording;
    if let Some(recording) = &mut recording {
        recording.things = execution.objects;
    }
    Ran {
        strategy: execution.strategy,
        failure: execution.failure,
        choices: execution.choices,
        steps: execution.steps,
        preemptions: execution.preemptions,
        recording,
    }
}
