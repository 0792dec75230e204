//! A token comes from `with`; there is no default one.
use subject::Python;

fn main() {
    let token: Python<'static> = Default::default(); //~ E0277
    token.tick();
}
