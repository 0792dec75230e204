//! Which programs are tried.

use super::Step;
use super::machine::{Machine, State, Which};
use super::program::{PAUSE, Program};
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

/// Which programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Of one thread, up to some thirty calls, made at random.
    OneThread,
    /// All of a few calls that meet, the smallest first.
    Small,
    /// Of two to four threads, made at random.
    Random,
}

impl Kind {
    /// The kind that an attribute names.
    ///
    /// # Panics
    /// If it names none: the author's to mend.
    pub(crate) fn of(flags: &[&str]) -> Kind {
        let kinds = [("one_thread", Kind::OneThread), ("small", Kind::Small), ("random", Kind::Random)];
        let named = kinds.into_iter().find(|(name, _)| flags.contains(name));
        named.expect("the attribute is #[programs(one_thread)], #[programs(small)] or #[programs(random)]").1
    }
}

/// Makes one program after another, always the same ones.
pub(crate) struct Generator {
    kind: Kind,
    machine: Arc<dyn Machine>,
    dice: Dice,
    /// The small ones, not tried yet; the next one stands at the end.
    left: Vec<Program>,
}

/// The most calls of a program of one thread.
const LONGEST: u64 = 30;

/// Calls before threads meet: as many states as these lead to are tried.
const MOST_BEFORE: usize = 4;

impl Generator {
    /// The programs of a kind.
    pub(crate) fn new(kind: Kind, machine: &Arc<dyn Machine>) -> Self {
        let mut left = if kind == Kind::Small { small(&**machine) } else { Vec::new() };
        left.reverse();
        Generator { kind, machine: Arc::clone(machine), dice: Dice(0x9e37_79b9_7f4a_7c15), left }
    }

    /// The next program; none if all have been made.
    pub(crate) fn next(&mut self) -> Option<Program> {
        match self.kind {
            Kind::Small => self.left.pop(),
            Kind::OneThread => Some(self.one_thread()),
            Kind::Random => Some(self.random()),
        }
    }

    /// Calls one after another, none of which has to wait.
    fn one_thread(&mut self) -> Program {
        let start = self.dice.below(self.machine.starts().len());
        let length = 1 + self.dice.below(LONGEST as usize);
        Program { start, prefix: self.quick(start, length), stages: Vec::new() }
    }

    /// At most so many calls, one after another, none of which has to wait.
    fn quick(&mut self, start: usize, length: usize) -> Vec<usize> {
        let mut states = vec![self.machine.starts()[start]];
        let mut calls = Vec::new();
        for _ in 0..4 * length {
            if calls.len() == length {
                break;
            }
            let place = self.dice.below(self.machine.choices());
            if let Some(after) = after(&*self.machine, &states, place, calls.len() as u32 + 1, 0) {
                states = after;
                calls.push(place);
            }
        }
        calls
    }

    /// Threads that call at the same time. A program has few kinds of calls, so that these meet each other often (Groce, Zhang, Eide,
    /// Chen, Regehr: "Swarm Testing", ISSTA 2012). A quarter of them begins with threads that have to wait, if any call has to;
    /// in another one, one thread makes others wait and goes on when more come; in another one, threads begin one after another, and do
    /// things with pauses between them.
    fn random(&mut self) -> Program {
        let start = self.dice.below(self.machine.starts().len());
        let length = self.dice.below(MOST_BEFORE);
        let prefix = self.quick(start, length);
        let states = states_after(&*self.machine, &(start, prefix.clone()));
        let waits = |place: &usize| after(&*self.machine, &states, *place, NO_NUMBER, NO_THREAD).is_none();
        let waiting: Vec<usize> = (0..self.machine.choices()).filter(waits).collect();
        let mut kinds: Vec<usize> =
            (0..2 + self.dice.below(4)).map(|_| self.dice.below(self.machine.choices())).collect();
        let mut stages: Vec<Vec<Vec<usize>>> = Vec::new();
        let shape = self.dice.below(4);
        if shape == HOLDER
            && let Some(program) = self.holder(start, &prefix, &states, &kinds)
        {
            return program;
        }
        if shape == WAITERS && !waiting.is_empty() {
            let threads = 1 + self.dice.below(3);
            let some: Vec<usize> = (0..2).map(|_| waiting[self.dice.below(waiting.len())]).collect();
            let mut lane = || {
                let mut calls = vec![some[self.dice.below(2)]];
                if self.dice.below(3) == 0 {
                    calls.push(kinds[self.dice.below(kinds.len())]);
                }
                calls
            };
            stages.push((0..threads).map(|_| lane()).collect());
            kinds.push(some[0]);
        }
        for _ in 0..1 + self.dice.below(2) {
            let threads = if stages.is_empty() { 2 + self.dice.below(3) } else { 1 + self.dice.below(2) };
            let begun: usize = stages.iter().map(Vec::len).sum();
            let most = [4, 4, 3, 2][threads - 1];
            let pauses = if shape == IN_TURN { 3 } else { 8 };
            let mut lanes = Vec::new();
            for lane in 0..threads {
                let mut calls = Vec::new();
                if shape == IN_TURN {
                    calls.resize(self.dice.below(3), PAUSE);
                }
                calls.extend(self.lane(&kinds, (most, pauses), &states, (begun + lane + 1) as u32));
                lanes.push(calls);
            }
            stages.push(lanes);
        }
        Program { start, prefix, stages }
    }

