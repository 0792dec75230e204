//! The end of a gather: dropped half-way, or by a child's panic.

use super::probe::{Remote, drops, fallible, polls, probes};
use super::task::Task;
use harness::{DropCount, catch_panic, expect_eq, fact, unmet};
use std::any::Any;
use std::panic::panic_any;
use std::pin::Pin;
use subject::{gather, try_gather};

/// Dropping a gather drops every child exactly once and polls none, whether or not it was ever polled.
///
/// Next: own the children by value; then dropping them needs no code at all.
#[fact(negated)]
fn dropping_the_gather_drops_every_child() {
    let (probes, remotes) = probes(3);
    drop(gather(probes));
    expect_eq!(drops(&remotes), [1, 1, 1], "drops of the children of a gather that was dropped before its first poll");
    expect_eq!(polls(&remotes), [0, 0, 0], "polls of the children of a gather that was dropped before its first poll");
    let (probes, remotes) = self::probes(3);
    let mut gathered = Box::pin(gather(probes));
    let task = Task::new();
    let _ = task.poll(gathered.as_mut());
    remotes[1].finish();
    let _ = task.poll(gathered.as_mut());
    remotes[2].wake();
    drop(gathered);
    expect_eq!(drops(&remotes), [1, 1, 1], "drops of the children of a gather that was dropped half-way");
    expect_eq!(polls(&remotes), [1, 2, 1], "polls of the children of a gather that was dropped half-way");
}

/// Outputs of a gather that is dropped half-way are dropped with it, exactly once.
///
/// Next: an output that nobody will receive still has an owner: the gather.
#[fact]
fn dropping_the_gather_drops_finished_outputs() {
    let drops = DropCount::new();
    let output = drops.token();
    let mut gathered = Box::pin(gather([None, Some(output)].map(|output| async {
        match output {
            Some(output) => output,
            None => std::future::pending().await,
        }
    })));
    let _ = Task::new().poll(gathered.as_mut());
    drop(gathered);
    expect_eq!(drops.get(), 1, "drops of the output of a child that had finished when the gather was dropped");
}

/// A child's panic comes out of the poll of a plain gather, with the panic's own payload; the children are dropped with
/// the gather.
///
/// Next: let the panic pass; only `gather_settled` catches it.
#[fact(panics)]
fn a_childs_panic_comes_out_of_gather() {
    let (mut probes, remotes) = probes(3);
    probes[1].during_poll(|_| panic_any("the disk is full"));
    let mut gathered = Box::pin(gather(probes));
    let payload = panic_of(gathered.as_mut());
    expect_eq!(text_of(&*payload), Some("the disk is full"), "the payload of the panic that came out of gather");
    drop(gathered);
    expect_eq!(drops(&remotes), [1, 1, 1], "drops of the children after the gather that panicked was dropped");
    remotes.iter().for_each(Remote::wake);

    let (mut probes, remotes) = fallible(2);
    probes[0].during_poll(|_| panic_any("the disk is full"));
    let mut gathered = Box::pin(try_gather(probes));
    let payload = panic_of(gathered.as_mut());
    expect_eq!(text_of(&*payload), Some("the disk is full"), "the payload of the panic that came out of try_gather");
    drop(gathered);
    expect_eq!(drops(&remotes), [1, 1], "drops of the children after the try_gather that panicked was dropped");
}

/// The payload of the panic that comes out of the next poll.
fn panic_of<G: Future>(gathered: Pin<&mut G>) -> Box<dyn Any + Send> {
    match catch_panic(|| Task::new().poll(gathered).is_ready()) {
        Err(payload) => payload,
        Ok(ready) => unmet(
            "a poll in which a child panics",
            "the panic comes out of it",
            if ready { "the gather was ready" } else { "the gather was pending" },
        ),
    }
}

fn text_of(payload: &(dyn Any + Send)) -> Option<&str> {
    payload.downcast_ref::<&'static str>().copied()
}
