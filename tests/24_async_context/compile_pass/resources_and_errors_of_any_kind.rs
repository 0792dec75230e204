//! Resources need be neither `Sync` nor `Unpin`, errors need not be printable, bodies may be functions.
use std::cell::Cell;
use std::marker::PhantomPinned;
use subject::{AsyncResource, Ending, Failure, with, with_stack};

struct Odd(Cell<u32>, PhantomPinned);

struct Trouble(Cell<u32>);

impl AsyncResource for Odd {
    type Error = Trouble;

    async fn enter(&mut self) -> Result<(), Trouble> {
        Ok(())
    }

    async fn exit(&mut self, _: Ending) -> Result<(), Trouble> {
        Err(Trouble(Cell::new(self.0.get())))
    }
}

async fn body(odd: &mut Odd) -> Result<u32, Trouble> {
    Ok(odd.0.replace(5))
}

async fn caller() -> Result<u32, Failure<Trouble>> {
    let number = with(Odd(Cell::new(1), PhantomPinned), body).await?;
    with_stack(async |stack| {
        let odd = stack.enter(Odd(Cell::new(number), PhantomPinned)).await?;
        stack.push(|_| std::future::ready(Ok(())));
        body(stack.get_mut(&odd)).await
    })
    .await
    .or_else(|failure| if failure.later.is_empty() { Ok(failure.error.0.get()) } else { Err(failure) })
}

fn main() {
    drop(caller());
}
