//! The article's processes of event loops. Gates stand for the network, so that who is inside with whom is no chance.

use harness::{peer, peer_command};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::os::unix::net::UnixStream;
use subject::{ItemError, hybrid_map, serve};
use tokio::sync::Barrier;

const PROCESSES: usize = 2;
const AT_ONCE: usize = 6;

#[peer]
fn squares_unless_seven(stream: UnixStream) {
    let network = Barrier::new(AT_ONCE);
    let _ = serve(stream, async move |item| {
        network.wait().await;
        if item == 7 {
            // A panic without words on standard error.
            std::panic::resume_unwind(Box::new("seven is not allowed"));
        }
        item * item
    });
}

#[peer]
fn tells_its_process(stream: UnixStream) {
    let network = Barrier::new(AT_ONCE);
    let _ = serve(stream, async move |_| {
        network.wait().await;
        u64::from(std::process::id())
    });
}

/// Items wait together in each of two processes; their results come in order, and one that fails is one that fails.
#[harness::transcript]
fn transcript() -> String {
    let items: Vec<u64> = (0..(PROCESSES * AT_ONCE) as u64).collect();
    let mut text = format!("{} items, {PROCESSES} processes, {AT_ONCE} at once in each\n", items.len());
    let results = hybrid_map(|| peer_command("squares_unless_seven"), &items, PROCESSES, AT_ONCE);
    for (item, result) in items.iter().zip(results) {
        let line = match result {
            Ok(output) => format!("item {item}: {output}"),
            Err(ItemError::Panicked(reason)) => format!("item {item}: failed, {reason}"),
            Err(error) => format!("item {item}: {error}"),
        };
        writeln!(text, "{line}").expect("a string takes everything");
    }
    let processes: Vec<u64> = hybrid_map(|| peer_command("tells_its_process"), &items, PROCESSES, AT_ONCE)
        .into_iter()
        .map(|result| result.expect("this handler does not fail"))
        .collect();
    let different: BTreeSet<u64> = processes.iter().copied().collect();
    let mut shares: Vec<usize> =
        different.iter().map(|process| processes.iter().filter(|each| *each == process).count()).collect();
    shares.sort_unstable();
    writeln!(text, "items done by each process: {shares:?}").expect("a string takes everything");
    text
}
