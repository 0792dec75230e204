//! Calls of `work` overlap: it cannot count in a plain variable.
use subject::run;

fn main() {
    let mut count = 0;
    let _ = run(vec![0..3], 2, 1, |_: &i32| {
        count += 1; //~ E0594
        Ok::<(), ()>(())
    });
}
