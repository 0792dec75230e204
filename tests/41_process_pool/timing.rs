//! How long jobs take, against the reference.

use harness::workload;
use std::os::unix::net::UnixStream;
use subject::{Pool, Worker, serve};

/// Many small jobs for two workers.
#[workload(cpu)]
fn many_small_jobs(n: u64) -> u64 {
    // The workers are threads: the CPU time of both sides counts, and none is used for starting processes.
    let pool = Pool::new(2, || {
        let (stream, theirs) = UnixStream::pair()?;
        std::thread::spawn(move || serve(theirs, |input| input.iter().rev().copied().collect()));
        Ok(Worker { stream, process: None })
    });
    let pool = pool.expect("the system has room for two workers");
    let mut checksum = 0u64;
    for round in 0..n {
        let inputs = (0..64).map(|index| (0..300).map(|byte| (round + index * byte) as u8).collect()).collect();
        for output in pool.map(inputs) {
            let output = output.expect("a worker that is not lost answers");
            checksum = output.iter().fold(checksum, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(*byte)));
        }
    }
    pool.join();
    checksum
}
