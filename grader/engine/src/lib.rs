//! Stages, compiles, runs and judges a submission.
//!
//! The rooms, from the ground up; each uses only those above it in this list:
//! [`trouble`], [`parallel`] and [`foreign`] (text of others) for all, `syntax` (reads Rust source), [`home`] (where everything lies), [`exercise`] (what there
//! is), [`submission`] (what is graded), [`run`] (processes within limits), [`compile`] (from source to binaries), [`checks`]
//! (judge), [`grading`] (the order of it all), [`setup`] and [`author`].
//!
//! The learner's faults are values ([`verdict::Finding`]); an `Err` is always ours, the machine's or the user's
//! ([`trouble::Trouble`]). No code of a learner's runs in this process, and no learner's file is written, except by `reset`.

#[cfg(not(target_os = "linux"))]
compile_error!(
    "the grader needs Linux (process groups, pidfd, /proc); on macOS and Windows use a Linux VM, a container or WSL 2"
);

pub mod trouble;

pub mod parallel;

pub mod foreign;

mod syntax;

pub mod home;

pub mod exercise;

pub mod submission;

pub mod run;

pub mod compile;

pub mod checks;

pub mod grading;

pub mod setup;

pub mod author;
