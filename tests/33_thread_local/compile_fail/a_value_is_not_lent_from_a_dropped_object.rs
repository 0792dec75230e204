//! A value that `get` lends goes with its object.
use subject::ThreadLocal;

fn main() {
    let local = ThreadLocal::new();
    local.get_or(|| 1);
    let value: Option<&i32> = local.get();
    drop(local); //~ E0505
    let _ = value.copied();
}
