//! Gets somebody started: lays out a learner's workspace, and looks whether a machine has what grading needs.

pub mod doctor;
pub mod layout;
