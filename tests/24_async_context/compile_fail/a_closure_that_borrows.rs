//! A closure on the stack may run after the caller has gone, so it cannot borrow from the caller.
use subject::{ExitStack, with_stack};

fn main() {
    let text = String::from("short-lived");
    let borrowed = &text; //~ E0597
    drop(with_stack(async move |stack: &mut ExitStack<String>| {
        stack.push(move |_| std::future::ready(if borrowed.is_empty() { Ok(()) } else { Err("full".to_owned()) }));
        Ok(())
    }));
}
