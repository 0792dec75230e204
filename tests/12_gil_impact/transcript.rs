//! Three kinds of work on a machine with four cores, by every strategy, and what is recommended for each.

use std::fmt::Write;
use subject::Segment::{Cpu, Io};
use subject::{Job, Strategy, recommend, simulate};

const CORES: usize = 4;

/// Compares all four strategies on CPU-bound, I/O-bound and mixed work.
#[harness::transcript]
fn transcript() -> String {
    let mut text = String::new();
    let work: [(&str, Vec<Job>); 4] = [
        ("CPU-bound: 8 jobs that compute for 1000 ms", vec![vec![Cpu(1000)]; 8]),
        ("I/O-bound: 100 jobs that compute for 1 ms and wait for 2000 ms", vec![vec![Cpu(1), Io(2000)]; 100]),
        (
            "mixed: 40 jobs that fetch for 200 ms, compute for 100 ms, and store for 50 ms",
            vec![vec![Io(200), Cpu(100), Io(50)]; 40],
        ),
        (
            "one slow conversation among 24 short computations",
            [vec![vec![Cpu(10), Io(5), Cpu(10), Io(600)]], vec![vec![Cpu(20)]; 24]].concat(),
        ),
    ];
    for (name, jobs) in work {
        writeln!(text, "{name}").unwrap();
        for (name, strategy) in [
            ("8 threads", Strategy::Threads { n: 8 }),
            ("4 processes", Strategy::Processes { n: 4 }),
            ("asyncio", Strategy::Asyncio),
            ("4 processes of asyncio", Strategy::ProcessesOfAsyncio { n: 4 }),
        ] {
            let outcome = simulate(&jobs, strategy, CORES);
            let (makespan, utilisation) = (outcome.makespan, outcome.cpu_utilisation());
            writeln!(text, "  {name:<23} {makespan:>6} ms, {utilisation:>3} % of {} cores", outcome.cores).unwrap();
        }
        let advice = match recommend(&jobs, CORES) {
            Strategy::Threads { n } => format!("{n} threads"),
            Strategy::Processes { n } => format!("{n} processes"),
            Strategy::Asyncio => "asyncio".to_owned(),
            Strategy::ProcessesOfAsyncio { n } => format!("{n} processes of asyncio"),
        };
        writeln!(text, "  recommended: {advice}\n").unwrap();
    }
    text.truncate(text.trim_end().len());
    text
}
