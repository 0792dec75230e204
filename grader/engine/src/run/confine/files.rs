//! Which files of the machine a program needs to run, and folders that change hands.

use super::tier::Confinement;
use std::collections::BTreeSet;
use std::ffi::CString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The system's linker needs all of this; so does a compiler that calls it.
const SYSTEM: [&str; 10] = [
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/etc/ld.so.cache",
    "/etc/alternatives",
    "/nix/store",
    "/opt",
];

/// Libraries that some programs use and this one may not. They lie where the C library lies.
const COMPANIONS: [&str; 4] = ["libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1"];

/// The shared libraries that a program of ours is linked with: those of this process, and their companions.
pub(crate) fn libraries() -> Vec<PathBuf> {
    static LIBRARIES: OnceLock<Vec<PathBuf>> = OnceLock::new();
    let find = || {
        let maps = fs::read_to_string("/proc/self/maps").unwrap_or_default();
        let named =
            maps.lines().filter_map(|line| line.split_once('/').map(|(_, path)| PathBuf::from(format!("/{path}"))));
        let mut found: BTreeSet<PathBuf> = named.filter(|path| path.to_string_lossy().contains(".so")).collect();
        let beside: Vec<PathBuf> = found
            .iter()
            .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("libc.")))
            .flat_map(|path| COMPANIONS.map(|name| path.with_file_name(name)))
            .collect();
        found.extend(beside);
        // The path of the loader is written into every program.
        found.extend(loader());
        found.insert("/etc/ld.so.cache".into());
        found.into_iter().filter(|path| path.exists()).collect()
    };
    LIBRARIES.get_or_init(find).clone()
}

/// The loader, as the architecture's convention names it.
fn loader() -> Vec<PathBuf> {
    match std::env::consts::ARCH {
        "x86_64" => vec!["/lib64/ld-linux-x86-64.so.2".into()],
        "aarch64" => vec!["/lib/ld-linux-aarch64.so.1".into()],
        _ => Vec::new(),
    }
}

/// What a compiler and its linker read of the system.
pub(crate) fn system() -> Vec<PathBuf> {
    SYSTEM.iter().map(PathBuf::from).filter(|path| path.exists()).collect()
}

/// Gives a folder to the user that a confined compiler becomes.
///
/// # Errors
/// If the system refuses.
pub(crate) fn hand_over(folder: &Path, confinement: &Confinement) -> io::Result<()> {
    let Some(user) = confinement.layers.compilers_user else { return Ok(()) };
    let path = CString::new(folder.as_os_str().as_bytes())?;
    // SAFETY: a path that ends with a zero byte. A link is not followed.
    match unsafe { libc::lchown(path.as_ptr(), user, user) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}
