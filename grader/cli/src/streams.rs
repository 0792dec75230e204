//! What became of the standard output: whether it was open at all, and whether everything could be written.

use std::io::{self, Write};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether this program was started without a standard output (`>&-`). The runtime puts `/dev/null` in its place before `main`.
static CLOSED: AtomicBool = AtomicBool::new(false);

/// Why something could not be written.
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
    let failed = match written {
        Ok(()) if CLOSED.load(Ordering::Relaxed) => "it is closed".to_owned(),
        Ok(()) => return,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return,
        Err(error) => error.to_string(),
    };
    FAILED.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(failed);
}

/// Why something that was printed is not where it should be.
pub(crate) fn failure() -> Option<String> {
    FAILED.lock().unwrap_or_else(PoisonError::into_inner).clone()
}
