//! A resource that must stay on its thread (an `Rc` in it) cannot be handed to a runtime.
use std::future::ready;
use std::rc::Rc;
use subject::{AsyncResource, Ending};

fn main() {
    println!("{}", Local(Rc::new(7)).0);
}

struct Local(Rc<u32>);

#[rustfmt::skip]
impl AsyncResource for Local { //~ E0277
    type Error = String;

    fn enter(&mut self) -> impl Future<Output = Result<(), String>> + Send {
        ready(Ok(()))
    }

    fn exit(&mut self, _: Ending) -> impl Future<Output = Result<(), String>> + Send {
        ready(Ok(()))
    }
}
