//! Facts about letting go of the GIL: `allow_threads` runs a closure without it, `dot` multiplies matrices without it,
//! and both come back under it, also with a panic.
//!
//! - `letting_go`: `allow_threads`, and who holds the GIL before, meanwhile and after
//! - `panics`: `allow_threads` around a closure that panics
//! - `product`: what `dot` computes, and what it refuses
//! - `side_by_side`: the threads on which `dot` multiplies, and the GIL meanwhile
//! - `threads`, `matrices`: what the facts are played with. Threads come to rest between the steps of each story, and
//!   so do the numbers of a matrix: multiplying is whatever the fact makes of it.

mod letting_go;

mod panics;

mod product;

mod side_by_side;

mod threads;

mod matrices;
