//! [`ArrayQueue`].

use super::elements::Elements;
use interleave::engine::{self, Object};
use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};

/// As `crossbeam::queue::ArrayQueue`.
pub struct ArrayQueue<T> {
    object: Object,
    elements: Elements<T>,
    capacity: usize,
}

impl<T> UnwindSafe for ArrayQueue<T> {}
impl<T> RefUnwindSafe for ArrayQueue<T> {}

impl<T> ArrayQueue<T> {
    /// As `crossbeam::queue::ArrayQueue::new`.
    ///
    /// # Panics
    /// If `cap` is zero.
    #[track_caller]
    #[must_use]
    pub fn new(cap: usize) -> ArrayQueue<T> {
        assert!(cap > 0, "capacity must be non-zero");
        ArrayQueue { object: Object::new("queue"), elements: Elements::new(), capacity: cap }
    }

    /// As `crossbeam::queue::ArrayQueue::push`.
    ///
    /// # Errors
    /// If it is full: the element.
    #[track_caller]
    pub fn push(&self, value: T) -> Result<(), T> {
        engine::point("push", &self.object);
        self.put(value)
    }

    fn put(&self, value: T) -> Result<(), T> {
        if self.elements.len() == self.capacity {
            engine::note(|| "it is full".to_owned());
            return Err(value);
        }
        self.elements.push(value);
        Ok(())
    }

    /// As `crossbeam::queue::ArrayQueue::push_mut`.
    ///
    /// # Errors
    /// If it is full: the element.
    #[track_caller]
    pub fn push_mut(&mut self, value: T) -> Result<(), T> {
        engine::point("push_mut", &self.object);
        self.put(value)
    }

    /// As `crossbeam::queue::ArrayQueue::force_push`.
    #[track_caller]
    pub fn force_push(&self, value: T) -> Option<T> {
        engine::point("force_push", &self.object);
        let displaced = if self.elements.len() == self.capacity { self.elements.pop() } else { None };
        self.elements.push(value);
        displaced
    }

    /// As `crossbeam::queue::ArrayQueue::pop`.
    #[track_caller]
    pub fn pop(&self) -> Option<T> {
        engine::point("pop", &self.object);
        self.elements.pop()
    }

    /// As `crossbeam::queue::ArrayQueue::pop_mut`.
    #[track_caller]
    pub fn pop_mut(&mut self) -> Option<T> {
        engine::point("pop_mut", &self.object);
        self.elements.pop()
    }

    /// As `crossbeam::queue::ArrayQueue::capacity`.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// As `crossbeam::queue::ArrayQueue::is_empty`.
    #[track_caller]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        engine::point("is_empty", &self.object);
        self.elements.len() == 0
    }

    /// As `crossbeam::queue::ArrayQueue::is_full`.
    #[track_caller]
    #[must_use]
    pub fn is_full(&self) -> bool {
        engine::point("is_full", &self.object);
        self.elements.len() == self.capacity
    }

    /// As `crossbeam::queue::ArrayQueue::len`.
    #[track_caller]
    #[must_use]
    pub fn len(&self) -> usize {
        engine::point("len", &self.object);
        self.elements.len()
    }
}

impl<T> fmt::Debug for ArrayQueue<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad("ArrayQueue { .. }")
    }
}

impl<T> IntoIterator for ArrayQueue<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.elements.into_values()
    }
}
