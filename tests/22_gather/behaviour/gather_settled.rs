//! What only `gather_settled` does: a panic becomes the result of its child.

use super::probe::{drops, polls, probes};
use super::task::{Task, on_paused_clock};
use harness::{expect, expect_eq, fact, unmet};
use std::panic::panic_any;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;
use subject::{Panicked, gather_settled};
use tokio::time::sleep;

/// A child that panics becomes its own `Err` in `gather_settled`; the others run on and keep their results.
///
/// Next: catch the panic around the poll of that one child, not around the poll of all.
#[fact(panics)]
fn a_panicking_child_stops_no_other() {
    let children = [(2, false), (1, true), (3, false), (0, true)].map(|(seconds, panics)| async move {
        sleep(Duration::from_secs(seconds)).await;
        if panics {
            panic!("no answer after {seconds} s");
        }
        seconds
    });
    let (results, elapsed) = on_paused_clock(gather_settled(children));
    let seen: Vec<_> = results.iter().map(|result| result.as_ref().map_err(Panicked::message)).collect();
    expect_eq!(
        seen,
        [Ok(&2), Err(Some("no answer after 1 s")), Ok(&3), Err(Some("no answer after 0 s"))],
        "the results of children that succeed after 2 s, panic after 1 s, succeed after 3 s and panic after 0 s"
    );
    expect_eq!(elapsed, Duration::from_secs(3), "the time that these children take");
}

/// A child that has panicked is not polled again, is dropped exactly once, and its late wake does no harm.
///
/// Next: a panic ends a child just as a result does.
#[fact(panics)]
fn a_panicked_child_is_finished() {
    let (mut probes, remotes) = probes(2);
    probes[0].during_poll(|_| panic_any("out of range"));
    let mut gathered = Box::pin(gather_settled(probes));
    let task = Task::new();
    expect!(task.poll(gathered.as_mut()).is_pending(), "a gather_settled with an unfinished child", "pending", "ready");
    remotes[0].wake();
    let _ = task.poll(gathered.as_mut());
    expect_eq!(polls(&remotes), [1, 1], "polls of the child that panicked, woken again after that, and of its sibling");
    remotes[1].finish();
    let Poll::Ready(results) = task.poll(gathered.as_mut()) else {
        unmet("a gather_settled whose children have panicked or finished", "ready", "pending")
    };
    expect!(results[0].is_err(), "the result of the child that panicked", "Err", "Ok");
    expect_eq!(results[1], Ok(1), "the result of the child that finished");
    drop(gathered);
    expect_eq!(drops(&remotes), [1, 1], "drops of the children");
}

/// `Panicked::message` is the panic's text, literal or formatted, and `None` for any other payload.
///
/// Next: `panic!("text")` carries a `&'static str`, `panic!("{x}")` a `String`, and `panic_any` whatever it is given.
#[fact(panics)]
fn the_message_of_a_panic_is_kept() {
    let children = (0..3).map(|child| async move {
        match child {
            0 => panic_any("a literal"),
            1 => panic_any(format!("a text with {child} number")),
            _ => panic_any(child),
        }
    });
    let Poll::Ready(results) = Task::new().poll(pin!(gather_settled(children))) else {
        unmet("a gather_settled of children that all panic in their first poll", "ready", "pending")
    };
    let panics: Vec<Panicked> = results.into_iter().filter_map(|result: Result<(), Panicked>| result.err()).collect();
    let messages: Vec<_> = panics.iter().map(Panicked::message).collect();
    expect_eq!(
        messages,
        [Some("a literal"), Some("a text with 1 number"), None],
        "the messages of panics with a &'static str, a String and a number"
    );
    let shown: Vec<_> = panics.iter().map(ToString::to_string).collect();
    expect_eq!(
        shown,
        ["panicked: a literal", "panicked: a text with 1 number", "panicked"],
        "the same panics as Display shows them"
    );
}
