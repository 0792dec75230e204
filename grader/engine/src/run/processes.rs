//! Every process the grader starts, so that none is left behind.
//!
//! All starts go through [`spawn`]. Each process leads a process group of its own and is killed by the kernel when the
//! grader dies. Each adopts the orphans below it (it is their *subreaper*) while it lives, and the grader does when it
//! has ended: so even a process that changed its group, its session and its environment is found, by [`descendants_of`]
//! before the end and by [`reap_strays`] after it.

use super::effort::{self, Purpose};
use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::time::{Duration, Instant};

/// The environment variable that marks a process, and what it starts, with the number of its run.
pub(crate) const RUN: &str = "GRADER_RUN";

/// The processes that were started and not yet waited for, each with the number of its run. The lock is held while a
/// process is started, too: whoever looks for strays must not meet a child that is not in here yet.
static LIVE: Mutex<BTreeMap<i32, u64>> = Mutex::new(BTreeMap::new());

static NEXT_RUN: AtomicU64 = AtomicU64::new(1);

/// Set by the first interrupt: no further process is started.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

fn live() -> MutexGuard<'static, BTreeMap<i32, u64>> {
    LIVE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// No process is started while this is held. For who writes a program that is to be executed: a process that is just being started holds
/// all open files for a moment, and the kernel executes no file that somebody holds for writing.
pub(crate) fn none_starts() -> impl Drop {
    live()
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// By itself, with this exit code.
    Exited(i32),
    /// By this signal.
    Signalled(i32),
}

/// A process of ours that is still to be waited for. Killed, with its whole group, when dropped.
#[derive(Debug)]
pub struct Process {
    id: i32,
    run: u64,
    /// What a launcher has started: the program, and the keeper of its namespace.
    inside: Option<[i32; 2]>,
    /// Its processor time counts for this.
    pub(crate) purpose: Purpose,
    /// The pipes of the process, to be taken.
    pub child: Child,
    waited: bool,
}

/// Starts a process in a group of its own.
///
/// # Errors
/// If the system refuses, or the user has interrupted the grader.
pub fn spawn(command: &mut Command) -> io::Result<Process> {
    static ADOPT: Once = Once::new();
    // SAFETY: a plain `prctl`. If the kernel refuses, strays go to init as usual and only their groups are killed.
    ADOPT.call_once(|| unsafe {
        libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1);
    });
    // Told to the process: it must not count, or one test could tell itself from the next.
    let run = RandomState::new().hash_one(NEXT_RUN.fetch_add(1, Ordering::Relaxed));
    command.env(RUN, run.to_string()).process_group(0);
    // SAFETY: only async-signal-safe calls between fork and exec.
    unsafe {
        command.pre_exec(|| {
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
            // Survives `exec`. Orphans of a process stay below it, where they can be counted against it.
            libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1);
            Ok(())
        });
    }
    let mut live = live();
    if INTERRUPTED.load(Ordering::SeqCst) {
        return Err(io::Error::new(io::ErrorKind::Interrupted, "the user interrupted"));
    }
    let child = command.spawn()?;
    let id = child.id() as i32;
    live.insert(id, run);
    Ok(Process { id, run, inside: None, purpose: Purpose::Run, child, waited: false })
}

impl Process {
    /// Notes what a launcher has started, program and keeper: they are looked after with it.
    pub(crate) fn has_inside(&mut self, inside: [i32; 2]) {
        self.inside = Some(inside);
        live().extend(inside.map(|id| (id, self.run)));
    }

    /// The number of the process that is graded. It differs from [`Process::id`] where a launcher waits for it.
    pub fn graded(&self) -> u32 {
        self.inside.map_or(self.id, |[program, _]| program) as u32
    }

    /// The number of the process that was started, and of its group.
    pub fn id(&self) -> u32 {
        self.id as u32
    }

    /// The number that marks this process and all that it starts.
    pub fn run(&self) -> u64 {
        self.run
    }

    /// Kills the process and everything in its group.
    pub fn kill(&self) {
        if !self.waited {
            // SAFETY: a plain `kill`; the group is ours, since the process has not been waited for.
            unsafe { libc::kill(-self.id, libc::SIGKILL) };
        }
    }

