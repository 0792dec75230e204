//! The closure of `allow_threads` borrows from around it, changes what it borrows, and returns what need not be `Send`.
use std::rc::Rc;
use subject::Gil;

fn main() {
    let (words, mut count) = (vec![String::from("spam")], 0);
    let first: (&str, Rc<i32>) = Gil::new().with(|py| {
        py.allow_threads(|| {
            count += words.len();
            (words[0].as_str(), Rc::new(1))
        })
    });
    assert_eq!((first.0, *first.1, count), ("spam", 1, 1));
}
