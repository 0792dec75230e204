//! Where each thread of a process stands, read from `/proc` (Linux).
//!
//! Two readings in a row can *prove* that every thread of a process is at rest: [`at_rest_in_both`]. No timing is
//! involved, so a slow or busy machine changes nothing: a thread that is ready to run, but has no core, does not
//! count as resting.

use crate::field::{Field, invalid, records};
use std::fs;
use std::io;

/// One thread, at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thread {
    /// The kernel's thread id, as the thread itself knows it (`gettid`).
    pub id: u32,
    /// The thread's name, as the kernel keeps it: 15 bytes at most.
    pub name: String,
    /// What it is doing.
    pub standing: Standing,
    /// How often it has been switched off a core so far.
    pub switches: u64,
    /// CPU time it has used, in clock ticks (1/100 s).
    pub ticks: u64,
}

/// What a thread is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// On a core, or ready to be.
    Running,
    /// In `futex`, without a time-out: only another thread can wake it (a lock, a condition variable, `park`, `join`).
    Futex,
    /// In `futex`, with a time-out (`wait_timeout`, `park_timeout`, `recv_timeout`).
    FutexTimed,
    /// Waiting for events on descriptors, without a time-out (an idle event loop).
    Events,
    /// The same with a time-out.
    EventsTimed,
    /// In `nanosleep`.
    Sleeping,
    /// Waiting to read from a pipe, socket or terminal.
    Reading,
    /// Waiting to write to a pipe or socket.
    Writing,
    /// Waiting for a child process to end.
    Child,
    /// Blocked in another system call; its number.
    Call(i64),
    /// Ended, or about to.
    Ended,
    /// Blocked, but the kernel does not tell us in what.
    Unknown,
}

impl Standing {
    /// No time-out will end this wait: something else has to happen first.
    pub fn waits_for_ever(self) -> bool {
        use Standing::{Child, Events, Futex, Reading, Writing};
        matches!(self, Futex | Events | Reading | Writing | Child)
    }

    /// Only a thread of the same process can end this wait (barring memory shared with others).
    pub fn waits_for_a_sibling(self) -> bool {
        self == Standing::Futex
    }

    /// A few words for a report.
    pub fn describe(self) -> String {
        match self {
            Standing::Running => "is running".into(),
            Standing::Futex => "blocked for ever (lock, condvar, park or join)".into(),
            Standing::FutexTimed => "blocked with a time-out (lock, condvar or park)".into(),
            Standing::Events => "waits in an event loop, with no timer set".into(),
            Standing::EventsTimed => "waits in an event loop, for a timer".into(),
            Standing::Sleeping => "sleeps".into(),
            Standing::Reading => "waits to read from a pipe or socket".into(),
            Standing::Writing => "waits to write to a pipe or socket".into(),
            Standing::Child => "waits for a child process to end".into(),
            Standing::Call(number) => format!("is blocked in system call {number}"),
            Standing::Ended => "has ended".into(),
            Standing::Unknown => "is blocked".into(),
        }
    }
}

/// The threads of a process, as one look at them saw them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// The threads, by their ids.
    pub threads: Vec<Thread>,
    /// As many threads were alive after the look as it saw. The kernel's list (`proc_task_readdir`) may end early when a
    /// thread ends while it is being listed, and leave living threads out: such a look is not whole, and proves nothing.
    pub whole: bool,
}

records! {
    Thread { id, name, standing, switches, ticks }
    Reading { threads, whole }
}

impl Field for Standing {
    fn put(&self, body: &mut Vec<u8>) {
        let kind: u8 = match self {
            Standing::Running => 0,
            Standing::Futex => 1,
            Standing::FutexTimed => 2,
            Standing::Events => 3,
            Standing::EventsTimed => 4,
            Standing::Sleeping => 5,
            Standing::Reading => 6,
            Standing::Writing => 7,
            Standing::Child => 8,
            Standing::Ended => 9,
            Standing::Unknown => 10,
            Standing::Call(_) => 11,
        };
        kind.put(body);
        if let Standing::Call(number) = self {
            number.put(body);
        }
    }

    fn take(bytes: &mut &[u8]) -> io::Result<Self> {
        Ok(match u8::take(bytes)? {
            0 => Standing::Running,
            1 => Standing::Futex,
            2 => Standing::FutexTimed,
            3 => Standing::Events,
            4 => Standing::EventsTimed,
            5 => Standing::Sleeping,
            6 => Standing::Reading,
            7 => Standing::Writing,
            8 => Standing::Child,
            9 => Standing::Ended,
            10 => Standing::Unknown,
            11 => Standing::Call(i64::take(bytes)?),
            _ => return Err(invalid("a standing of an unknown kind")),
        })
    }
}

impl Reading {
    /// The same, without the threads that are of no interest.
    #[must_use]
    pub fn of_interest(mut self, is_of_interest: impl Fn(&Thread) -> bool) -> Reading {
        self.threads.retain(is_of_interest);
        self
    }
}

/// How often [`read`] looks again because a look was not whole.
const LOOKS: usize = 10;

