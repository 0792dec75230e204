//! A comparison on a clock that nobody but the contenders moves.

use std::cell::Cell;
use std::convert::Infallible;
use std::fmt::Write as _;
use std::io;
use std::time::Duration;
use subject::{Clock, Contender, Kind, Plan, Summary, cost, measure, overhead, rounded, table};

/// Each reading takes 25 ns.
#[derive(Default)]
struct Scripted(Cell<u64>);

impl Scripted {
    fn pass(&self, nanos: u64) {
        self.0.set(self.0.get() + nanos);
    }
}

impl Clock for Scripted {
    fn now(&self) -> Duration {
        self.pass(25);
        Duration::from_nanos(self.0.get())
    }
}

/// Takes as long as the script says: usually the first number, every eleventh time the second.
struct Script<'a> {
    clock: &'a Scripted,
    create: [u64; 2],
    switch: [u64; 2],
    calls: u64,
}

impl Script<'_> {
    fn act(&mut self, durations: [u64; 2]) -> io::Result<()> {
        self.calls += 1;
        self.clock.pass(durations[usize::from(self.calls.is_multiple_of(11))]);
        Ok(())
    }
}

impl Contender for Script<'_> {
    fn create(&mut self) -> io::Result<()> {
        self.act(self.create)
    }

    fn round_trip(&mut self) -> io::Result<()> {
        self.act(self.switch)
    }
}

fn told(text: &mut String, what: &str, Summary { median, p95, mad }: Summary) {
    let [median, p95, mad] = [median, p95, mad].map(rounded);
    writeln!(text, "{what}: median {median}, p95 {p95}, mad {mad}").expect("a string takes everything");
}

/// A scripted clock gives known numbers, and the table shows them.
#[harness::transcript]
fn transcript() -> String {
    let clock = Scripted::default();
    let mut text = format!("a reading costs {}\n", rounded(overhead(&clock)));
    let plan = Plan { warm_up: 3, samples: 21, at_least: Duration::from_micros(1) };
    let mut calls = 0u64;
    let Ok(summary) = measure(&clock, &plan, || {
        calls += 1;
        clock.pass(35);
        Ok::<_, Infallible>(())
    });
    told(&mut text, "35 ns", summary);
    writeln!(text, "in {calls} calls").expect("a string takes everything");
    let scripts = [
        (Kind::Task, [310, 905], [205, 410]),
        (Kind::Thread, [21_400, 1_900_000], [9_995, 30_000]),
        (Kind::Process, [1_617_000, 8_000_000], [14_049, 99_000]),
    ];
    let rows = scripts.map(|(kind, create, switch)| {
        let mut script = Script { clock: &clock, create, switch, calls: 0 };
        let cost = cost(&clock, &plan, &mut script).expect("nothing fails in a script");
        told(&mut text, &format!("{kind}, create"), cost.create);
        told(&mut text, &format!("{kind}, switch"), cost.switch);
        (kind, cost)
    });
    text.push_str(&table(&rows));
    text
}
