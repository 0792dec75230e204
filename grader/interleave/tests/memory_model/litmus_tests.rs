//! The names are those of the literature: Alglave, Maranget, Tautschnig, "Herding Cats", TOPLAS 2014, for the shapes;
//! Lahav et al., "Repairing Sequential Consistency in C/C++11", PLDI 2017, for `SeqCst`.

use super::litmus::Op::{Add, F, R, W};
use super::litmus::{Op, Outcomes, X, Y, Z, interleavings, outcomes, outcomes_and_last, outcomes_without_bound};
use interleave::sync::atomic::Ordering::{self, AcqRel, Acquire, Relaxed, Release, SeqCst};

/// Message passing: the digits are the flag and the data.
fn message_passing(write: &[Op], read: &[Op]) -> Outcomes {
    outcomes(&[write, read])
}

#[test]
fn message_passing_needs_both_release_and_acquire() {
    let passing = |store, load| message_passing(&[W(X, 1, Relaxed), W(Y, 1, store)], &[R(Y, load), R(X, Relaxed)]);
    passing(Relaxed, Relaxed).are("00 01 10 11");
    passing(Release, Relaxed).are("00 01 10 11");
    passing(Relaxed, Acquire).are("00 01 10 11");
    passing(Release, Acquire).are("00 01 11");
    passing(SeqCst, SeqCst).are("00 01 11");
}

#[test]
fn message_passing_by_fences() {
    let plain_write: &[Op] = &[W(X, 1, Relaxed), W(Y, 1, Relaxed)];
    let plain_read: &[Op] = &[R(Y, Relaxed), R(X, Relaxed)];
    for (release, acquire) in [(Release, Acquire), (AcqRel, AcqRel), (SeqCst, SeqCst)] {
        let write: &[Op] = &[W(X, 1, Relaxed), F(release), W(Y, 1, Relaxed)];
        let read: &[Op] = &[R(Y, Relaxed), F(acquire), R(X, Relaxed)];
        message_passing(write, read).are("00 01 11");
        message_passing(write, plain_read).are("00 01 10 11");
        message_passing(plain_write, read).are("00 01 10 11");
        message_passing(write, &[R(Y, Acquire), R(X, Relaxed)]).are("00 01 11");
        message_passing(&[W(X, 1, Relaxed), W(Y, 1, Release)], read).are("00 01 11");
    }
    // A fence after the store, or before the load, comes too late or too early.
    message_passing(&[W(X, 1, Relaxed), W(Y, 1, Relaxed), F(Release)], &[R(Y, Acquire), R(X, Relaxed)])
        .are("00 01 10 11");
    message_passing(&[W(X, 1, Relaxed), W(Y, 1, Release)], &[F(Acquire), R(Y, Relaxed), R(X, Relaxed)])
        .are("00 01 10 11");
}

#[test]
fn a_seq_cst_fence_counts_what_came_before_it_only() {
    let read: &[Op] = &[F(SeqCst), R(Y, Relaxed), R(X, Relaxed)];
    message_passing(&[W(X, 1, SeqCst), W(Y, 1, Relaxed)], read).are("00 01 10 11");
    message_passing(&[W(X, 1, SeqCst), W(Y, 1, Relaxed)], &[R(Y, Relaxed), F(SeqCst), R(X, Relaxed)]).are("00 01 11");
}

/// Store buffering: what both threads have read.
fn store_buffering(store: Ordering, load: Ordering) -> Outcomes {
    outcomes(&[&[W(X, 1, store), R(Y, load)], &[W(Y, 1, store), R(X, load)]])
}

#[test]
fn store_buffering_is_forbidden_by_seq_cst_only() {
    store_buffering(Relaxed, Relaxed).are("00 01 10 11");
    store_buffering(Release, Acquire).are("00 01 10 11");
    store_buffering(SeqCst, Relaxed).are("00 01 10 11");
    store_buffering(Release, SeqCst).are("00 01 10 11");
    store_buffering(SeqCst, SeqCst).are("01 10 11");
}

