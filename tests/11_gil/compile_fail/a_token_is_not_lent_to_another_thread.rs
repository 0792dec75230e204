//! A reference to a token cannot be sent to another thread: the token could be copied out of it.
use subject::Gil;

fn main() {
    Gil::new(100).with(|py| {
        let lent = &py;
        std::thread::scope(|scope| {
            scope.spawn(move || lent.tick()); //~ E0277
        });
    });
}
