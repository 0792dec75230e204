//! Only one resource of a stack is lent out at a time.
use subject::{AsyncResource, Ending, with_stack};

fn main() {
    drop(with_stack(async |stack| {
        let first = stack.enter(Plain::default()).await?;
        let second = stack.enter(Plain::default()).await?;
        let plain = stack.get_mut(&first);
        stack.get_mut(&second).uses += 1; //~ E0499
        plain.uses += 1;
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
