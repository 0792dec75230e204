//! From what an exploration reported to what a person reads: places in the submission's own words, names for objects, findings.

use crate::checks::schedules::NOT_EXPLORED;
use crate::exercise::manifest::Hidden;
use crate::run::facts::{self, Tests};
use crate::syntax::made::{self, Names};
use probe::explored::{Explored, Found, Place, Thing};
use verdict::{
    Call, Check, Discovery, Finding, Interleaving, Kind, Location, Mark, Object, Schedules, Standing, Step, Waiting,
};

/// Knows the submission's files and what is made where in them.
pub(crate) struct Translation<'a> {
    tests: &'a Tests,
    /// The name of what is made at a place of the submission: a field, a variable, a static.
    names: Names,
}

impl<'a> Translation<'a> {
    pub(crate) fn new(tests: &'a Tests) -> Self {
        let files = tests.files.iter().filter_map(|file| Some((file.path.as_path(), file.text()?)));
        Translation { tests, names: made::names(files) }
    }

    /// What was covered, as a report says it.
    pub(crate) fn evidence(&self, scenario: &str, explored: &Explored) -> Schedules {
        let bounded = || explored.covered.iter().filter(|covered| covered.phase == "bounded");
        let best = bounded().filter(|covered| covered.exhausted).max_by_key(|covered| covered.bound);
        let beyond = bounded().filter(|covered| best.is_none_or(|best| covered.bound > best.bound));
        let sampled = explored.covered.iter().filter(|covered| covered.phase != "bounded");
        Schedules {
            scenario: scenario.to_owned(),
            programs: Some(explored.programs).filter(|programs| *programs > 0),
            sampled: sampled.map(|covered| covered.schedules).sum(),
            exhausted_preemptions: best.map(|best| best.bound),
            exhausted: best.map_or(0, |best| best.schedules),
            further: beyond.map(|covered| covered.schedules).sum(),
            steps: explored.steps,
            micros: explored.micros,
        }
    }

    /// The finding for a failing schedule.
    pub(crate) fn finding(&self, scenario: &Hidden, found: &Found) -> Finding {
        let interleaving = self.interleaving(found);
        let lane = |lane: usize| interleaving.lanes.get(lane).cloned().unwrap_or_else(|| "a thread".to_owned());
        let (kind, expected, seen) = match found.kind.as_str() {
            "deadlock" => (Kind::Deadlock, "it comes to an end", cycle(&interleaving)),
            "lost_wakeup" => {
                let missed = interleaving.waiting.iter().filter(|waiting| waiting.missed);
                let who: Vec<String> = missed.map(|waiting| format!("'{}'", lane(waiting.lane))).collect();
                let seen = format!(
                    "nothing goes on any more, but {} would if woken: what it waits for has come, and nobody tells it",
                    who.join(" and ")
                );
                (Kind::LostWakeup, "whoever waits is woken when what it waits for comes", seen)
            }
            "leak" => {
                let who: Vec<String> =
                    interleaving.waiting.iter().map(|waiting| format!("'{}'", lane(waiting.lane))).collect();
                let waits = if who.len() == 1 { "waits" } else { "wait" };
                let seen = format!("the scenario is over, and {} still {waits}", who.join(" and "));
                (Kind::LeftWaiting, "nothing still waits when everything is over", seen)
            }
            "left_waiting" => (Kind::LeftWaiting, "", found.seen.clone()),
            "livelock" => (
                Kind::Livelock,
                "it comes to an end, or waits for what it needs in something that blocks",
                format!(
                    "along this schedule it is not done after {} steps: a loop waits for what never comes, or it is far \
                     more work than a few threads should need",
                    found.about.split(' ').next().unwrap_or("many")
                ),
            ),
            "race" => (
                Kind::DataRace,
                "accesses to the same data are ordered by a lock, or by something else",
                found.about.clone(),
            ),
            "unexplorable" => (
                Kind::Unexplorable,
                "threads and what they share, Unix sockets among it, is all there is: nothing starts or ends a process, and no \
                 descriptor is used but for its socket",
                found.about.clone(),
            ),
            "silence" | "real_wait" | "too_long" | "overflow" | "abort" => halted(found),
            "panic" => {
                let place = if self.location(found.place.as_ref()).is_some() { "the code" } else { "the scenario" };
                (Kind::Panic, "", format!("{place} panicked in '{}': {}", lane(found.lane as usize), found.about))
            }
            "starvation" => (Kind::Starvation, "", found.seen.clone()),
            _ => (Kind::WrongAnswer, "", found.seen.clone()),
        };
        let expected = if matches!(found.kind.as_str(), "unmet" | "starvation" | "left_waiting") {
            format!("{}: {}", found.about, found.expected)
        } else {
            expected.to_owned()
        };
        let threads = interleaving
            .waiting
            .iter()
            .map(|waiting| Standing { thread: lane(waiting.lane), doing: standing(&interleaving, waiting) });
        let location = self.location(found.place.as_ref());
        // What is not written yet needs no picture of how it came about.
        let unwritten = found.kind == "panic" && facts::is_unwritten(&found.about) && location.is_some();
        let mut next_step = if unwritten { Some(facts::WRITE_IT.to_owned()) } else { scenario.next_step.clone() };
        if kind == Kind::Unexplorable && found.kind == "unexplorable" {
            next_step = Some(NOT_EXPLORED.to_owned());
        }
        if !found.reproduced && !found.schedule.is_empty() {
            next_step = Some(
                "the same schedule came out otherwise when it was repeated, so the steps shown need not be those that \
                 failed: the code depends on something besides its threads, such as addresses, the order of a hash map, \
                 or statics that remember earlier schedules"
                    .to_owned(),
            );
        }
        Finding {
            check: Check::Schedules,
            kind,
            subject: scenario.name.clone(),
            message: scenario.statement.clone(),
            expected: Some(expected).filter(|text| !text.is_empty()),
            seen: Some(seen).filter(|text| !text.is_empty()),
            location,
            detail: Some(found.program.clone()).filter(|text| !text.is_empty()),
            threads: threads.collect(),
            interleaving: Some(Box::new(interleaving)).filter(|shown| !shown.steps.is_empty() && !unwritten),
            next_step,
        }
    }

