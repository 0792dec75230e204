//! What goes on side by side, and how long that takes.

use super::clock::{ok, on_paused_clock, played, seconds, timed};
use super::sources_and_work::{logging, ready, source, taking};
use harness::{Log, expect, expect_eq, fact};
use std::pin::pin;
use std::sync::Arc;
use subject::run;
use tokio::time::{sleep, timeout};

/// As many calls of `work` are under way as there are consumers: six items of 2 s take 3 consumers exactly 4 s.
///
/// Next: no lock may be held while work is awaited. How long does the guard live that you took the item with?
#[fact(negated)]
fn consumers_work_side_by_side() {
    let (result, took) = played(run(vec![ready(0..6)], 3, 2, taking(2.0)));
    expect_eq!(took, 4.0, "the seconds that 6 items of 2 s each take 3 consumers");
    expect_eq!(ok(result).handled, [2, 2, 2], "Summary::handled");
}

/// Sources are asked side by side: three that take 1 s for each of 4 items take exactly 4 s.
///
/// Next: each source needs somebody of its own who waits for it.
#[fact]
fn sources_are_asked_side_by_side() {
    let sources = (0..3).map(|_| source(0..4, 1.0)).collect();
    let (result, took) = played(run(sources, 1, 1, taking(0.0)));
    expect_eq!(took, 4.0, "the seconds that three sources with 4 items of 1 s each take");
    ok(result);
}

/// Producing and working overlap: items that come every second and take 2 s of work, five of them, take exactly 11 s.
///
/// Next: a producer asks for the next item while the last one is in the buffer or in work.
#[fact]
fn producing_and_working_overlap() {
    let (result, took) = played(run(vec![source(0..5, 1.0)], 1, 2, taking(2.0)));
    expect_eq!(took, 11.0, "the seconds: the first item comes after 1 s, then 5 items of 2 s each");
    ok(result);
    let (result, took) = played(run(vec![source(0..5, 2.0)], 1, 2, taking(1.0)));
    expect_eq!(took, 11.0, "the seconds: the last of 5 items of 2 s each comes after 10 s, and takes 1 s of work");
    ok(result);
}

/// While one consumer is busy for long, the others handle everything else.
///
/// Next: an item belongs to nobody until a consumer is free to take it.
#[fact]
fn a_slow_call_holds_up_nothing_else() {
    let work = |item: Arc<usize>| async move {
        sleep(seconds(if *item == 0 { 100.0 } else { 1.0 })).await;
        Ok::<(), ()>(())
    };
    let (result, took) = played(run(vec![ready(0..91)], 2, 1, work));
    expect_eq!(took, 100.0, "the seconds that an item of 100 s and 90 items of 1 s take 2 consumers");
    let mut handled = ok(result).handled;
    handled.sort_unstable();
    expect_eq!(handled, [1, 90], "Summary::handled, sorted");
}

/// While one source takes its time, the items of the others are handled.
///
/// Next: whoever waits for a source must not keep anything that the others need.
#[fact]
fn a_slow_source_holds_up_nothing_else() {
    let others = Log::default();
    on_paused_clock(async {
        let work = logging(&others, taking(0.0));
        let mut running = pin!(run(vec![source([7], 100.0), ready(0..20), source(0..20, 1.0)], 1, 1, work));
        let early = timeout(seconds(50.5), running.as_mut()).await;
        expect!(early.is_err(), "the run, after 50.5 s", "it goes on", "it has ended");
        let about = "items handled after 50.5 s, of two sources with 20 each beside a slow one";
        expect_eq!(others.read().len(), 40, about);
        let (result, _) = timed(running).await;
        expect_eq!(ok(result).produced, [1, 20, 20], "Summary::produced");
    });
}
