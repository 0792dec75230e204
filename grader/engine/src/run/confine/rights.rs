//! What a process can still do once it is inside: user, capabilities, limits, and Landlock's rules for files, network and signals.

use super::plan::{Plan, Quota};
use super::root::PRIVATE;
use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset,
    RulesetAttr, RulesetCreatedAttr, Scope,
};
use std::io;
use std::path::Path;

/// The newest Landlock that is asked for. An older kernel gives what it has.
const NEWEST: ABI = ABI::V6;

/// Becomes the user `id`, who owns nothing on this machine.
///
/// # Errors
/// If the kernel refuses.
pub(super) fn become_user(id: u32) -> io::Result<()> {
    // SAFETY: plain calls; an empty list of groups needs no pointer.
    unsafe {
        checked(libc::setgroups(0, std::ptr::null()))?;
        checked(libc::setresgid(id, id, id))?;
        checked(libc::setresuid(id, id, id))
    }
}

/// Gives up every capability, for good.
///
/// # Errors
/// If the kernel refuses.
pub(super) fn give_up_capabilities() -> io::Result<()> {
    /// `_LINUX_CAPABILITY_VERSION_3` (`linux/capability.h`).
    const VERSION: u32 = 0x2008_0522;
    /// No kernel has more capabilities than fit into 64 bits.
    const MOST: libc::c_ulong = 63;
    #[repr(C)]
    struct Header {
        version: u32,
        process: i32,
    }
    let header = Header { version: VERSION, process: 0 };
    let none = [0_u32; 6];
    // SAFETY: plain `prctl`s; `capset` reads a header and two triples, which `none` holds.
    unsafe {
        for capability in 0..=MOST {
            // Refused for numbers that this kernel does not know, and without rights there is nothing to drop.
            libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0);
        }
        libc::prctl(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
        checked(libc::syscall(libc::SYS_capset, &raw const header, none.as_ptr()) as libc::c_int)?;
        // Of what is executed from here on, nothing gets more rights than its caller.
        checked(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    }
}

/// Sets the limits, which the process cannot raise again.
pub(super) fn limit(quota: &Quota) {
    set(libc::RLIMIT_CORE, 0, 0);
    set(libc::RLIMIT_MSGQUEUE, 0, 0);
    for (resource, most) in
        [(libc::RLIMIT_DATA, quota.memory), (libc::RLIMIT_FSIZE, quota.file), (libc::RLIMIT_NPROC, quota.tasks)]
    {
        if most > 0 {
            set(resource, most, most);
        }
    }
    if quota.cpu > 0 {
        // At the soft limit it ends by SIGXCPU. At the hard limit it would be killed, as by many other things.
        set(libc::RLIMIT_CPU, quota.cpu, quota.cpu + 10);
    }
}

fn set(resource: libc::__rlimit_resource_t, soft: u64, hard: u64) {
    let limit = libc::rlimit { rlim_cur: soft, rlim_max: hard };
    // SAFETY: a valid limit. A refusal leaves the inherited one, which is stricter.
    unsafe { libc::setrlimit(resource, &raw const limit) };
}

/// Holds this process and all that it starts to the files, the network and the signals that the plan allows.
///
/// # Errors
/// If the kernel has no Landlock, or refuses.
pub(super) fn restrict(plan: &Plan, private_root: bool) -> Result<(), String> {
    let refused = |error: landlock::RulesetError| format!("Landlock: {error}");
    let mut rules = Ruleset::default().set_compatibility(CompatLevel::BestEffort);
    rules = rules.handle_access(AccessFs::from_all(NEWEST)).map_err(refused)?;
    if !plan.access.network {
        rules = rules.handle_access(AccessNet::from_all(NEWEST)).map_err(refused)?;
    }
    rules = rules.scope(Scope::from_all(NEWEST)).map_err(refused)?;
    let mut rules = rules.create().map_err(refused)?;
    let reading = AccessFs::ReadFile | AccessFs::ReadDir | AccessFs::Execute;
    let writing = AccessFs::from_all(NEWEST)
        & !(AccessFs::MakeChar | AccessFs::MakeBlock | AccessFs::Execute | AccessFs::IoctlDev);
    let mut add = |path: &Path, access: BitFlags<AccessFs>| -> Result<(), String> {
        // What is not there needs no rule.
        let Ok(descriptor) = PathFd::new(path) else { return Ok(()) };
        let is_file = std::fs::metadata(path).is_ok_and(|kind| !kind.is_dir());
        let access = if is_file { access & AccessFs::from_file(NEWEST) } else { access };
        (&mut rules).add_rule(PathBeneath::new(descriptor, access)).map_err(refused)?;
        Ok(())
    };
    for path in plan.access.reads.iter().map(std::path::PathBuf::as_path) {
        add(path, reading)?;
    }
    add(plan.shown_as.as_deref().filter(|_| private_root).unwrap_or(&plan.program), reading)?;
    for device in ["/dev/null", "/dev/zero", "/dev/full"] {
        add(Path::new(device), AccessFs::ReadFile | AccessFs::WriteFile)?;
    }
    for device in ["/dev/random", "/dev/urandom"] {
        add(Path::new(device), AccessFs::ReadFile.into())?;
    }
    for folder in plan.access.writes.iter().map(std::path::PathBuf::as_path) {
        add(folder, writing)?;
    }
    if private_root {
        for folder in PRIVATE {
            add(Path::new(folder), writing)?;
        }
        // Links are read with the folder that they are in.
        add(Path::new("/proc"), AccessFs::ReadDir.into())?;
    } else {
        add(&plan.mount_point, writing)?;
    }
    let status = rules.restrict_self().map_err(refused)?;
    if status.ruleset == landlock::RulesetStatus::NotEnforced {
        return Err("this kernel has no Landlock".into());
    }
    Ok(())
}

fn checked(result: libc::c_int) -> io::Result<()> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
