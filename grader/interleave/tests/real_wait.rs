//! A lock that the engine does not know, as in a crate with a std of its own.

use interleave::engine::{Exploration, FailureKind, Limits, Plan, explore};
use interleave::sync::Arc;
use interleave::{executor, thread};
use std::future::poll_fn;
use std::sync::Mutex as Real;
use std::task::{Poll, Waker};

fn explored(body: impl Fn() + 'static) -> Exploration {
    explore(&Plan::usual(50, 50_000, Limits::default()), body)
}

/// Whether it was said, and who waits for it.
type Word = Real<(bool, Option<Waker>)>;

/// One waits for a word of another one, who calls the waker while it holds the lock or after that.
fn hand_over(holding: bool) -> impl Fn() {
    move || {
        let word = Arc::new(Word::default());
        let theirs = Arc::clone(&word);
        let task = executor::spawn(
            None,
            poll_fn(move |context| {
                let mut word = theirs.lock().unwrap();
                word.1 = Some(context.waker().clone());
                if word.0 { Poll::Ready(()) } else { Poll::Pending }
            }),
        );
        let speaker = thread::spawn(move || {
            let mut held = word.lock().unwrap();
            held.0 = true;
            let waker = held.1.take();
            if !holding {
                drop(held);
                waker.into_iter().for_each(Waker::wake);
            } else {
                waker.into_iter().for_each(Waker::wake);
                drop(held);
            }
        });
        speaker.join().unwrap();
        executor::block_on(task).unwrap();
    }
}

#[test]
fn a_real_lock_held_while_a_waker_is_called_is_told() {
    let found = explored(hand_over(true)).found.expect("somebody waits for the lock");
    assert_eq!(found.failure.kind, FailureKind::RealWait, "{:#?}", found.failure);
    assert!(found.reproduced, "{:#?}", found.failure);
    let last = found.recording.events.last().expect("there are steps");
    assert_eq!(last.operation, "waits for ever");
}

#[test]
fn a_real_lock_given_back_before_the_waker_is_called_is_none_of_our_business() {
    let exploration = explored(hand_over(false));
    assert!(exploration.found.is_none(), "{:#?}", exploration.found);
}
