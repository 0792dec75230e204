//! How well this machine can confine a program, found by trying to break out.

use super::canary::{self, Escape};
use super::launcher;
use super::plan::Plan;
use crate::run::processes::{self, Process};
use crate::trouble::Trouble;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use verdict::Tier;

/// Which layers the launcher applies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layers {
    /// Private namespaces, and the private root that needs them.
    pub namespaces: Namespaces,
    /// The user that a program becomes, where the grader runs as root.
    pub user: Option<u32>,
    /// The same for the compiler. Without a private root it may lie where only root can read.
    pub compilers_user: Option<u32>,
    /// Rules for files, network and signals.
    pub landlock: bool,
    /// A filter of system calls.
    pub seccomp: bool,
}

/// How private namespaces are had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Namespaces {
    /// Not at all.
    #[default]
    None,
    /// By right: the grader runs as root.
    Privileged,
    /// In a user namespace, as everybody may where the system allows it.
    User,
}

/// Who a program becomes where the grader runs as root: one of the ids that Debian and systemd give to nobody.
const NOBODY_AT_ALL: u32 = 65_400;

/// What confines every program that the grader starts.
#[derive(Clone, Debug)]
pub struct Confinement {
    /// How well.
    pub tier: Tier,
    /// By what.
    pub layers: Layers,
    /// What stood in the way of each better tier.
    pub refused: Vec<(Tier, String)>,
    /// The program that confines: the grader itself.
    launcher: PathBuf,
    /// Whether that is this very program.
    is_own: bool,
}

impl Confinement {
    /// What a program is confined by, and what stood in the way of better, for a person.
    pub fn describe(&self) -> String {
        let refused = self.refused.iter().map(|(tier, why)| format!("; tier {}: {why}", tier.letter()));
        format!("tier {}: {}{}", self.tier.letter(), self.tier.describe(), refused.collect::<String>())
    }

    /// Finds the best tier that this machine allows, among those that are not better than `best`. `folder` is one that the
    /// grader may write in; programs must be able to read `needed` (the compiler).
    ///
    /// # Errors
    /// If nothing can be written in `folder`, or not even tier D works.
    pub fn find(launcher: &Path, folder: &Path, needed: &Path, best: Tier) -> Result<Confinement, Trouble> {
        let mut refused = Vec::new();
        let is_own = std::env::current_exe().is_ok_and(|own| own == launcher);
        for (tier, layers) in candidates().into_iter().filter(|(tier, _)| *tier >= best) {
            let confinement = Confinement { tier, layers, refused: Vec::new(), launcher: launcher.to_owned(), is_own };
            match canary::try_out(&confinement, folder, needed) {
                Ok(escapes) => {
                    let open: Vec<&str> = escapes
                        .iter()
                        .filter(|escape| is_held(tier, **escape))
                        .map(|escape| escape.describe())
                        .collect();
                    if open.is_empty() {
                        return Ok(Confinement { refused, ..confinement });
                    }
                    refused.push((tier, format!("it could still {}", open.join(", "))));
                }
                Err(why) => refused.push((tier, why)),
            }
        }
        let all: Vec<String> = refused.iter().map(|(tier, why)| format!("tier {}: {why}", tier.letter())).collect();
        Err(Trouble::Ours(format!("no program can be started here; {}", all.join("; "))))
    }

    /// What a program that wants out can do within this confinement, found by running one. `folder` and `needed` are as for
    /// [`Confinement::find`].
    ///
    /// # Errors
    /// If a program that does nothing wrong does not run there.
    pub fn escapes(&self, folder: &Path, needed: &Path) -> Result<Vec<Escape>, Trouble> {
        canary::try_out(self, folder, needed).map_err(Trouble::Ours)
    }

    /// The program that confines.
    pub(super) fn launcher(&self) -> &Path {
        &self.launcher
    }

