//! Stages, compiles, runs and judges a submission.
//!
//! The way through: [`workspace`] and [`catalog`] say what there is, [`submission`] what is graded, [`kit`], [`compiler`] and
//! `stage` build, [`sandbox`] and [`facts`] run, [`checks`] judge, and [`pipeline`] is the order of it all. [`history`] keeps
//! what the learner did.
//!
//! The learner's faults are values ([`verdict::Finding`]); an `Err` is always ours, the machine's or the user's
//! ([`trouble::Trouble`]). No code of a learner's runs in this process, and no learner's file is written, except by `reset`.

#[cfg(not(target_os = "linux"))]
compile_error!(
    "the grader needs Linux (process groups, pidfd, /proc); on macOS and Windows use a Linux VM, a container or WSL 2"
);

pub mod again;
pub mod api;
pub mod author;
pub mod catalog;
pub mod checks;
pub mod compiler;
pub mod config;
pub mod curriculum;
pub mod doctor;
pub mod facts;
mod first_answer;
pub mod history;
mod interleavings;
pub mod kit;
pub mod layout;
pub mod library;
mod made;
pub mod manifest;
pub mod mutants;
pub mod mutation;
mod names;
pub mod notes;
pub mod parallel;
pub mod pipeline;
pub mod processes;
pub mod replays;
pub mod sandbox;
pub mod settings;
pub mod sign_test;
mod stage;
pub mod submission;
mod syntax;
pub mod toolchain;
pub mod trouble;
pub mod workspace;
