//! Runs one process that must not be trusted, within limits, to an end that can be believed.
//!
//! Owns: limits, what the process prints (kept in part, counted whole), the descriptor over which a harness reports,
//! hangs (a deadlock is *proved* as soon as it stands, everything else is cut off at the time limit), what is left behind.
//! Does not own: what any of it means, and what the process can reach: [`confine`](crate::run::confine) sees to that.

use crate::run::confine::{Confinement, Plan};
use crate::run::processes::{self, End, Process};
use probe::ask::{Answer, Question};
use probe::shares::Shares;
use probe::threads::{self, Reading, Standing, Thread};
use probe::wire::{self, Message, Nonce, Order};
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// How much of what a process prints is kept, in bytes.
const KEPT: usize = 64 << 10;

/// How often a running process is looked at for a deadlock.
const LOOK: Duration = Duration::from_millis(20);

/// What one process may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Wall time, not counting what the machine's other work takes of it: see [`Shares::counted`].
    pub time: Duration,
    /// Private memory, in bytes.
    pub memory: u64,
    /// Bytes printed on stdout and stderr together.
    pub output: u64,
}

/// What became of a process.
#[derive(Debug)]
pub struct Ended {
    /// How it ended, or was ended.
    pub end: End,
    /// Why the grader ended it, if it did.
    pub cut: Option<Cut>,
    /// What the harness reported.
    pub messages: Vec<Message>,
    /// Something was written to the harness's descriptor that the harness did not write.
    pub forged: bool,
    /// The beginning of what it printed on stdout.
    pub stdout: String,
    /// The beginning of what it printed on stderr.
    pub stderr: String,
    /// Names of processes that it had started and that were still running at its end.
    pub left_behind: Vec<String>,
    /// From start to end.
    pub wall: Duration,
}

/// Why the grader ended a process.
#[derive(Debug)]
pub enum Cut {
    /// Its last word had come: the ordinary case.
    Done,
    /// All threads were proved to wait for each other for ever.
    Deadlock(Vec<Thread>),
    /// The time was up.
    Time(Vec<Thread>),
    /// It printed too much.
    Output,
}

/// Runs a program with a harness at the other end of a descriptor, which is given this order.
///
/// # Errors
/// If the process cannot be started or looked after: our fault, not the submission's.
pub fn run(confinement: &Confinement, plan: &Plan, limits: &Limits, order: &Order) -> io::Result<Ended> {
    let (mut process, stream, nonce) = start(confinement, plan, limits, Stdio::piped)?;
    // A process that is dead already cannot take it; its end says more than this error would.
    let _ = (&stream).write_all(&wire::frame_of_order(order));
    let begun = Instant::now();
    let mut watched = Watched::new(&mut process, stream)?;
    let mut deadline = begun + limits.time;
    let mut cut = None;
    let mut left_behind = Vec::new();
    let (mut earlier, mut looked): (Option<Reading>, _) = (None, begun);
    let mut messages = Vec::new();
    let mut forged = false;
    let end = loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let ended = watched.wait(left.min(LOOK))?;
        let mut asked = false;
        loop {
            match wire::take(&mut watched.record, &nonce) {
                // The harness waits for an answer before it asks again.
                Ok(Some(Message::Ask(_))) if asked || !watched.answers.is_empty() => forged = true,
                Ok(Some(Message::Ask(question))) => {
                    asked = true;
                    watched.say(&wire::frame_of_answer(&answer(question, process.graded())));
                }
                Ok(Some(message)) => messages.push(message),
                Ok(None) => break,
                Err(_) => {
                    forged = true;
                    watched.record.clear();
                }
            }
        }
        let done = messages.iter().any(Message::is_last_word);
        if cut.is_none() && !ended {
            cut = if done || forged {
                left_behind = processes::descendants_of(process.graded()).into_iter().map(|(_, name)| name).collect();
                Some(Cut::Done)
            } else if watched.printed > limits.output {
                Some(Cut::Output)
            } else if left.is_zero() {
                match starved(process.graded(), begun.elapsed(), limits.time) {
                    Some(more) => {
                        deadline = Instant::now() + more;
                        None
                    }
                    None => Some(Cut::Time(threads::read(Some(process.graded())).unwrap_or_default().threads)),
                }
            } else if looked.elapsed() < LOOK {
                // Something else has woken us.
                None
            } else {
                looked = Instant::now();
                let now = threads::read(Some(process.graded())).unwrap_or_default();
                let proved = earlier.is_some_and(|earlier| deadlocked(process.graded(), &earlier, &now));
                earlier = Some(now.clone());
                proved.then_some(Cut::Deadlock(now.threads))
            };
            if cut.is_some() {
                process.kill();
            }
        } else if !ended {
            process.let_go_of_traced();
        }
        if ended {
            break process.wait()?;
        }
    };
    // What was alive below the process has come to us with its end: it is not counted twice.
    let strays = processes::reap_strays(process.run());
    if left_behind.is_empty() {
        left_behind = strays;
    }
    Ok(Ended {
        end,
        cut,
        messages,
        forged,
        stdout: String::from_utf8_lossy(&watched.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&watched.stderr).into_owned(),
        left_behind,
        wall: begun.elapsed(),
    })
}

