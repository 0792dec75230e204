//! Who goes next.

use super::task::TaskId;
use fastrand::Rng;

/// One decision of an execution. The list of them is the schedule, and replays it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// This task takes the next step.
    Task(TaskId),
    /// Of several outcomes that the operation in progress may have, this one. 0 is the usual one.
    Outcome(u32),
    /// The wait of this task ends without anybody's doing.
    Spurious(TaskId),
    /// Time passes to the next deadline although somebody can go on: whoever can is late.
    Late,
}

/// A moment at which more than one task could go on.
#[derive(Debug)]
pub struct Decision<'a> {
    /// The tasks that can go on, in the order of their numbers. Never empty.
    pub options: &'a [TaskId],
    /// Where the running task is among them. `None` if it is blocked, has ended, or gives way.
    pub current: Option<usize>,
    /// The running task, if it gives way. It is among the options as well, unless it has gone on for too long.
    pub yielded: Option<TaskId>,
}

impl Decision<'_> {
    /// Who goes on if nothing speaks against it: the running task, or the next one in turn if it gives way. `None` where
    /// the running task cannot go on.
    pub fn usual(&self) -> Option<usize> {
        let next = |yielded| self.options.iter().position(|task| *task > yielded).unwrap_or(0);
        self.current.or_else(|| self.yielded.map(next))
    }

    /// Where the task that gives way is among the options, if it is there.
    fn yielder(&self) -> Option<usize> {
        self.yielded.and_then(|yielded| self.options.iter().position(|task| *task == yielded))
    }
}

/// Decides schedules, one after another.
///
/// The engine calls [`begin`](Strategy::begin) before each execution and stops when it returns false. During the execution it
/// calls [`pick`](Strategy::pick) at every point where more than one task could go on, and
/// [`outcome`](Strategy::outcome) where an operation has several legal outcomes. Given the same answers, a
/// deterministic program asks the same questions.
pub trait Strategy {
    /// Whether there is a further schedule to try.
    fn begin(&mut self) -> bool;

    /// Which of `decision.options` goes on, as an index.
    fn pick(&mut self, decision: &Decision) -> usize;

    /// Only this task can go on, and does.
    fn forced(&mut self, _task: TaskId) {}

    /// Which of `count` legal outcomes an operation has. 0 is the usual one; others are rare in practice.
    fn outcome(&mut self, count: usize) -> usize;

    /// Which of the tasks that wait on a condition variable, are parked, or wait for a waker wakes up now for no reason, if any.
    fn spurious(&mut self, _waiting: &[TaskId]) -> Option<TaskId> {
        None
    }

    /// Whether [`spurious`](Strategy::spurious) is worth asking: finding out who waits takes time.
    fn wants_spurious(&self) -> bool {
        false
    }

    /// Whether time passes now although somebody can go on. `at_clock`: somebody is looking at a clock.
    fn late(&mut self, _at_clock: bool) -> bool {
        false
    }

    /// Whether [`late`](Strategy::late) is worth asking.
    fn wants_late(&self) -> bool {
        false
    }

    /// `child` was started by `parent`.
    fn spawned(&mut self, _child: TaskId, _parent: TaskId) {}

    /// Whether every schedule of this kind has been tried. Only a strategy that enumerates can say so.
    fn exhausted(&self) -> bool {
        false
    }
}

/// One in so many tasks that give way goes on at once all the same.
const YIELDERS: u32 = 8;

/// Every task that can go on is equally likely to; one that gives way, less so.
#[derive(Debug)]
pub struct Random {
    rng: Rng,
    left: usize,
    spurious: u32,
    spurious_left: u32,
    late: u32,
    late_left: u32,
    /// One in so many chances to be late is taken.
    late_rate: u32,
}

impl Random {
    /// `schedules` random walks from a seed.
    pub fn new(seed: u64, schedules: usize) -> Self {
        Random {
            rng: Rng::with_seed(seed),
            left: schedules,
            spurious: 0,
            spurious_left: 0,
            late: 0,
            late_left: 0,
            late_rate: 1,
        }
    }

    /// The same, where up to `most` waits per schedule end without anybody's doing.
    pub fn with_spurious(seed: u64, schedules: usize, most: u32) -> Self {
        Random { spurious: most, ..Random::new(seed, schedules) }
    }

    /// The same, where time passes up to `most` times per schedule although somebody can go on.
    pub fn with_late(seed: u64, schedules: usize, most: u32) -> Self {
        Random { late: most, ..Random::new(seed, schedules) }
    }

    fn any(&mut self, decision: &Decision) -> usize {
        self.rng.usize(..decision.options.len())
    }
}

impl Strategy for Random {
    fn begin(&mut self) -> bool {
        (self.spurious_left, self.late_left) = (self.spurious, self.late);
        if self.late > 0 {
            // The moment that matters may come early or late.
            self.late_rate = [4, 12, 40][self.rng.usize(..3)];
        }
        let more = self.left > 0;
        self.left = self.left.saturating_sub(1);
        more
    }

