//! The closure of `with` may borrow from its surroundings, consume what it captured, and return what it borrowed.
use subject::{Gil, GilCell, Stats};

struct NotClone(u32);

fn main() {
    let gil = Gil::new(100);
    let (words, moved) = (vec![String::from("spam")], NotClone(1));
    let mut count = 0;
    let longest: &str = gil.with(|_py| {
        count += 1;
        drop(moved);
        words[0].as_str()
    });
    let cell = GilCell::new(NotClone(2));
    let old = gil.with(|py| cell.replace(py, NotClone(3)));
    gil.with(|py| cell.set(py, NotClone(4)));
    let Stats { acquisitions, forced_switches } = gil.stats();
    println!("{longest} {count} {} {acquisitions} {forced_switches}", old.0);
}