/// Reads the standing of every thread of process `pid`, or of the calling process if `None`.
/// Threads that end while they are being read are left out.
///
/// # Errors
/// If the process does not exist (any more).
pub fn read(pid: Option<u32>) -> io::Result<Reading> {
    let process = crate::proc_of(pid);
    for _ in 1..LOOKS {
        let reading = look(&process, &list(&process)?)?;
        if reading.whole {
            return Ok(reading);
        }
    }
    look(&process, &list(&process)?)
}

/// How many threads a process has, by the kernel's own count.
fn count(process: &str) -> io::Result<usize> {
    let stat = fs::read_to_string(format!("{process}/stat"))?;
    let count = stat.rsplit_once(") ").and_then(|(_, tail)| tail.split(' ').nth(17)?.parse().ok());
    count.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "/proc/…/stat has no count of threads"))
}

/// The ids of a process's threads, as the kernel lists them: some may be missing, see [`Reading::whole`].
fn list(process: &str) -> io::Result<Vec<u32>> {
    let entries = fs::read_dir(format!("{process}/task"))?;
    let ids = entries.map(|entry| Ok(entry?.file_name().to_str().and_then(|name| name.parse().ok())));
    ids.filter_map(io::Result::transpose).collect()
}

/// Reads the threads with these ids that are still there, and counts all that are alive then.
fn look(process: &str, ids: &[u32]) -> io::Result<Reading> {
    let task = |id: &u32| read_one(format!("{process}/task/{id}").as_ref(), *id);
    let mut threads: Vec<Thread> = ids.iter().filter_map(task).collect();
    threads.sort_by_key(|thread| thread.id);
    let alive = threads.iter().filter(|thread| thread.standing != Standing::Ended).count();
    Ok(Reading { whole: alive == count(process)?, threads })
}

fn read_one(task: &std::path::Path, id: u32) -> Option<Thread> {
    let before = fs::read_to_string(task.join("status")).ok()?;
    let id = crate::innermost_id(&before).unwrap_or(id);
    let before = switches(&before)?;
    let stat = fs::read_to_string(task.join("stat")).ok()?;
    let (head, tail) = stat.rsplit_once(") ")?;
    let name = head.split_once('(')?.1.to_owned();
    let fields: Vec<&str> = tail.split(' ').collect();
    let ticks = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    let standing = match *fields.first()? {
        "Z" | "X" | "x" => Standing::Ended,
        "R" => Standing::Running,
        "S" => fs::read_to_string(task.join("syscall")).map_or(Standing::Unknown, |line| in_call(&line)),
        // Blocked inside the kernel (on a page, a disk, a lock of its own), or stopped: that ends by itself, or by others.
        _ => Standing::Unknown,
    };
    let after = switches(&fs::read_to_string(task.join("status")).ok()?)?;
    let standing = if before == after { standing } else { Standing::Running };
    Some(Thread { id, name, standing, switches: after, ticks })
}

/// Voluntary and involuntary switches together, from the text of `status`.
fn switches(status: &str) -> Option<u64> {
    let count = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok());
    Some(count("voluntary_ctxt_switches:")? + count("nonvoluntary_ctxt_switches:")?)
}

/// Understands one line of `/proc/…/syscall`: `running`, `-1 …`, or the number and six arguments in hexadecimal.
fn in_call(line: &str) -> Standing {
    let mut words = line.split_ascii_whitespace();
    let number: i64 = match words.next() {
        Some("running") => return Standing::Running,
        Some(word) => match word.parse() {
            Ok(-1) | Err(_) => return Standing::Unknown,
            Ok(number) => number,
        },
        None => return Standing::Unknown,
    };
    let arguments: Vec<u64> =
        words.filter_map(|word| u64::from_str_radix(word.trim_start_matches("0x"), 16).ok()).collect();
    let argument = |n: usize| arguments.get(n).copied().unwrap_or(0);
    let endless = |n: usize| argument(n) as i32 == -1;
    match number {
        libc::SYS_futex if argument(3) == 0 => Standing::Futex,
        libc::SYS_futex => Standing::FutexTimed,
        libc::SYS_epoll_pwait if endless(3) => Standing::Events,
        libc::SYS_epoll_pwait => Standing::EventsTimed,
        libc::SYS_ppoll if argument(2) == 0 => Standing::Events,
        libc::SYS_ppoll => Standing::EventsTimed,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_epoll_wait if endless(3) => Standing::Events,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_epoll_wait => Standing::EventsTimed,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_poll if endless(2) => Standing::Events,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_poll => Standing::EventsTimed,
        libc::SYS_nanosleep | libc::SYS_clock_nanosleep => Standing::Sleeping,
        libc::SYS_read | libc::SYS_readv | libc::SYS_recvfrom | libc::SYS_recvmsg | libc::SYS_accept4 => {
            Standing::Reading
        }
        libc::SYS_write | libc::SYS_writev | libc::SYS_sendto | libc::SYS_sendmsg => Standing::Writing,
        libc::SYS_wait4 | libc::SYS_waitid => Standing::Child,
        number => Standing::Call(number),
    }
}