    /// One thread makes others wait, and after a pause goes on; then others come as well.
    fn holder(&mut self, start: usize, prefix: &[usize], states: &[State], kinds: &[usize]) -> Option<Program> {
        let machine = Arc::clone(&self.machine);
        let choices = machine.choices();
        let (mut held, mut after_it, mut waiting) = (0, Vec::new(), Vec::new());
        for _ in 0..4 {
            held = self.dice.below(choices);
            after_it = after(&*machine, states, held, NO_NUMBER, 1).unwrap_or_default();
            let waits = |place: &usize| after(&*machine, &after_it, *place, NO_NUMBER + 1, NO_THREAD).is_none();
            waiting = if after_it.is_empty() { Vec::new() } else { (0..choices).filter(waits).collect() };
            if !waiting.is_empty() {
                break;
            }
        }
        let first = *waiting.get(self.dice.below(waiting.len()))?;
        let changes = |place: &usize| {
            after(&*machine, &after_it, *place, NO_NUMBER + 1, 1).is_some_and(|states| states != after_it)
        };
        let changing: Vec<usize> = (0..choices).filter(changes).collect();
        let goes_on = *changing.get(self.dice.below(changing.len()))?;
        let mut lanes = vec![vec![held, PAUSE, goes_on], vec![first]];
        if self.dice.below(3) == 0 {
            lanes.push(vec![waiting[self.dice.below(waiting.len())]]);
        }
        for _ in 0..1 + self.dice.below(2) {
            let call = match self.dice.below(3) {
                0 => waiting[self.dice.below(waiting.len())],
                1 => kinds[self.dice.below(kinds.len())],
                _ => self.dice.below(choices),
            };
            lanes.push(vec![PAUSE, call]);
        }
        Some(Program { start, prefix: prefix.to_vec(), stages: vec![lanes] })
    }

    /// The calls of one thread, `most` of them at most, of which one in so many is a pause. A call that would change nothing, were the thread alone, is chosen less often.
    fn lane(&mut self, kinds: &[usize], (most, pauses): (usize, usize), states: &[State], thread: u32) -> Vec<usize> {
        let mut states = states.to_vec();
        let length = 1 + self.dice.below(most);
        let mut calls = Vec::new();
        for place in 0..length {
            // No thread ends with a pause.
            if place > 0 && place + 1 < length && self.dice.below(pauses) == 0 {
                calls.push(PAUSE);
                continue;
            }
            let mut call = kinds[self.dice.below(kinds.len())];
            for _ in 0..3 {
                match after(&*self.machine, &states, call, NO_NUMBER + place as u32, thread) {
                    Some(next) if next == states => call = kinds[self.dice.below(kinds.len())],
                    Some(next) => {
                        states = next;
                        break;
                    }
                    None => break,
                }
            }
            calls.push(call);
        }
        calls
    }
}

/// A shape of random programs: some threads wait before the others begin.
const WAITERS: usize = 0;

/// A shape of random programs: what threads do is spread over a few moments.
const IN_TURN: usize = 1;

/// A shape of random programs: one thread makes others wait.
const HOLDER: usize = 2;

/// The number of a call that is only thought of: no item has it.
const NO_NUMBER: u32 = 1000;

/// The thread of such a call: it holds nothing.
const NO_THREAD: u32 = 1000;

#[cfg(any(test, feature = "explore"))]
/// Whether none of the calls before all threads begin has to wait.
pub(crate) fn begins_at_once(program: &Program, machine: &dyn Machine) -> bool {
    let mut states = vec![machine.starts()[program.start]];
    (1..).zip(&program.prefix).all(|(number, place)| match after(machine, &states, *place, number, 0) {
        Some(after) => {
            states = after;
            true
        }
        None => false,
    })
}

/// The states after one more call, if it returns at once in all of these.
fn after(machine: &dyn Machine, states: &[State], place: usize, number: u32, thread: u32) -> Option<Vec<State>> {
    let mut all = Vec::new();
    for state in states {
        let mut open = vec![(*state, 0)];
        let mut ends = 0;
        while let Some((state, taken)) = open.pop() {
            for step in machine.steps(state, Which { place, number, thread, taken, now: Duration::ZERO }).iter() {
                match *step {
                    Step::Returns(_, after) => {
                        ends += 1;
                        if !all.contains(&after) {
                            all.push(after);
                        }
                    }
                    Step::GoesOn(after) if taken < MOST_STEPS => open.push((after, taken + 1)),
                    Step::GoesOn(_) => {}
                    Step::MayReturn(..) | Step::MayGoOn(..) | Step::TimesOut(..) => return None,
                }
            }
        }
        if ends == 0 {
            return None;
        }
    }
    Some(all)
}

