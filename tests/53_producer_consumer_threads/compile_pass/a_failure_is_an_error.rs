//! A failure is a standard error where its parts allow it, so that `?` works; results can be compared and copied.
use std::error::Error;
use std::num::ParseIntError;
use subject::{Failure, Summary, run};

fn sum() -> Result<Summary, Box<dyn Error>> {
    let words = vec![vec!["1", "2"].into_iter()];
    Ok(run(words, 1, 1, |word: &&str| word.parse::<i32>().map(drop))?)
}

fn same<T: Clone + PartialEq + Eq + std::fmt::Debug>(_: &T) {}

fn main() {
    let _ = sum().inspect(same).is_ok();
    let failure: Option<Failure<u8, ParseIntError>> = None;
    same(&failure);
}
