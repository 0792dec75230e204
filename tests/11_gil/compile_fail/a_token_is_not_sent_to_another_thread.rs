//! A token cannot be sent to another thread.
use subject::Gil;

fn main() {
    Gil::new(100).with(|py| {
        std::thread::scope(|scope| {
            scope.spawn(move || py.tick()); //~ E0277
        });
    });
}