/// Steps of one call that do not end it.
const MOST_STEPS: u32 = 8;

/// After each way to come to another state by a few calls:
/// - two threads with one call each;
/// - threads that have to wait, two or three of the same call or two of different ones, and then one or two calls of another thread;
/// - two threads, of which one has two calls;
/// - three threads with one call each.
fn small(machine: &dyn Machine) -> Vec<Program> {
    let choices = distinct(machine);
    let befores = befores(machine, &choices);
    let mut all = Vec::new();
    let mut add = |(start, prefix): &(usize, Vec<usize>), stages: &[&[&[usize]]]| {
        let lanes = |lanes: &[&[usize]]| lanes.iter().map(|lane| lane.to_vec()).collect();
        let stages = stages.iter().map(|stage| lanes(stage)).collect();
        all.push(Program { start: *start, prefix: prefix.clone(), stages });
    };
    let pairs = |choices: &[usize]| -> Vec<(usize, usize)> {
        let with =
            |(index, one): (usize, &usize)| choices[index..].iter().map(|other| (*one, *other)).collect::<Vec<_>>();
        choices.iter().enumerate().flat_map(with).collect()
    };
    for (one, other) in pairs(&choices) {
        befores.iter().for_each(|before| add(before, &[&[&[one], &[other]]]));
    }
    for before in &befores {
        let states = states_after(machine, before);
        let waits = |place: &usize| after(machine, &states, *place, NO_NUMBER, NO_THREAD).is_none();
        let waiting: Vec<usize> = choices.iter().copied().filter(waits).collect();
        for (one, other) in pairs(&waiting) {
            for then in &choices {
                add(before, &[&[&[one], &[other]], &[&[*then]]]);
                for next in &choices {
                    add(before, &[&[&[one], &[other]], &[&[*then, *next]]]);
                }
            }
        }
    }
    for one in &choices {
        for (then, other) in choices.iter().flat_map(|then| choices.iter().map(move |other| (then, other))) {
            befores.iter().for_each(|before| add(before, &[&[&[*one, *then], &[*other]]]));
        }
    }
    for (index, one) in choices.iter().enumerate() {
        for (other, third) in pairs(&choices[index..]) {
            befores.iter().for_each(|before| add(before, &[&[&[*one], &[other], &[third]]]));
        }
    }
    all
}

/// The states after some calls, none of which waits.
fn states_after(machine: &dyn Machine, (start, calls): &(usize, Vec<usize>)) -> Vec<State> {
    let first = vec![machine.starts()[*start]];
    (1..).zip(calls).fold(first, |states, (number, place)| {
        after(machine, &states, *place, number, 0).expect("such calls were chosen as do not wait")
    })
}

/// The places of operations, without those that stand there again to be chosen more often.
fn distinct(machine: &dyn Machine) -> Vec<usize> {
    let mut seen = HashSet::new();
    (0..machine.choices()).filter(|place| seen.insert(machine.kind(*place))).collect()
}

/// So many calls tell two states apart.
const DEPTH: u32 = 2;

/// The shortest calls that lead from each start to each state which a few calls can reach.
fn befores(machine: &dyn Machine, choices: &[usize]) -> Vec<(usize, Vec<usize>)> {
    let mut all = Vec::new();
    for (start, state) in machine.starts().into_iter().enumerate() {
        let mut seen = HashSet::from([shape(machine, state, choices, DEPTH)]);
        let mut level = vec![(Vec::new(), vec![state])];
        for _ in 0..MOST_BEFORE {
            let mut further = Vec::new();
            for (calls, states) in &level {
                for place in choices {
                    let number = calls.len() as u32 + 1;
                    if let Some(after) = after(machine, states, *place, number, 0)
                        && after.iter().any(|state| seen.insert(shape(machine, *state, choices, DEPTH)))
                    {
                        let mut calls = calls.clone();
                        calls.push(*place);
                        further.push((calls, after));
                    }
                }
            }
            all.extend(level.drain(..).map(|(calls, _)| (start, calls)));
            level = further;
        }
    }
    // The shortest first, whatever the start.
    all.sort_by_key(|(_, calls): &(usize, Vec<usize>)| calls.len());
    all
}

/// What the next calls can tell of a state: which of them wait, and the same of the states after, so many calls deep. Items that
/// differ in their number alone make no difference.
fn shape(machine: &dyn Machine, state: State, choices: &[usize], depth: u32) -> u64 {
    let mut hasher = DefaultHasher::new();
    for place in choices {
        let after = after(machine, &[state], *place, NO_NUMBER + depth, NO_THREAD);
        after.is_some().hash(&mut hasher);
        if depth > 1 {
            for state in after.unwrap_or_default() {
                shape(machine, state, choices, depth - 1).hash(&mut hasher);
            }
        }
    }
    hasher.finish()
}

/// Random numbers, always the same ones: splitmix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators",
/// OOPSLA 2014).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound.max(1) as u64) as usize
    }
}
