//! Printing: every explored schedule would print, so nothing does. A recorded execution shows it as a step.

use crate::engine::{self, Mark};
use std::fmt::Arguments;
use std::panic::Location;

#[doc(hidden)]
#[track_caller]
pub fn print(text: Arguments) {
    engine::record("print", None, Mark::Note, || text.to_string(), Location::caller());
}

/// The stand-in for [`std::println!`].
#[macro_export]
macro_rules! println {
    ($($arguments:tt)*) => { $crate::__print($crate::format_args!($($arguments)*)) };
}

/// The stand-in for [`std::print!`].
#[macro_export]
macro_rules! print {
    ($($arguments:tt)*) => { $crate::__print($crate::format_args!($($arguments)*)) };
}

/// The stand-in for [`std::eprintln!`].
#[macro_export]
macro_rules! eprintln {
    ($($arguments:tt)*) => { $crate::__print($crate::format_args!($($arguments)*)) };
}

/// The stand-in for [`std::eprint!`].
#[macro_export]
macro_rules! eprint {
    ($($arguments:tt)*) => { $crate::__print($crate::format_args!($($arguments)*)) };
}

/// The stand-in for [`std::dbg!`].
#[macro_export]
macro_rules! dbg {
    () => { $crate::__print($crate::format_args!("dbg")) };
    ($value:expr $(,)?) => {
        match $value {
            value => {
                $crate::__print($crate::format_args!("{} = {:?}", $crate::stringify!($value), &value));
                value
            }
        }
    };
    ($($value:expr),+ $(,)?) => { ($($crate::dbg!($value)),+,) };
}