    /// Starts a program within this confinement. The plan's own layers do not matter.
    ///
    /// # Errors
    /// If it cannot be started, with what was refused.
    pub fn start(&self, plan: &Plan, stdout: Stdio, stderr: Stdio) -> io::Result<Process> {
        if plan.folder.is_none() && self.layers.namespaces == Namespaces::None && self.layers.user.is_some() {
            // Its folder for temporary files; who it will be is known later.
            std::fs::set_permissions(&plan.mount_point, std::fs::Permissions::from_mode(0o1777))?;
        }
        let text = serde_json::to_string(&Plan { layers: self.layers, ..plan.clone() })?;
        let mut file = in_memory()?;
        file.write_all(text.as_bytes())?;
        let (answer, theirs) = io::pipe()?;
        let inherited = [file.as_raw_fd(), theirs.as_raw_fd()];
        // The file may have been replaced by a newer grader meanwhile, which understands other plans.
        let mut command = Command::new(if self.is_own { Path::new("/proc/self/exe") } else { &self.launcher });
        command.arg0(launcher::NAME).args(inherited.map(|number| number.to_string())).env_clear();
        command.stdin(Stdio::null()).stdout(stdout).stderr(stderr);
        let numbers = inherited.into_iter().chain(plan.descriptor).collect::<Vec<_>>();
        // SAFETY: only async-signal-safe calls between fork and exec.
        unsafe {
            command.pre_exec(move || {
                for number in &numbers {
                    libc::fcntl(*number, libc::F_SETFD, 0);
                }
                Ok(())
            });
        }
        let mut process = processes::spawn(&mut command)?;
        process.purpose = plan.purpose;
        drop((theirs, file));
        let mut lines = BufReader::new(answer);
        let mut first = String::new();
        lines.read_line(&mut first)?;
        let mut rest = String::new();
        let started = first.strip_prefix('+').map(|numbers| {
            let mut numbers = numbers.split_whitespace().filter_map(|number| number.parse().ok());
            Some([numbers.next()?, numbers.next()?])
        });
        // Ends when the program has been executed.
        lines.read_to_string(&mut rest)?;
        match (started, first.strip_prefix('-').or(rest.strip_prefix('-'))) {
            (Some(inside), None) => {
                if let Some(inside) = inside {
                    process.has_inside(inside);
                }
                Ok(process)
            }
            (_, Some(refused)) => Err(io::Error::other(refused.to_owned())),
            // Killed from outside.
            (None, None) => Err(io::Error::new(io::ErrorKind::Interrupted, "the launcher was ended")),
        }
    }
}

/// Which tiers can be tried, and by which layers.
fn candidates() -> Vec<(Tier, Layers)> {
    // SAFETY: a plain call.
    let root = unsafe { libc::geteuid() } == 0;
    let user = root.then_some(NOBODY_AT_ALL);
    let mut list = Vec::new();
    for (tier, filtered) in [(Tier::A, true), (Tier::B, false)] {
        let layers = Layers { landlock: filtered, seccomp: filtered, ..Layers::default() };
        if root {
            list.push((tier, Layers { namespaces: Namespaces::Privileged, user, compilers_user: user, ..layers }));
        }
        list.push((tier, Layers { namespaces: Namespaces::User, ..layers }));
    }
    for filtered in [true, false] {
        let tier = if filtered { Tier::C } else { Tier::D };
        let layers = Layers { landlock: filtered, seccomp: filtered, ..Layers::default() };
        if root {
            list.push((tier, Layers { user, compilers_user: user, ..layers }));
            list.push((tier, Layers { user, ..layers }));
        }
        list.push((tier, layers));
    }
    list
}

/// Whether a tier promises that a program cannot do this.
fn is_held(tier: Tier, escape: Escape) -> bool {
    match tier {
        Tier::A => true,
        Tier::B => escape.needs_no_filter(),
        // Other programs of the same user can be seen, and on older kernels signalled.
        Tier::C => !matches!(escape, Escape::Signal | Escape::AbstractSocket),
        Tier::D => false,
    }
}

/// A file that has no name, for the plan.
fn in_memory() -> io::Result<File> {
    // SAFETY: a name that ends with a zero byte; the call returns a new descriptor or -1.
    unsafe {
        match libc::memfd_create(c"plan".as_ptr(), libc::MFD_CLOEXEC) {
            -1 => Err(io::Error::last_os_error()),
            number => Ok(File::from(OwnedFd::from_raw_fd(number))),
        }
    }
}
