//! Whether the state machine explains a history.
//!
//! Event by event, the search keeps all *views*: the states in which the machine may be by then, with how far each open call has
//! come. When a call returns, it must have taken its last step before, with the outcome that was seen: other open calls may
//! have taken steps before it. Where no view is left, the history is not explained, and the views before tell what would have been.

use super::Step;
use super::history::{Event, History};
use super::machine::{Machine, Outcome, State, Which};
use super::program::{PAUSE, Written, name};
use std::collections::HashSet;
use std::time::Duration;

/// Where a history leaves the specification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Surprise {
    /// What was being looked at.
    pub(crate) about: String,
    /// What the specification allows.
    pub(crate) expected: String,
    /// What happened instead.
    pub(crate) seen: String,
    /// Whether a call waits that the specification would let go on; else it has returned what it must not.
    pub(crate) waits: bool,
    /// The thread that called.
    pub(crate) thread: u32,
}

impl Surprise {
    #[cfg(feature = "explore")]
    /// What the opposite of the specification demands of a history that is explained.
    pub(crate) fn opposite() -> Surprise {
        let [about, expected, seen] =
            ["a program".to_owned(), "its history is not explained".to_owned(), "it is".to_owned()];
        Surprise { about, expected, seen, waits: false, thread: 0 }
    }
}

/// What the times in a history are worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Time {
    /// Nothing: they were not measured.
    Real,
    /// They are virtual, and have passed although somebody could go on.
    Late,
    /// They are virtual, and have passed only when nothing could go on.
    Exact,
}

/// How far a call has come: so many steps, or this.
const DONE: u8 = u8::MAX;

/// One way to see what has happened so far.
type View = (State, Vec<u8>);

/// A step that an open call may take.
struct Taken {
    /// What it returns, if that is its last step.
    outcome: Option<Outcome>,
    after: View,
    /// Whether it takes it, sooner or later, if nobody else does anything.
    must: bool,
}

struct Known {
    place: usize,
    thread: u32,
    begun: Duration,
    /// What it returns in the end, if it does.
    outcome: Option<Outcome>,
    open: bool,
}

/// Looks for an explanation.
pub(crate) fn explain(
    start: State,
    program: &Written,
    history: &History,
    machine: &dyn Machine,
    time: Time,
) -> Result<(), Surprise> {
    let mut search = Search { calls: Vec::new(), machine, time, times: vec![Duration::ZERO] };
    for lane in program.lanes() {
        for (number, place) in (lane.first..).zip(&lane.calls) {
            search.calls.push((*place != PAUSE).then(|| Known {
                place: *place,
                thread: lane.thread,
                begun: history.begun(number).unwrap_or_default(),
                outcome: history.outcome(number),
                open: false,
            }));
        }
    }
    let mut views: Vec<View> = vec![(start, vec![0; search.calls.len()])];
    let mut now = Duration::ZERO;
    for event in &history.events {
        if let Event::Begins { at, .. } | Event::Returns { at, .. } = event
            && *at > now
        {
            if time == Time::Exact {
                views = search.rest(&views, now)?;
            }
            now = *at;
            search.times.push(now);
        }
        match event {
            Event::Begins { number, .. } => search.known_mut(*number).open = true,
            Event::Returns { number, .. } => {
                views = search.returned(&views, *number, now)?;
                search.known_mut(*number).open = false;
            }
            Event::Rests => views = search.rest(&views, now)?,
        }
    }
    Ok(())
}

struct Search<'a> {
    /// By number, less 1; a pause is none.
    calls: Vec<Option<Known>>,
    machine: &'a dyn Machine,
    time: Time,
    /// When something has happened so far.
    times: Vec<Duration>,
}

