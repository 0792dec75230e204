//! A value that `get_or` lends goes with its object.
use subject::ThreadLocal;

fn main() {
    let value;
    {
        let local = ThreadLocal::new();
        value = local.get_or(|| String::from("mine")); //~ E0597
    }
    drop(value.len());
}
