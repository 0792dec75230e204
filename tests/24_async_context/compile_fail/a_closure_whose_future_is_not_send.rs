//! What a closure returns must be `Send` too: it is what the runtime will poll.
use std::pin::Pin;
use std::rc::Rc;
use subject::{ExitStack, with_stack};

fn main() {
    drop(with_stack(async |stack: &mut ExitStack<String>| {
        stack.push(|_| Box::pin(local()) as Pin<Box<dyn Future<Output = Result<(), String>>>>); //~ E0277
        Ok(())
    }));
}

async fn local() -> Result<(), String> {
    let shared = Rc::new(7);
    std::future::ready(()).await;
    drop(shared);
    Ok(())
}
