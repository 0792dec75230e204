//! Children may borrow from the stack of the function that gathers them: nothing has to be `'static`.
use std::cell::Cell;
use subject::{gather, gather_settled, try_gather};

async fn count(words: &[String]) -> usize {
    let seen = Cell::new(0);
    let child = |word| {
        let seen = &seen;
        async move {
            seen.set(seen.get() + 1);
            std::future::ready(()).await;
            str::len(word)
        }
    };
    let plain: usize = gather(words.iter().map(|word| child(word))).await.iter().sum();
    let settled = gather_settled(words.iter().map(|word| child(word))).await.len();
    let fallible = try_gather(words.iter().map(|word| async { Ok::<_, &str>(child(word).await) })).await;
    plain + settled + fallible.map_or(0, |lengths| lengths.len()) + seen.get()
}

fn main() {
    drop(count(&[String::from("word")]));
}
