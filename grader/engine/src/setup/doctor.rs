//! Looks whether this machine has what grading needs, and knows what each missing thing costs.

use crate::compile::stage::RunFolder;
use crate::compile::toolchain::Toolchain;
use crate::home::git::git;
use crate::home::workspace::Workspace;
use crate::run::confine::launcher::launcher;
use crate::run::confine::{Confinement, Tier};
use crate::trouble::{Context, Trouble, make_folder, write};
use probe::threads::{self, Standing};
use std::path::Path;
use std::process::{Command, Stdio};

/// The oldest compiler that the exercises compile with: major and minor version.
const OLDEST: (u32, u32) = (1, 95);

/// What one exercise's kits, builds and runs take on the disk, in MiB, and what all of them take.
const DISK_FOR_ONE: u64 = 300;
const DISK_FOR_ALL: u64 = 1500;

/// What the facts of two jobs may use at most, in MiB.
const MEMORY: u64 = 2048;

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symptom {
    /// What was looked at, in one word or two.
    pub name: &'static str,
    /// How bad it is.
    pub state: State,
    /// What was found.
    pub found: String,
    /// What it costs and what to do about it; empty where all is well.
    pub cost: String,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// All is well.
    Well,
    /// Grading works, but something is lost.
    Costs,
    /// Nothing can be graded.
    Missing,
}

/// Looks at everything.
pub fn examine(workspace: &Workspace) -> Vec<Symptom> {
    let mut symptoms = Vec::new();
    match toolchain(workspace) {
        Ok(toolchain) => {
            symptoms.push(compiler(&toolchain));
            symptoms.push(linker(workspace, &toolchain));
            symptoms.push(confinement(workspace, &toolchain));
        }
        Err(trouble) => symptoms.push(missing("compiler", "none that works".into(), &trouble.to_string())),
    }
    symptoms.extend(content(workspace));
    symptoms.extend([
        disk(workspace),
        memory(),
        cores(),
        threads_are_seen(),
        children_are_seen(),
        pidfd(),
        clock(),
        files(),
    ]);
    symptoms
}

fn well(name: &'static str, found: String) -> Symptom {
    Symptom { name, state: State::Well, found, cost: String::new() }
}

fn costs(name: &'static str, found: String, cost: &str) -> Symptom {
    Symptom { name, state: State::Costs, found, cost: cost.to_owned() }
}

fn missing(name: &'static str, found: String, cost: &str) -> Symptom {
    Symptom { name, state: State::Missing, found, cost: cost.to_owned() }
}

fn toolchain(workspace: &Workspace) -> Result<Toolchain, Trouble> {
    make_folder(&workspace.target)?;
    Toolchain::find(&workspace.root, &workspace.target)
}

fn compiler(toolchain: &Toolchain) -> Symptom {
    let found = toolchain.version.clone();
    let mut numbers =
        found.split(' ').nth(1).unwrap_or_default().split(['.', '-']).map(|part| part.parse().unwrap_or(0));
    let version: (u32, u32) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if version < OLDEST {
        let cost = format!("the exercises need Rust {}.{}: `rustup update stable`", OLDEST.0, OLDEST.1);
        return missing("compiler", found, &cost);
    }
    well("compiler", found)
}

/// Compiles and links a program, since every grading does.
fn linker(workspace: &Workspace, toolchain: &Toolchain) -> Symptom {
    let try_it = || -> Result<Option<String>, Trouble> {
        // Another doctor may be at work.
        let RunFolder(folder) = &RunFolder::new(workspace)?;
        write(&folder.join("linked.rs"), "fn main() {}\n")?;
        let mut command = Command::new(&toolchain.rustc);
        command.args(["--edition=2024", "-o"]).arg(folder.join("linked")).arg(folder.join("linked.rs"));
        let output = command.stdin(Stdio::null()).stdout(Stdio::null()).output().ours("cannot run rustc")?;
        let words = String::from_utf8_lossy(&output.stderr);
        Ok((!output.status.success()).then(|| why_not_linked(&words)))
    };
    let advice = "install a C linker: `apt install gcc`, `dnf install gcc`, or your system's build tools";
    match try_it() {
        Ok(None) => well("linker", "a program can be linked".into()),
        Ok(Some(words)) => missing("linker", words, advice),
        Err(trouble) => missing("linker", trouble.to_string(), advice),
    }
}

