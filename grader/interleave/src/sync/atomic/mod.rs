//! The stand-in for [`std::sync::atomic`].
//!
//! Each operation is one step. What it makes known follows the C++20 memory model, which is Rust's: a release store carries
//! what its task knows, an acquire load that reads it learns that, a relaxed one does not unless a [`fence`] helps, and
//! read-modify-writes continue the release sequence of what they read. So an access that only luck keeps in order is
//! found by whatever watches for races, even though every load reads the newest value.
//!
//! Values other than the newest are read only if the exploration's limits ask for weak memory. Then a load picks among all
//! stores that coherence, happens-before, and the order of `SeqCst` operations and fences (P0668) leave to it. What is
//! *not* modelled, though the standard allows it:
//! - load buffering: a load never reads a store that its task's later stores made possible;
//! - stores to one location that take effect in another order than they were executed in (the weak outcomes of the litmus
//!   tests 2+2W and S);
//! - a failing `compare_exchange` that reads anything but the newest value;
//! - for ever reading what is out of date: after a few times a task sees something newer, so that loops end.
//!
//! Not here: `from_ptr`, since these types are larger than their values. [`into_inner`](AtomicUsize::into_inner) is no
//! `const fn`.

mod boolean;
mod fence;
mod integer;
mod location;
mod ordering;
mod pointer;
mod value;

pub use boolean::AtomicBool;
pub use fence::{compiler_fence, fence};
#[cfg(target_has_atomic = "8")]
pub use integer::{AtomicI8, AtomicU8};
#[cfg(target_has_atomic = "16")]
pub use integer::{AtomicI16, AtomicU16};
#[cfg(target_has_atomic = "32")]
pub use integer::{AtomicI32, AtomicU32};
#[cfg(target_has_atomic = "64")]
pub use integer::{AtomicI64, AtomicU64};
#[cfg(target_has_atomic = "ptr")]
pub use integer::{AtomicIsize, AtomicUsize};
pub use pointer::AtomicPtr;
pub use std::sync::atomic::Ordering;

/// As [`std::sync::atomic::spin_loop_hint`].
#[deprecated = "as in std: use `hint::spin_loop`"]
#[track_caller]
pub fn spin_loop_hint() {
    crate::hint::spin_loop();
}

macro_rules! initial {
    ($($name:ident: $atomic:ident = $value:expr, $std:literal;)*) => {$(
        #[doc = concat!("As [`", $std, "`].")]
        #[deprecated = "as in std: use `new`"]
        #[allow(clippy::declare_interior_mutable_const)]
        pub const $name: $atomic = $atomic::new($value);
    )*};
}

initial! {
    ATOMIC_BOOL_INIT: AtomicBool = false, "std::sync::atomic::ATOMIC_BOOL_INIT";
    ATOMIC_ISIZE_INIT: AtomicIsize = 0, "std::sync::atomic::ATOMIC_ISIZE_INIT";
    ATOMIC_USIZE_INIT: AtomicUsize = 0, "std::sync::atomic::ATOMIC_USIZE_INIT";
}
