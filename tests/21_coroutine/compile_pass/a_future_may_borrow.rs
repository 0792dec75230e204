//! A future may borrow from the caller's stack, change what it borrows, and return a borrow.
use subject::block_on;

async fn longest<'a>(words: &'a [String], count: &mut usize) -> Option<&'a str> {
    *count += 1;
    words.iter().max_by_key(|word| word.len()).map(String::as_str)
}

fn main() {
    let words = vec![String::from("one"), String::from("three")];
    let mut count = 0;
    let word: Option<&str> = block_on(longest(&words, &mut count));
    println!("{word:?} {count}");
}
