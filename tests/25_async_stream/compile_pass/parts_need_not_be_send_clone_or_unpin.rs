//! Items, bodies and functions may belong to one thread; they need not be `Clone` or `Unpin`.
use std::cell::{Cell, RefCell};
use std::marker::PhantomPinned;
use std::rc::Rc;
use subject::{collect, filter_map, generator};

struct Item {
    _shared: Rc<RefCell<u8>>,
    _pinned: PhantomPinned,
}

async fn all() {
    let shared = Rc::new(RefCell::new(1));
    let count = Cell::new(0);
    let items = generator(async |y| {
        let line = String::from("borrowed across an emit");
        let borrowed = &line;
        y.emit(Item { _shared: Rc::clone(&shared), _pinned: PhantomPinned }).await;
        count.set(count.get() + borrowed.len());
    });
    let mut seen = 0;
    let kept = filter_map(items, async |item: Item| {
        seen += 1;
        std::future::ready(()).await;
        count.set(count.get() + 1);
        Some((item, PhantomPinned))
    });
    drop(collect(kept).await);
    drop(seen);
}

fn main() {
    drop(all());
}
