//! A closure that must stay on its thread (an `Rc` in it) cannot be handed to a runtime.
use std::rc::Rc;
use subject::with_stack;

fn main() {
    let shared = Rc::new(7);
    drop(with_stack(async move |stack| {
        stack.push(move |_| std::future::ready(if *shared == 7 { Ok(()) } else { Err("changed") })); //~ E0277
        Ok(())
    }));
}
