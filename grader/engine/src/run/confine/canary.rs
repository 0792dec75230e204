//! A program that tries to get out. Whether a machine confines is found by running it, not by reading settings.

use super::plan::{Access, Plan, Quota};
use super::tier::Confinement;
use crate::run::confine::files;
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr as UnixAddress, UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The first argument of a grader that is to be a canary. The second is its task.
const NAME: &str = "grader-canary";

/// A canary that takes longer is killed, in seconds.
const LONGEST: libc::time_t = 10;

/// Threads and processes of a canary. More than a test may have: where all programs of a user count together, a test that has just taken all
/// its own must not look like a machine on which no program runs.
const MOST_TASKS: u64 = 2048;

const NEVER: libc::timeval = libc::timeval { tv_sec: 0, tv_usec: 0 };

/// What a confined program must not be able to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Escape {
    /// Read a file of the grader's.
    Read,
    /// Write a file into a folder of the grader's.
    Write,
    /// Read the list of this machine's users.
    System,
    /// Look into the memory of the grader, or into its own as a file.
    Memory,
    /// Reach a TCP port of this machine.
    Network,
    /// Reach an abstract Unix socket of this machine.
    AbstractSocket,
    /// Signal the grader.
    Signal,
    /// Trace another process.
    Trace,
    /// Start a process though it may start none.
    Start,
    /// Become root.
    Root,
}

impl Escape {
    /// In words that follow "it could".
    pub fn describe(self) -> &'static str {
        match self {
            Escape::Read => "read a file of the grader's",
            Escape::Write => "write into a folder of the grader's",
            Escape::System => "read /etc/passwd",
            Escape::Memory => "look into memory through /proc",
            Escape::Network => "reach a port of this machine",
            Escape::AbstractSocket => "reach a socket of another program",
            Escape::Signal => "signal the grader",
            Escape::Trace => "trace another process",
            Escape::Start => "start a process",
            Escape::Root => "become root",
        }
    }

    /// Whether private namespaces and a private root prevent it alone.
    pub fn needs_no_filter(self) -> bool {
        !matches!(self, Escape::Trace | Escape::Start)
    }
}

/// What a canary is asked to try.
#[derive(Debug, Serialize, Deserialize)]
struct Task {
    needed: Option<PathBuf>,
    secret: PathBuf,
    folder: PathBuf,
    port: SocketAddr,
    socket: String,
    grader: u32,
}