    fn interleaving(&self, found: &Found) -> Interleaving {
        let steps = found.steps.iter().map(|step| Step {
            lane: step.lane as usize,
            operation: step.operation.clone(),
            object: step.thing.map(|thing| thing as usize),
            mark: mark(&step.mark),
            detail: step.detail.clone(),
            location: self.location(Some(&step.place)),
            call: Some(Call { function: step.call.clone(), scenario_line: step.call_line })
                .filter(|call| !call.function.is_empty()),
            nanos: step.time,
        });
        let waiting = found.waiting.iter().map(|waiting| Waiting {
            lane: waiting.lane as usize,
            operation: waiting.operation.clone(),
            object: waiting.thing.map(|thing| thing as usize),
            holder: waiting.holder.map(|holder| holder as usize),
            missed: waiting.missed,
            location: self.location(Some(&waiting.place)),
        });
        Interleaving {
            lanes: found.lanes.clone(),
            objects: self.objects(&found.things),
            steps: steps.collect(),
            omitted: found.omitted,
            waiting: waiting.collect(),
            found: Discovery {
                by: found.phase.clone(),
                nth: found.nth,
                nth_in_all: found.nth_in_all,
                preemptions: found.preemptions,
                preemptions_before: found.preemptions_before,
                reproduced: found.reproduced,
            },
            schedule: found.schedule.clone(),
        }
    }

    /// Objects with names: that of the field or variable, with a number if there are several; or the kind with a number.
    fn objects(&self, things: &[Thing]) -> Vec<Object> {
        let known = |thing: &Thing| {
            let key = (thing.made.file.clone(), thing.made.line, thing.made.column);
            self.names.get(&key).cloned().unwrap_or_else(|| thing.kind.clone())
        };
        let names: Vec<String> = things.iter().map(known).collect();
        let mut objects = Vec::with_capacity(things.len());
        for (index, thing) in things.iter().enumerate() {
            let same = |range: &[String]| range.iter().filter(|name| **name == names[index]).count();
            let name = match same(&names) {
                1 => names[index].clone(),
                _ => format!("{}#{}", names[index], same(&names[..index]) + 1),
            };
            objects.push(Object { kind: thing.kind.clone(), name, made: self.location(Some(&thing.made)) });
        }
        objects
    }

    /// A place, if it lies in the submission.
    fn location(&self, place: Option<&Place>) -> Option<Location> {
        let place = place?;
        self.tests.location(&place.file, place.line, Some(place.column))
    }
}

