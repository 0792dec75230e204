//! What a `Gil` promises: one holder, a first-come line, forced switches on exact ticks, and calm in the face of
//! panics.
//!
//! - `line`: `Gil::new` and `with`; who gets the GIL, and in which order
//! - `switches`: ticks, and the forced switches that they make
//! - `stats`: what is counted
//! - `panics`: panics inside `with`, and `with` inside `with`, which is refused
//! - `cells`: the values of a `GilCell`
//! - `threads`: what the stories are told with: threads that enter, gates that hold them up, and a log

mod line;

mod switches;

mod stats;

mod panics;

mod cells;

mod threads;
