//! Whether the stand-ins have every public item of what they stand in for. A submission that uses an item which lacks does not
//! compile under exploration, and is rejected though it is right.
//!
//! 1. The public items of the original are listed: of crates from their source ([`walk`]), of std, whose source is not on every
//!    machine, from its documentation ([`documented`]), into a file that is kept.
//! 2. Of each item a line of Rust is made that compiles if the item is there ([`probe`]).
//! 3. The lines are compiled against the original, so that none asks for what does not exist, and against the stand-in. The
//!    compiler says what lacks; so no re-export and no macro of a stand-in can deceive.
//!
//! What may lack stands in a list, with the reason ([`exceptions`]).

pub mod built;
mod condition;
pub mod documented;
pub mod exceptions;
mod model;
pub mod probe;
pub mod public;
mod read;
pub mod walk;
