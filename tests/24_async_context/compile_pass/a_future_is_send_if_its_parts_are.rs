//! If all that is in it is `Send`, the future is, and can be spawned.
use subject::{AsyncResource, Ending, ExitStack, with, with_stack};

fn is_send<T: Send>(_: T) {}

fn main() {
    is_send(with(Plain::default(), async |plain| {
        std::future::ready(()).await;
        plain.uses += 1;
        Ok(plain.uses)
    }));
    is_send(with_stack(async |stack| {
        let entered = stack.enter(Plain::default()).await?;
        stack.push(|_| async { Ok(()) });
        std::future::ready(()).await;
        let plain = stack.get_mut(&entered);
        std::future::ready(()).await;
        Ok(plain.uses)
    }));
    is_send(None::<ExitStack<String>>);
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
