//! The direct children of a process, read from `/proc` (Linux).

use crate::field::records;
use std::fs;
use std::io;

/// A direct child of a process: started by it, or orphaned below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Child {
    /// The process id, as the child itself knows it.
    pub id: u32,
    /// The first 15 bytes of the program's name.
    pub name: String,
    /// It has ended and nobody has waited for it: a zombie.
    pub is_zombie: bool,
}
records! { Child { id, name, is_zombie } }

/// The children of process `pid`, or of the calling process if `None`.
///
/// # Errors
/// If the process is gone, or `/proc` cannot be read.
pub fn of(pid: Option<u32>) -> io::Result<Vec<Child>> {
    let tasks = fs::read_dir(format!("{}/task", crate::proc_of(pid)))?;
    // A thread may end while we look; its children are listed with another one then.
    let lists = tasks.flatten().filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    let ids: Vec<u32> =
        lists.flat_map(|list| list.split_whitespace().flat_map(str::parse).collect::<Vec<_>>()).collect();
    Ok(ids.into_iter().filter_map(one).collect())
}

fn one(id: u32) -> Option<Child> {
    // `id (name) state …`, where the name may contain anything.
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (head, tail) = stat.rsplit_once(") ")?;
    let (_, name) = head.split_once('(')?;
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let id = crate::innermost_id(&status).unwrap_or(id);
    Some(Child { id, name: name.to_owned(), is_zombie: tail.starts_with(['Z', 'X']) })
}
