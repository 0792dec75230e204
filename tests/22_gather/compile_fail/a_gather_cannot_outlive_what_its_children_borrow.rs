//! A gather cannot outlive what its children borrow.
use subject::gather;

fn main() {
    let gathered;
    {
        let text = String::from("short-lived");
        let length = std::future::ready(&text); //~ E0597
        gathered = gather([length]);
    }
    drop(gathered);
}
