//! Children and outputs may belong to one thread, and children may hold what a panic could leave broken.
use std::cell::RefCell;
use std::rc::Rc;
use subject::{gather, gather_settled, try_gather};

async fn all() {
    let shared = Rc::new(RefCell::new(Vec::new()));
    let mut count = 0;
    let child = |n: u32| {
        let shared = Rc::clone(&shared);
        async move {
            std::future::ready(()).await;
            shared.borrow_mut().push(n);
            shared
        }
    };
    let _ = gather([child(1), child(2)]).await;
    let _ = gather_settled([child(3), child(4)]).await;
    let _ = gather_settled([async { count += 1 }]).await;
    let _ = try_gather([async { Ok::<_, Rc<str>>(child(5).await) }]).await;
}

fn main() {
    drop(all());
}