impl Search<'_> {
    fn known(&self, number: u32) -> &Known {
        self.calls[number as usize - 1].as_ref().expect("a pause is not called")
    }

    fn known_mut(&mut self, number: u32) -> &mut Known {
        self.calls[number as usize - 1].as_mut().expect("a pause is not called")
    }

    /// What a call that has begun then may have seen on its clock, if the machine looks at it.
    fn told(&self, begun: Duration, now: Duration) -> Vec<Duration> {
        match (self.machine.tells_time(), self.time) {
            (false, _) => vec![Duration::ZERO],
            (true, Time::Late) => self.times.iter().copied().filter(|time| *time >= begun).collect(),
            (true, _) => vec![now],
        }
    }

    fn open(&self) -> impl Iterator<Item = (usize, &Known)> {
        let known = self.calls.iter().enumerate().filter_map(|(index, known)| Some((index, known.as_ref()?)));
        known.filter(|(_, known)| known.open)
    }

    /// What an open call may do in a view, with its time-out passed or not.
    fn steps(&self, view: &View, index: usize, now: Duration) -> Vec<Taken> {
        let Some(known) = &self.calls[index] else { return Vec::new() };
        let taken = view.1[index];
        if taken == DONE {
            return Vec::new();
        }
        let Known { place, thread, begun, .. } = *known;
        let number = index as u32 + 1;
        let is_over = || {
            self.time == Time::Real
                || self.machine.timeout(place).is_some_and(|timeout| now >= begun.saturating_add(timeout))
        };
        let after = |state: State, progress: u8| {
            let mut all = view.1.clone();
            all[index] = progress;
            (state, all)
        };
        let mut all = Vec::new();
        for told in self.told(begun, now) {
            let call = Which { place, number, thread, taken: taken.into(), now: told };
            for step in self.machine.steps(view.0, call).iter() {
                let (outcome, after, must) = match *step {
                    Step::Returns(outcome, state) => (Some(outcome), after(state, DONE), true),
                    Step::MayReturn(outcome, state) => (Some(outcome), after(state, DONE), false),
                    Step::TimesOut(..) if !is_over() => continue,
                    Step::TimesOut(outcome, state) => (Some(outcome), after(state, DONE), self.time != Time::Real),
                    Step::GoesOn(state) => (None, after(state, taken + 1), true),
                    Step::MayGoOn(state) => (None, after(state, taken + 1), false),
                };
                all.push(Taken { outcome, after, must });
            }
        }
        all
    }

    /// The views in which this call has returned what it did return.
    fn returned(&self, views: &[View], number: u32, now: Duration) -> Result<Vec<View>, Surprise> {
        let (index, known) = (number as usize - 1, self.known(number));
        let (mut left, mut seen, mut found) = (views.to_vec(), HashSet::new(), Vec::new());
        let mut possible: Vec<Outcome> = Vec::new();
        while let Some(view) = left.pop() {
            if view.1[index] == DONE {
                found.push(view);
                continue;
            }
            if !seen.insert(view.clone()) {
                continue;
            }
            for (other, theirs) in self.open() {
                for Taken { outcome, after, .. } in self.steps(&view, other, now) {
                    if other == index
                        && let Some(outcome) = outcome
                        && !possible.contains(&outcome)
                    {
                        possible.push(outcome);
                    }
                    if outcome.is_none() || outcome == theirs.outcome {
                        left.push(after);
                    }
                }
            }
        }
        let late = match self.machine.timeout(known.place) {
            Some(timeout) if self.time == Time::Exact => now.saturating_sub(known.begun) > timeout,
            _ => false,
        };
        if !found.is_empty() && !late {
            found.dedup();
            return Ok(found);
        }
        let took = now.saturating_sub(known.begun);
        let seen = match known.outcome {
            _ if late => format!("it returned after {took:?}"),
            Some(outcome) if took.is_zero() => format!("it returned {}", self.machine.text(outcome)),
            Some(outcome) => format!("it returned {}, after {took:?}", self.machine.text(outcome)),
            None => "it returned".into(),
        };
        let mut expected: Vec<String> = possible.iter().map(|outcome| self.machine.text(*outcome)).collect();
        expected.sort();
        let expected = match (&expected[..], self.machine.timeout(known.place)) {
            _ if late => "it waits no longer than its time-out".into(),
            ([], Some(_)) => "it goes on waiting until its time-out has passed".into(),
            ([], None) => "it goes on waiting".into(),
            (some, _) => some.join(" or "),
        };
        Err(Surprise { about: self.about(number), expected, seen, waits: false, thread: known.thread })
    }

    /// The views in which nothing can go on.
    fn rest(&self, views: &[View], now: Duration) -> Result<Vec<View>, Surprise> {
        let (mut left, mut seen, mut found) = (views.to_vec(), HashSet::new(), Vec::new());
        let mut could: Option<(usize, Outcome)> = None;
        while let Some(view) = left.pop() {
            if !seen.insert(view.clone()) {
                continue;
            }
            // A call that has done all it does has returned by now.
            let mut rests = self.open().all(|(index, _)| view.1[index] != DONE);
            for (index, _) in self.open() {
                for Taken { outcome, after, .. } in self.steps(&view, index, now).into_iter().filter(|step| step.must) {
                    rests = false;
                    match outcome {
                        None => left.push(after),
                        Some(outcome) => could = could.or(Some((index, outcome))),
                    }
                }
            }
            if rests {
                found.push(view);
            }
        }
        if !found.is_empty() {
            return Ok(found);
        }
        let (about, expected, thread) = match could {
            Some((index, outcome)) => {
                let number = index as u32 + 1;
                let expected = format!("it goes on, and returns {}", self.machine.text(outcome));
                (self.about(number), expected, self.known(number).thread)
            }
            None => ("the calls that wait".into(), "one of them goes on".into(), 0),
        };
        let seen = "it waits, and nothing is left that could wake it".into();
        Err(Surprise { about, expected, seen, waits: true, thread })
    }

    fn about(&self, number: u32) -> String {
        let Known { place, thread, .. } = *self.known(number);
        format!("`{}` in {}", self.machine.code(place, number), name(thread))
    }
}

