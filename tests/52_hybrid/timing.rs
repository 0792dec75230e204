//! How long mixed work takes, against the reference.

use harness::{peer, peer_command, workload};
use std::hint::black_box;
use std::os::unix::net::UnixStream;
use std::time::Duration;
use subject::{hybrid_map, serve};

#[peer]
fn waits_and_computes(stream: UnixStream) {
    let _ = serve(stream, async |item| {
        tokio::time::sleep(Duration::from_millis(5)).await;
        (0..2000u64).fold(item, |sum, next| black_box(sum.wrapping_mul(31) ^ next))
    });
}

/// Items that wait five milliseconds and then compute for a moment are done in two processes, 32 at once in each.
#[workload]
fn mixed_work_in_two_processes(n: u64) -> u64 {
    let items: Vec<u64> = (0..n * 64).collect();
    let results = hybrid_map(|| peer_command("waits_and_computes"), &items, 2, 32);
    results.into_iter().fold(0, |checksum: u64, result| {
        checksum.wrapping_mul(31).wrapping_add(result.expect("no worker is lost here"))
    })
}
