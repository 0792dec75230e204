//! How many schedules each way of looking for one takes until it shows each bug of the corpus, as a table in Markdown.
//!
//! ```text
//! cargo run --release -p interleave --example corpus_table            # all of it, some minutes
//! cargo run --release -p interleave --example corpus_table din_phil   # what has this in its name
//! ```
//!
//! The programs are those of `tests/corpus`, compiled twice: against the stand-ins, and against the real `std` for the column that
//! everybody else would get, a thousand runs on real threads.

// The test binary uses what this one does not, and the other way round.
#[path = "../../tests/corpus/bug.rs"]
mod bug;

/// Lists the bugs of one file.
macro_rules! corpus {
    ($suite:literal; $($name:ident: $bug:expr;)*) => {
        pub(crate) const BUGS: &[Bug] = &[$(Bug { name: stringify!($name), suite: $suite, program: $name, ..$bug }),*];
    };
}

mod explored;
mod measure;
mod real;
mod stress;

use measure::Engine;
use std::env;

fn main() {
    let mut arguments = env::args().skip(1);
    match arguments.next() {
        Some(flag) if flag == stress::CHILD => stress::child(arguments),
        wanted => table(&wanted.unwrap_or_default()),
    }
}

fn table(wanted: &str) {
    println!("| bug | origin | kind | bound 0 | bound 1 | bound 2 | URW | random | spurious | usual plan | stress |");
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    let mut summary = [0; Engine::ALL.len() + 1];
    let mut count = 0;
    for bug in explored::bugs().filter(|bug| bug.name.contains(wanted)) {
        count += 1;
        print!("| `{}` | {} {} | {:?} |", bug.name, bug.suite, bug.origin, bug.kind);
        for (index, engine) in Engine::ALL.into_iter().enumerate() {
            let measured = measure::measure(bug, engine);
            summary[index] += usize::from(measured.is_found());
            print!(" {measured} |");
        }
        let stressed = stress::stress(bug.name, bug::Version::Broken, 1000, 5);
        summary[Engine::ALL.len()] += usize::from(stressed.failures > 0);
        println!(" {stressed} |");
        let mended = stress::stress(bug.name, bug::Version::Mended, 100, 1);
        if mended.failures > 0 {
            eprintln!("{}: the mended version fails on real threads: {mended}", bug.name);
        }
    }
    print!("| **found, of {count}** | | |");
    summary.iter().for_each(|found| print!(" **{found}** |"));
    println!();
}
