//! The launcher: the grader once more, as a small process with one thread that confines itself and becomes a program.
//!
//! ```text
//! grader ── launcher ─┬─ keeper (process 1 of the namespace: takes in orphans; its end ends everything inside)
//!                     └─ the program
//! ```
//! With a process namespace, the launcher stays outside, waits for the program, and ends as it ended. So the grader deals with one
//! child, and whatever becomes of the launcher, the kernel ends all that is inside. Without one, the launcher becomes the program.

use super::plan::Plan;
use super::tier::Namespaces;
use super::{canary, filter, rights, root};
use crate::run::processes;
use crate::trouble::{Context, Trouble};
use std::ffi::{CString, OsStr, OsString};
use std::fs::File;
use std::io::{Read, Seek, Write};
use std::mem::ManuallyDrop;
use std::os::fd::{AsRawFd, FromRawFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The first argument of a grader that is to be a launcher. The second and third are numbers of descriptors: the plan's and the
/// one for the answer.
pub(super) const NAME: &str = "grader-launcher";

/// The exit code of a program that could not be started.
const NOT_STARTED: i32 = 126;

/// The first of the users that one program each becomes. Nobody gives numbers to people above two thousand millions.
const FIRST: u32 = 2_000_000_000;

/// What is started as a launcher in place of this program.
static OTHER: OnceLock<PathBuf> = OnceLock::new();

/// Names another program as the launcher, for programs whose `main` does not call [`run_if_asked`] (tests). The first call counts.
pub fn use_other(path: &Path) {
    let _ = OTHER.set(path.to_owned());
}

/// The program that can be started as a launcher.
///
/// # Errors
/// If this program does not know its own file.
pub fn launcher() -> Result<PathBuf, Trouble> {
    let own = std::env::current_exe().ours("this program does not know its own file")?;
    // Unit tests are built into `deps`, and what they need beside it.
    #[cfg(test)]
    let own = own.ancestors().nth(2).map(|folder| folder.join("launcher")).unwrap_or(own);
    Ok(OTHER.get().cloned().unwrap_or(own))
}

/// If this process was started as a launcher, it is one, and does not return. To be called first in `main`.
pub fn run_if_asked() {
    canary::run_if_asked();
    let mut arguments = std::env::args_os();
    if arguments.next().as_deref() != Some(OsStr::new(NAME)) {
        return;
    }
    let numbers: Vec<RawFd> = arguments.filter_map(|text| text.to_str()?.parse().ok()).collect();
    let code = match numbers[..] {
        // SAFETY: the grader passed these two descriptors to this process for this use.
        [plan, answer] => unsafe { launch(File::from_raw_fd(plan), File::from_raw_fd(answer)) },
        _ => NOT_STARTED,
    };
    std::process::exit(code);
}

/// Launches, and says how it went: `+`, with the numbers of program and keeper if there are two, or `-` and what was refused. Returns the exit code to end with.
fn launch(mut file: File, answer: File) -> i32 {
    let mut answer = ManuallyDrop::new(answer);
    let mut text = String::new();
    let read = file.rewind().and_then(|()| file.read_to_string(&mut text));
    let outcome = read.map_err(|error| format!("cannot read the plan: {error}")).and_then(|_| {
        let mut plan: Plan =
            serde_json::from_str(&text).map_err(|error| format!("cannot understand the plan: {error}"))?;
        // Only a compiler has a folder of its own to work in.
        let layers = plan.layers;
        plan.layers.user = if plan.folder.is_some() { layers.compilers_user } else { layers.user.map(own_user) };
        let is_shared = plan.layers.user.is_none_or(|user| user < FIRST) && layers.namespaces != Namespaces::User;
        if plan.quota.tasks > 0 && is_shared {
            // The kernel counts all that a user runs; in a user namespace only what is inside.
            // SAFETY: a plain call.
            let user = plan.layers.user.unwrap_or_else(|| unsafe { libc::geteuid() });
            plan.quota.tasks += tasks_of(user);
        }
        drop(file);
        confine(&plan, &mut answer)
    });
    outcome.unwrap_or_else(|refused| {
        // If nobody listens any more, the grader has ended.
        let _ = write!(answer, "-{refused}");
        NOT_STARTED
    })
}

/// How many threads and processes a user has at the moment, as far as they can be seen. A folder has a link for each folder in it.
fn tasks_of(user: u32) -> u64 {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten().map(|entry| entry.path().join("task"));
    let tasks = processes.filter_map(|tasks| std::fs::metadata(tasks).ok()).filter(|tasks| tasks.uid() == user);
    tasks.map(|tasks| tasks.nlink().saturating_sub(2)).sum()
}

/// A user that no other program is, so that what one program uses of a limit per user is taken from nobody. Where only some numbers are
/// users (in a container), all share one.
fn own_user(shared: u32) -> u32 {
    let ranges = std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    let all = ranges.split_whitespace().collect::<Vec<_>>() == ["0", "0", "4294967295"];
    if all { FIRST + std::process::id() } else { shared }
}

fn confine(plan: &Plan, answer: &mut File) -> Result<i32, String> {
    close_others(&[Some(answer.as_raw_fd()), plan.descriptor]);
    // SAFETY: a plain call on a descriptor of our own. An `exec` that works closes it: that is how the grader sees it.
    unsafe { libc::fcntl(answer.as_raw_fd(), libc::F_SETFD, libc::FD_CLOEXEC) };
    let layers = &plan.layers;
    if layers.namespaces == Namespaces::None {
        settle(plan)?;
        writeln!(answer, "+").map_err(|error| error.to_string())?;
        return Err(become_program(plan));
    }
    enter_namespaces(layers.namespaces)?;
    root::enter(plan)?;
    if plan.access.network {
        raise_loopback();
    }
    // The first process in a new process namespace is its process 1.
    let keeper = fork(|| keep(plan))?;
    let mut ready = Pipe::new()?;
    let program = fork(|| {
        ready.wait();
        let refused = settle(plan).err().unwrap_or_else(|| become_program(plan));
        let _ = write!(answer, "-{refused}");
        NOT_STARTED
    })?;
    writeln!(answer, "+{program} {keeper}").map_err(|error| error.to_string())?;
    ready.go();
    let_go_of_streams();
    Ok(wait_for(program, keeper))
}

/// Waits for the program's end, ends all that is left inside, and ends in the same way.
fn wait_for(program: libc::pid_t, keeper: libc::pid_t) -> i32 {
    let status = wait(program);
    // SAFETY: a plain `kill` of a child that has not been waited for.
    unsafe { libc::kill(keeper, libc::SIGKILL) };
    // Returns when every process of the namespace is gone.
    wait(keeper);
    if libc::WIFSIGNALED(status) {
        // SAFETY: plain calls; this process has no handlers of its own for what they set back.
        unsafe {
            libc::signal(libc::WTERMSIG(status), libc::SIG_DFL);
            libc::kill(libc::getpid(), libc::WTERMSIG(status));
        }
    }
    libc::WEXITSTATUS(status)
}

fn wait(child: libc::pid_t) -> libc::c_int {
    let mut status = 0;
    // SAFETY: a valid place for the answer.
    while unsafe { libc::waitpid(child, &raw mut status, 0) } == -1
        && std::io::Error::last_os_error().kind() == std::io::ErrorKind::Interrupted
    {}
    status
}

/// Process 1 of the namespace: reaps orphans until it is killed. Nothing inside can signal or trace it.
fn keep(plan: &Plan) -> i32 {
    let_go_of_streams();
    let _ = become_nobody(plan);
    // SAFETY: plain calls without pointers but a valid null.
    unsafe {
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
        libc::prctl(libc::PR_SET_DUMPABLE, 0);
        loop {
            if libc::waitpid(-1, std::ptr::null_mut(), 0) == -1 {
                libc::pause();
            }
        }
    }
}

/// Everything between being inside and becoming the program.
fn settle(plan: &Plan) -> Result<(), String> {
    let refused = |what: &'static str| move |error: std::io::Error| format!("cannot {what}: {error}");
    let private = plan.layers.namespaces != Namespaces::None;
    let folder = match &plan.folder {
        Some(folder) => folder.as_path(),
        None if private => Path::new(root::WORK),
        None => &plan.mount_point,
    };
    std::env::set_current_dir(folder).map_err(refused("enter the working folder"))?;
    if plan.gives_way {
        /// Of 100 shares of a core, some 10 remain beside somebody who does not give way.
        const NICE: libc::c_int = 10;
        // SAFETY: a plain call; a refusal leaves things as they were.
        unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, NICE) };
    }
    if plan.fixed_addresses {
        // SAFETY: a plain call. A refusal leaves the addresses random.
        unsafe { libc::personality(libc::ADDR_NO_RANDOMIZE as libc::c_ulong) };
    }
    become_nobody(plan)?;
    rights::limit(&plan.quota);
    if plan.layers.landlock {
        rights::restrict(plan, private)?;
    }
    // SAFETY: plain calls. What is orphaned below the program stays below it, where it is counted against it.
    unsafe {
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
        libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1);
    }
    if plan.layers.seccomp {
        for filter in filter::filters(&plan.access)? {
            seccompiler::apply_filter(&filter).map_err(|error| format!("cannot filter system calls: {error}"))?;
        }
    }
    Ok(())
}

