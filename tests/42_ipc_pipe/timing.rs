//! How long messages take, against the reference.

use harness::workload;
use subject::Connection;

/// Small messages go to the other end of a pair and back.
#[workload(cpu)]
fn round_trips(n: u64) -> u64 {
    let (near, far) = Connection::pair().expect("the system has room for a socket pair");
    // Both ends are on one thread: at most one frame is under way, and no switch between threads is measured.
    let words = "a hundred bytes or so, as a request of a small service has";
    let mut checksum = 0u64;
    for round in 0..n * 16 {
        near.send(&(round, words, [round, round + 1, round + 2])).expect("a small message fits into the socket");
        let (there, text, numbers): (u64, String, [u64; 3]) = far.recv().expect("the message is there");
        far.send(&(there + numbers[2], text)).expect("a small message fits into the socket");
        let (back, text): (u64, String) = near.recv().expect("the answer is there");
        checksum = checksum.wrapping_mul(31).wrapping_add(back + text.len() as u64);
    }
    checksum
}