    fn pick(&mut self, decision: &Decision) -> usize {
        match decision.yielder() {
            // A loop that yields until something has happened would otherwise take half of all steps.
            Some(yielder) if self.rng.u32(..YIELDERS) > 0 => {
                let other = self.rng.usize(..decision.options.len() - 1);
                other + usize::from(other >= yielder)
            }
            Some(yielder) => yielder,
            // Whoever was late has lost a race only if the others get somewhere meanwhile.
            None if self.late > 0 && self.rng.u32(..4) > 0 => decision.current.unwrap_or_else(|| self.any(decision)),
            None => self.any(decision),
        }
    }

    fn outcome(&mut self, count: usize) -> usize {
        self.rng.usize(..count)
    }

    fn wants_spurious(&self) -> bool {
        self.spurious_left > 0
    }

    fn spurious(&mut self, waiting: &[TaskId]) -> Option<TaskId> {
        if self.rng.u32(..6) > 0 {
            return None;
        }
        self.spurious_left -= 1;
        Some(waiting[self.rng.usize(..waiting.len())])
    }

    fn wants_late(&self) -> bool {
        self.late_left > 0
    }

    fn late(&mut self, at_clock: bool) -> bool {
        let late = self.rng.u32(..if at_clock { 3 } else { self.late_rate }) == 0;
        self.late_left -= u32::from(late);
        late
    }
}

/// Uniform random walk: a task is as likely to go on as it has steps left, so that every interleaving is about equally
/// likely, not every decision. How many steps a task takes is learnt from the execution before.
///
/// Zhao, Wolff, Mathur, Roychoudhury: "Selectively Uniform Concurrency Testing", ASPLOS 2025.
#[derive(Debug)]
pub struct Urw {
    rng: Rng,
    left: usize,
    /// Steps that each task took in the execution before, those of its descendants included.
    estimate: Vec<u32>,
    remaining: Vec<u32>,
    taken: Vec<u32>,
    parents: Vec<Option<TaskId>>,
}

impl Urw {
    /// `schedules` uniform random walks from a seed.
    pub fn new(seed: u64, schedules: usize) -> Self {
        Urw {
            rng: Rng::with_seed(seed),
            left: schedules,
            estimate: Vec::new(),
            remaining: Vec::new(),
            taken: Vec::new(),
            parents: Vec::new(),
        }
    }

    fn at(list: &mut Vec<u32>, task: TaskId) -> &mut u32 {
        if list.len() <= task.index() {
            list.resize(task.index() + 1, 0);
        }
        &mut list[task.index()]
    }

    fn estimate_of(&self, task: TaskId) -> u32 {
        self.estimate.get(task.index()).copied().unwrap_or(1).max(1)
    }
}

impl Strategy for Urw {
    fn begin(&mut self) -> bool {
        // A task's steps count for all its ancestors: whoever delays a parent delays its children.
        for index in (0..self.taken.len()).rev() {
            if let Some(Some(parent)) = self.parents.get(index) {
                self.taken[parent.index()] += self.taken[index];
            }
        }
        std::mem::swap(&mut self.estimate, &mut self.taken);
        self.taken.clear();
        self.parents.clear();
        self.remaining.clear();
        *Urw::at(&mut self.remaining, TaskId(0)) = self.estimate_of(TaskId(0));
        let more = self.left > 0;
        self.left = self.left.saturating_sub(1);
        more
    }

    fn pick(&mut self, decision: &Decision) -> usize {
        let goes_on = decision.yielder().filter(|_| self.rng.u32(..YIELDERS) == 0);
        if let Some(yielder) = goes_on {
            self.forced(decision.options[yielder]);
            return yielder;
        }
        let weight = |remaining: &[u32], task: &TaskId| match decision.yielded {
            Some(yielded) if yielded == *task => 0,
            _ => remaining.get(task.index()).copied().unwrap_or(1).max(1),
        };
        let total: u32 = decision.options.iter().map(|task| weight(&self.remaining, task)).sum();
        let mut ticket = self.rng.u32(..total);
        let chosen = decision.options.iter().position(|task| {
            let weight = weight(&self.remaining, task);
            let here = ticket < weight;
            ticket = ticket.wrapping_sub(weight);
            here
        });
        let chosen = chosen.unwrap_or(0);
        self.forced(decision.options[chosen]);
        chosen
    }

    fn forced(&mut self, task: TaskId) {
        *Urw::at(&mut self.taken, task) += 1;
        let left = Urw::at(&mut self.remaining, task);
        *left = left.saturating_sub(1);
    }

    fn outcome(&mut self, count: usize) -> usize {
        self.rng.usize(..count)
    }

    fn spawned(&mut self, child: TaskId, parent: TaskId) {
        if self.parents.len() <= child.index() {
            self.parents.resize(child.index() + 1, None);
        }
        self.parents[child.index()] = Some(parent);
        Urw::at(&mut self.taken, child);
        let share = self.estimate_of(child);
        *Urw::at(&mut self.remaining, child) = share;
        let left = Urw::at(&mut self.remaining, parent);
        *left = left.saturating_sub(share);
    }
}

