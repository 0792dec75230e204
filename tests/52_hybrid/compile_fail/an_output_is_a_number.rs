//! A handler whose output is no number is refused.
use std::os::unix::net::UnixStream;
use subject::serve;

async fn as_text(item: u64) -> String {
    item.to_string()
}

fn main() {
    let (stream, _owner) = UnixStream::pair().unwrap();
    serve(stream, as_text).unwrap(); //~ E0271
}
