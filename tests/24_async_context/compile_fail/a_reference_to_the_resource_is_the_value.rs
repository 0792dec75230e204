//! What the body returns cannot be a reference to the resource: when it comes out, the resource has been left.
use subject::{AsyncResource, Ending, with};

async fn body(plain: &mut Plain) -> Result<&mut Plain, String> {
    Ok(plain)
}

fn main() {
    drop(with(Plain::default(), body)); //~ E0308
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
