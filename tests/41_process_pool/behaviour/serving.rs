//! The worker's side: `serve` answers jobs until the stream ends, and refuses what is no job.

use super::hands::frame;
use harness::{actor, expect, expect_eq, fact, quiesce};
use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use subject::{MAX_PAYLOAD, serve};

/// What `serve` returns for these bytes on the wire, and what it answers. The stream ends behind them if `ends`.
fn served(wire: &[u8], ends: bool) -> (Result<(), ErrorKind>, Vec<u8>) {
    let (mut ours, theirs) = UnixStream::pair().expect("the system has room for a socket pair");
    let server = actor("serve", move || serve(theirs, |input| input.to_ascii_uppercase()));
    for byte in wire {
        ours.write_all(&[*byte]).expect("the worker reads");
    }
    if ends {
        ours.shutdown(Shutdown::Write).expect("a socket can be shut down");
    }
    quiesce();
    expect!(
        server.has_finished(),
        format!("serve, given the bytes {wire:?}{}", if ends { " and the end" } else { "" }),
        "it returns",
        "it still waits"
    );
    let mut answers = Vec::new();
    // A reset, because not everything was read, is an end as well.
    let _ = ours.read_to_end(&mut answers);
    (server.finish().map_err(|error| error.kind()), answers)
}

/// `serve` answers job after job with the same numbers, and returns `Ok` when the stream ends between two jobs.
///
/// Next: the end before the first byte of a header is the pool's way to say that there is nothing more to do.
#[fact]
fn serve_answers_until_the_stream_ends() {
    let jobs = [frame(7, b"one"), frame(u32::MAX, b""), frame(7, b"two")].concat();
    let answers = [frame(7, b"ONE"), frame(u32::MAX, b""), frame(7, b"TWO")].concat();
    expect_eq!(served(&jobs, true), (Ok(()), answers), "three jobs, and the end of the stream");
    expect_eq!(served(b"", true), (Ok(()), Vec::new()), "the end of the stream, and no job");
}

/// `serve` returns an error for a stream that ends inside a job, and for a hostile length: for this one at once.
///
/// Next: count what has come of a header; compare its length with `MAX_PAYLOAD`.
#[fact]
fn serve_refuses_half_jobs_and_hostile_lengths() {
    let job = frame(7, b"one");
    for count in [1, 3, 7, 8, 10] {
        let (result, _) = served(&job[..count], true);
        let about = format!("what serve returns when the stream ends after {count} of 11 bytes of a job");
        expect_eq!(result, Err(ErrorKind::UnexpectedEof), about);
    }
    for len in [MAX_PAYLOAD as u32 + 1, u32::MAX] {
        let (result, _) = served(&[7u32.to_be_bytes(), len.to_be_bytes()].concat(), false);
        expect_eq!(result, Err(ErrorKind::InvalidData), format!("what serve returns for a job of {len} bytes"));
    }
}
