//! A value may borrow from the caller's stack, and so may what makes it.
use subject::ThreadLocal;

fn main() {
    let text = String::from("some words");
    let local: ThreadLocal<&str> = ThreadLocal::new();
    let word: &&str = local.get_or(|| text.split(' ').next().unwrap_or(""));
    let length = word.len();
    let words: Vec<&str> = local.into_iter().collect();
    drop((words, length));
    drop(text);
}
