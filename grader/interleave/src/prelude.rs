//! The stand-in for [`std::prelude`]: since Rust 1.95 a crate has its macros from there, so that those which print, and
//! `thread_local!`, must be named.

/// The stand-in for [`std::prelude::v1`].
pub mod v1 {
    pub use crate::{dbg, eprint, eprintln, print, println, thread_local};
    pub use std::prelude::v1::*;
}

/// The stand-in for [`std::prelude::rust_2015`].
pub mod rust_2015 {
    pub use super::v1::{dbg, eprint, eprintln, print, println, thread_local};
    pub use std::prelude::rust_2015::*;
}

/// The stand-in for [`std::prelude::rust_2018`].
pub mod rust_2018 {
    pub use super::v1::{dbg, eprint, eprintln, print, println, thread_local};
    pub use std::prelude::rust_2018::*;
}

/// The stand-in for [`std::prelude::rust_2021`].
pub mod rust_2021 {
    pub use super::v1::{dbg, eprint, eprintln, print, println, thread_local};
    pub use std::prelude::rust_2021::*;
}

/// The stand-in for [`std::prelude::rust_2024`].
pub mod rust_2024 {
    pub use super::v1::{dbg, eprint, eprintln, print, println, thread_local};
    pub use std::prelude::rust_2024::*;
}