/// Runs a canary within `confinement`. Returns what it could do.
///
/// # Errors
/// Why a program that does nothing wrong does not run there.
pub(super) fn try_out(confinement: &Confinement, folder: &Path, needed: &Path) -> Result<Vec<Escape>, String> {
    let failed = |what: &'static str| move |error: std::io::Error| format!("{what}: {error}");
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let name = format!("canary-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let own = folder.join(&name);
    let mount_point = own.join("root");
    fs::create_dir_all(&mount_point).map_err(failed("cannot write below the folder for building"))?;
    let secret = own.join("secret");
    fs::write(&secret, "secret").map_err(failed("cannot write below the folder for building"))?;
    let listener = TcpListener::bind("127.0.0.1:0").map_err(failed("cannot listen on a port"))?;
    let socket = format!("grader-{name}");
    let address = UnixAddress::from_abstract_name(&socket).map_err(failed("cannot name a socket"))?;
    let _socket = UnixListener::bind_addr(&address).map_err(failed("cannot listen on a socket"))?;
    // The compiler's files are read by whoever the compiler becomes.
    let needed = (confinement.layers.user == confinement.layers.compilers_user).then(|| needed.to_owned());
    let task = Task {
        needed: needed.clone(),
        secret,
        folder: own.clone(),
        port: listener.local_addr().map_err(failed("cannot listen on a port"))?,
        socket,
        grader: std::process::id(),
    };
    let reads = files::libraries().into_iter().chain(needed).collect();
    let plan = Plan {
        program: confinement.launcher().to_owned(),
        shown_as: Some("/canary".into()),
        arguments: vec![NAME.into(), serde_json::to_string(&task).unwrap_or_default().into()],
        mount_point,
        access: Access { reads, strict: true, ..Access::default() },
        quota: Quota { memory: 256 << 20, cpu: 5, tasks: MOST_TASKS, scratch: 1 << 20, ..Quota::default() },
        ..Plan::default()
    };
    let answer = run(confinement, &plan);
    let _ = fs::remove_dir_all(&own);
    answer
}

fn run(confinement: &Confinement, plan: &Plan) -> Result<Vec<Escape>, String> {
    let mut process = confinement.start(plan, Stdio::piped(), Stdio::null()).map_err(|error| error.to_string())?;
    let mut text = String::new();
    let stdout = process.child.stdout.take();
    let read = stdout.map_or(Ok(0), |mut stdout| stdout.read_to_string(&mut text));
    let end = process.wait();
    match (read, end, serde_json::from_str(&text)) {
        (Ok(_), Ok(_), Ok(escapes)) => Ok(escapes),
        (_, end, _) => Err(format!("a program that does nothing wrong did not run ({end:?})")),
    }
}

/// If this process was started as a canary, it is one, and does not return.
pub(super) fn run_if_asked() {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().as_deref() != Some(NAME.as_ref()) {
        return;
    }
    // Nothing here takes long, and whoever starts this program waits for it.
    let end = libc::itimerval { it_interval: NEVER, it_value: libc::timeval { tv_sec: LONGEST, tv_usec: 0 } };
    // SAFETY: a valid time; nobody wants to know the old one.
    unsafe { libc::setitimer(libc::ITIMER_REAL, &raw const end, std::ptr::null_mut()) };
    let task: Option<Task> = arguments.next().and_then(|text| serde_json::from_str(text.to_str()?).ok());
    let Some(task) = task else { std::process::exit(2) };
    // What every test does must work.
    let works = std::thread::spawn(|| 1).join().is_ok()
        && File::create("own").and_then(|mut file| file.write_all(b"own")).is_ok()
        && UnixStream::pair().is_ok()
        && task.needed.as_ref().is_none_or(|path| File::open(path).is_ok());
    if works {
        println!("{}", serde_json::to_string(&escapes(&task)).unwrap_or_default());
    }
    std::process::exit(i32::from(!works));
}

fn escapes(task: &Task) -> Vec<Escape> {
    let memory = |process: &str| File::open(format!("/proc/{process}/mem")).is_ok();
    let abstracted = || UnixStream::connect_addr(&UnixAddress::from_abstract_name(&task.socket)?);
    let short = Duration::from_millis(200);
    // SAFETY: plain calls. A child that could be started ends at once, and is waited for.
    let (signalled, started, root) = unsafe {
        let signalled = libc::kill(task.grader as libc::pid_t, 0) == 0;
        let child = libc::fork();
        if child == 0 {
            libc::_exit(0);
        }
        if child > 0 {
            libc::waitpid(child, std::ptr::null_mut(), 0);
        }
        (signalled, child > 0, libc::setuid(0) == 0 && libc::geteuid() == 0 && is_outer_root())
    };
    let mut tried = vec![
        (Escape::Read, File::open(&task.secret).is_ok()),
        (Escape::Write, File::create(task.folder.join("written")).is_ok()),
        (Escape::System, File::open("/etc/passwd").is_ok()),
        (Escape::Memory, memory("self") || memory(&task.grader.to_string())),
        (Escape::Network, TcpStream::connect_timeout(&task.port, short).is_ok()),
        (Escape::AbstractSocket, abstracted().is_ok()),
        (Escape::Signal, signalled),
        (Escape::Start, started),
        (Escape::Root, root),
    ];
    // Last: who is traced stops at the next signal.
    // SAFETY: a plain call.
    tried.push((Escape::Trace, unsafe { libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0) } == 0));
    tried.into_iter().filter(|(_, could)| *could).map(|(escape, _)| escape).collect()
}

/// Whether being root here means something: root can write where nobody else can.
fn is_outer_root() -> bool {
    OpenOptions::new().write(true).open("/etc/passwd").is_ok()
}
