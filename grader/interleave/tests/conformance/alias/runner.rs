//! Explores the plain code. Its own `std` is the real one.

use interleave::engine::{Limits, Plan, explore};

fn main() {
    let plan = Plan::usual(20, 100_000, Limits { panics: true, ..Limits::default() });
    let exploration = explore(&plan, plain::scenario);
    assert!(exploration.found.is_none(), "{:?}", exploration.found);
    assert!(exploration.schedules > 40);
    println!("explored");
}
