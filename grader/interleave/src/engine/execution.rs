//! One execution: the tasks, whose turn it is, the virtual time, and what has gone wrong.

use super::clock::{Clock, Moment};
use super::explore::{Failure, FailureKind};
use super::object::{Object, ObjectId};
use super::record::{Event, Mark, Recording, Thing};
use super::strategy::{Choice, Decision, RoundRobin, Strategy};
use super::task::{Flavour, Locals, Stack, State, Task, TaskId};
use super::waker::signal_of;
use corosensei::Coroutine;
use std::backtrace::Backtrace;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::ptr;
use std::rc::Rc;
use std::task::Waker;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicPtr, AtomicU64};

/// The stack of a task, in bytes. Only what is touched takes memory.
const STACK: usize = 1 << 20;

/// After so many steps of one task while others could go on, it gives way once: a loop that waits for another task
/// without saying so (`while !flag.load(…) {}`) must not keep that task from running for ever.
const PATIENCE: u32 = 400;

/// Steps that the search for a lost wakeup may take after a deadlock.
const RESCUE_STEPS: u32 = 2000;

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

/// Why a task waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitKind {
    /// For a lock that another task holds.
    Lock,
    /// For a notification that carries no state of its own: a condition variable, a token to be unparked. Such a wait may
    /// end for no reason.
    Notification,
    /// For a waker to be called.
    Waker,
    /// For another task to end.
    Join,
    /// For room or for content, or whatever else the object stands for.
    Other,
    /// For time to pass.
    Sleep,
    /// For all others to come to rest.
    Rest,
}

/// A wait.
#[derive(Clone, Copy, Debug)]
pub struct Wait {
    /// What kind of wait.
    pub kind: WaitKind,
    /// What is being done: "lock", "wait", "recv".
    pub operation: &'static str,
    /// On what.
    pub object: Option<ObjectId>,
    /// Which task holds it or is waited for, if one can be named.
    pub holder: Option<TaskId>,
    /// When it is over at the latest, in nanoseconds of virtual time.
    pub deadline: Option<u64>,
    /// Where in the source.
    pub at: &'static Location<'static>,
}

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Woken {
    /// By another task.
    Signalled,
    /// Its deadline came.
    TimedOut,
    /// For no reason.
    Spurious,
}

/// A task that waits at the end.
#[derive(Clone, Debug)]
pub struct Stuck {
    /// Who.
    pub task: TaskId,
    /// Whether it is a thread or an asynchronous task.
    pub flavour: Flavour,
    /// What it waits for.
    pub wait: Wait,
    /// Locks that others wait for and this one holds are found through their `holder`; this says whether waking the
    /// task, which its primitive allows at any time, lets it go on: it missed a wakeup.
    pub missed: bool,
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

/// How many tasks there are, ended ones included.
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

/// Lets virtual time pass without a wait: what a program does takes no time of itself.
pub fn tick(nanoseconds: u64) {
    with_execution(|execution| execution.now += nanoseconds);
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

pub(super) fn register(kind: &'static str, made: &'static Location<'static>) -> u32 {
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
                task.state = State::Runnable;
                task.woken = Woken::Signalled;
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
        task.state = State::Runnable;
        task.woken = Woken::Signalled;
        Some(TaskId(index as u32))
    })
    .flatten()
}

/// Makes a task able to go on, whatever it waits for. False if it does not wait.
pub fn wake_task(task: TaskId) -> bool {
    with_execution(|execution| {
        let Some(task) = execution.tasks.get_mut(task.index()) else { return false };
        let waits = matches!(task.state, State::Blocked(_));
        if waits {
            task.state = State::Runnable;
            task.woken = Woken::Signalled;
        }
        waits
    })
    .unwrap_or(false)
}

