//! Calls of `f` overlap: they cannot count in a plain variable.
use subject::parallel_map;

fn main() {
    let mut count = 0;
    let _ = parallel_map(vec![1, 2], 2, |item: i32| {
        count += item; //~ E0594
    });
}