/// The compiler's error, and after it what the linker itself said last.
fn why_not_linked(words: &str) -> String {
    let first = words.lines().find(|line| line.starts_with("error")).unwrap_or("it failed");
    // The compiler's notes are the command, a hint, and then the linker's output.
    let said = words.split_once("show all linker arguments").and_then(|(_, said)| {
        let lines = said.lines().map(|line| line.trim().trim_start_matches("= note:").trim());
        lines.take_while(|line| !line.starts_with("error: aborting")).filter(|line| !line.is_empty()).last()
    });
    said.map_or(first.to_owned(), |said| format!("{first} ({said})"))
}

/// Tries to get out of what programs are confined in.
fn confinement(workspace: &Workspace, toolchain: &Toolchain) -> Symptom {
    let name = "confinement";
    let found = launcher().and_then(|launcher| {
        Confinement::find(&launcher, &workspace.target, &toolchain.rustc, crate::grading::best_tier()?)
    });
    match found {
        Ok(found) if found.tier == Tier::A => well(name, found.describe()),
        Ok(found) => {
            let advice = match found.tier {
                Tier::A | Tier::B => "Linux 6.12 or newer, built with Landlock and seccomp, confines better",
                _ => {
                    "code of others could do more than it should; allow user namespaces (`sysctl -w \
                     kernel.unprivileged_userns_clone=1`, on Ubuntu kernel.apparmor_restrict_unprivileged_userns=0; in a container: \
                     run it with more rights or grade outside of it). SECURITY.md says what each tier stops"
                }
            };
            costs(name, found.describe(), advice)
        }
        Err(trouble) => missing(name, trouble.to_string(), "no program can be started as gradings start them"),
    }
}

/// Hidden tests, references and the crates of a kit: whether they are what they were. Nothing where nobody knows.
fn content(workspace: &Workspace) -> Option<Symptom> {
    const NAME: &str = "content";
    if let Some(carried) = &workspace.carried {
        return Some(match carried.difference(None) {
            None => well(NAME, format!("{} files are as they were unpacked", carried.len())),
            Some(difference) => costs(
                NAME,
                difference.to_string(),
                "a grading that rests on it refuses, and unpacks everything anew; some program has written there",
            ),
        });
    }
    // Whoever has a clone may write in it: that is no fault, but good to know when a verdict surprises.
    let mut arguments = vec!["status", "--porcelain", "--no-renames", "--"];
    arguments.extend(["tests", "solutions", "grader/harness", "grader/interleave", "grader/probe"]);
    let bytes = git(&workspace.content, &arguments).ok()?.ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let names: Vec<&str> = text.lines().filter_map(|line| line.get(3..)).collect();
    match names.split_first() {
        None => Some(well(NAME, "hidden tests, references and what they are compiled with are as Git has them".into())),
        Some((first, [])) => Some(well(NAME, format!("{first} is not as Git has it"))),
        Some((first, others)) => Some(well(NAME, format!("{first} and {} more are not as Git has them", others.len()))),
    }
}

fn disk(workspace: &Workspace) -> Symptom {
    let shown = workspace.target.display();
    let Some(free) = free_on_disk(&workspace.target) else {
        return costs("disk", format!("{shown} does not say how much is free"), "a full disk shows as failing builds");
    };
    let found = format!("{free} MiB free for {shown}");
    match free {
        0..DISK_FOR_ONE => missing("disk", found, &format!("one exercise needs some {DISK_FOR_ONE} MiB to build in")),
        DISK_FOR_ONE..DISK_FOR_ALL => costs(
            "disk",
            found,
            &format!("all exercises together need some {DISK_FOR_ALL} MiB; one after another works"),
        ),
        _ => well("disk", found),
    }
}

/// In MiB.
fn free_on_disk(folder: &Path) -> Option<u64> {
    let path = std::ffi::CString::new(folder.to_str()?).ok()?;
    // SAFETY: plain numbers, for which all zeros are valid.
    let mut status: libc::statvfs = unsafe { std::mem::zeroed() };
    // SAFETY: a path that ends in 0, and a valid place for the answer.
    let result = unsafe { libc::statvfs(path.as_ptr(), &raw mut status) };
    (result == 0).then(|| (status.f_bavail * status.f_frsize) >> 20)
}

fn memory() -> Symptom {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    let free = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()).unwrap_or(0) >> 10;
    let found = format!("{free} MiB available");
    match free {
        0..MEMORY => {
            costs("memory", found, "a submission that uses much may be ended by the system instead of the grader")
        }
        _ => well("memory", found),
    }
}