/// What ended an exploration that could not speak for itself: the kind, what is expected, what was seen.
fn halted(found: &Found) -> (Kind, &'static str, String) {
    let place = match (&found.place, found.seen.as_str()) {
        (None, _) => "before its first operation",
        (Some(_), "stood") => "at the place named here",
        (Some(_), _) => "some time after the place named here, the last operation that was seen",
    };
    match found.kind.as_str() {
        "silence" => (
            Kind::TimeLimit,
            "waiting is done by something that blocks",
            format!("a loop without any operation that another thread could notice, {place}"),
        ),
        "too_long" => (
            Kind::TimeLimit,
            "a scenario of a few threads takes a few thousand operations and next to no computing",
            format!("exploring it takes too long: it computes too much between its operations, {place}"),
        ),
        "overflow" => (
            Kind::Signal,
            "the code returns to its caller",
            format!("a thread overflowed its stack, or strayed from its memory, {place}"),
        ),
        "abort" if found.about.is_empty() => {
            (Kind::Signal, "the code returns to its caller", format!("it ended the whole program, {place}"))
        }
        "abort" => (
            Kind::Panic,
            "no destructor panics while a panic unwinds",
            format!("a second panic, {place}, which ends the whole program; the first was: {}", found.about),
        ),
        _ => (
            Kind::Unexplorable,
            "only locks, condition variables, channels, Unix sockets, threads, tasks and time are waited for",
            format!("it waits in something that schedules cannot be explored through, {place}"),
        ),
    }
}

fn mark(word: &str) -> Mark {
    match word {
        "blocked" => Mark::Blocked,
        "resumed" => Mark::Resumed,
        "timed_out" => Mark::TimedOut,
        "spurious" => Mark::Spurious,
        "ended" => Mark::Ended,
        "failed" => Mark::Failed,
        "note" => Mark::Note,
        _ => Mark::Done,
    }
}

/// Who waits for whom, as a sentence.
fn cycle(interleaving: &Interleaving) -> String {
    let lane = |lane: usize| interleaving.lanes.get(lane).map_or("a thread", String::as_str);
    for first in &interleaving.waiting {
        let mut path = vec![first];
        while let Some(next) = path[path.len() - 1]
            .holder
            .and_then(|holder| interleaving.waiting.iter().find(|waiting| waiting.lane == holder))
        {
            if next.lane == first.lane {
                let links = path.iter().map(|waiting| {
                    let object = waiting.object.and_then(|object| interleaving.objects.get(object));
                    let what = object.map_or("something", |object| object.name.as_str());
                    let holder = lane(waiting.holder.unwrap_or_default());
                    match path.len() {
                        1 => format!("'{holder}' waits for {what}, which it holds itself"),
                        _ => format!("'{}' waits for {what}, which '{holder}' holds", lane(waiting.lane)),
                    }
                });
                return format!("a cycle: {}", links.collect::<Vec<_>>().join("; "));
            }
            if path.len() > interleaving.waiting.len() {
                break;
            }
            path.push(next);
        }
    }
    "nothing can go on, and nobody is left who could change that".to_owned()
}

/// What a lane waits for at the end.
fn standing(interleaving: &Interleaving, waiting: &Waiting) -> String {
    let object = waiting.object.and_then(|object| interleaving.objects.get(object));
    let holder = waiting.holder.and_then(|holder| interleaving.lanes.get(holder));
    let object = object.filter(|object| object.kind != "thread");
    let mut text = match (waiting.operation.as_str(), object, holder) {
        ("join", _, Some(holder)) => format!("waits for '{holder}' to end"),
        ("end of scope", _, Some(holder)) => format!("waits at the end of a scope for '{holder}' to end"),
        ("sleep", ..) => "sleeps for ever".to_owned(),
        ("read", Some(object), _) if object.kind == "socket" => {
            format!("waits for something to read from {}", object.name)
        }
        ("write", Some(object), _) if object.kind == "socket" => format!("waits for room to write to {}", object.name),
        ("accept", Some(object), _) => format!("waits for a connection to {}", object.name),
        (operation, Some(object), Some(holder)) => {
            format!("waits in {operation} of {}, held by '{holder}'", object.name)
        }
        (operation, Some(object), None) => format!("waits in {operation} of {}", object.name),
        (operation, None, _) => format!("waits in {operation}"),
    };
    if let Some(location) = &waiting.location {
        text.push_str(&format!(", line {}", location.line));
    }
    if waiting.missed {
        text.push_str("; it has missed its wakeup");
    }
    text
}