#[cfg(test)]
mod tests {
    use super::super::machine::Typed;
    use super::super::program::Program;
    use super::super::{Call, Specification, returns};
    use super::*;

    /// A place for one number: `put` waits while it is taken, `take` while it is free, and for 10 ms at most if it is `Within`.
    struct Place;

    #[derive(Clone, Debug)]
    enum Operation {
        Put(u32),
        Take,
        Within,
    }

    impl Specification for Place {
        type State = Option<u32>;
        type Operation = Operation;
        type Outcome = Option<u32>;
        type Subject = ();
        type Held<'s> = ();

        fn starts() -> Vec<Option<u32>> {
            vec![None]
        }

        fn make(_: &Option<u32>) {}

        fn operations(number: u32) -> Vec<Operation> {
            vec![Operation::Put(number), Operation::Take, Operation::Within]
        }

        fn steps(state: &Option<u32>, call: &Call<'_, Operation>) -> Vec<Step<Option<u32>, Option<u32>>> {
            match (call.operation, *state) {
                (Operation::Put(number), None) => returns(None, Some(*number)),
                (Operation::Put(_), Some(_)) | (Operation::Take, None) => Vec::new(),
                (_, Some(number)) => returns(Some(number), None),
                (Operation::Within, None) => vec![Step::TimesOut(None, None)],
            }
        }

        fn call(_: &(), _: &mut (), _: &Operation) -> Option<u32> {
            unreachable!("histories are made by hand here")
        }

        fn timeout(operation: &Operation) -> Option<Duration> {
            matches!(operation, Operation::Within).then_some(MS * 10)
        }

        fn code_of_start(_: &Option<u32>) -> String {
            "let place = Place::new();".into()
        }

        fn code(operation: &Operation) -> String {
            format!("place.{operation:?}").to_lowercase()
        }
    }

