//! What became of what was written: whether the standard output was open at all, whether somebody reads it, and whether everything
//! could be written, there or to the file that `--output` names.

use engine::trouble::Trouble;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether this program was started without a standard output (`>&-`). The runtime puts `/dev/null` in its place before `main`.
static CLOSED: AtomicBool = AtomicBool::new(false);

/// Whether the reader of the standard output has gone away.
static UNREAD: AtomicBool = AtomicBool::new(false);

/// What could not be written first, and why. A lock, since steps of a grading are printed by several threads.
static FAILED: Mutex<Option<String>> = Mutex::new(None);

// Looked at before the runtime does: a function in this list runs first of all (System V ABI, "Initialization and Termination").
#[used]
#[unsafe(link_section = ".init_array")]
static LOOK: extern "C" fn() = {
    extern "C" fn look() {
        // SAFETY: a plain call; a number that is no descriptor is an error.
        if unsafe { libc::fcntl(1, libc::F_GETFD) } == -1 {
            CLOSED.store(true, Ordering::Relaxed);
        }
    }
    look
};

/// Writes text to the standard output. A reader that has gone away (`| head`) has all it wants; everything else that cannot be written
/// is remembered, see [`failure`].
pub(crate) fn print(text: &str) {
    let mut out = io::stdout().lock();
    // A question has no end of line after it.
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    let why = match written {
        Ok(()) if CLOSED.load(Ordering::Relaxed) => "it is closed".to_owned(),
        Ok(()) => return,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return UNREAD.store(true, Ordering::Relaxed),
        Err(error) => error.to_string(),
    };
    remember(format!(
        "cannot write to the standard output: {why}; what was found is lost or in part, so run the command again with its output \
         somewhere else"
    ));
}

/// Writes a whole report to a file, in the place of what was in it. Whether all of it is there; if not, that is remembered, see
/// [`failure`].
///
/// # Errors
/// The user's, if there can be no such file.
pub(crate) fn save(what: &str, path: &Path, text: &str) -> Result<bool, Trouble> {
    let shown = path.display();
    let is_full = |error: &io::Error| {
        matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge)
    };
    let written = match File::create(path) {
        Err(error) if !is_full(&error) => {
            return Err(Trouble::Usage(format!("cannot write {what} to {shown}: {error}; name another file")));
        }
        created => created.and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            // Some file systems tell only now that there was no room. What is no file of a disk (a pipe) refuses to be asked.
            file.sync_data().or_else(|error| if is_full(&error) { Err(error) } else { Ok(()) })
        }),
    };
    if let Err(error) = &written {
        remember(format!(
            "cannot write {what} to {shown}: {error}; the file is not whole, so make room or name another one, and run the command \
             again"
        ));
    }
    Ok(written.is_ok())
}

/// Whether nothing that is printed from now on would be seen.
pub(crate) fn are_useless() -> bool {
    UNREAD.load(Ordering::Relaxed) || failure().is_some()
}

/// The first thing that could not be written, as a complaint: why, and what to do.
pub(crate) fn failure() -> Option<String> {
    FAILED.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

fn remember(complaint: String) {
    FAILED.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(complaint);
}
