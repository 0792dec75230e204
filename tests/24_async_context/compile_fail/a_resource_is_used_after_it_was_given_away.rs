//! The resource is moved into `with`, and gone for the caller.
use subject::{AsyncResource, Ending, with};

fn main() {
    let plain = Plain::default();
    let running = with(plain, async |_| Ok(()));
    println!("{}", plain.uses); //~ E0382
    drop(running);
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