#[test]
fn store_buffering_is_forbidden_by_seq_cst_fences_on_both_sides() {
    let fenced = |place, other, fence| [W(place, 1, Relaxed), F(fence), R(other, Relaxed)];
    let plain: &[Op] = &[W(Y, 1, Relaxed), R(X, Relaxed)];
    let sequenced: &[Op] = &[W(Y, 1, SeqCst), R(X, SeqCst)];
    outcomes(&[&fenced(X, Y, SeqCst), &fenced(Y, X, SeqCst)]).are("01 10 11");
    outcomes(&[&fenced(X, Y, SeqCst), sequenced]).are("01 10 11");
    outcomes(&[&fenced(X, Y, SeqCst), plain]).are("00 01 10 11");
    outcomes(&[&fenced(X, Y, AcqRel), &fenced(Y, X, AcqRel)]).are("00 01 10 11");
    outcomes(&[&fenced(X, Y, SeqCst), &fenced(Y, X, AcqRel)]).are("00 01 10 11");
}

#[test]
fn coherence_of_each_location() {
    // Two reads by one task.
    outcomes(&[&[W(X, 1, Relaxed), W(X, 2, Relaxed)], &[R(X, Relaxed), R(X, Relaxed)]]).are("00 01 02 11 12 22");
    // A read after a write, and a write after a read: with the last value.
    outcomes_and_last(&[&[W(X, 1, Relaxed), R(X, Relaxed)], &[W(X, 2, Relaxed)]], &[X]).are("1|1 1|2 2|2");
    outcomes_and_last(&[&[R(X, Relaxed), W(X, 1, Relaxed)], &[W(X, 2, Relaxed)]], &[X]).are("0|1 0|2 2|1");
    // Two reads by two tasks, one of which happens before the other.
    outcomes(&[&[W(X, 1, Relaxed)], &[R(X, Relaxed), W(Y, 1, Release)], &[R(Y, Acquire), R(X, Relaxed)]])
        .are_all_but(3, "110");
}

/// Independent reads of independent writes: what both readers have read.
fn independent_reads(
    run: fn(&[&[Op]]) -> Outcomes,
    (store, load): (Ordering, Ordering),
    between: Option<Ordering>,
) -> Outcomes {
    let reader = |first, second| match between {
        Some(order) => vec![R(first, load), F(order), R(second, load)],
        None => vec![R(first, load), R(second, load)],
    };
    run(&[&[W(X, 1, store)], &[W(Y, 1, store)], &reader(X, Y), &reader(Y, X)])
}

#[test]
fn independent_reads_of_independent_writes() {
    independent_reads(outcomes, (Relaxed, Relaxed), None).are_all_but(4, "");
    independent_reads(outcomes, (Release, Acquire), None).are_all_but(4, "");
    independent_reads(outcomes, (SeqCst, Acquire), None).are_all_but(4, "");
    independent_reads(outcomes, (SeqCst, SeqCst), None).are_all_but(4, "1010");
    // That the loads are in the total order is enough.
    independent_reads(outcomes, (Relaxed, SeqCst), None).are_all_but(4, "1010");
    independent_reads(outcomes, (Relaxed, Relaxed), Some(SeqCst)).are_all_but(4, "1010");
    independent_reads(outcomes, (Release, Acquire), Some(AcqRel)).are_all_but(4, "");
}

#[test]
#[ignore = "millions of schedules: minutes"]
fn independent_reads_of_independent_writes_without_a_bound() {
    independent_reads(outcomes_without_bound, (SeqCst, SeqCst), None).are_all_but(4, "1010");
    independent_reads(outcomes_without_bound, (Relaxed, Relaxed), Some(SeqCst)).are_all_but(4, "1010");
}

#[test]
fn write_to_read_causality() {
    let chain =
        |store, load, last| outcomes(&[&[W(X, 1, store)], &[R(X, load), W(Y, 1, store)], &[R(Y, last), R(X, Relaxed)]]);
    chain(Relaxed, Relaxed, Relaxed).are_all_but(3, "");
    chain(Release, Acquire, Relaxed).are_all_but(3, "");
    chain(Release, Acquire, Acquire).are_all_but(3, "110");
}

