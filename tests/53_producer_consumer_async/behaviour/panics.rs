//! Sources and work that panic, and arguments that are refused with a panic.

use super::clock::{played, seconds};
use super::sources_and_work::{Counted, Source, count, ready, source, taking};
use harness::{catch_panic, expect, expect_eq, fact};
use std::fmt::Debug;
use std::future;
use std::panic::panic_any;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;
use subject::run;
use tokio::time::sleep;

/// What the panics of these facts carry.
#[derive(Debug)]
struct Mishap(&'static str);

/// Says how a run ended that must panic with a [`Mishap`], and when.
fn mishap_of<R: Debug + Send + 'static>(run: impl Future<Output = R> + Send + 'static) -> (String, f64) {
    let (ended, took) = played(async { tokio::spawn(run).await });
    let ended = match ended {
        Ok(result) => format!("no panic but {result:?}"),
        Err(error) => match error.into_panic().downcast_ref() {
            Some(Mishap(what)) => format!("the payload of {what}"),
            None => "another payload".into(),
        },
    };
    (ended, took)
}

/// A panic of `work` stops the run, and goes on in whoever awaits it.
///
/// Next: a task that panics ends with an error for whoever joins it, and the payload is in there.
#[fact(panics)]
fn a_panic_of_work_reaches_the_caller() {
    let (live, slow) = (count(), Duration::from_secs(100));
    let theirs = Arc::clone(&live);
    let items = (0..9).map(move |number| Counted::new(number, &theirs));
    let work = move |item: Arc<Counted>| async move {
        sleep(if item.number == 1 { seconds(2.0) } else { slow }).await;
        match item.number {
            1 => panic_any(Mishap("work")),
            _ => Ok::<(), ()>(()),
        }
    };
    let (ended, took) = mishap_of(run(vec![ready(items)], 3, 2, work));
    expect_eq!(ended, "the payload of work", "how a run ended whose work panicked");
    expect_eq!(took, 2.0, "the seconds until it did: work panicked after 2 s");
    expect_eq!(live.load(SeqCst), 0, "items alive then");
    let in_the_call = |_: Arc<usize>| -> future::Ready<Result<(), ()>> { panic_any(Mishap("the call")) };
    let (ended, _) = mishap_of(run(vec![ready(0..9)], 2, 1, in_the_call));
    expect_eq!(ended, "the payload of the call", "how a run ended whose work panicked before it returned a future");
}

/// A panic of a source stops the run, and goes on in whoever awaits it.
///
/// Next: consumers wait for an item that never comes, unless somebody looks at how the producers end.
#[fact(panics)]
fn a_panic_of_a_source_reaches_the_caller() {
    let bad: Source<u8> = Box::new(|| {
        Box::pin(async {
            sleep(seconds(2.0)).await;
            panic_any(Mishap("a source"))
        })
    });
    let (ended, took) = mishap_of(run(vec![source(0.., 1.0), bad], 2, 1, taking(50.0)));
    expect_eq!(ended, "the payload of a source", "how a run ended whose source panicked");
    expect_eq!(took, 2.0, "the seconds until it did: the source panicked after 2 s");
    let in_the_call: Source<u8> = Box::new(|| panic_any(Mishap("the call")));
    let (ended, _) = mishap_of(run(vec![in_the_call], 2, 1, taking(1.0)));
    expect_eq!(ended, "the payload of the call", "how a run ended whose source panicked before it returned a future");
}

/// A run without consumers or without room is refused with a panic, and no source is asked.
///
/// Next: check the arguments before you start anything.
#[fact(panics)]
fn zeros_are_refused() {
    for (consumers, capacity) in [(0, 1), (1, 0)] {
        let asked = count();
        let theirs = asked.clone();
        let counted = move || future::ready((theirs.fetch_add(1, SeqCst) < 5).then_some(7));
        for sources in [vec![], vec![counted]] {
            let about = format!("{} sources, {consumers} consumers, capacity {capacity}", sources.len());
            let ended = catch_panic(|| played(run(sources, consumers, capacity, taking(1.0))));
            expect!(ended.is_err(), about, "a panic", "it returned");
        }
        expect_eq!(asked.load(SeqCst), 0, format!("how often the source was asked, capacity {capacity}"));
    }
}