/// What the kernel says about a process, in answer to its harness. Only that process and its own children are looked at.
pub fn answer(question: Question, process: u32) -> Answer {
    question.answer(Some(process)).unwrap_or_else(|error| Answer::Unknown(error.to_string()))
}

/// Starts a program within limits, with a descriptor for its harness, and sends the nonce. `stream` is called for stdout and stderr.
///
/// # Errors
/// If the system refuses.
pub fn start(
    confinement: &Confinement,
    plan: &Plan,
    limits: &Limits,
    stream: impl Fn() -> Stdio,
) -> io::Result<(Process, UnixStream, Nonce)> {
    let (ours, theirs) = UnixStream::pair()?;
    let number: RawFd = theirs.as_raw_fd();
    let mut plan = plan.clone();
    plan.descriptor = Some(number);
    plan.environment.push((wire::DESCRIPTOR.into(), number.to_string().into()));
    plan.quota.memory = limits.memory;
    let process = confinement.start(&plan, stream(), stream())?;
    drop(theirs);
    let mut nonce = Nonce::default();
    std::fs::File::open("/dev/urandom")?.read_exact(&mut nonce)?;
    // A process that is dead already cannot take it; its end says more than this error would.
    let _ = (&ours).write_all(&nonce);
    Ok((process, ours, nonce))
}

/// The environment of a program that is not trusted: nothing of ours but a search path.
pub fn environment() -> Vec<(OsString, OsString)> {
    vec![("PATH".into(), "/usr/local/bin:/usr/bin:/bin".into()), ("RUST_BACKTRACE".into(), "0".into())]
}

/// How much longer a process and those below it may run, if others kept them from running for a part of `wall`.
fn starved(process: u32, wall: Duration, limit: Duration) -> Option<Duration> {
    let below = processes::descendants_of(process).into_iter().map(|(id, _)| id as u32);
    let shares = [process].into_iter().chain(below).map(|id| Shares::of(Some(id))).fold(Shares::default(), Shares::and);
    let left = limit.saturating_sub(shares.counted(wall));
    (!left.is_zero()).then(|| left.max(LOOK))
}

/// Whether every thread of the process waits for a sibling, for ever. Sound: see [`threads::at_rest_in_both`]. An event
/// loop without a timer counts only where no descriptor could still bring it something, and a process that has children
/// is never judged (memory shared with them could).
fn deadlocked(process: u32, earlier: &Reading, now: &Reading) -> bool {
    let rests = |thread: &Thread| thread.standing.waits_for_a_sibling() || thread.standing == Standing::Events;
    if now.threads.is_empty() || !threads::at_rest_in_both(earlier, now, rests) {
        return false;
    }
    let idle_loop = now.threads.iter().any(|thread| thread.standing == Standing::Events);
    processes::children_of(process).is_empty() && (!idle_loop || !has_sources(process))
}

/// Whether the process has a descriptor, other than its standard ones and the harness's, that events can come from.
fn has_sources(process: u32) -> bool {
    let Ok(entries) = std::fs::read_dir(format!("/proc/{process}/fd")) else { return true };
    let targets = entries.flatten().filter_map(|entry| {
        let number: u32 = entry.file_name().to_str()?.parse().ok()?;
        (number > 2).then(|| std::fs::read_link(entry.path()).ok()).flatten()
    });
    // One socket is the harness's own.
    let sources = targets.filter(|target| {
        let target = target.to_string_lossy();
        !target.starts_with("anon_inode:[event") && !target.starts_with('/')
    });
    sources.count() > 1
}

