//! Litmus tests as data: what each thread does, and what it may read.

use interleave::engine::{Limits, Phase, Plan, explore};
use interleave::sync::Arc;
use interleave::sync::atomic::{AtomicU32, Ordering, fence};
use interleave::thread;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

/// A location.
pub(crate) type Place = usize;
pub(crate) const X: Place = 0;
pub(crate) const Y: Place = 1;
pub(crate) const Z: Place = 2;

/// One operation of a thread.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Op {
    /// Stores a value.
    W(Place, u32, Ordering),
    /// Loads; the value is a digit of the outcome.
    R(Place, Ordering),
    /// Adds one; the value before is a digit of the outcome.
    Add(Place, Ordering),
    /// A fence.
    F(Ordering),
}

/// What came of all schedules of a litmus test.
#[derive(Debug)]
pub(crate) struct Outcomes {
    /// The digits that the threads have read, in the order of the threads, then a bar and the last values, if asked for.
    pub(crate) reached: BTreeSet<String>,
    pub(crate) schedules: usize,
}

impl Outcomes {
    /// Panics unless exactly these outcomes were reached.
    #[track_caller]
    pub(crate) fn are(&self, expected: &str) {
        let expected: BTreeSet<String> = expected.split_whitespace().map(str::to_owned).collect();
        let missing: Vec<_> = expected.difference(&self.reached).collect();
        let surplus: Vec<_> = self.reached.difference(&expected).collect();
        let schedules = self.schedules;
        assert!(
            missing.is_empty() && surplus.is_empty(),
            "allowed, not reached: {missing:?}; forbidden, reached: {surplus:?}; in {schedules} schedules"
        );
    }

    /// Panics unless exactly these outcomes, among all of so many binary digits, were not reached.
    #[track_caller]
    pub(crate) fn are_all_but(&self, digits: usize, forbidden: &str) {
        let forbidden: Vec<&str> = forbidden.split_whitespace().collect();
        let all = (0..1u32 << digits).map(|number| format!("{number:0digits$b}"));
        let allowed: Vec<String> = all.filter(|outcome| !forbidden.contains(&outcome.as_str())).collect();
        self.are(&allowed.join(" "));
    }
}

/// No litmus test here needs more schedules.
const MOST: usize = 100_000;

/// Up to three threads, every schedule is tried.
const ALL: usize = 1000;

/// With four threads, these preemptions and old values reach all that is allowed; what is forbidden stays so without a
/// bound, as the ignored test shows.
const ENOUGH: usize = 3;

fn run(op: Op, memory: &[AtomicU32; 3], read: &mut String) {
    let mut note = |value: u32| read.push(char::from_digit(value, 10).expect("litmus tests count to nine"));
    match op {
        Op::W(place, value, order) => memory[place].store(value, order),
        Op::R(place, order) => note(memory[place].load(order)),
        Op::Add(place, order) => note(memory[place].fetch_add(1, order)),
        Op::F(order) => fence(order),
    }
}

fn run_all(ops: &[Op], memory: &[AtomicU32; 3]) -> String {
    let mut read = String::new();
    ops.iter().for_each(|op| run(*op, memory, &mut read));
    read
}

fn outcomes_in(weak_memory: bool, threads: &[&[Op]], last: &[Place]) -> Outcomes {
    let (preemptions, most) = if threads.len() > 3 { (ENOUGH, MOST) } else { (ALL, MOST) };
    search(Phase::Bounded { preemptions, most }, weak_memory, threads, last)
}

fn search(phase: Phase, weak_memory: bool, threads: &[&[Op]], last: &[Place]) -> Outcomes {
    let threads: Vec<Arc<[Op]>> = threads.iter().map(|ops| Arc::from(*ops)).collect();
    let last = last.to_vec();
    let reached = Rc::new(RefCell::new(BTreeSet::new()));
    let found = Rc::clone(&reached);
    let limits = Limits { weak_memory, ..Limits::default() };
    let plan = Plan { phases: vec![phase], steps: u64::MAX, limits };
    let exploration = explore(&plan, move || {
        let memory: Arc<[AtomicU32; 3]> = Arc::default();
        let (own, others) = threads.split_last().expect("there is a thread");
        let handles: Vec<_> = others
            .iter()
            .map(|ops| {
                let (ops, memory) = (Arc::clone(ops), Arc::clone(&memory));
                thread::spawn(move || run_all(&ops, &memory))
            })
            .collect();
        // The last thread is the scenario itself: one thread fewer to interleave.
        let own = run_all(own, &memory);
        let mut outcome: String = handles.into_iter().map(|handle| handle.join().unwrap()).collect();
        outcome.push_str(&own);
        if !last.is_empty() {
            outcome.push('|');
            last.iter().for_each(|place| run(Op::R(*place, Ordering::SeqCst), &memory, &mut outcome));
        }
        found.borrow_mut().insert(outcome);
    });
    assert!(exploration.found.is_none(), "{exploration:#?}");
    assert!(exploration.covered[0].exhausted, "{:?}", exploration.covered);
    let reached = reached.borrow().clone();
    Outcomes { reached, schedules: exploration.schedules }
}

/// All outcomes in weak memory.
pub(crate) fn outcomes(threads: &[&[Op]]) -> Outcomes {
    outcomes_in(true, threads, &[])
}

/// All outcomes in weak memory, with the last values of these locations.
pub(crate) fn outcomes_and_last(threads: &[&[Op]], last: &[Place]) -> Outcomes {
    outcomes_in(true, threads, last)
}

/// All outcomes in weak memory, whatever it takes.
pub(crate) fn outcomes_without_bound(threads: &[&[Op]]) -> Outcomes {
    search(Phase::Bounded { preemptions: ALL, most: usize::MAX }, true, threads, &[])
}

/// All outcomes if every load reads the newest store.
pub(crate) fn interleavings(threads: &[&[Op]]) -> Outcomes {
    outcomes_in(false, threads, &[])
}
