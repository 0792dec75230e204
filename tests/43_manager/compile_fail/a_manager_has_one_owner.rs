//! A manager cannot be cloned: one owner ends the server and waits for its process.
use subject::Manager;

fn two(manager: Manager) -> (Manager, Manager) {
    let other = manager.clone(); //~ E0599
    (manager, other)
}

fn main() {
    let _: fn(Manager) -> (Manager, Manager) = two;
}