/// Every schedule with at most so many *deviations*, each once: preemptions (the running task could have gone on),
/// and outcomes other than the usual one. Switches where the running task blocks, ends or gives way are free.
///
/// Musuvathi, Qadeer: "Iterative Context Bounding for Systematic Testing of Multithreaded Programs", PLDI 2007.
#[derive(Debug)]
pub struct Bounded {
    bound: usize,
    levels: Vec<Level>,
    depth: usize,
    used: usize,
    begun: bool,
    /// The program asked other questions than before on the same path: it depends on something besides the schedule.
    strayed: bool,
    /// All schedules have been tried.
    exhausted: bool,
}

#[derive(Debug)]
struct Level {
    /// Indices into the options of this moment.
    ways: Vec<u32>,
    taken: usize,
    options: usize,
}

impl Bounded {
    /// All schedules with at most `bound` deviations.
    pub fn new(bound: usize) -> Self {
        Bounded { bound, levels: Vec::new(), depth: 0, used: 0, begun: false, strayed: false, exhausted: false }
    }

    /// The way taken at this depth, of `options`; `usual` costs nothing, the others one deviation each (or nothing, if
    /// there is no usual one).
    fn way(&mut self, options: usize, usual: Option<usize>) -> usize {
        if self.levels.get(self.depth).is_some_and(|level| level.options != options) {
            self.strayed = true;
            self.levels.truncate(self.depth);
        }
        if self.depth == self.levels.len() {
            let mut ways: Vec<u32> = Vec::with_capacity(options);
            match usual {
                Some(usual) => {
                    ways.push(usual as u32);
                    if self.used < self.bound {
                        ways.extend((0..options as u32).filter(|way| *way != usual as u32));
                    }
                }
                None => ways.extend(0..options as u32),
            }
            self.levels.push(Level { ways, taken: 0, options });
        }
        let level = &self.levels[self.depth];
        self.depth += 1;
        let way = level.ways[level.taken] as usize;
        if usual.is_some_and(|usual| usual != way) {
            self.used += 1;
        }
        way
    }
}

impl Strategy for Bounded {
    fn begin(&mut self) -> bool {
        if self.begun {
            loop {
                let Some(level) = self.levels.last_mut() else {
                    self.exhausted = true;
                    return false;
                };
                if level.taken + 1 < level.ways.len() {
                    level.taken += 1;
                    break;
                }
                self.levels.pop();
            }
        }
        self.begun = true;
        self.depth = 0;
        self.used = 0;
        true
    }

    fn pick(&mut self, decision: &Decision) -> usize {
        self.way(decision.options.len(), decision.usual())
    }

    fn outcome(&mut self, count: usize) -> usize {
        self.way(count, Some(0))
    }

    fn exhausted(&self) -> bool {
        self.exhausted && !self.strayed
    }
}

/// Follows a schedule where it can, and goes on without preempting anybody where it cannot. So a schedule that was found
/// in one version of a program says something about the next version too.
#[derive(Debug)]
pub struct Replay {
    schedule: Vec<Choice>,
    at: usize,
    begun: bool,
}

impl Replay {
    /// One execution along `schedule`.
    pub fn new(schedule: Vec<Choice>) -> Self {
        Replay { schedule, at: 0, begun: false }
    }
}

impl Strategy for Replay {
    fn begin(&mut self) -> bool {
        !std::mem::replace(&mut self.begun, true)
    }

    fn pick(&mut self, decision: &Decision) -> usize {
        while let Some(choice) = self.schedule.get(self.at) {
            if let Choice::Spurious(_) | Choice::Late = choice {
                break;
            }
            self.at += 1;
            if let Choice::Task(wanted) = choice
                && let Some(index) = decision.options.iter().position(|task| task == wanted)
            {
                return index;
            }
        }
        RoundRobin.pick(decision)
    }

    fn forced(&mut self, task: TaskId) {
        self.pick(&Decision { options: &[task], current: Some(0), yielded: None });
    }

    fn outcome(&mut self, count: usize) -> usize {
        match self.schedule.get(self.at) {
            Some(Choice::Outcome(outcome)) => {
                self.at += 1;
                (*outcome as usize).min(count - 1)
            }
            _ => 0,
        }
    }

    fn wants_spurious(&self) -> bool {
        matches!(self.schedule.get(self.at), Some(Choice::Spurious(_)))
    }

    fn spurious(&mut self, waiting: &[TaskId]) -> Option<TaskId> {
        let Some(Choice::Spurious(wanted)) = self.schedule.get(self.at) else { return None };
        self.at += 1;
        waiting.contains(wanted).then_some(*wanted)
    }

    fn wants_late(&self) -> bool {
        matches!(self.schedule.get(self.at), Some(Choice::Late))
    }

    fn late(&mut self, _at_clock: bool) -> bool {
        self.at += 1;
        true
    }
}

/// Never preempts; where the running task cannot go on, the lowest number does, or the next one if it gave way.
#[derive(Debug)]
pub struct RoundRobin;

impl Strategy for RoundRobin {
    fn begin(&mut self) -> bool {
        true
    }

    fn pick(&mut self, decision: &Decision) -> usize {
        decision.usual().unwrap_or(0)
    }

    fn outcome(&mut self, _count: usize) -> usize {
        0
    }
}
