//! A terminal for a program to run in.

use crate::replica::{until, until_or};
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// Runs a program to its end on a terminal of its own; what it wrote there.
pub(crate) fn shows(command: &mut Command) -> String {
    let (mut ours, theirs) = open();
    let mut child = command.stdout(theirs.try_clone().unwrap()).stderr(theirs).spawn().unwrap();
    // The command holds the other side open until it is told otherwise.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut shown = Vec::new();
    let mut buffer = [0; 4096];
    // Reading fails when the last program has closed its side.
    while let Ok(count @ 1..) = ours.read(&mut buffer) {
        shown.extend_from_slice(&buffer[..count]);
    }
    child.wait().unwrap();
    String::from_utf8_lossy(&shown).into_owned()
}

/// The two sides of a new terminal: ours, and that of a program.
fn open() -> (File, OwnedFd) {
    let (mut ours, mut theirs) = (0, 0);
    // SAFETY: both are valid places for descriptors, which nobody else owns.
    unsafe {
        let (name, attributes, size) = (std::ptr::null_mut(), std::ptr::null_mut(), std::ptr::null_mut());
        assert_eq!(libc::openpty(&raw mut ours, &raw mut theirs, name, attributes, size), 0);
        libc::fcntl(ours, libc::F_SETFD, libc::FD_CLOEXEC);
        (File::from_raw_fd(ours), OwnedFd::from_raw_fd(theirs))
    }
}

/// A program on a terminal of its own, which it controls; what is on the screen, and keys.
pub(crate) struct Screen {
    ours: File,
    parser: Arc<Mutex<vt100::Parser>>,
    child: Child,
    closed: Arc<AtomicBool>,
    /// How many bytes the program has written.
    written: Arc<AtomicUsize>,
    reading: JoinHandle<()>,
}

impl Screen {
    /// Starts a program on a terminal of this size.
    pub(crate) fn start(command: &mut Command, rows: u16, columns: u16) -> Screen {
        let (ours, theirs) = open();
        resize(&ours, rows, columns);
        let terminal = || Stdio::from(theirs.try_clone().unwrap());
        command
            .stdin(terminal())
            .stdout(terminal())
            .stderr(terminal())
            .env("TERM", "xterm-256color")
            .env_remove("COLUMNS");
        // SAFETY: only async-signal-safe calls between fork and exec. A session of its own has this terminal.
        unsafe {
            command.pre_exec(|| {
                libc::setsid();
                libc::ioctl(0, libc::TIOCSCTTY, 0);
                Ok(())
            });
        }
        let child = command.spawn().unwrap();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let parser = Arc::new(Mutex::new(vt100::Parser::new(rows, columns, 0)));
        let closed = Arc::new(AtomicBool::new(false));
        let (theirs, told, mut reader) = (Arc::clone(&parser), Arc::clone(&closed), ours.try_clone().unwrap());
        let written = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&written);
        let reading = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while !told.load(Ordering::Relaxed) {
                let mut polled = libc::pollfd { fd: reader.as_raw_fd(), events: libc::POLLIN, revents: 0 };
                // SAFETY: one valid entry.
                if unsafe { libc::poll(&raw mut polled, 1, 20) } == 0 {
                    continue;
                }
                match reader.read(&mut buffer) {
                    Ok(count @ 1..) => {
                        theirs.lock().unwrap().process(&buffer[..count]);
                        counted.fetch_add(count, Ordering::Release);
                    }
                    _ => return,
                }
            }
        });
        Screen { ours, parser, child, closed, written, reading }
    }

    /// What is on the screen now, line by line.
    pub(crate) fn text(&self) -> String {
        self.parser.lock().unwrap().screen().contents()
    }

    /// A number that grows with everything that is written to the screen.
    pub(crate) fn written(&self) -> usize {
        self.written.load(Ordering::Acquire)
    }

    /// Whether the program has the screen to itself, as full-screen programs do.
    pub(crate) fn is_taken(&self) -> bool {
        self.parser.lock().unwrap().screen().alternate_screen()
    }

    /// Types something.
    pub(crate) fn types(&mut self, keys: &str) {
        self.ours.write_all(keys.as_bytes()).unwrap();
    }

    /// Makes the terminal another size.
    pub(crate) fn resize(&self, rows: u16, columns: u16) {
        resize(&self.ours, rows, columns);
        self.parser.lock().unwrap().screen_mut().set_size(rows, columns);
    }

    /// Waits until all of these words are on the screen; what is on it then.
    #[track_caller]
    pub(crate) fn shows(&self, words: &[&str]) -> String {
        let mut seen = None;
        until_or(
            || {
                // Looking takes time, and the program under test needs it.
                let written = self.written();
                if seen.replace(written) == Some(written) {
                    return None;
                }
                let text = self.text();
                words.iter().all(|word| text.contains(word)).then_some(text)
            },
            || format!("{words:?} on\n{}", self.text()),
        )
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Closes the window.
    pub(crate) fn hang_up(self) -> Child {
        self.closed.store(true, Ordering::Relaxed);
        self.reading.join().unwrap();
        // Now this is the last one that holds our side.
        drop(self.ours);
        self.child
    }

    /// Waits for the end of the program.
    pub(crate) fn end(mut self) -> (ExitStatus, String, bool) {
        let status = self.child.wait().unwrap();
        // What it wrote last may still be on its way.
        until("the screen to be given back", || (!self.is_taken()).then_some(()));
        (status, self.text(), self.is_taken())
    }
}

fn resize(terminal: &File, rows: u16, columns: u16) {
    let size = libc::winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: `size` is what this call reads; the kernel tells the program.
    assert_eq!(unsafe { libc::ioctl(terminal.as_raw_fd(), libc::TIOCSWINSZ, &raw const size) }, 0);
}