    /// Asks the process to end (SIGINT) and waits for it; kills it when it has not ended after `patience`.
    ///
    /// # Errors
    /// If the process cannot be waited for.
    pub fn end_soon(&mut self, patience: Duration) -> io::Result<End> {
        let begun = Instant::now();
        // SAFETY: a plain `kill` of a process that has not been waited for.
        unsafe { libc::kill(self.id, libc::SIGINT) };
        while !self.has_ended()? {
            if begun.elapsed() > patience {
                self.kill();
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        self.wait()
    }

    fn has_ended(&self) -> io::Result<bool> {
        let options = libc::WEXITED | libc::WNOWAIT | libc::WNOHANG;
        // SAFETY: `info` is a valid place for the answer, and all zeros are valid for it.
        unsafe {
            let mut info: libc::siginfo_t = std::mem::zeroed();
            if libc::waitid(libc::P_PID, self.id as u32, &raw mut info, options) == -1 {
                return Err(io::Error::last_os_error());
            }
            Ok(info.si_pid() != 0)
        }
    }

    /// Returns when the process has ended. It stays a zombie, so that its id and group stay ours.
    fn see_end(&self) -> io::Result<()> {
        /// How often traced threads are looked for, in milliseconds.
        const LOOK: libc::c_int = 20;
        // SAFETY: a plain call that returns a new descriptor or -1.
        let number = unsafe { libc::syscall(libc::SYS_pidfd_open, self.id, 0) };
        if number == -1 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the descriptor is new.
        let handle = unsafe { OwnedFd::from_raw_fd(number as RawFd) };
        let mut polled = libc::pollfd { fd: handle.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one valid place.
        while unsafe { libc::poll(&raw mut polled, 1, LOOK) } != 1 {
            self.let_go_of_traced();
        }
        Ok(())
    }

    /// Waits for threads of the process that have made this one trace them and have ended. Until somebody does, they remain, and the
    /// process with them. Only where no filter forbids tracing (tier D).
    pub(crate) fn let_go_of_traced(&self) {
        let Ok(tasks) = std::fs::read_dir(format!("/proc/{}/task", self.id)) else { return };
        let numbers = tasks.flatten().filter_map(|task| task.file_name().to_str()?.parse::<i32>().ok());
        for id in numbers.filter(|id| *id != self.id) {
            // SAFETY: no place for an answer is needed. A thread that is not traced is none that can be waited for.
            unsafe { libc::waitpid(id, std::ptr::null_mut(), libc::__WALL | libc::WNOHANG) };
        }
    }

    /// Waits for the end of the process, then kills what is left of its group.
    ///
    /// # Errors
    /// If the process cannot be waited for.
    pub fn wait(&mut self) -> io::Result<End> {
        self.see_end()?;
        // SAFETY: the process has ended and was not waited for, so its id and group are ours.
        unsafe { libc::kill(-self.id, libc::SIGKILL) };
        let mut live = live();
        let status = self.reap(self.id)?;
        live.remove(&self.id);
        self.waited = true;
        // A launcher that was killed leaves to us what it would have waited for, in this order: while a process of a namespace
        // has not been waited for, the namespace does not end.
        for id in self.inside.into_iter().flatten() {
            if live.get(&id) == Some(&self.run) {
                live.remove(&id);
                // What the launcher has waited for is no child of ours.
                let _ = self.reap(id);
            }
        }
        Ok(if libc::WIFSIGNALED(status) {
            End::Signalled(libc::WTERMSIG(status))
        } else {
            End::Exited(libc::WEXITSTATUS(status))
        })
    }

    /// Waits for a child that belongs to this process, and notes the time that it took. Returns its status.
    fn reap(&self, id: i32) -> io::Result<i32> {
        let mut status = 0;
        // SAFETY: `status` and `usage` are valid places for the answer, and all zeros are valid for `usage`.
        let usage = unsafe {
            let mut usage: libc::rusage = std::mem::zeroed();
            if libc::wait4(id, &raw mut status, 0, &raw mut usage) == -1 {
                return Err(io::Error::last_os_error());
            }
            usage
        };
        effort::add(self.purpose, &usage);
        Ok(status)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !self.waited {
            self.kill();
            let _ = self.wait();
        }
    }
}

/// Kills every adopted process whose run is over, and waits for it. Returns the names of those that belonged to `run`.
///
/// An adopted process of a run that still goes on is left alone: the test may be about just that.
pub fn reap_strays(run: u64) -> Vec<String> {
    let mut named = BTreeMap::new();
    loop {
        // The lock keeps new children out while we look.
        let live = live();
        let (mut found, mut reaped) = (false, false);
        for id in children_of(std::process::id()).into_iter().filter(|id| !live.contains_key(id)) {
            let (name, ended) = name_of(id);
            let owner = run_of(id);
            // Without its mark it has shed its environment; orphans of a run that goes on do not come to us.
            let over = owner.is_none_or(|owner| !live.values().any(|run| *run == owner));
            if !ended && !over {
                continue;
            }
            if !ended && owner == Some(run) {
                named.entry(id).or_insert(name);
            }
            found = true;
            // Without waiting for the end: process 1 of a namespace ends after all others in it have been waited for, and they may be ours.
            // SAFETY: `id` is a child of this process that nobody else waits for.
            reaped |= unsafe {
                libc::kill(id, libc::SIGKILL);
                libc::waitpid(id, std::ptr::null_mut(), libc::WNOHANG) != 0
            };
        }
        // The children of what was killed are ours now.
        if !found {
            return named.into_values().collect();
        }
        drop(live);
        if !reaped {
            std::thread::sleep(Duration::from_micros(200));
        }
    }
}

/// The run that a process was started in, from the environment it was given.
fn run_of(id: i32) -> Option<u64> {
    let environment = std::fs::read(format!("/proc/{id}/environ")).ok()?;
    let prefix = format!("{RUN}=");
    let entry = environment.split(|byte| *byte == 0).find_map(|entry| entry.strip_prefix(prefix.as_bytes()))?;
    std::str::from_utf8(entry).ok()?.parse().ok()
}

/// The name of a process, and whether it has ended already and only waits to be reaped.
fn name_of(id: i32) -> (String, bool) {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let Some((head, tail)) = stat.rsplit_once(") ") else { return ("?".into(), true) };
    (head.split_once('(').map_or("?", |(_, name)| name).to_owned(), tail.starts_with(['Z', 'X']))
}

/// Kills everything at once and lets nothing new start. For an interrupt; safe to call at any time from a thread.
pub fn stop_everything() {
    INTERRUPTED.store(true, Ordering::SeqCst);
    let live = live();
    for id in live.keys() {
        // SAFETY: a plain `kill` of a group of ours.
        unsafe { libc::kill(-id, libc::SIGKILL) };
    }
    for (id, _) in descendants_of(std::process::id()) {
        // SAFETY: whatever is below us was started by what we started.
        unsafe { libc::kill(id, libc::SIGKILL) };
    }
}

/// After [`stop_everything`]: waits until nothing that was started runs any more, for a second at most.
pub fn see_everything_end() {
    /// Killing takes the kernel a few milliseconds.
    const PATIENCE: Duration = Duration::from_secs(1);
    let begun = Instant::now();
    while !descendants_of(std::process::id()).is_empty() && begun.elapsed() < PATIENCE {
        // What comes to us on its way down must be waited for, or what waits for it does not end.
        // SAFETY: no place for an answer is needed.
        unsafe { libc::waitpid(-1, std::ptr::null_mut(), libc::WNOHANG) };
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Whether the user has interrupted.
pub fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}

/// What this process holds of the system: to see that gradings leave nothing behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Footprint {
    /// Open file descriptors.
    pub descriptors: usize,
    /// Processes below this one, zombies included.
    pub processes: usize,
    /// Resident memory, in MiB.
    pub memory: u64,
}

/// The footprint of this process as it is now. What cannot be read counts as 0.
pub fn footprint() -> Footprint {
    let descriptors = std::fs::read_dir("/proc/self/fd").map_or(0, |entries| entries.count().saturating_sub(1));
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident =
        status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse().ok());
    let direct = children_of(std::process::id()).len();
    let processes = direct.max(descendants_of(std::process::id()).len());
    Footprint { descriptors, processes, memory: resident.unwrap_or(0_u64) >> 10 }
}

impl std::fmt::Display for Footprint {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Footprint { descriptors, processes, memory } = self;
        write!(formatter, "{descriptors} descriptors, {processes} processes, {memory} MiB")
    }
}

/// The direct children of a process, zombies included.
pub fn children_of(id: u32) -> Vec<i32> {
    let Ok(tasks) = std::fs::read_dir(format!("/proc/{id}/task")) else { return Vec::new() };
    let lists = tasks.flatten().filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
    lists.flat_map(|list| list.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<_>>()).collect()
}

/// All processes below a process that are still running, each with its name.
pub fn descendants_of(id: u32) -> Vec<(i32, String)> {
    let mut found = Vec::new();
    let mut waiting = children_of(id);
    while let Some(child) = waiting.pop() {
        waiting.extend(children_of(child as u32));
        let (name, ended) = name_of(child);
        if !ended {
            found.push((child, name));
        }
    }
    found
}
