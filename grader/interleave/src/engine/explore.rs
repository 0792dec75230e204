//! Many executions of one program: the search for one that fails.

use super::execution::is_exploring;
use super::execution::panics::note_panic;
use super::execution::run::{Body, once};
use super::guard;
use super::plan::{Coverage, Exploration, Phase, Plan};
use super::shrink::{Candidate, explain};
use std::any::Any;
use std::panic::{self, Location};
use std::rc::Rc;
use std::sync::Once;

/// Tries schedules of `body` until one fails or the plan is done.
///
/// Deterministic: the same program and plan give the same exploration, if the program depends on nothing but its schedule. A
/// program that waits for a lock of the real std, which another task holds, fails with [`FailureKind::RealWait`](super::FailureKind)
/// after a second.
pub fn explore(plan: &Plan, body: impl Fn() + 'static) -> Exploration {
    let _guard = guard::begin();
    explore_watched(plan, body)
}

/// As [`explore`], for a caller that looks for waits in something real by itself, by [`progress`](super::progress).
pub fn explore_watched(plan: &Plan, body: impl Fn() + 'static) -> Exploration {
    watch_panics();
    let body: Body = Rc::new(body);
    let mut exploration = Exploration { found: None, covered: Vec::new(), schedules: 0, steps: 0 };
    let mut choices = Vec::new();
    for phase in &plan.phases {
        // A bound that leaves nothing out leaves nothing to the next one.
        let complete = exploration.covered.last().is_some_and(|last| last.exhausted && all_of_it(&exploration, last));
        if complete {
            break;
        }
        let (mut strategy, most) = phase.strategy();
        let mut coverage = Coverage { phase: phase.clone(), schedules: 0, exhausted: false };
        while coverage.schedules < most && exploration.steps < plan.steps && strategy.begin() {
            let ran = once(strategy, &plan.limits, false, choices, &body);
            strategy = ran.strategy;
            choices = ran.choices;
            coverage.schedules += 1;
            exploration.schedules += 1;
            exploration.steps += u64::from(ran.steps);
            if let Some(failure) = ran.failure {
                let first = Candidate { failure, schedule: choices, preemptions: ran.preemptions as usize };
                let found = explain(first, plan, phase.clone(), coverage.schedules, exploration.schedules, &body);
                exploration.found = Some(found);
                exploration.covered.push(coverage);
                return exploration;
            }
        }
        // Whether there is one more can only be asked by asking for it.
        coverage.exhausted =
            strategy.exhausted() || (coverage.schedules < most && !strategy.begin() && strategy.exhausted());
        exploration.covered.push(coverage);
    }
    exploration
}

/// Whether a bound of preemptions that was exhausted covers as many schedules as the bound below it: then no higher one adds any.
fn all_of_it(exploration: &Exploration, last: &Coverage) -> bool {
    let Phase::Bounded { preemptions, .. } = last.phase else { return false };
    exploration.covered.iter().any(|coverage| {
        matches!(coverage.phase, Phase::Bounded { preemptions: lower, .. } if lower + 1 == preemptions)
            && coverage.exhausted
            && coverage.schedules == last.schedules
    })
}

/// Panics of explored programs are noted, not printed.
fn watch_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if is_exploring() {
                note_panic(message_of(info.payload()), location_of(info));
            } else {
                before(info);
            }
        }));
    });
}

fn message_of(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("a panic without a message").to_owned()
}

fn location_of(info: &panic::PanicHookInfo) -> Option<&'static Location<'static>> {
    // The hook borrows a location that the compiler has put into the program's constants.
    info.location().map(|location| {
        // SAFETY: `Location`s are made by the compiler as `'static` constants; the hook's shorter lifetime is that of
        // the `PanicHookInfo`, not of the value it points to.
        unsafe { &*std::ptr::from_ref(location).cast::<Location<'static>>() }
    })
}
