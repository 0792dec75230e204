//! What a submission's object code asks of the linker: nothing that runs before or after the tests, nothing that takes the place of
//! somebody else's function, nothing of the system past std.
//!
//! The rules for the source say these things sooner and better. This holds whatever the source looks like, since it is about what the
//! compiler has made of it.

use crate::compile::kit::Mode;
use crate::trouble::{Context, Trouble};
use object::read::archive::ArchiveFile;
use object::{Object, ObjectSection, ObjectSymbol, SectionKind, SymbolFlags, elf};
use std::collections::BTreeSet;
use std::path::Path;

/// What is allowed to a submission.
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    /// Whether it may call functions of the C library.
    pub libc: bool,
    /// What it is compiled for.
    pub mode: Mode,
}

/// What the compiler calls by itself, beside the names that begin with `__rust` or `_Unwind_`.
const COMPILERS: [&str; 12] = [
    "memcpy",
    "memmove",
    "memset",
    "memcmp",
    "bcmp",
    "strlen",
    "rust_eh_personality",
    "_GLOBAL_OFFSET_TABLE_",
    "__tls_get_addr",
    "DW.ref.rust_eh_personality",
    "rust_begin_unwind",
    "__stack_chk_fail",
];

/// What code of std calls that becomes a part of its caller: descriptors are closed and copied, errors are read.
const STANDARD: [&str; 5] = ["close", "fcntl", "__errno_location", "memchr", "memrchr"];

/// What the real std does to threads, processes and the outside, and its stand-in does not come to: a call of it would happen behind the
/// back of whoever explores schedules. (The stand-in itself uses thread-local values and the like.)
const REPLACED: [&str; 10] = [
    "std::fs",
    "std::net",
    "std::process::Command",
    "std::thread::spawn",
    "std::thread::Builder",
    "std::thread::scope",
    "std::thread::scoped",
    "std::thread::sleep",
    "std::thread::park",
    "std::thread::yield_now",
];

/// Looks into a submission's library. Returns what it must not hold, one sentence each.
///
/// # Errors
/// If the file is no library of the compiler's.
pub fn violations(library: &Path, allowance: Allowance) -> Result<BTreeSet<String>, Trouble> {
    let wrong = || format!("cannot look into {}", library.display());
    let bytes = std::fs::read(library).ours(wrong())?;
    let archive = ArchiveFile::parse(&*bytes).ours(wrong())?;
    let mut found = BTreeSet::new();
    for member in archive.members() {
        let member = member.ours(wrong())?;
        if !member.name().ends_with(b".o") {
            // The metadata of the crate.
            continue;
        }
        // In memory of its own, since members of an archive lie at any address and objects are read in words.
        let data = member.data(&*bytes).ours(wrong())?.to_vec();
        let file = object::File::parse(&*data).ours(wrong())?;
        found.extend(file.sections().filter_map(|section| of_section(section.name().unwrap_or("?"), section.kind())));
        for symbol in file.symbols() {
            let name = symbol.name().unwrap_or("?");
            if let SymbolFlags::Elf { st_info, .. } = symbol.flags()
                && st_info & 0xf == elf::STT_GNU_IFUNC
            {
                found.insert(format!("`{name}` is a function that is chosen while the program is loaded"));
            } else if symbol.is_undefined() && !name.is_empty() {
                found.extend(of_wanted(name, allowance));
            } else if symbol.is_global() && symbol.section_index().is_some() {
                found.extend(of_offered(name));
            }
        }
    }
    Ok(found)
}

/// A section that the linker or the loader treats in its own way.
fn of_section(name: &str, kind: SectionKind) -> Option<String> {
    const RUN: [&str; 7] = [".init_array", ".fini_array", ".preinit_array", ".ctors", ".dtors", ".init", ".fini"];
    if RUN.iter().any(|run| name.strip_prefix(run).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))) {
        return Some(format!("its section `{name}` holds code that runs before or after everything else"));
    }
    // All of the compiler's own begin with a dot. A name without one can be gathered by whoever knows it.
    let is_loaded = matches!(
        kind,
        SectionKind::Text
            | SectionKind::Data
            | SectionKind::ReadOnlyData
            | SectionKind::UninitializedData
            | SectionKind::Tls
    );
    (is_loaded && !name.starts_with('.')).then(|| format!("its section `{name}` is one that other code looks for"))
}

/// A symbol that others can link with.
fn of_offered(name: &str) -> Option<String> {
    let is_the_compilers = is_mangled(name) || name.starts_with("__rust") || name.starts_with("DW.ref.");
    (!is_the_compilers).then(|| {
        format!("`{name}` can be linked by its plain name, and so takes the place of another function of that name")
    })
}

/// A symbol that somebody else must have.
fn of_wanted(name: &str, allowance: Allowance) -> Option<String> {
    if !is_mangled(name) {
        let is_the_compilers = COMPILERS.contains(&name) || name.starts_with("__rust") || name.starts_with("_Unwind_");
        // Arithmetic that the processor does not have: `__udivti3`, `__floattidf`.
        let is_arithmetic = name.starts_with("__") && name.ends_with(|end: char| end.is_ascii_digit())
            || ["__fix", "__float", "__extend", "__trunc"].iter().any(|kind| name.starts_with(kind));
        let is_standard = STANDARD.contains(&name) || is_arithmetic;
        let is_mathematics = name.len() <= 9 && MATHEMATICS.contains(&name.trim_end_matches('f'));
        return (!is_the_compilers && !is_standard && !is_mathematics && !allowance.libc).then(|| {
            format!("it calls `{name}`, which is not Rust: a submission uses std and the crates that its brief names")
        });
    }
    let path = format!("{:#}", rustc_demangle::demangle(name));
    if allowance.mode == Mode::Explore {
        let replaced =
            REPLACED.iter().find(|module| path.strip_prefix(*module).is_some_and(|rest| rest.starts_with("::")))?;
        return Some(format!(
            "it calls `{path}` of the real std, where schedules are explored with a stand-in for `{replaced}`"
        ));
    }
    None
}

/// Functions for numbers that std leaves to the C library, without the `f` of those for `f32`.
const MATHEMATICS: [&str; 27] = [
    "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "exp",
    "exp2", "expm1", "log", "log2", "log10", "log1p", "pow", "cbrt", "hypot", "fmod", "fma", "tgamma", "lgamma_r",
];

/// Whether a name is one that the compiler makes: of a path (the scheme v0, or the older one), or of something without a name that two
/// of a crate's objects share.
fn is_mangled(name: &str) -> bool {
    name.starts_with("_R") || name.starts_with("_ZN") || name.contains(".llvm.")
}
