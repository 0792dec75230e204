//! Which sections and functions an honest submission has. These are lists of what is allowed: what the compiler makes of the references,
//! of the accepted variants, and of code that uses as much of std as there is (`grader/engine/tests/hostile/objects.rs`).

use super::symbol::of_crate;
use object::elf;

/// The crates of the toolchain of which code becomes a part of whoever uses it. `__rustc` holds the allocator's functions.
pub(super) const TOOLCHAIN: [&str; 6] = ["core", "alloc", "std", "hashbrown", "std_detect", "__rustc"];

/// A section of this name and type (System V ABI) holds nothing that the linker or the loader treats in its own way.
pub(super) fn is_section(name: &[u8], kind: u32) -> bool {
    const CODE_AND_DATA: [&[u8]; 7] =
        [b".text", b".rodata", b".data", b".bss", b".tdata", b".tbss", b".gcc_except_table"];
    const DESCRIPTIONS: [&[u8]; 5] = [b".comment", b".note.GNU-stack", b".llvmbc", b".llvmcmd", b".eh_frame"];
    match kind {
        elf::SHT_NULL | elf::SHT_SYMTAB | elf::SHT_SYMTAB_SHNDX | elf::SHT_STRTAB => true,
        elf::SHT_RELA | elf::SHT_REL | elf::SHT_GROUP => true,
        elf::SHT_PROGBITS | elf::SHT_NOBITS | elf::SHT_X86_64_UNWIND => {
            let is_part =
                |whole: &[u8]| name.strip_prefix(whole).is_some_and(|rest| matches!(rest.first(), None | Some(b'.')));
            CODE_AND_DATA.iter().any(|whole| is_part(whole))
                || DESCRIPTIONS.contains(&name)
                || name.starts_with(b".debug_")
        }
        _ => false,
    }
}

/// A plain name that the compiler itself uses: copies and comparisons of memory, unwinding, thread-locals, arithmetic that the processor
/// does not have, mathematics.
pub(super) fn is_of_the_compiler(name: &str) -> bool {
    const OTHERS: [&str; 11] = [
        "memcpy",
        "memmove",
        "memset",
        "memcmp",
        "bcmp",
        "strlen",
        "_Unwind_Resume",
        "rust_eh_personality",
        "_GLOBAL_OFFSET_TABLE_",
        "__tls_get_addr",
        "__errno_location",
    ];
    OTHERS.contains(&name) || is_arithmetic(name) || is_mathematics(name)
}

/// `__udivti3`, `__floattidf`: <https://gcc.gnu.org/onlinedocs/gccint/Libgcc.html>.
fn is_arithmetic(name: &str) -> bool {
    const NUMBERED: [&str; 24] = [
        "udiv", "umod", "div", "mod", "mul", "add", "sub", "ashl", "ashr", "lshr", "cmp", "ucmp", "neg", "pow",
        "popcount", "clz", "ctz", "parity", "bswap", "eq", "ne", "lt", "le", "unord",
    ];
    const CONVERSIONS: [&str; 4] = ["fix", "float", "extend", "trunc"];
    let Some(name) = name.strip_prefix("__") else { return false };
    let is_kind = |kind: &str| name.strip_prefix(kind).is_some_and(|rest| matches!(rest.len(), 3..=8));
    let is_numbered = name.ends_with(['2', '3', '4']) && NUMBERED.iter().any(|kind| is_kind(kind));
    is_numbered || name.len() <= 13 && CONVERSIONS.iter().any(|kind| is_kind(kind))
}

/// Functions for numbers that std leaves to the C library.
fn is_mathematics(name: &str) -> bool {
    // Each has a sibling for `f32`, with an `f` behind its name.
    const FUNCTIONS: [&str; 41] = [
        "sin",
        "cos",
        "tan",
        "asin",
        "acos",
        "atan",
        "atan2",
        "sinh",
        "cosh",
        "tanh",
        "asinh",
        "acosh",
        "atanh",
        "sincos",
        "exp",
        "exp2",
        "exp10",
        "expm1",
        "log",
        "log2",
        "log10",
        "log1p",
        "pow",
        "sqrt",
        "cbrt",
        "hypot",
        "fmod",
        "fma",
        "fmin",
        "fmax",
        "fdim",
        "ldexp",
        "tgamma",
        "lgamma_r",
        "floor",
        "ceil",
        "trunc",
        "round",
        "roundeven",
        "rint",
        "nearbyint",
    ];
    FUNCTIONS.contains(&name) || name.strip_suffix('f').is_some_and(|name| FUNCTIONS.contains(&name))
}

/// What code of std that becomes a part of its caller calls: descriptors are closed, and it is looked whether they are open. Optimised,
/// it stands in functions of the submission.
pub(super) fn is_inlined_from_std(name: &str) -> bool {
    ["close", "fcntl"].contains(&name)
}

/// Modules of the real std of which explored code may use everything: values, formatting, errors, panics, hashing. Everything else has
/// a stand-in of its own, or is nothing that can be explored.
const EXPLORED: [&str; 26] = [
    "std::alloc",
    "std::ascii",
    "std::backtrace",
    "std::collections",
    "std::error",
    "std::f32",
    "std::f64",
    "std::ffi",
    "std::hash",
    "std::io",
    "std::num",
    "std::os::fd",
    "std::panic",
    "std::panicking",
    "std::path",
    "std::process::abort",
    "std::sys::alloc",
    "std::sys::backtrace",
    "std::sys::io",
    "std::sys::os_str",
    // What a program is to be started with. It is started elsewhere.
    "std::sys::process::env",
    "std::sys::process::unix::common",
    "std::sys::random",
    "std::sys::stdio",
    // The values of threads that std keeps for itself.
    "std::sys::thread_local",
    "std::thread::local",
];

