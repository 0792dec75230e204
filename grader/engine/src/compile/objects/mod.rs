//! What a submission's object code asks of the linker: nothing that runs before or after the tests, nothing that takes the place of
//! somebody else's function, nothing of the system past std, and under exploration nothing past the stand-in for std.
//!
//! The rules for the source say these things sooner and better. This holds whatever the source looks like, since it is about what the
//! compiler has made of it. It is looked at before anything is linked, in the members of the library.

mod member;
mod permitted;
mod symbol;

use crate::compile::kit::Mode;
use crate::trouble::{Context, Trouble};
use member::Member;
use object::read::archive::ArchiveFile;
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;

/// What is allowed to a submission.
#[derive(Clone, Copy, Debug)]
pub struct Allowance<'a> {
    /// Crates of which code may become a part of it or be called by it, beside those of the toolchain.
    pub crates: &'a BTreeSet<String>,
    /// The functions of the C library that it may call.
    pub functions: &'a [String],
    /// What it is compiled for.
    pub mode: Mode,
}

/// Something that a submission's object code must not hold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// What it is and why that matters: what follows "the compiled submission".
    pub what: String,
    /// What to do.
    pub next: String,
}

/// The name under which every submission is compiled.
const SUBJECT: &str = "subject";

/// Looks into a submission's library.
///
/// # Errors
/// If the file is no library of the compiler's.
pub fn violations(library: &Path, allowance: Allowance<'_>) -> Result<BTreeSet<Violation>, Trouble> {
    let wrong = || format!("cannot look into {}", library.display());
    let bytes = std::fs::read(library).ours(wrong())?;
    let archive = ArchiveFile::parse(&*bytes).ours(wrong())?;
    let mut copies = Vec::new();
    for member in archive.members() {
        let member = member.ours(wrong())?;
        if member.name() != b"lib.rmeta" {
            // In memory of its own, since members of an archive lie at any address and objects are read in words.
            copies.push(member.data(&*bytes).ours(wrong())?.to_vec());
        }
    }
    let members: Result<Vec<Member<'_>>, object::Error> = copies.iter().map(|copy| Member::parse(copy)).collect();
    let members = members.ours(wrong())?;
    let mut found: BTreeSet<Violation> = members.iter().flat_map(|member| member.violations()).collect();
    let (mut doubtful, mut callers) = (BTreeMap::new(), BTreeMap::new());
    let own: OnceCell<HashSet<&str>> = OnceCell::new();
    for name in members.iter().flat_map(|member| member.wanted()) {
        // The other objects of a library that is compiled in pieces have most of what one of them asks for.
        let is_own = || own.get_or_init(|| members.iter().flat_map(|member| member.offered()).collect()).contains(name);
        match Wanted::of(name, allowance) {
            Some(_) if doubtful.contains_key(name) || is_own() => {}
            Some(wanted @ Wanted::Crate(_)) => {
                found.insert(wanted.violation(name, None));
            }
            Some(wanted) => {
                callers.insert(name, BTreeSet::new());
                doubtful.insert(name, wanted);
            }
            None => {}
        }
    }
    if !callers.is_empty() {
        members.iter().try_for_each(|member| member.add_callers(&mut callers)).ours(wrong())?;
    }
    for (name, wanted) in doubtful {
        let by = callers.remove(name).filter(|by| !by.is_empty()).unwrap_or_else(|| [None].into());
        let mut faults = by.into_iter().filter(|by| wanted.is_the_submissions(*by)).peekable();
        if faults.peek().is_some() {
            // A function that somebody has written says more than what std made of it.
            let place = faults.flatten().find(|function| symbol::home(function) == Some(SUBJECT));
            found.insert(wanted.violation(name, place));
        }
    }
    Ok(found)
}

/// A symbol that somebody else must have, and that a submission may not ask for.
enum Wanted {
    /// Something of a crate that it may not use.
    Crate(String),
    /// A function of the C library, which std may call.
    Function,
    /// Something of the real std, which its stand-in may use.
    Real,
}

impl Wanted {
    fn of(name: &str, allowance: Allowance<'_>) -> Option<Wanted> {
        let is_known = |of: &str| permitted::TOOLCHAIN.contains(&of) || of == SUBJECT || allowance.crates.contains(of);
        if symbol::home(name).is_some_and(|of| is_known(of) && (of != "std" || allowance.mode != Mode::Explore)) {
            // Most are such, and this is quick.
            return None;
        }
        let homes = symbol::homes(name);
        if homes.is_empty() {
            let is_allowed = permitted::is_of_the_compiler(name)
                || allowance.functions.iter().any(|function| function == name)
                || allowance.mode == Mode::Time && permitted::is_inlined_from_std(name);
            return (!is_allowed).then_some(Wanted::Function);
        }
        if let Some(other) = homes.iter().map(|home| symbol::of_crate(home)).find(|of| !is_known(of)) {
            return Some(Wanted::Crate(other.to_owned()));
        }
        let is_real = |home: &String| symbol::of_crate(home) == "std";
        if allowance.mode != Mode::Explore || !homes.iter().any(is_real) {
            return None;
        }
        let shown = symbol::shown(name);
        (!homes.iter().all(|home| permitted::is_explored(home, &shown))).then_some(Wanted::Real)
    }

    /// Whether this function's asking for it is the submission's doing. Data without a name can be anybody's.
    fn is_the_submissions(&self, function: Option<&str>) -> bool {
        let homes = function.map(symbol::homes).unwrap_or_default();
        match self {
            Wanted::Crate(_) => true,
            Wanted::Function => homes.is_empty() || homes.iter().any(|home| symbol::of_crate(home) == SUBJECT),
            // Code of std that became a part of the submission was asked for by one of the two. Which, its name does not say.
            Wanted::Real => !homes.iter().any(|home| symbol::of_crate(home).starts_with("interleave")),
        }
    }

    fn violation(&self, name: &str, by: Option<&str>) -> Violation {
        let name = symbol::shown(name);
        let place = by.map_or(String::new(), |by| format!(" in `{}`", symbol::shown(by)));
        let (what, next) = match self {
            Wanted::Crate(other) => (
                format!(
                    "uses `{name}` of the crate `{other}`, which the brief does not name: what it does there is not checked"
                ),
                "use std and the crates that the brief names",
            ),
            Wanted::Function => (
                format!(
                    "uses `{name}`{place}, a function of the C library: with it a submission can do what the tests neither see nor \
                     expect, so it uses std and what the brief names"
                ),
                "use what std has for it, and remove the `extern` block or the assembly",
            ),
            Wanted::Real => (
                format!(
                    "uses `{name}` of the real std{place}: schedules are explored with a stand-in for std, and what goes past \
                     it happens unseen and may differ from run to run"
                ),
                "leave it out, or do the same with the threads, locks and clocks that the brief is about",
            ),
        };
        Violation::new(what, next)
    }
}

impl Violation {
    fn new(what: String, next: &str) -> Violation {
        Violation { what, next: format!("{next}; nothing was run") }
    }
}
