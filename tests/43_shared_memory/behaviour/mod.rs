//! What shared memory is to several objects, threads and processes, and what becomes of it when an owner dies.
//!
//! All objects of one memory show the same numbers, in whatever process. One lock excludes all others, and who takes it after the
//! death of an owner is told so. What is no such memory is refused, and nothing is left of an object that was dropped.
//!
//! - `sharing`: one memory, many objects, also in other processes
//! - `lock`: one guard at a time, for threads and processes
//! - `dead_owners`: owners that die with the lock, and what the others are told
//! - `without_the_lock`: what needs no lock, above all `fetch_add`
//! - `foreign_memory`: descriptors of memory that `from_fd` must refuse
//! - `resources`: mappings, descriptors and what happens when there are none left
//! - `objects`: objects, and what came of locking them
//! - `other_process`: another process with an object of the same memory

mod sharing;

mod lock;

mod dead_owners;

mod without_the_lock;

mod foreign_memory;

mod resources;

mod objects;

mod other_process;