#[test]
fn isa2() {
    let chain = |store, load| {
        outcomes(&[&[W(X, 1, Relaxed), W(Y, 1, store)], &[R(Y, load), W(Z, 1, store)], &[R(Z, load), R(X, Relaxed)]])
    };
    chain(Relaxed, Relaxed).are_all_but(3, "");
    chain(Release, Relaxed).are_all_but(3, "");
    chain(Release, Acquire).are_all_but(3, "110");
}

#[test]
fn read_modify_writes_continue_a_release_sequence() {
    // The digits: what the addition found, then the flag and the data.
    let chain =
        |add| outcomes(&[&[W(X, 1, Relaxed), W(Y, 2, Release)], &[Add(Y, add)], &[R(Y, Acquire), R(X, Relaxed)]]);
    for order in [Relaxed, Acquire, Release, AcqRel, SeqCst] {
        chain(order).are("000 001 010 011 021 200 201 221 231");
    }
}

#[test]
fn a_plain_store_ends_a_release_sequence() {
    // Since C++20 even one of the same task does.
    message_passing(&[W(X, 1, Relaxed), W(Y, 1, Release), W(Y, 2, Relaxed)], &[R(Y, Acquire), R(X, Relaxed)])
        .are("00 01 11 20 21");
}

#[test]
fn r() {
    let shape =
        |store, load| outcomes_and_last(&[&[W(X, 1, store), W(Y, 1, store)], &[W(Y, 2, store), R(X, load)]], &[Y]);
    shape(Relaxed, Relaxed).are("0|1 0|2 1|1 1|2");
    shape(Release, Acquire).are("0|1 0|2 1|1 1|2");
    shape(SeqCst, SeqCst).are("0|1 1|1 1|2");
    let fenced: [&[Op]; 2] =
        [&[W(X, 1, Relaxed), F(SeqCst), W(Y, 1, Relaxed)], &[W(Y, 2, Relaxed), F(SeqCst), R(X, Relaxed)]];
    outcomes_and_last(&fenced, &[Y]).are("0|1 1|1 1|2");
}

#[test]
fn s() {
    let shape =
        |store, load| outcomes_and_last(&[&[W(X, 2, Relaxed), W(Y, 1, store)], &[R(Y, load), W(X, 1, Relaxed)]], &[X]);
    shape(Release, Acquire).are("0|1 0|2 1|1");
    // The standard allows 1|2 as well: not modelled, stores take effect in the order of their execution.
    shape(Relaxed, Relaxed).are("0|1 0|2 1|1");
}

#[test]
fn two_times_two_writes() {
    let shape =
        |store| outcomes_and_last(&[&[W(X, 1, store), W(Y, 2, store)], &[W(Y, 1, store), W(X, 2, store)]], &[X, Y]);
    shape(SeqCst).are("|12 |21 |22");
    // The standard allows |11 as well: not modelled.
    shape(Relaxed).are("|12 |21 |22");
}

#[test]
fn load_buffering_is_not_modelled() {
    // The standard allows 11 as well.
    outcomes(&[&[R(X, Relaxed), W(Y, 1, Relaxed)], &[R(Y, Relaxed), W(X, 1, Relaxed)]]).are("00 01 10");
}

#[test]
fn read_modify_writes_are_atomic_and_see_the_newest() {
    outcomes(&[&[Add(X, Relaxed)], &[Add(X, Relaxed)], &[Add(X, Relaxed)]]).are("012 021 102 120 201 210");
    outcomes(&[&[W(X, 1, Relaxed), Add(Y, Relaxed)], &[Add(Y, Relaxed), R(X, Relaxed)]]).are("010 011 100 101");
    outcomes(&[&[W(X, 1, Relaxed), Add(Y, AcqRel)], &[Add(Y, AcqRel), R(X, Relaxed)]]).are("011 100 101");
}

#[test]
fn the_newest_is_read_unless_weak_memory_is_asked_for() {
    interleavings(&[&[W(X, 1, Relaxed), W(Y, 1, Relaxed)], &[R(Y, Relaxed), R(X, Relaxed)]]).are("00 01 11");
    interleavings(&[&[W(X, 1, Relaxed), R(Y, Relaxed)], &[W(Y, 1, Relaxed), R(X, Relaxed)]]).are("01 10 11");
}
