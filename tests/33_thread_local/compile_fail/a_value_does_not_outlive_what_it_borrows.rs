//! A value that borrows keeps what it borrows borrowed, as long as its object lives.
use subject::ThreadLocal;

fn main() {
    let local = ThreadLocal::new();
    {
        let text = String::from("short");
        local.get_or(|| text.as_str()); //~ E0597
    }
    let _ = local.get();
}
