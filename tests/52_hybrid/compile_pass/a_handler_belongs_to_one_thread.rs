//! Handlers of one loop share what need not be safe to share between threads, and hold it while they await.
use std::cell::RefCell;
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use subject::serve;

fn main() -> std::io::Result<()> {
    let (stream, owner) = UnixStream::pair()?;
    drop(owner);
    let seen = Rc::new(RefCell::new(Vec::new()));
    let theirs = Rc::clone(&seen);
    serve(stream, async move |item| {
        let mine = Rc::clone(&theirs);
        tokio::task::yield_now().await;
        mine.borrow_mut().push(item);
        mine.borrow().len() as u64
    })?;
    assert!(seen.borrow().is_empty());
    Ok(())
}
