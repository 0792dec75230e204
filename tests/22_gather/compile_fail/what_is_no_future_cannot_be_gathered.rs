//! Only futures can be gathered.
use subject::gather;

fn main() {
    drop(gather([1, 2, 3])); //~ E0277
}