/// Gives up user and capabilities, as far as the layers say.
fn become_nobody(plan: &Plan) -> Result<(), String> {
    if let Some(id) = plan.layers.user {
        rights::become_user(id).map_err(|error| format!("cannot become user {id}: {error}"))?;
    }
    rights::give_up_capabilities().map_err(|error| format!("cannot give up capabilities: {error}"))
}

/// Becomes the program; returns only what stood in the way.
fn become_program(plan: &Plan) -> String {
    let private = plan.layers.namespaces != Namespaces::None;
    let program = plan.shown_as.as_deref().filter(|_| private).unwrap_or(&plan.program);
    let text = |text: &OsStr| CString::new(text.as_bytes()).unwrap_or_default();
    let pair = |(name, value): &(OsString, OsString)| {
        let mut both = name.clone();
        both.push("=");
        both.push(value);
        text(&both)
    };
    let path = text(program.as_os_str());
    let arguments: Vec<CString> =
        std::iter::once(path.clone()).chain(plan.arguments.iter().map(|each| text(each))).collect();
    let mark = std::env::var_os(processes::RUN).map(|run| (processes::RUN.into(), run));
    let environment: Vec<CString> = plan.environment.iter().chain(&mark).map(pair).collect();
    let pointers = |texts: &[CString]| -> Vec<*const libc::c_char> {
        texts.iter().map(|text| text.as_ptr()).chain([std::ptr::null()]).collect()
    };
    // SAFETY: all texts end with a zero byte and live through the call, both lists with a null.
    unsafe { libc::execve(path.as_ptr(), pointers(&arguments).as_ptr(), pointers(&environment).as_ptr()) };
    format!("cannot execute {}: {}", program.display(), std::io::Error::last_os_error())
}

