//! Items, bodies and functions may borrow what outlives the stream: nothing has to be `'static`.
use subject::{Stream, collect, filter_map, generator, next};

fn words(text: &str) -> impl Stream<Item = &str> + Unpin {
    generator(async move |y| {
        for word in text.split(' ') {
            y.emit(word).await;
        }
    })
}

async fn longest(text: &String) -> Option<&str> {
    let least = 3;
    let mut long = filter_map(words(text), async |word: &str| (word.len() > least).then_some(word.trim_end()));
    let first: Option<&str> = next(&mut long).await;
    let others: Vec<&str> = collect(long).await;
    others.into_iter().chain(first).max_by_key(|word| word.len())
}

fn main() {
    drop(longest(&String::from("a few words")));
}
