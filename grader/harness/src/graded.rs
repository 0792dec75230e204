//! The harness's half of a grading: one fact, one process, one report over the inherited descriptor.
//!
//! Without a grader (under `cargo test`) everything here just runs the body.

use crate::Unmet;
use crate::entry::THREAD;
use crate::line::{self, is_graded, send};
use probe::wire::{self, Failure, Message};
use std::any::Any;
use std::cell::Cell;
use std::fs::File;
use std::io::{Read, Seek};
use std::os::fd::FromRawFd;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::process::Stdio;
#[cfg(feature = "explore")]
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What panicked so far, on any thread.
static PANICS: Mutex<Vec<Failure>> = Mutex::new(Vec::new());

thread_local! {
    /// Set while the harness itself panics, to see whether the hook is still ours.
    static PROBING: Cell<bool> = const { Cell::new(false) };
}

fn noted_panics() -> MutexGuard<'static, Vec<Failure>> {
    PANICS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// After the last word: stand still until the grader has looked at this process and ended it. Nothing of the learner's
/// (destructors of statics, threads left behind) gets to run an exit path that could hang or lie.
fn rest() -> ! {
    let _ = line::incoming().map(|mut incoming| incoming.read(&mut [0]));
    // SAFETY: `_exit` only ends the process.
    unsafe { libc::_exit(0) }
}

/// Whether this process was started to play a peer: it plays nothing else.
fn plays_a_peer() -> bool {
    std::env::var_os(crate::peers::PART).is_some()
}

/// Runs a fact. Used through `#[fact]`.
///
/// # Panics
/// Without a grader, if the fact does not hold.
pub fn fact(path: &'static str, name: &'static str, panics: bool, body: impl FnOnce() + Send + 'static) {
    if plays_a_peer() {
        return;
    }
    if !is_graded() {
        return alone(path, name, body);
    }
    let outcome = on_its_own_thread(THREAD, body);
    let mut noted = std::mem::take(&mut *noted_panics());
    let hook = hook_is_ours();
    let message = match outcome {
        // The first panic is the cause; later ones (a failed `join`, a poisoned lock) follow from it. In a fact about
        // panics others are wanted, and only that of the fact's own thread counts.
        Err(payload) if panics => {
            let own = noted.into_iter().rev().find(|failure| failure.thread == THREAD);
            Message::Failed(own.unwrap_or_else(|| failure_of(&*payload)))
        }
        Err(payload) if noted.is_empty() => Message::Failed(failure_of(&*payload)),
        Err(_) => Message::Failed(noted.swap_remove(0)),
        Ok(()) if !hook => Message::Failed(Failure {
            about: "the panic hook".into(),
            expected: "the code under test leaves the panic hook alone".into(),
            seen: "std::panic::set_hook or take_hook was called".into(),
            ..Failure::default()
        }),
        Ok(()) if !panics && !noted.is_empty() => {
            let mut failure = noted.swap_remove(0);
            if failure.expected.is_empty() {
                failure.seen = format!("thread '{}' panicked: {}", failure.thread, failure.about);
                failure.expected = "no thread panics".into();
                failure.about = "a panic that nothing passed on".into();
            }
            Message::Failed(failure)
        }
        Ok(()) => Message::Passed,
    };
    send(&message);
    rest()
}

/// Runs a scenario once, on real threads: as a fact. Used through `#[scenario]`, when the grader does not explore.
///
/// # Panics
/// Without a grader, if the scenario fails.
#[cfg(not(feature = "explore"))]
pub fn scenario(path: &'static str, _file: &'static str, flags: &[&str], body: fn()) {
    let name = path.rsplit("::").next().unwrap_or(path);
    fact(path, name, flags.contains(&"panics"), body);
}

/// Says the last word to the grader and rests; returns at once without a grader.
#[cfg(feature = "explore")]
pub(crate) fn last_word(message: &Message) {
    if is_graded() {
        send(message);
        rest();
    }
}

/// Under `cargo test`: gives the fact a process of its own too, since `quiesce` and the counts of threads and descriptors
/// look at the whole process.
fn alone(path: &'static str, name: &'static str, body: impl FnOnce() + Send + 'static) {
    const ALONE: &str = "HARNESS_ALONE";
    if std::env::var_os(ALONE).is_some() {
        if let Err(payload) = on_its_own_thread(name, body) {
            panic::resume_unwind(payload);
        }
        return;
    }
    let test = path.split_once("::").map_or(path, |(_, test)| test);
    let mut printed = printed();
    let end = || Stdio::from(printed.try_clone().expect("the system has room for one more descriptor"));
    let status = std::process::Command::new(std::env::current_exe().expect("a process knows its own binary"))
        .args([test, "--exact", "--nocapture", "--test-threads=1", "--quiet"])
        .env(ALONE, "1")
        .stdin(Stdio::null())
        .stdout(end())
        .stderr(end())
        .status()
        .expect("the system has room for one more process");
    let mut text = Vec::new();
    printed.rewind().and_then(|()| printed.read_to_end(&mut text)).expect("what is in memory can be read");
    assert!(status.success(), "{}", String::from_utf8_lossy(&text));
}

