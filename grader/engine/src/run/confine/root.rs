//! A private root: an empty file system in memory, with nothing in it but what the plan names, bound in read-only.
//!
//! Everything else of the machine does not exist for the program: no hidden tests, no home folders, no `/proc`.

use super::plan::Plan;
use std::ffi::CString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, symlink};
use std::path::{Path, PathBuf};

/// Where a program starts that was given no folder.
pub(super) const WORK: &str = "/work";

/// The folders of a program that was given none. `/dev/shm` is where POSIX shared memory lies.
pub(super) const PRIVATE: [&str; 3] = [WORK, "/tmp", "/dev/shm"];

/// The devices that a program can use.
const DEVICES: [&str; 5] = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];

/// Top-level links of a system on which `/lib` is `/usr/lib`.
const LINKS: [&str; 5] = ["/bin", "/sbin", "/lib", "/lib32", "/lib64"];

/// Folders and files at most in all private file systems together.
const MOST_FILES: u32 = 4096;

/// Builds the root and makes it the root of this process. Needs a mount namespace of its own.
///
/// # Errors
/// What the kernel refused, and for which path.
pub(super) fn enter(plan: &Plan) -> Result<(), String> {
    let base = &plan.mount_point;
    mount("none", Path::new("/"), "", libc::MS_REC | libc::MS_PRIVATE, "").map_err(at("make mounts private", base))?;
    let size = format!("size=16m,nr_inodes={MOST_FILES},mode=755");
    mount("tmpfs", base, "tmpfs", libc::MS_NOSUID | libc::MS_NODEV, &size).map_err(at("mount a root", base))?;
    for link in LINKS {
        if let Ok(target) = fs::read_link(link) {
            // Relative, so that it leads to a place inside while the root is being built, too.
            let target = target.strip_prefix("/").unwrap_or(&target);
            let inside = base.join(target);
            fs::create_dir_all(&inside).map_err(at("create", &inside))?;
            symlink(target, within(base, Path::new(link))).map_err(at("link", Path::new(link)))?;
        }
    }
    let private = if plan.folder.is_none() { &PRIVATE[..] } else { &[] };
    let mut reads: Vec<&PathBuf> = plan.access.reads.iter().collect();
    // A folder before what is in it.
    reads.sort();
    let is_below = |path: &&PathBuf| private.iter().any(|folder| path.starts_with(folder));
    let (below, reads): (Vec<_>, Vec<_>) = reads.into_iter().partition(is_below);
    for path in reads {
        bind(path, &within(base, path))?;
    }
    let program = plan.shown_as.as_deref().unwrap_or(&plan.program);
    bind(&plan.program, &within(base, program))?;
    // What a program asks for its own name (`std::env::current_exe`), and nothing else of `/proc`.
    let own = within(base, Path::new("/proc/self"));
    fs::create_dir_all(&own).map_err(at("create", &own))?;
    symlink(program, own.join("exe")).map_err(at("link", &own))?;
    for folder in private.iter().map(Path::new).chain(plan.access.writes.iter().map(PathBuf::as_path)) {
        let inside = within(base, folder);
        fs::create_dir_all(&inside).map_err(at("create", &inside))?;
    }
    let devices = within(base, Path::new("/dev"));
    fs::create_dir_all(&devices).map_err(at("create", &devices))?;
    for device in DEVICES.map(Path::new) {
        let inside = within(base, device);
        fs::write(&inside, "").map_err(at("create", &inside))?;
    }
    read_only(base)?;
    for device in DEVICES.map(Path::new) {
        // One that the machine does not have is missing inside, too.
        if fs::metadata(device).is_ok_and(|kind| kind.file_type().is_char_device()) {
            mount_bind(device, &within(base, device))?;
        }
    }
    let scratch = format!("size={},nr_inodes={MOST_FILES},mode=1777", plan.quota.scratch.max(4096));
    for folder in private {
        let inside = within(base, Path::new(folder));
        let flags = libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC;
        mount("tmpfs", &inside, "tmpfs", flags, &scratch).map_err(at("mount a private folder", &inside))?;
    }
    // What lies in a folder that is private, such as a compiler below `/tmp`, is shown there all the same.
    for path in below.into_iter().filter(|path| path.exists()) {
        let inside = within(base, path);
        bind(path, &inside)?;
        read_only(&inside)?;
    }
    for folder in &plan.access.writes {
        mount_bind(folder, &within(base, folder))?;
    }
    pivot(base)
}