/// The descriptors of a running process, drained as they fill.
struct Watched {
    streams: [Option<OwnedFd>; 3],
    pidfd: OwnedFd,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    record: Vec<u8>,
    /// What is still to be said to the process.
    answers: Vec<u8>,
    /// Bytes on stdout and stderr so far, kept or not.
    printed: u64,
}

impl Watched {
    fn new(process: &mut Process, stream: UnixStream) -> io::Result<Watched> {
        // SAFETY: `pidfd_open` returns a new descriptor or -1.
        let pidfd = unsafe {
            let number = libc::syscall(libc::SYS_pidfd_open, process.id() as libc::pid_t, 0);
            if number == -1 {
                return Err(io::Error::last_os_error());
            }
            OwnedFd::from_raw_fd(number as RawFd)
        };
        let streams = [
            process.child.stdout.take().map(OwnedFd::from),
            process.child.stderr.take().map(OwnedFd::from),
            Some(OwnedFd::from(stream)),
        ];
        for stream in streams.iter().flatten() {
            // SAFETY: plain `fcntl` on a descriptor we own.
            unsafe { libc::fcntl(stream.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) };
        }
        Ok(Watched {
            streams,
            pidfd,
            stdout: Vec::new(),
            stderr: Vec::new(),
            record: Vec::new(),
            answers: Vec::new(),
            printed: 0,
        })
    }

    /// Waits until something happens or the time is over; reads what has come. Returns whether the process has ended, in
    /// which case everything it had written has been read (what a surviving child still writes is not waited for).
    fn wait(&mut self, time: Duration) -> io::Result<bool> {
        let number = |stream: &Option<OwnedFd>| stream.as_ref().map_or(-1, AsRawFd::as_raw_fd);
        let poll = |fd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
        let mut polled: Vec<libc::pollfd> = self.streams.iter().map(|stream| poll(number(stream))).collect();
        polled.push(poll(self.pidfd.as_raw_fd()));
        if !self.answers.is_empty() {
            polled[2].events |= libc::POLLOUT;
        }
        let millis = time.as_millis().max(1) as libc::c_int;
        // SAFETY: `polled` is a valid array of its length.
        if unsafe { libc::poll(polled.as_mut_ptr(), polled.len() as libc::nfds_t, millis) } == -1 {
            let error = io::Error::last_os_error();
            return if error.kind() == io::ErrorKind::Interrupted { Ok(false) } else { Err(error) };
        }
        let ended = polled[3].revents != 0;
        self.say(&[]);
        for (which, poll) in polled.iter().enumerate().take(3) {
            if ended || poll.revents != 0 {
                self.drain(which, ended);
            }
        }
        Ok(ended)
    }

    /// Says something to the process, as far as it takes it now, and the rest when it does.
    fn say(&mut self, bytes: &[u8]) {
        self.answers.extend_from_slice(bytes);
        let Some(stream) = self.streams[2].as_ref().filter(|_| !self.answers.is_empty()) else { return };
        // SAFETY: the bytes are valid for reading. A process that is gone is no reason for a signal.
        let count = unsafe {
            let (bytes, length) = (self.answers.as_ptr().cast(), self.answers.len());
            libc::send(stream.as_raw_fd(), bytes, length, libc::MSG_NOSIGNAL | libc::MSG_DONTWAIT)
        };
        self.answers.drain(..usize::try_from(count).unwrap_or(0));
    }

    fn drain(&mut self, which: usize, to_the_end: bool) {
        let Some(stream) = &self.streams[which] else { return };
        let mut buffer = [0; 16 << 10];
        // A flood must not keep us here. What an ended process left in a pipe or socket is less than 1 MiB.
        for _ in 0..if to_the_end { 64 } else { 8 } {
            // SAFETY: `buffer` is a valid place for so many bytes.
            let count = unsafe { libc::read(stream.as_raw_fd(), buffer.as_mut_ptr().cast(), buffer.len()) };
            let Ok(count) = usize::try_from(count) else { return };
            if count == 0 {
                self.streams[which] = None;
                return;
            }
            let kept = match which {
                0 => &mut self.stdout,
                1 => &mut self.stderr,
                _ => {
                    self.record.extend_from_slice(&buffer[..count]);
                    continue;
                }
            };
            let room = KEPT.saturating_sub(kept.len());
            kept.extend_from_slice(&buffer[..count.min(room)]);
            self.printed += count as u64;
        }
    }
}