/// New namespaces for everything there is one for.
fn enter_namespaces(kind: Namespaces) -> Result<(), String> {
    // SAFETY: plain calls.
    let (user, group) = unsafe { (libc::geteuid(), libc::getegid()) };
    let mut flags =
        libc::CLONE_NEWNS | libc::CLONE_NEWPID | libc::CLONE_NEWNET | libc::CLONE_NEWIPC | libc::CLONE_NEWUTS;
    if kind == Namespaces::User {
        flags |= libc::CLONE_NEWUSER;
    }
    // SAFETY: a plain call of a process with one thread.
    if unsafe { libc::unshare(flags) } == -1 {
        return Err(format!("cannot enter new namespaces: {}", std::io::Error::last_os_error()));
    }
    // Where control groups have none, nothing is lost: no group is visible inside.
    // SAFETY: as above.
    unsafe { libc::unshare(libc::CLONE_NEWCGROUP) };
    if kind == Namespaces::User {
        /// Who the program is, inside: anybody but the administrator.
        const INSIDE: u32 = 1000;
        let write = |path: &str, text: &str| {
            std::fs::write(path, text).map_err(|error| format!("cannot write {path}: {error}"))
        };
        write("/proc/self/setgroups", "deny")?;
        write("/proc/self/uid_map", &format!("{INSIDE} {user} 1"))?;
        write("/proc/self/gid_map", &format!("{INSIDE} {group} 1"))?;
    }
    Ok(())
}