/// Whether all threads of interest were at rest at one and the same moment, judged from two readings, one wholly
/// after the other.
///
/// A thread that `rests` in both and was not switched in between has rested all the time from the first reading to
/// the second. If that is true of each, and the first reading is whole, then they all rested at the moment when it was
/// counted: all that it saw were alive then, and there were no others.
/// A thread that only one reading has makes the answer `false`.
pub fn at_rest_in_both(first: &Reading, second: &Reading, rests: impl Fn(&Thread) -> bool) -> bool {
    first.whole
        && second.whole
        && first.threads.len() == second.threads.len()
        && first
            .threads
            .iter()
            .zip(&second.threads)
            .all(|(a, b)| a.id == b.id && a.switches == b.switches && rests(a) && rests(b) && a.standing == b.standing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Barrier, Condvar, Mutex, mpsc};

    fn standing_of(name: &str) -> Option<Standing> {
        read(None).unwrap().threads.into_iter().find(|thread| thread.name == name).map(|thread| thread.standing)
    }

    fn eventually(condition: impl Fn() -> bool) {
        let start = std::time::Instant::now();
        while !condition() {
            assert!(start.elapsed().as_secs() < 20, "never came about");
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_thread_that_waits_on_a_condition_variable_is_seen_in_futex() {
        let pair = Arc::new((Mutex::new(false), Condvar::new()));
        let theirs = Arc::clone(&pair);
        let waiter = std::thread::Builder::new()
            .name("cv-waiter".into())
            .spawn(move || drop(theirs.1.wait_while(theirs.0.lock().unwrap(), |ready| !*ready).unwrap()))
            .unwrap();
        eventually(|| standing_of("cv-waiter") == Some(Standing::Futex));
        *pair.0.lock().unwrap() = true;
        pair.1.notify_one();
        waiter.join().unwrap();
    }

    #[test]
    fn a_time_out_makes_a_difference() {
        let (sender, receiver) = mpsc::channel::<()>();
        let waiter = std::thread::Builder::new()
            .name("timed-waiter".into())
            .spawn(move || receiver.recv_timeout(std::time::Duration::from_secs(600)))
            .unwrap();
        eventually(|| standing_of("timed-waiter") == Some(Standing::FutexTimed));
        drop(sender);
        waiter.join().unwrap().unwrap_err();
    }

    #[test]
    fn a_spinning_thread_is_running() {
        let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let barrier = Arc::new(Barrier::new(2));
        let (theirs, gate) = (Arc::clone(&stop), Arc::clone(&barrier));
        let spinner = std::thread::Builder::new()
            .name("spinner".into())
            .spawn(move || {
                gate.wait();
                while !theirs.load(std::sync::atomic::Ordering::Relaxed) {}
            })
            .unwrap();
        barrier.wait();
        eventually(|| standing_of("spinner") == Some(Standing::Running));
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        spinner.join().unwrap();
    }

    #[test]
    fn a_switch_between_two_readings_is_not_rest() {
        let resting = Thread { id: 1, name: "a".into(), standing: Standing::Futex, switches: 7, ticks: 0 };
        let switched = Thread { switches: 8, ..resting.clone() };
        let rests = |thread: &Thread| thread.standing.waits_for_ever();
        let seen = |threads: &[&Thread]| Reading { threads: threads.iter().copied().cloned().collect(), whole: true };
        assert!(at_rest_in_both(&seen(&[&resting]), &seen(&[&resting]), rests));
        assert!(!at_rest_in_both(&seen(&[&resting]), &seen(&[&switched]), rests));
        assert!(!at_rest_in_both(&seen(&[&resting]), &seen(&[&resting, &resting]), rests));
        let in_part = Reading { whole: false, ..seen(&[&resting]) };
        assert!(!at_rest_in_both(&in_part, &seen(&[&resting]), rests));
    }

    #[test]
    fn a_look_that_leaves_a_living_thread_out_is_not_whole() {
        // Threads of other tests come and go in this process; in a child of its own none do.
        let mut child = std::process::Command::new("sleep").arg("600").spawn().unwrap();
        let process = crate::proc_of(Some(child.id()));
        let ids = list(&process).unwrap();
        assert_eq!(ids, [child.id()]);
        assert!(look(&process, &ids).unwrap().whole);
        assert!(!look(&process, &[]).unwrap().whole, "the child's only thread is missing");
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn lines_of_the_kernel_are_understood() {
        let futex = |timeout: &str| {
            in_call(&format!("{} 0x7f 0x189 0x2 {timeout} 0x0 0xffffffff 0x7ffd 0x7f3", libc::SYS_futex))
        };
        assert_eq!(futex("0x0"), Standing::Futex);
        assert_eq!(futex("0x7ffd1000"), Standing::FutexTimed);
        assert_eq!(in_call("running"), Standing::Running);
        assert_eq!(in_call("-1 0x7ffd 0x7f3"), Standing::Unknown);
    }
}