/// Makes a task able to go on that waits for its waker. False if it waits for something else, or not at all.
pub(crate) fn wake_async(task: TaskId) -> bool {
    with_execution(|execution| {
        let Some(task) = execution.tasks.get_mut(task.index()) else { return false };
        let waits = matches!(task.state, State::Blocked(wait) if wait.kind == WaitKind::Waker);
        if waits {
            task.state = State::Runnable;
            task.woken = Woken::Signalled;
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
pub(super) fn note_panic(message: String, at: Option<&'static Location<'static>>) {
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

/// Starts a task. It can go on from now on; the running one goes on first unless a later point decides otherwise.
pub fn spawn(name: Option<String>, flavour: Flavour, body: Box<dyn FnOnce() + 'static>) -> TaskId {
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

impl Execution {
    fn add(
        &mut self,
        name: String,
        flavour: Flavour,
        clock: Clock,
        body: Box<dyn FnOnce() + 'static>,
    ) {
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
            recording.events.push(Event { task, operation, thing: object.map(|id| id.0), mark, detail, at, time, calls });
        }
    }

    fn fail(&mut self, kind: FailureKind, message: String, at: Option<&'static Location<'static>>) {
        if self.failure.is_none() {
            let operation = match kind {
                FailureKind::Panic => Some("panics"),
                FailureKind::Unmet | FailureKind::Starvation => Some("fails"),
                FailureKind::Race => Some("data race"),
                _ => None,
            };
            if let (Some(operation), Some(at)) = (operation, at) {
                self.record(operation, None, Mark::Failed, String::new, at);
            }
            self.failure = Some(Failure { kind, message, at, task: self.current, stuck: Vec::new() });
        }
    }

    /// Decides who goes next, as `self.next`; `None` there means that the execution is over.
    fn decide(&mut self, yielding: bool) {
        self.spurious();
        let mut options = std::mem::take(&mut self.options);
        loop {
            options.clear();
            for (index, task) in self.tasks.iter().enumerate() {
                if task.is_runnable() {
                    options.push(TaskId(index as u32));
                }
            }
            if !options.is_empty() || !self.advance_time() && !self.rest() {
                break;
            }
        }
        let mut current = options.iter().position(|task| *task == self.current);
        let mut yielded = None;
        self.streak = if current.is_some() { self.streak + 1 } else { 0 };
        if (yielding || self.streak > PATIENCE) && options.len() > 1 && current.is_some() {
            options.retain(|task| *task != self.current);
            yielded = Some(self.current);
            current = None;
        }
        self.next = match options.len() {
            0 => None,
            1 => {
                if self.rescue.is_none() {
                    self.strategy.forced(options[0]);
                }
                Some(options[0])
            }
            _ => {
                let decision = Decision { options: &options, current, yielded };
                let picked = match &self.rescue {
                    None => self.strategy.pick(&decision),
                    Some(_) => RoundRobin.pick(&decision),
                };
                if current.is_some_and(|current| current != picked) {
                    self.preemptions += 1;
                }
                Some(options[picked])
            }
        };
        if let Some(next) = self.next {
            if next != self.current {
                self.streak = 0;
            }
            if self.rescue.is_none() {
                self.choices.push(Choice::Task(next));
            }
        }
        self.options = options;
    }

    /// Lets the strategy end a wait for no reason.
    fn spurious(&mut self) {
        if self.rescue.is_some() || !self.strategy.wants_spurious() {
            return;
        }
        let may = |task: &Task| matches!(&task.state, State::Blocked(wait) if wait.kind == WaitKind::Notification);
        let waiting: Vec<TaskId> =
            (0..self.tasks.len() as u32).map(TaskId).filter(|id| may(&self.tasks[id.index()])).collect();
        if waiting.is_empty() {
            return;
        }
        if let Some(chosen) = self.strategy.spurious(&waiting) {
            self.choices.push(Choice::Spurious(chosen));
            self.preemptions += 1;
            let task = &mut self.tasks[chosen.index()];
            task.state = State::Runnable;
            task.woken = Woken::Spurious;
        }
    }

    /// Lets time pass to the next deadline. False if nobody waits for one.
    fn advance_time(&mut self) -> bool {
        let deadline = |task: &Task| match &task.state {
            State::Blocked(wait) => wait.deadline,
            _ => None,
        };
        let timer = self.timers.first_key_value().map(|((deadline, _), _)| *deadline);
        let Some(next) = self.tasks.iter().filter_map(deadline).chain(timer).min() else { return false };
        self.now = self.now.max(next);
        let now = self.now;
        for task in &mut self.tasks {
            if deadline(task).is_some_and(|deadline| deadline <= now) {
                task.state = State::Runnable;
                task.woken = Woken::TimedOut;
            }
        }
        self.fire_timers();
        true
    }

    fn fire_timers(&mut self) {
        let mut foreign = Vec::new();
        while let Some(timer) = self.timers.first_entry().filter(|timer| timer.key().0 <= self.now) {
            let waker = timer.remove();
            let Some(task) = signal_of(&waker).map(|signal| signal.expire()) else {
                foreign.push(waker);
                continue;
            };
            let task = &mut self.tasks[task.index()];
            if matches!(task.state, State::Blocked(wait) if wait.kind == WaitKind::Waker) {
                task.state = State::Runnable;
                task.woken = Woken::TimedOut;
            }
        }
        if foreign.is_empty() {
            return;
        }
        // What the program does in a waker of its own making has scheduling points: it takes a task.
        let id = TaskId(self.tasks.len() as u32);
        let mut clock = Clock::new();
        clock.advance(id);
        let body = Box::new(move || foreign.into_iter().for_each(Waker::wake));
        self.add("timer".into(), Flavour::Thread, clock, body);
        self.strategy.spawned(id, TaskId(0));
    }

    /// Everything rests: whoever has waited for that goes on. False if nobody has.
    fn rest(&mut self) -> bool {
        let waits = |task: &&mut Task| matches!(&task.state, State::Blocked(wait) if wait.kind == WaitKind::Rest);
        let Some(task) = self.tasks.iter_mut().find(waits) else { return false };
        task.state = State::Runnable;
        task.woken = Woken::Signalled;
        true
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
                task.state = State::Runnable;
                task.woken = Woken::Signalled;
            }
        }
        let failed = self.failure.is_some() && self.rescue.is_none();
        if failed {
            self.next = None;
        } else {
            self.decide(false);
        }
    }

    fn stuck(&self) -> Vec<Stuck> {
        let tasks = self.tasks.iter().enumerate();
        let stuck = tasks.filter_map(|(index, task)| match task.state {
            State::Blocked(wait) => Some(Stuck { task: TaskId(index as u32), flavour: task.flavour, wait, missed: false }),
            _ => None,
        });
        stuck.collect()
    }

    /// Nothing can go on. Decides what that means; true if the execution goes on to find out.
    fn at_end(&mut self) -> bool {
        if let Some(mut stuck) = self.rescue.take() {
            for each in &mut stuck {
                each.missed = each.missed
                    && match &self.tasks[each.task.index()].state {
                        // Having been woken, it may wait for the lock that it gave up to wait: that is no progress.
                        State::Blocked(wait) => {
                            wait.at != each.wait.at
                                || wait.object != each.wait.object && wait.kind != WaitKind::Lock
                        }
                        _ => true,
                    };
            }
            if let Some(failure) = &mut self.failure {
                if stuck.iter().any(|each| each.missed) {
                    failure.kind = FailureKind::LostWakeup;
                }
                failure.stuck = stuck;
            }
            return false;
        }
        let stuck = self.stuck();
        if stuck.is_empty() || self.failure.is_some() {
            return false;
        }
        let scenario_waits = !self.tasks[0].is_finished();
        if !scenario_waits && self.limits.leftovers {
            return false;
        }
        self.fail(if scenario_waits { FailureKind::Deadlock } else { FailureKind::Leak }, String::new(), None);
        self.rescue(stuck);
        true
    }

    /// Wakes everyone whose wait may end at any time, to see whether the condition that they wait for holds.
    fn rescue(&mut self, mut stuck: Vec<Stuck>) {
        for each in &mut stuck {
            if matches!(each.wait.kind, WaitKind::Notification | WaitKind::Waker) {
                let task = &mut self.tasks[each.task.index()];
                task.state = State::Runnable;
                task.woken = Woken::Spurious;
                each.missed = true;
            }
        }
        self.steps = self.limits.steps.saturating_sub(RESCUE_STEPS);
        self.rescue = Some(stuck);
    }
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
pub(super) fn run(
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
    execution.add("main".into(), Flavour::Thread, clock, body);
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
