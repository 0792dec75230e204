//! The numbers of objects: each execution has its own.

use super::{epoch, with_execution};
use crate::engine::object::{Object, ObjectId};
use crate::engine::record::Thing;
use std::panic::Location;

/// The next number, for an object that is used for the first time.
fn register(kind: &'static str, made: &'static Location<'static>) -> u32 {
    with_execution(|execution| {
        execution.objects.push(Thing { kind, made });
        execution.objects.len() as u32 - 1
    })
    .unwrap_or(0)
}

impl Object {
    /// Its number in the present execution.
    pub fn id(&self) -> ObjectId {
        let epoch = epoch();
        if self.epoch.get() != epoch {
            self.epoch.set(epoch);
            self.id.set(register(self.kind(), self.made()));
        }
        ObjectId(self.id.get())
    }

    /// Whether this is asked for the first time in the present execution: what an abandoned execution left in a `static` is
    /// void then. It has nothing to do with its number, which it gets from the point before the first operation.
    pub fn is_new(&self) -> bool {
        let epoch = epoch();
        self.asked.replace(epoch) != epoch
    }
}
