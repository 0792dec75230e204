//! Programs on real threads: what `cargo test` runs, once each.

use super::{Generator, Kind, Machine, Running, Specification, Typed};
use crate::graded;
use std::sync::Arc;

/// Programs of one thread that are run.
const SEQUENTIAL: usize = 300;

/// Programs of several threads that are run: each takes a while to come to rest.
const CONCURRENT: usize = 40;

/// Generates programs over what a specification describes, and runs each once. Used through `#[programs]`.
///
/// # Panics
/// Without a grader, if the specification does not explain what happened.
pub fn programs<S: Specification>(path: &'static str, _file: &'static str, flags: &'static [&str], _: S) {
    let name = path.rsplit("::").next().unwrap_or(path);
    graded::fact(path, name, flags.contains(&"panics"), || {
        check(Kind::of(flags), &(Arc::new(Typed::<S>::new()) as Arc<dyn Machine>))
    });
}

fn check(kind: Kind, machine: &Arc<dyn Machine>) {
    if machine.tells_time() {
        return;
    }
    let mut generator = Generator::new(kind, machine);
    let count = if kind == Kind::OneThread { SEQUENTIAL } else { CONCURRENT };
    for _ in 0..count {
        let Some(program) = generator.next() else { return };
        let running = Running::new(program, machine, None);
        if let Err(surprise) = running.run() {
            let about = format!("{} in this program:\n{}", surprise.about, running.text());
            crate::unmet(about, surprise.expected, surprise.seen);
        }
    }
}
