//! A value that is not `Sync` cannot be shown to another thread.
use std::cell::Cell;
use subject::ThreadLocal;

fn main() {
    let local = ThreadLocal::new();
    let value: &Cell<i32> = local.get_or(|| Cell::new(1));
    std::thread::scope(|scope| {
        scope.spawn(|| value.set(2)); //~ E0277
    });
}
