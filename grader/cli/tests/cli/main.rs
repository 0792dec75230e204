//! The command line as a user meets it: the real binary in a small copy of the workspace.

#![allow(missing_docs, reason = "tests are facts; their names say them")]

mod authoring;
mod browser;
mod checking;
mod hidden_characters;
mod interrupts;
mod learning;
mod mutants;
mod outputs;
mod records;
mod replays;
mod replica;
mod schema;
mod terminal;
mod trouble;
mod variants;
mod watching;
mod workspaces;
