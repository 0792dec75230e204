//! An object is what a `for` goes through; its iterator is that of a `Vec`; `make` is called once and may use up what it has captured.
use subject::ThreadLocal;

fn main() {
    let local = ThreadLocal::new();
    let name = String::from("mine");
    let first: &String = local.get_or(move || name);
    let second: Option<&String> = local.get();
    let _ = (first, second);
    let values: std::vec::IntoIter<String> = local.into_iter();
    drop(values);
    let local: ThreadLocal<u8> = ThreadLocal::new();
    for value in local {
        let _: u8 = value;
    }
}
