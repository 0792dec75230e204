//! A stand-in for `std` under which every interleaving of a concurrent program can be tried, replayed and shown.
//!
//! A crate whose dependencies name this one `std` (`std = { package = "interleave", … }`, or `rustc --extern std=…`) gets
//! these items wherever its plain code says `std::…`, in the prelude, in `println!` and in `thread_local!`. What is here is
//! either harmless (collections, formatting, `Arc`), or a stand-in that tells the [`engine`] of every operation that another
//! thread could notice. What is not here does not compile: no real lock, thread or clock is ever reached by accident.

// Older code says `std::u32::MAX`. The lint cannot be allowed at the re-export alone.
#![allow(clippy::legacy_numeric_constants)]

// While this crate is compiled, `std` is the real one.
pub mod engine;
pub mod executor;
pub mod hint;
mod local;
pub mod net;
pub mod os;
mod output;
#[doc(hidden)]
pub use output::print as __print;
pub mod panic;
pub mod prelude;
pub mod process;
pub mod sync;
pub mod thread;
pub mod time;
pub mod tracked;

pub use std::{
    alloc, any, array, ascii, borrow, boxed, cell, char, clone, cmp, collections, convert, default, error, f32, f64,
    ffi, fmt, future, hash, io, iter, marker, mem, num, ops, option, path, pin, primitive, ptr, range, rc, result,
    slice, str, string, task, vec,
};

pub use std::{i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize};

// Macros. Those that print are our own: a thousand schedules would print a thousand times.
pub use std::{
    assert, assert_eq, assert_ne, cfg, column, compile_error, concat, debug_assert, debug_assert_eq, debug_assert_ne,
    file, format, format_args, include, include_bytes, include_str, line, matches, module_path, option_env, stringify,
    todo, unimplemented, unreachable, write, writeln,
};
// By these paths there is the macro alone, where `std` has a module of the same name.
pub use std::prelude::v1::{cfg_select, env, panic};
