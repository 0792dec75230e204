//! A program: calls of one thread, then threads that call at the same time, in one or more stages.

use super::machine::Machine;
use std::fmt::Write;

/// In the place of a call: the thread sleeps, until all others rest or their time-outs have come.
pub(crate) const PAUSE: usize = usize::MAX;

/// Calls, as places in the list of [`Specification::operations`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Program {
    /// Which of the starts.
    pub(crate) start: usize,
    /// Calls of the first thread, before all others.
    pub(crate) prefix: Vec<usize>,
    /// Threads that begin together, each with its calls. A stage begins when nothing of the stage before moves any more.
    pub(crate) stages: Vec<Vec<Vec<usize>>>,
}

/// The calls of one thread, with their numbers.
pub(crate) struct Lane {
    /// 0 for the thread that makes the object.
    pub(crate) thread: u32,
    /// The number of its first call; the others follow.
    pub(crate) first: u32,
    /// The calls.
    pub(crate) calls: Vec<usize>,
}

/// A program whose calls have numbers.
pub(crate) struct Written {
    pub(crate) prefix: Lane,
    pub(crate) stages: Vec<Vec<Lane>>,
}

impl Written {
    /// All lanes, in the order of their numbers.
    pub(crate) fn lanes(&self) -> impl Iterator<Item = &Lane> {
        std::iter::once(&self.prefix).chain(self.stages.iter().flatten())
    }
}

impl Program {
    #[cfg(any(test, feature = "explore"))]
    /// How many calls there are in all.
    pub(crate) fn calls(&self) -> usize {
        self.prefix.len() + self.stages.iter().flatten().map(Vec::len).sum::<usize>()
    }

    /// The program with numbers.
    pub(crate) fn written(&self) -> Written {
        let (mut first, mut thread) = (1, 0);
        let mut lane = |calls: &Vec<usize>| {
            let lane = Lane { thread, first, calls: calls.clone() };
            first += calls.len() as u32;
            thread += 1;
            lane
        };
        let prefix = lane(&self.prefix);
        let stages = self.stages.iter().map(|lanes| lanes.iter().map(&mut lane).collect());
        Written { prefix, stages: stages.collect() }
    }

    #[cfg(any(test, feature = "explore"))]
    /// The program in one word, to be read again by [`Program::read`].
    pub(crate) fn word(&self) -> String {
        let lane = |places: &Vec<usize>| {
            let places = places.iter().map(|place| if *place == PAUSE { "z".to_owned() } else { place.to_string() });
            places.collect::<Vec<_>>().join(".")
        };
        let mut word = format!("{}:{}", self.start, lane(&self.prefix));
        for stage in &self.stages {
            let _ = write!(word, "/{}", stage.iter().map(lane).collect::<Vec<_>>().join("|"));
        }
        word
    }

    #[cfg(any(test, feature = "explore"))]
    /// The program that a word stands for; `None` if this machine has no such program.
    pub(crate) fn read(word: &str, machine: &dyn Machine) -> Option<Program> {
        let choices = machine.choices();
        let lane = |text: &str| {
            let places = text.split('.').filter(|place| !place.is_empty());
            let places = places.map(|place| if place == "z" { Some(PAUSE) } else { place.parse().ok() });
            places
                .map(|place| place.filter(|place| *place < choices || *place == PAUSE))
                .collect::<Option<Vec<usize>>>()
        };
        let (start, rest) = word.split_once(':')?;
        let start: usize = start.parse().ok()?;
        let mut stages = rest.split('/');
        let prefix = lane(stages.next()?)?;
        let stages = stages.map(|stage| stage.split('|').map(lane).collect::<Option<Vec<_>>>());
        let program = Program { start, prefix, stages: stages.collect::<Option<_>>()? };
        (start < machine.starts().len()).then_some(program)
    }

    /// The program as a person reads it: Rust, with what came of each call behind it. `came` tells that, by the call's number.
    pub(crate) fn text(&self, machine: &dyn Machine, came: impl Fn(u32) -> String) -> String {
        let written = self.written();
        let mut lines = vec![(machine.code_of_start(self.start), String::new())];
        let line = |(number, place): (u32, &usize)| match *place {
            PAUSE => format!("sleep({:?});", machine.pause()),
            place => format!("{};", machine.code(place, number)),
        };
        for (number, call) in (written.prefix.first..).zip(&written.prefix.calls) {
            lines.push((line((number, call)), came(number)));
        }
        for (index, stage) in written.stages.iter().enumerate() {
            if index > 0 {
                lines.push(("// once nothing moves any more:".into(), String::new()));
            }
            for lane in stage {
                let name = name(lane.thread);
                match &lane.calls[..] {
                    [one] => {
                        lines.push((
                            format!("spawn(|| {{ {} }});", line((lane.first, one))),
                            format!("{name}: {}", came(lane.first)),
                        ));
                    }
                    several => {
                        lines.push(("spawn(|| {".into(), name));
                        for (number, call) in (lane.first..).zip(several) {
                            lines.push((format!("    {}", line((number, call))), came(number)));
                        }
                        lines.push(("});".into(), String::new()));
                    }
                }
            }
        }
        let width = lines.iter().map(|(code, _)| code.chars().count()).max().unwrap_or(0).min(48);
        let mut text = String::new();
        for (code, comment) in lines {
            if comment.is_empty() {
                let _ = writeln!(text, "{code}");
            } else {
                let _ = writeln!(text, "{code:width$}  // {comment}");
            }
        }
        text.truncate(text.trim_end().len());
        text
    }
}

/// The name of a thread of a program.
pub(crate) fn name(thread: u32) -> String {
    if thread == 0 { "the first thread".into() } else { format!("thread {thread}") }
}
