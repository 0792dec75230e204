//! A handler that is not async is refused.
use std::os::unix::net::UnixStream;
use subject::serve;

fn main() {
    let (stream, _owner) = UnixStream::pair().unwrap();
    serve(stream, |item: u64| -> u64 { item * 2 }).unwrap(); //~ E0277
}
