//! An item is gone when `f` has returned: its result cannot borrow from it.
use subject::parallel_map;

fn main() {
    let lines = vec![String::from("a b"), String::from("c d")];
    let _ = parallel_map(lines, 2, |line: String| -> &str {
        line.split(' ').next().unwrap_or("") //~ E0515
    });
}
