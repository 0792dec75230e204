//! The line to the grader: reports go out, questions are answered.
//!
//! Whoever waits here must not look at rest: `quiesce` on another thread would take it for a thread that goes on only if
//! somebody acts. So a thread that waits for its turn sleeps, and one that waits for an answer waits with a time-out, again and again.

use crate::page::{Page, page};
use probe::ask::{Answer, Question};
use probe::wire::{self, Message};
use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Whether a grader is listening.
pub(crate) fn is_graded() -> bool {
    page().is_some()
}

/// How long somebody sleeps who waits for the line.
const TURN: Duration = Duration::from_micros(50);

/// After so many milliseconds without an answer it is waited once more.
const PATIENCE: libc::c_int = 1000;

/// Somebody has the line.
static BUSY: AtomicBool = AtomicBool::new(false);

/// The line, while one thread has it.
struct Turn;

impl Turn {
    fn take() -> Turn {
        while BUSY.swap(true, Ordering::Acquire) {
            std::thread::sleep(TURN);
        }
        Turn
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        BUSY.store(false, Ordering::Release);
    }
}

/// Tells the grader. Nothing happens if nobody listens: then there is nobody to tell.
pub(crate) fn send(message: &Message) {
    if let Some(page) = page() {
        let _turn = Turn::take();
        let _ = write(page, &wire::encode(message));
    }
}

/// Tells the grader that memory has run out. Does not allocate, and does not wait for its turn: whoever has it may be the one that
/// needs memory.
pub(crate) fn send_out_of_memory(bytes: u64) {
    if let Some(page) = page() {
        let _ = write(page, &wire::out_of_memory(bytes));
    }
}

/// Asks about this process: the grader if there is one, else the system itself.
///
/// # Errors
/// If the answer cannot be had.
pub(crate) fn ask(question: Question) -> io::Result<Answer> {
    let Some(page) = page() else { return question.answer(None) };
    let _turn = Turn::take();
    write(page, &wire::encode(&Message::Ask(question)))?;
    match wire::read_answer(&mut Awaited(page))? {
        Answer::Unknown(why) => Err(io::Error::other(why)),
        answer => Ok(answer),
    }
}

/// What comes from the grader, if there is one. Whoever reads it waits at rest.
pub(crate) fn incoming() -> Option<impl Read> {
    page().map(Incoming)
}

/// Writes one frame. The nonce goes from its page to the system, without a copy in between.
fn write(page: &Page, body: &[u8]) -> io::Result<()> {
    let length = ((page.nonce.len() + body.len()) as u32).to_le_bytes();
    let parts: [&[u8]; 3] = [&length, &page.nonce, body];
    let (mut written, whole) = (0, parts.iter().map(|part| part.len()).sum());
    while written < whole {
        let mut before = 0;
        let rest = parts.map(|part| {
            let skipped = usize::saturating_sub(written, before).min(part.len());
            before += part.len();
            let rest = &part[skipped..];
            libc::iovec { iov_base: rest.as_ptr().cast_mut().cast(), iov_len: rest.len() }
        });
        // SAFETY: the parts are valid for reading, each for its length.
        match unsafe { libc::writev(page.descriptor, rest.as_ptr(), rest.len() as libc::c_int) } {
            -1 => {
                let error = io::Error::last_os_error();
                if error.kind() != io::ErrorKind::Interrupted {
                    return Err(error);
                }
            }
            count => written += count as usize,
        }
    }
    Ok(())
}

struct Incoming(&'static Page);

impl Read for Incoming {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // SAFETY: `buffer` is a valid place for so many bytes.
        let count = unsafe { libc::read(self.0.descriptor, buffer.as_mut_ptr().cast(), buffer.len()) };
        usize::try_from(count).map_err(|_| io::Error::last_os_error())
    }
}

/// The same, waited for in a way that does not look like rest.
struct Awaited(&'static Page);

impl Read for Awaited {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut poll = libc::pollfd { fd: self.0.descriptor, events: libc::POLLIN, revents: 0 };
        loop {
            // SAFETY: `poll` is one valid place.
            match unsafe { libc::poll(&raw mut poll, 1, PATIENCE) } {
                0 => {}
                -1 => {
                    let error = io::Error::last_os_error();
                    if error.kind() != io::ErrorKind::Interrupted {
                        return Err(error);
                    }
                }
                _ => break,
            }
        }
        Incoming(self.0).read(buffer)
    }
}
