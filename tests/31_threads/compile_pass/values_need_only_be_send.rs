//! Items, results and what jobs return need to be `Send`, nothing else: not `Sync`, not `Clone`, not `Debug`.
use std::cell::Cell;
use subject::{Job, parallel_map, run_all};

struct Item(Cell<u32>);
struct Output(Cell<u32>);

fn main() {
    let outputs: Vec<Output> = parallel_map(vec![Item(Cell::new(1))], 2, |item| Output(Cell::new(item.0.get())));
    let mine = Cell::new(2);
    for result in run_all(vec![Job::new("job", move || Output(mine))]) {
        drop(result.map(|output| output.0));
    }
    drop(outputs);
}