/// Brings up the loopback device of this network namespace. Where that is refused, nothing can be reached at all.
fn raise_loopback() {
    // SAFETY: a request of the right kind, in a valid place; all zeros are valid for it.
    unsafe {
        let socket = libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0);
        let mut request: libc::ifreq = std::mem::zeroed();
        request.ifr_name[0] = b'l' as libc::c_char;
        request.ifr_name[1] = b'o' as libc::c_char;
        request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
        libc::ioctl(socket, libc::SIOCSIFFLAGS, &raw const request);
        libc::close(socket);
    }
}

/// Closes every descriptor but the standard ones and these, of which all but the harness's are closed by `exec`.
fn close_others(kept: &[Option<RawFd>]) {
    let mut kept: Vec<libc::c_uint> = kept.iter().flatten().map(|number| *number as libc::c_uint).collect();
    kept.sort_unstable();
    let mut from = 3;
    for end in kept.into_iter().chain([libc::c_uint::MAX]) {
        if from < end {
            let last = if end == libc::c_uint::MAX { end } else { end - 1 };
            // SAFETY: a plain call on numbers that nothing here uses.
            unsafe { libc::syscall(libc::SYS_close_range, from, last, 0) };
        }
        from = end.saturating_add(1);
    }
}

/// The launcher holds neither the program's streams nor its harness's descriptor: their ends are the program's.
///
/// Closes the descriptor for the answer, too.
fn let_go_of_streams() {
    // SAFETY: plain calls on descriptors of this process, which uses none of them any more.
    unsafe {
        let nothing = libc::open(c"/dev/null".as_ptr(), libc::O_RDWR | libc::O_CLOEXEC);
        for stream in 0..3 {
            libc::dup2(nothing, stream);
        }
    }
    close_others(&[]);
}

/// Runs `child` in a new process, which ends with what it returns.
fn fork(mut child: impl FnMut() -> i32) -> Result<libc::pid_t, String> {
    // SAFETY: this process has one thread, so the child finds everything as it is here.
    match unsafe { libc::fork() } {
        -1 => Err(format!("cannot start a process: {}", std::io::Error::last_os_error())),
        // SAFETY: ends the child without running what belongs to its parent.
        0 => unsafe { libc::_exit(child()) },
        id => Ok(id),
    }
}

/// Holds the program back until the launcher has told its number.
struct Pipe([RawFd; 2]);

impl Pipe {
    fn new() -> Result<Pipe, String> {
        let mut ends = [0; 2];
        // SAFETY: a valid place for two numbers.
        match unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) } {
            -1 => Err(format!("cannot make a pipe: {}", std::io::Error::last_os_error())),
            _ => Ok(Pipe(ends)),
        }
    }

    /// Waits until the other end is closed.
    fn wait(&mut self) {
        let mut byte = 0_u8;
        // SAFETY: plain calls on descriptors of our own, and a valid place for one byte.
        unsafe {
            libc::close(self.0[1]);
            libc::read(self.0[0], (&raw mut byte).cast(), 1);
        }
    }

    fn go(&mut self) {
        // SAFETY: plain calls on descriptors of our own.
        unsafe {
            libc::close(self.0[1]);
            libc::close(self.0[0]);
        }
    }
}
