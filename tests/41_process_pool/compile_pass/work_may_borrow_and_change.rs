//! What a worker does with its jobs may borrow, and may change what it borrows.
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use subject::serve;

fn main() {
    let (pool, worker) = UnixStream::pair().unwrap();
    drop(pool);
    let mut seen = Vec::new();
    let suffix = Rc::new(b"!".to_vec());
    serve(worker, |mut input| {
        seen.push(input.len());
        input.extend_from_slice(&suffix);
        input
    })
    .unwrap();
}
