//! An object is not taken apart while a value of it is lent.
use subject::ThreadLocal;

fn main() {
    let local = ThreadLocal::new();
    let value: &String = local.get_or(String::new);
    let values: Vec<String> = local.into_iter().collect(); //~ E0505
    drop((value.len(), values));
}
