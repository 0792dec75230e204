//! [`SegQueue`].

use super::elements::Elements;
use interleave::engine::{self, Object};
use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};

/// As `crossbeam::queue::SegQueue`.
pub struct SegQueue<T> {
    object: Object,
    elements: Elements<T>,
}

impl<T> UnwindSafe for SegQueue<T> {}
impl<T> RefUnwindSafe for SegQueue<T> {}

impl<T> SegQueue<T> {
    /// As `crossbeam::queue::SegQueue::new`.
    #[track_caller]
    #[must_use]
    pub const fn new() -> SegQueue<T> {
        SegQueue { object: Object::new("queue"), elements: Elements::new() }
    }

    /// As `crossbeam::queue::SegQueue::push`.
    #[track_caller]
    pub fn push(&self, value: T) {
        engine::point("push", &self.object);
        self.elements.push(value);
    }

    /// As `crossbeam::queue::SegQueue::pop`.
    #[track_caller]
    pub fn pop(&self) -> Option<T> {
        engine::point("pop", &self.object);
        self.elements.pop()
    }

    /// As `crossbeam::queue::SegQueue::push_mut`.
    #[track_caller]
    pub fn push_mut(&mut self, value: T) {
        engine::point("push_mut", &self.object);
        self.elements.push(value);
    }

    /// As `crossbeam::queue::SegQueue::pop_mut`.
    #[track_caller]
    pub fn pop_mut(&mut self) -> Option<T> {
        engine::point("pop_mut", &self.object);
        self.elements.pop()
    }

    /// As `crossbeam::queue::SegQueue::is_empty`.
    #[track_caller]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        engine::point("is_empty", &self.object);
        self.elements.len() == 0
    }

    /// As `crossbeam::queue::SegQueue::len`.
    #[track_caller]
    #[must_use]
    pub fn len(&self) -> usize {
        engine::point("len", &self.object);
        self.elements.len()
    }
}

impl<T> Default for SegQueue<T> {
    #[track_caller]
    fn default() -> Self {
        SegQueue::new()
    }
}

impl<T> fmt::Debug for SegQueue<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad("SegQueue { .. }")
    }
}

impl<T> IntoIterator for SegQueue<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.elements.into_values()
    }
}
