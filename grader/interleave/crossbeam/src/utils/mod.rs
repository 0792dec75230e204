//! The stand-in for `crossbeam::utils`.

mod backoff;
mod cache_padded;

pub use backoff::Backoff;
pub use cache_padded::CachePadded;