/// A file in memory for what a process prints. A pipe would make it wait when it is full, and `quiesce` would take that for rest.
fn printed() -> File {
    // SAFETY: the name is a C string; the result is checked.
    let descriptor = unsafe { libc::memfd_create(c"printed".as_ptr(), libc::MFD_CLOEXEC) };
    assert!(descriptor >= 0, "the system has room for a file in memory");
    // SAFETY: it is open, and nothing else knows of it.
    unsafe { File::from_raw_fd(descriptor) }
}

/// Runs a transcript and sends its text. Used through `#[transcript]` where a grader listens.
pub fn transcript(body: impl FnOnce() -> String + Send + 'static) {
    let message = match on_its_own_thread(THREAD, body) {
        Ok(text) => Message::Transcript(text),
        Err(payload) => first_panic(&*payload),
    };
    send(&message);
    rest()
}

/// Runs a workload as often as the grader orders; once, briefly, without a grader. Used through `#[workload]`.
///
/// # Panics
/// Without a grader, whatever the body panics with.
pub fn workload(body: impl Fn(u64) -> u64 + Send + 'static) {
    if plays_a_peer() {
        return;
    }
    let Some(mut orders) = line::incoming() else {
        std::hint::black_box(body(1));
        return;
    };
    let outcome = on_its_own_thread(THREAD, move || {
        while let Ok(Some(iterations)) = wire::next_order(&mut orders) {
            send(&Message::Done(body(std::hint::black_box(iterations))));
        }
    });
    if let Err(payload) = outcome {
        send(&first_panic(&*payload));
    }
    rest()
}

fn first_panic(payload: &(dyn Any + Send)) -> Message {
    let noted = noted_panics().first().cloned();
    Message::Failed(noted.unwrap_or_else(|| failure_of(payload)))
}

/// Set when memory has run out.
#[cfg(feature = "explore")]
static OUT_OF_MEMORY: AtomicBool = AtomicBool::new(false);

/// Whether memory has run out, and the grader has been told.
#[cfg(feature = "explore")]
pub(crate) fn is_out_of_memory() -> bool {
    OUT_OF_MEMORY.load(Ordering::Relaxed)
}

/// Called by the allocator when memory has run out. Does not allocate.
pub(crate) fn out_of_memory(bytes: u64) {
    #[cfg(feature = "explore")]
    OUT_OF_MEMORY.store(true, Ordering::Relaxed);
    line::send_out_of_memory(bytes);
}

/// The body runs on a thread of its own: only of such a thread does std know where its stack ends when there is no `/proc`.
pub(crate) fn on_its_own_thread<T: Send + 'static>(
    name: &'static str,
    body: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Box<dyn Any + Send>> {
    std::thread::Builder::new()
        .name(name.into())
        .spawn(move || panic::catch_unwind(AssertUnwindSafe(body)))
        .expect("the grader's limits leave room for one thread")
        .join()
        .and_then(|outcome| outcome)
}

pub(crate) fn note_panic(info: &PanicHookInfo<'_>) {
    if PROBING.get() {
        PROBING.set(false);
        return;
    }
    let mut failure = failure_of(info.payload());
    if let Some(location) = info.location() {
        failure.file = location.file().to_owned();
        failure.line = location.line();
    }
    failure.thread = std::thread::current().name().unwrap_or("unnamed").to_owned();
    noted_panics().push(failure);
}

fn failure_of(payload: &(dyn Any + Send)) -> Failure {
    if let Some(unmet) = payload.downcast_ref::<Unmet>() {
        let Unmet { about, expected, seen } = unmet.clone();
        return Failure { about, expected, seen, ..Failure::default() };
    }
    let text = crate::panic_text(payload);
    Failure { about: text.unwrap_or("a panic whose payload is not text").to_owned(), ..Failure::default() }
}

/// Panics once, quietly, and looks whether our hook saw it.
fn hook_is_ours() -> bool {
    PROBING.set(true);
    let _ = panic::catch_unwind(|| panic!("the harness looks whether its panic hook is still in place"));
    !PROBING.replace(false)
}
