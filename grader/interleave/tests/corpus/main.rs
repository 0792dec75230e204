//! A corpus of concurrency bugs that others have collected, as far as plain `std` code can have them. Each must be found as
//! what it is, and its mended twin must pass: an explorer that cries wolf is worse than none.
//!
//! The ideas are from SCTBench, GoBench's GoKer, JaConTeBe and folklore; the code is ours. `examples/corpus_table` includes the
//! same programs twice, against the stand-ins and against the real `std`.

mod bug;

use bug::{Bug, Version};
use interleave::engine::{Exploration, Plan, explore};

/// Lists the bugs of one file, and makes two tests of each.
macro_rules! corpus {
    ($suite:literal; $($name:ident: $bug:expr;)*) => {
        pub(crate) const BUGS: &[Bug] = &[$(Bug { name: stringify!($name), suite: $suite, program: $name, ..$bug }),*];

        mod tests {
            $(mod $name {
                #[test]
                fn is_found() {
                    crate::assert_found(super::super::BUGS, stringify!($name));
                }

                #[test]
                fn mended_passes() {
                    crate::assert_mended(super::super::BUGS, stringify!($name));
                }
            })*
        }
    };
}

mod platform {
    //! The programs of this binary are explored.
    pub(crate) use interleave::{hint, net, os, sync, thread, time, tracked};
    pub(crate) use interleave_crossbeam::channel;
}

mod classics;
mod go;
mod goker_blocking;
mod goker_nonblocking;
mod goker_select;
mod jacontebe;
mod sctbench;
mod sockets;

fn run(bugs: &[Bug], name: &str, version: Version) -> (Bug, Exploration) {
    let bug = *bugs.iter().find(|bug| bug.name == name).expect("the test is made from the list");
    // What is found is found soon; the steps are spent on what is not.
    let steps = if version.is_mended() { 500_000 } else { 2_000_000 };
    let plan = Plan::usual(1000, steps, bug.limits);
    (bug, explore(&plan, move || (bug.program)(version)))
}

#[track_caller]
fn assert_found(bugs: &[Bug], name: &str) {
    let (bug, exploration) = run(bugs, name, Version::Broken);
    let Some(found) = exploration.found else {
        assert!(bug.is_deep, "{} {}: not found, {:#?}", bug.suite, bug.origin, exploration.covered);
        return;
    };
    assert_eq!(found.failure.kind, bug.kind, "{:#?}", found.failure);
    assert!(found.reproduced, "a replay took another way: {:#?}", found.failure);
}

#[track_caller]
fn assert_mended(bugs: &[Bug], name: &str) {
    let (_, exploration) = run(bugs, name, Version::Mended);
    if let Some(found) = exploration.found {
        let steps = found.recording.events.iter();
        let steps: Vec<String> = steps
            .map(|event| format!("{:?} {} {:?} {} {}", event.task, event.operation, event.mark, event.detail, event.at))
            .collect();
        panic!("a false alarm by {:?}: {:#?}\n{}", found.phase, found.failure, steps.join("\n"));
    }
}
