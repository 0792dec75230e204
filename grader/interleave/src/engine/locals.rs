//! The values of `thread_local!` variables of one task.

use std::any::Any;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// The values of `thread_local!` variables: by the address of the key, in the order in which they were made.
#[derive(Default, Debug)]
pub(crate) struct Locals {
    pub(crate) values: HashMap<usize, Rc<dyn Any>>,
    pub(crate) order: Vec<usize>,
    /// Keys whose value has been destroyed already.
    pub(crate) gone: Vec<usize>,
}

impl Locals {
    /// Destroys the values, the newest first, as `std` does on Linux; a value that is made meanwhile is destroyed as well.
    pub(super) fn destroy_all(locals: &RefCell<Locals>) {
        loop {
            let value = {
                let mut locals = locals.borrow_mut();
                let Some(key) = locals.order.pop() else { return };
                locals.gone.push(key);
                locals.values.remove(&key)
            };
            drop(value);
        }
    }
}
