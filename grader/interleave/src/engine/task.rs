//! What names a task: one thread or one asynchronous task of the explored program.

/// The number of a task in its execution, in the order of creation. The scenario itself is number 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskId(pub u32);

impl TaskId {
    /// As an index.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a task is to the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// A thread.
    Thread,
    /// An asynchronous task: it is a leak of another kind.
    Async,
}
