//! No reference to the resource leaves the body.
use subject::{AsyncResource, Ending, with};

fn main() {
    drop(with(Plain::default(), async |plain| {
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
