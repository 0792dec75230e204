//! Asks Git about a clone: what a starter was, what a reference was, what has changed.

use std::io;
use std::path::Path;
use std::process::Command;

/// Runs Git in a folder. What it printed, or, if it failed, what it complained of.
///
/// # Errors
/// If there is no Git.
pub(crate) fn git(folder: &Path, arguments: &[&str]) -> io::Result<Result<Vec<u8>, String>> {
    let output = Command::new("git").arg("-C").arg(folder).args(arguments).output()?;
    let complaint = || String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Ok(if output.status.success() { Ok(output.stdout) } else { Err(complaint()) })
}
