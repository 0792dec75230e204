//! The stand-in for `crossbeam::queue`.

mod array;
mod elements;
mod segment;

pub use array::ArrayQueue;
pub use segment::SegQueue;