/// Of these, what reaches outside all the same.
const OUTSIDE: [&str; 2] = ["std::io::pipe", "std::alloc::set_alloc_error_hook"];

/// Types of other modules that the stand-in has from the real std, since they only hold and show something.
const VALUES: [&str; 14] = [
    "std::net::Shutdown",
    "std::os::unix::net::addr::SocketAddr",
    "std::process::CommandArgs",
    "std::process::CommandEnvs",
    "std::process::ExitCode",
    "std::process::ExitStatus",
    "std::process::Output",
    "std::sync::mpsc::RecvError",
    "std::sync::mpsc::RecvTimeoutError",
    "std::sync::mpsc::SendError",
    "std::sync::mpsc::TryRecvError",
    "std::sync::mpsc::TrySendError",
    "std::sync::poison::PoisonError",
    "std::sync::poison::TryLockError",
];

/// Methods of a path that ask the file system.
const ASKING: [&str; 10] = [
    "exists",
    "try_exists",
    "metadata",
    "symlink_metadata",
    "canonicalize",
    "read_link",
    "read_dir",
    "is_file",
    "is_dir",
    "is_symlink",
];

/// Whether code that is explored may use what was written in this module; `shown` is the symbol as a person writes it.
pub(super) fn is_explored(module: &str, shown: &str) -> bool {
    let is_below = |path: &str, other: &str| {
        let rest = path.strip_prefix(other);
        rest.is_some_and(|rest| !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_'))
    };
    let (of, method) = (shown.trim_start_matches(['<', '&']), shown.rsplit("::").next().unwrap_or_default());
    if of_crate(module) != "std" || VALUES.iter().any(|value| is_below(of, value)) {
        return true;
    }
    let asks = is_below(module, "std::path") && ASKING.contains(&method);
    let is_in = |all: &[&str]| all.iter().any(|other| is_below(module, other));
    is_in(&EXPLORED) && !is_in(&OUTSIDE) && !asks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_allowed_by_name_and_type() {
        for name in
            [".text", ".text._RNvC7subject4work", ".data.rel.ro..Lanon.1", ".tbss.X", ".debug_line", ".eh_frame"]
        {
            assert!(is_section(name.as_bytes(), elf::SHT_PROGBITS), "{name}");
        }
        for (name, kind) in [
            (".init_array", elf::SHT_INIT_ARRAY),
            (".init_array.00099", elf::SHT_PROGBITS),
            (".data.x", elf::SHT_INIT_ARRAY),
            (".preinit_array", elf::SHT_PREINIT_ARRAY),
            (".init", elf::SHT_PROGBITS),
            (".ctors", elf::SHT_PROGBITS),
            (".textual", elf::SHT_PROGBITS),
            (".deplibs", elf::SHT_LLVM_DEPENDENT_LIBRARIES),
            ("hidden_tests", elf::SHT_PROGBITS),
        ] {
            assert!(!is_section(name.as_bytes(), kind), "{name}");
        }
    }

    #[test]
    fn the_compiler_s_functions_are_known_from_others() {
        for name in [
            "memcpy",
            "__udivti3",
            "__umodti3",
            "__fixunsdfti",
            "__floattisf",
            "__floatuntidf",
            "__powidf2",
            "__mulodi4",
            "__extendsfdf2",
            "__truncdfsf2",
            "__popcountdi2",
            "floor",
            "roundf",
            "sincosf",
            "atan2f",
        ] {
            assert!(is_of_the_compiler(name), "{name}");
        }
        for name in [
            "kill",
            "malloc",
            "syscall",
            "prctl",
            "__open64_2",
            "__getpid",
            "__gettimeofday",
            "__clone2",
            "__libc_start_main",
            "__rust_alloc",
            "_Unwind_ForcedUnwind",
            "close",
            "ff",
            "f",
            "",
            "__read_chk",
            "__lseek64",
        ] {
            assert!(!is_of_the_compiler(name), "{name}");
        }
    }

    #[test]
    fn what_reaches_outside_is_not_explored() {
        for (module, shown) in [
            ("std::thread::spawn", "std::thread::spawn"),
            ("std::thread::localized", "std::thread::localized::x"),
            ("std::sync::mpsc", "<std::sync::mpsc::Receiver<u8>>::recv"),
            ("std::sys::sync::mutex::futex", "<std::sys::sync::mutex::futex::Mutex>::lock_contended"),
            ("std::time", "<std::time::Instant>::now"),
            ("std::net::tcp", "<std::net::tcp::TcpStream>::connect"),
            ("std::fs", "<std::fs::OpenOptions>::open"),
            ("std::process", "<std::process::Command>::spawn"),
            ("std::sys::process::unix::unix", "<std::sys::process::unix::common::Command>::spawn"),
            ("std::process", "<std::process::ExitStatusOfMine>::x"),
            ("std::env::args", "std::env::args"),
            ("std::path", "<std::path::Path>::exists"),
            ("std::path", "<std::path::Path>::read_link"),
            ("std::io::pipe", "std::io::pipe::pipe"),
        ] {
            assert!(!is_explored(module, shown), "{shown}");
        }
        for (module, shown) in [
            ("core::fmt", "core::fmt::write"),
            ("std::path", "<std::path::Path>::_join"),
            ("std::io::error", "<std::io::error::Error>::_new"),
            ("std::thread::local", "std::thread::local::panic_access_error"),
            ("std::os::unix::process", "<std::process::ExitStatus as std::os::unix::process::ExitStatusExt>::signal"),
            ("std::sync::mpsc", "<std::sync::mpsc::RecvError as core::fmt::Display>::fmt"),
        ] {
            assert!(is_explored(module, shown), "{shown}");
        }
    }
}