fn cores() -> Symptom {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let found = format!("{cores} {}", if cores == 1 { "core" } else { "cores" });
    if cores == 1 {
        return costs("cores", found, "verdicts take twice as long, and timing needs more rounds to settle");
    }
    well("cores", found)
}

/// Proofs of deadlock, and facts that wait until all threads are at rest, read `/proc/PID/task/TID/syscall`.
fn threads_are_seen() -> Symptom {
    const NAME: &str = "threads";
    const COST: &str = "a deadlock is then found by its time limit, seconds later, and facts that wait for rest fail: nothing \
                        can be graded; the kernel needs CONFIG_HAVE_ARCH_TRACEHOOK, and the container must show /proc";
    let (quit, wait) = std::sync::mpsc::channel::<()>();
    let name = "doctor-waits";
    let Ok(waiter) = std::thread::Builder::new().name(name.into()).spawn(move || wait.recv()) else {
        return missing(NAME, "the system refuses one more thread".into(), COST);
    };
    let begun = std::time::Instant::now();
    let mut standing = None;
    while begun.elapsed().as_secs() < 2 && standing != Some(Standing::Futex) {
        let all = threads::read(None).map(|reading| reading.threads).unwrap_or_default();
        standing = all.into_iter().find(|thread| thread.name == name).map(|thread| thread.standing);
        std::thread::yield_now();
    }
    drop(quit);
    let _ = waiter.join();
    match standing {
        Some(Standing::Futex) => well(NAME, "what a thread waits for can be seen".into()),
        Some(other) => missing(NAME, format!("a thread that waits is seen like this: {}", other.describe()), COST),
        None => missing(NAME, "the threads of a process cannot be listed".into(), COST),
    }
}

fn children_are_seen() -> Symptom {
    const NAME: &str = "children";
    if Path::new("/proc/thread-self/children").exists() {
        return well(NAME, "what a process has started can be seen".into());
    }
    missing(
        NAME,
        "the kernel has no /proc/…/children".into(),
        "what a submission leaves running cannot be found and ended",
    )
}

fn pidfd() -> Symptom {
    // SAFETY: `pidfd_open` takes two numbers; the descriptor that it returns is closed at once.
    let works = unsafe {
        let descriptor = libc::syscall(libc::SYS_pidfd_open, libc::getpid(), 0);
        descriptor != -1 && libc::close(descriptor as libc::c_int) == 0
    };
    if works {
        return well("pidfd", "processes can be watched".into());
    }
    missing("pidfd", "the kernel has no pidfd_open".into(), "nothing can be graded; Linux 5.3 and later have it")
}

fn clock() -> Symptom {
    let source = std::fs::read_to_string("/sys/devices/system/clocksource/clocksource0/current_clocksource");
    let source = source.unwrap_or_default().trim().to_owned();
    let begun = std::time::Instant::now();
    const READS: u32 = 1000;
    for _ in 0..READS {
        std::hint::black_box(std::time::Instant::now());
    }
    let each = begun.elapsed() / READS;
    let name = if source.is_empty() { String::new() } else { format!(" ({source})") };
    let found = format!("reading it takes {} ns{name}", each.as_nanos());
    if each.as_nanos() > 1000 {
        return costs("clock", found, "timing needs more rounds to settle; a virtual machine may offer a faster clock");
    }
    well("clock", found)
}

/// `watch` is told by inotify that a file was saved.
fn files() -> Symptom {
    // SAFETY: no pointer goes in; the descriptor that comes back is closed at once.
    let works = unsafe {
        let descriptor = libc::inotify_init1(libc::IN_CLOEXEC);
        descriptor != -1 && libc::close(descriptor) == 0
    };
    if works {
        return well("files", "changes of files are told".into());
    }
    let cost = "`watch` looks twice a second instead; fs.inotify.max_user_instances may be too low";
    costs("files", "the system has no inotify to spare".into(), cost)
}

/// What the grader has built so far, in MiB.
pub fn built(workspace: &Workspace) -> u64 {
    let files = walkdir::WalkDir::new(&workspace.target).into_iter().flatten();
    let bytes: u64 =
        files.filter_map(|entry| entry.metadata().ok()).filter(|data| data.is_file()).map(|data| data.len()).sum();
    bytes >> 20
}
