//! A cell cannot be read without a token.
use subject::GilCell;

fn main() {
    let cell = GilCell::new(1);
    let _value: i32 = cell.get(); //~ E0061
}
