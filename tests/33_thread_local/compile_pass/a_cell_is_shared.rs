//! An object of a `Cell` is shared by reference and by `Arc`, and sent: each thread sees its own.
use std::cell::{Cell, RefCell};
use std::sync::{Arc, LazyLock};
use subject::ThreadLocal;

static SHARED: LazyLock<ThreadLocal<RefCell<Vec<u8>>>> = LazyLock::new(ThreadLocal::new);

fn main() {
    SHARED.get_or(RefCell::default).borrow_mut().push(1);
    let local = Arc::new(ThreadLocal::<Cell<i32>>::default());
    let theirs = Arc::clone(&local);
    let _ = std::thread::spawn(move || theirs.get_or(|| Cell::new(1)).set(2)).join();
    std::thread::scope(|scope| {
        scope.spawn(|| local.get().map(Cell::get));
    });
}
