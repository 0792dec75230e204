//! Where everything lies on the disk: the workspace or clone, the library inside an installed grader, the settings, the history.
//!
//! Everything else asks this room for paths. It knows nothing of exercises.

pub mod carried;
pub(crate) mod git;
pub mod history;
pub mod library;
pub mod settings;
pub mod workspace;
