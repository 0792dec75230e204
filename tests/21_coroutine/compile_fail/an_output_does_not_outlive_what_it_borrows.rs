//! An output that borrows does not outlive what it borrows from.
use subject::block_on;

fn main() {
    let word = {
        let text = String::from("two words");
        block_on(async { text.split(' ').next() }) //~ E0597
    };
    println!("{word:?}");
}