    const MS: Duration = Duration::from_millis(1);

    /// A history: what begins (`+1`), what returns (`-1 outcome`) and when; 0 is a rest.
    fn told(program: &str, events: &[(i32, Option<u32>, u32)]) -> Result<(), Surprise> {
        let machine = Typed::<Place>::new();
        let written = Program::read(program, &machine).unwrap().written();
        let start = machine.starts()[0];
        let number = |outcome: &Option<u32>| machine.number_of(*outcome);
        let events = events.iter().map(|(what, outcome, at)| match what {
            0 => Event::Rests,
            1.. => Event::Begins { number: *what as u32, at: MS * *at },
            _ => Event::Returns { number: what.unsigned_abs(), outcome: number(outcome), at: MS * *at },
        });
        explain(start, &written, &History { events: events.collect() }, &machine, Time::Exact)
    }

    #[test]
    fn calls_that_overlap_may_take_effect_in_any_order_and_others_may_not() {
        // put(1) | take
        let program = "0:/0|1";
        let put_first = [(1, None, 0), (2, None, 0), (-1, None, 0), (-2, Some(1), 0), (0, None, 0)];
        assert_eq!(told(program, &put_first), Ok(()));
        // What is taken before it is put.
        let early = told(program, &[(2, None, 0), (-2, Some(1), 0)]).unwrap_err();
        assert_eq!((early.about.as_str(), early.expected.as_str()), ("`place.take` in thread 2", "it goes on waiting"));
        // The put may have taken effect though it has not returned yet.
        assert_eq!(told(program, &[(1, None, 0), (2, None, 0), (-2, Some(1), 0), (-1, None, 0)]), Ok(()));
        let other = told(program, &[(1, None, 0), (2, None, 0), (-2, Some(9), 0), (-1, None, 0)]).unwrap_err();
        assert_eq!((other.expected.as_str(), other.seen.as_str()), ("Some(1)", "it returned Some(9)"));
    }

    #[test]
    fn who_waits_at_rest_must_have_to_wait() {
        let program = "0:/0|1";
        assert_eq!(told(program, &[(2, None, 0), (0, None, 0)]), Ok(()));
        let forgotten = told(program, &[(2, None, 0), (1, None, 0), (-1, None, 0), (0, None, 0)]).unwrap_err();
        assert_eq!(forgotten.about, "`place.take` in thread 2");
        assert_eq!(forgotten.expected, "it goes on, and returns Some(1)");
        // Having taken effect, it must have returned.
        let inside = told(program, &[(1, None, 0), (0, None, 0), (-1, None, 0)]).unwrap_err();
        assert_eq!(inside.about, "`place.put(1)` in thread 1");
    }

    #[test]
    fn a_time_out_is_kept_to_the_millisecond_and_only_in_need() {
        // take within 10 ms | a pause, put(3)
        let program = "0:/2|z.0";
        let on_time = [(1, None, 0), (-1, None, 10), (0, None, 10)];
        assert_eq!(told(program, &on_time), Ok(()));
        assert_eq!(told(program, &[(1, None, 0), (3, None, 5), (-3, None, 5), (-1, Some(3), 5)]), Ok(()));
        let early = told(program, &[(1, None, 0), (-1, None, 9)]).unwrap_err();
        assert_eq!(early.expected, "it goes on waiting until its time-out has passed");
        let late = told(program, &[(1, None, 0), (-1, None, 11)]).unwrap_err();
        assert_eq!(
            (late.expected.as_str(), late.seen.as_str()),
            ("it waits no longer than its time-out", "it returned after 11ms")
        );
        // An item has been there since 5 ms, and everything rested: it had to be taken then.
        let missed = told(program, &[(1, None, 0), (3, None, 5), (-3, None, 5), (-1, Some(3), 10)]).unwrap_err();
        assert_eq!(missed.expected, "it goes on, and returns Some(3)");
    }
}