/// The place of `path` below the new root.
fn within(base: &Path, path: &Path) -> PathBuf {
    base.join(path.strip_prefix("/").unwrap_or(path))
}

/// Shows a file or folder of the machine inside; one that does not exist is left out.
fn bind(path: &Path, inside: &Path) -> Result<(), String> {
    let Ok(kind) = fs::metadata(path) else { return Ok(()) };
    if fs::symlink_metadata(inside).is_err() {
        let folder = if kind.is_dir() { inside } else { inside.parent().unwrap_or(inside) };
        fs::create_dir_all(folder).map_err(at("create", folder))?;
        if !kind.is_dir() {
            fs::write(inside, "").map_err(at("create", inside))?;
        }
    } else if fs::symlink_metadata(inside).is_ok_and(|kind| kind.is_symlink()) {
        // Reached through a link that is there already.
        return Ok(());
    }
    mount_bind(path, inside)
}

fn mount_bind(path: &Path, inside: &Path) -> Result<(), String> {
    let source = path.to_str().ok_or_else(|| format!("{} is not UTF-8", path.display()))?;
    mount(source, inside, "", libc::MS_BIND | libc::MS_REC, "").map_err(at("bind", path))
}

/// Everything mounted so far becomes read-only, and no file in it raises anybody's rights.
fn read_only(base: &Path) -> Result<(), String> {
    let attributes = libc::mount_attr {
        attr_set: libc::MOUNT_ATTR_RDONLY | libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NODEV,
        attr_clr: 0,
        propagation: 0,
        userns_fd: 0,
    };
    let path = text(base);
    // SAFETY: a path that ends with a zero byte, and attributes of the size that is told.
    let result = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            libc::AT_FDCWD,
            path.as_ptr(),
            libc::AT_RECURSIVE,
            &raw const attributes,
            size_of::<libc::mount_attr>(),
        )
    };
    checked(result).map_err(at("make read-only", base))
}

/// Makes `base` the root, and lets go of the old one.
fn pivot(base: &Path) -> Result<(), String> {
    std::env::set_current_dir(base).map_err(at("enter", base))?;
    // SAFETY: both paths end with a zero byte. "." twice puts the old root on top of the new one (pivot_root(2)).
    let result = unsafe { libc::syscall(libc::SYS_pivot_root, c".".as_ptr(), c".".as_ptr()) };
    checked(result).map_err(at("change the root to", base))?;
    // SAFETY: as above.
    let result = unsafe { libc::umount2(c".".as_ptr(), libc::MNT_DETACH) };
    checked(result.into()).map_err(at("let go of the old root below", base))?;
    std::env::set_current_dir("/").map_err(at("enter the new root", base))
}

fn mount(source: &str, target: &Path, kind: &str, flags: libc::c_ulong, data: &str) -> io::Result<()> {
    let (source, target) = (text(Path::new(source)), text(target));
    let (kind, data) = (text(Path::new(kind)), text(Path::new(data)));
    // SAFETY: all four end with a zero byte and live through the call.
    let result = unsafe { libc::mount(source.as_ptr(), target.as_ptr(), kind.as_ptr(), flags, data.as_ptr().cast()) };
    checked(result.into())
}

/// A path for the kernel. What lies behind a zero byte, which no path has, is lost.
fn text(path: &Path) -> CString {
    let bytes = path.as_os_str().as_bytes();
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    CString::new(&bytes[..end]).unwrap_or_default()
}

fn checked(result: libc::c_long) -> io::Result<()> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

fn at<'a>(what: &'a str, path: &'a Path) -> impl Fn(io::Error) -> String + 'a {
    move |error| format!("cannot {what} {}: {error}", path.display())
}
