//! No reference to the stack, or to what was entered on it, leaves the body.
use subject::{AsyncResource, Ending, with_stack};

fn main() {
    drop(with_stack(async |stack| {
        let entered = stack.enter(Plain::default()).await?;
        let plain = stack.get_mut(&entered);
        std::thread::spawn(move || plain.uses += 1); //~ E0521
        Ok(())
    }));
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
