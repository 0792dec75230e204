//! If all that is inside can be sent to another thread, so can the streams and the futures.
use subject::{collect, filter_map, generator, next};

fn is_send<T: Send>(value: T) -> T {
    value
}

fn main() {
    let word = String::from("captured");
    let mut lengths = is_send(generator(async |y| {
        let local = word.clone();
        std::future::ready(()).await;
        y.emit(local.len()).await;
        y.emit(word.len()).await;
    }));
    drop(is_send(next(&mut lengths)));
    let mut texts = is_send(filter_map(lengths, async |n: usize| {
        std::future::ready(()).await;
        Some(n.to_string())
    }));
    drop(is_send(next(&mut texts)));
    drop(is_send(collect(texts)));
    let owned = generator(async move |y| y.emit(word).await);
    std::thread::spawn(move || drop(collect(owned)));
}
