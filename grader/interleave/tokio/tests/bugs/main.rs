//! Programs with a planted mistake, which must be found, and the same without it, which must not.

mod notify;
mod own_executors;
mod runtimes;
mod select;
mod tasks;
mod wakers;

use interleave::engine::{Exploration, FailureKind, Limits, Plan, explore};

fn explored(body: impl Fn() + 'static) -> Exploration {
    explore(&Plan::usual(300, 300_000, Limits::default()), body)
}

#[track_caller]
fn assert_found(kinds: &[FailureKind], body: impl Fn() + 'static) -> Exploration {
    let exploration = explored(body);
    let found = exploration.found.as_ref().expect("the mistake is found");
    assert!(kinds.contains(&found.failure.kind), "{:#?}", found.failure);
    assert!(found.reproduced, "{found:#?}");
    exploration
}

#[track_caller]
fn assert_fine(body: impl Fn() + 'static) {
    let exploration = explored(body);
    assert!(exploration.found.is_none(), "{:#?}", exploration.found);
    assert!(exploration.schedules > 2);
}
