//! A body may borrow from its caller, also to change, and keep things that are not `Send`.
use std::cell::Cell;
use std::rc::Rc;
use subject::{AsyncResource, Ending, with, with_stack};

async fn caller() -> u32 {
    let (shared, mut count) = (Rc::new(Cell::new(1)), 0);
    let value = with(Plain::default(), async |plain| {
        let kept = Rc::clone(&shared);
        std::future::ready(()).await;
        plain.uses += 1;
        count += kept.get();
        Ok(&shared)
    })
    .await;
    value.unwrap().set(2);
    let result = with_stack(async |stack| {
        let entered = stack.enter(Plain::default()).await?;
        count += shared.get() + stack.get_mut(&entered).uses;
        Ok(())
    });
    result.await.unwrap();
    count
}

fn main() {
    drop(caller());
}

#[derive(Default)]
struct Plain {
    uses: u32,
}

impl AsyncResource for Plain {
    type Error = String;

    async fn enter(&mut self) -> Result<(), String> {
        Ok(())
    }

    async fn exit(&mut self, _: Ending) -> Result<(), String> {
        Ok(())
    }
}
