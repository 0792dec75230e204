//! `select!`: what is lost with the branches that are dropped, and which branch comes first.

use super::{assert_fine, assert_found};
use interleave::engine::FailureKind;
use interleave::executor;
use tokio_standin::sync::{mpsc, oneshot};
use tokio_standin::{select, task};

/// Forwards what it receives, and counts.
async fn received(safely: bool) -> usize {
    let (sender, mut receiver) = mpsc::channel(4);
    let (stop, mut stopped) = oneshot::channel::<()>();
    let source = task::spawn(async move {
        for number in 0..2 {
            sender.send(number).await.unwrap();
        }
    });
    let stopper = task::spawn(async move { drop(stop) });
    let (mut count, mut stopping) = (0, false);
    loop {
        let next = async {
            let message = receiver.recv().await;
            if !safely && message.is_some() {
                // Whoever is dropped here has taken a message, and loses it.
                task::yield_now().await;
            }
            message
        };
        select! {
            message = next => match message {
                Some(_) => count += 1,
                None => break,
            },
            _ = &mut stopped, if !stopping => stopping = true,
        }
    }
    source.await.unwrap();
    stopper.await.unwrap();
    count
}

#[test]
fn a_branch_that_is_not_cancel_safe_loses_a_message() {
    assert_found(&[FailureKind::Panic], || assert_eq!(executor::block_on(received(false)), 2));
    assert_fine(|| assert_eq!(executor::block_on(received(true)), 2));
}

#[test]
fn without_bias_each_branch_of_select_comes_first_once() {
    for unlikely in [1, 2, 3] {
        assert_found(&[FailureKind::Panic], move || {
            let first = executor::block_on(async {
                select! {
                    value = async { 1 } => value,
                    value = async { 2 } => value,
                    value = async { 3 } => value,
                }
            });
            assert_ne!(first, unlikely);
        });
    }
}
