//! The kernel's filter of system calls (seccomp).
//!
//! A test gets a short list of calls; every other one does not exist for it. A compiler is our program that reads hostile text: it
//! gets everything but what reaches into other processes, the kernel or the machine.

use super::plan::Access;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule, TargetArch,
};
use std::collections::BTreeMap;

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Every flag of `clone` that makes a namespace (`linux/sched.h`).
const NEW_NAMESPACES: u64 = (libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET) as u64
    | 0x80;

/// The filters for one program, in the order in which they are applied.
///
/// # Errors
/// If this processor is not known.
pub(super) fn filters(access: &Access) -> Result<Vec<BpfProgram>, String> {
    let missing = || SeccompAction::Errno(libc::ENOSYS as u32);
    if access.strict {
        return Ok(vec![program(needed(access), missing(), SeccompAction::Allow)?]);
    }
    // The flags of `clone3` lie in memory, where no filter can look. Everybody falls back to `clone`.
    let without = [(libc::SYS_clone3, Vec::new())].into();
    let refused = SeccompAction::Errno(libc::EPERM as u32);
    Ok(vec![program(without, SeccompAction::Allow, missing())?, program(outward(), SeccompAction::Allow, refused)?])
}

/// A filter that does one thing for calls that match and another for all others.
fn program(rules: Rules, otherwise: SeccompAction, matched: SeccompAction) -> Result<BpfProgram, String> {
    let architecture = TargetArch::try_from(std::env::consts::ARCH).map_err(|error| error.to_string())?;
    let filter = SeccompFilter::new(rules, otherwise, matched, architecture).map_err(|error| error.to_string())?;
    filter.try_into().map_err(|error: seccompiler::BackendError| error.to_string())
}

/// What a test may call, and with which arguments.
fn needed(access: &Access) -> Rules {
    let calls = CALLS.iter().chain(if access.processes { PROCESSES } else { &[] });
    let mut rules: Rules = calls.map(|call| (*call, Vec::new())).collect();
    let one_of = |argument: u8, values: &[u64]| -> Vec<SeccompRule> {
        values.iter().map(|value| rule(argument, SeccompCmpOp::Eq, *value)).collect()
    };
    let families = if access.network { &[libc::AF_UNIX, libc::AF_INET, libc::AF_INET6][..] } else { &[libc::AF_UNIX] };
    rules.insert(libc::SYS_socket, one_of(0, &families.iter().map(|family| *family as u64).collect::<Vec<_>>()));
    // A thread in any case; a process where they are allowed; a namespace never.
    let fixed = if access.processes { NEW_NAMESPACES } else { NEW_NAMESPACES | libc::CLONE_THREAD as u64 };
    let wanted = fixed & libc::CLONE_THREAD as u64;
    rules.insert(libc::SYS_clone, vec![rule(0, SeccompCmpOp::MaskedEq(fixed), wanted)]);
    // What std and tokio ask of descriptors. Characters cannot be put into a terminal's input.
    let questions = [libc::FIONBIO, libc::FIOCLEX, libc::FIONCLEX, libc::FIONREAD, libc::TCGETS, libc::TIOCGWINSZ];
    rules.insert(libc::SYS_ioctl, one_of(1, &questions));
    let options = [
        libc::PR_SET_NAME,
        libc::PR_GET_NAME,
        libc::PR_SET_VMA,
        libc::PR_SET_PDEATHSIG,
        libc::PR_SET_DUMPABLE,
        libc::PR_SET_CHILD_SUBREAPER,
    ];
    rules.insert(libc::SYS_prctl, one_of(0, &options.map(|option| option as u64)));
    // Its own limits, which it can only lower.
    rules.insert(libc::SYS_prlimit64, one_of(0, &[0]));
    // Memory is written or executed, not both.
    let (write, execute) = (libc::PROT_WRITE as u64, libc::PROT_EXEC as u64);
    let either = [0, write, execute].map(|value| rule(2, SeccompCmpOp::MaskedEq(write | execute), value));
    rules.insert(libc::SYS_mmap, either.to_vec());
    rules.insert(libc::SYS_mprotect, either.to_vec());
    rules
}

/// What a compiler may not call.
fn outward() -> Rules {
    let mut rules: Rules = OUTWARD.iter().map(|call| (*call, Vec::new())).collect();
    rules.insert(libc::SYS_socket, vec![rule(0, SeccompCmpOp::Ne, libc::AF_UNIX as u64)]);
    let flags = (0..32).map(|bit| 1_u64 << bit).filter(|flag| NEW_NAMESPACES & flag != 0);
    rules.insert(libc::SYS_clone, flags.map(|flag| rule(0, SeccompCmpOp::MaskedEq(flag), flag)).collect());
    rules.insert(libc::SYS_ioctl, vec![rule(1, SeccompCmpOp::Eq, libc::TIOCSTI)]);
    rules
}

/// Holds for one argument. The kernel ignores the upper half of all that are looked at so.
fn rule(argument: u8, operator: SeccompCmpOp, value: u64) -> SeccompRule {
    let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value);
    SeccompRule::new(vec![condition.expect("a call has six arguments")]).expect("there is a condition")
}

/// What a test can call.
#[rustfmt::skip]
const CALLS: &[i64] = &[
    // Files, as far as the root and Landlock let it.
    libc::SYS_read, libc::SYS_write, libc::SYS_readv, libc::SYS_writev, libc::SYS_pread64, libc::SYS_pwrite64,
    libc::SYS_preadv, libc::SYS_pwritev, libc::SYS_preadv2, libc::SYS_pwritev2, libc::SYS_openat, libc::SYS_close,
    libc::SYS_close_range, libc::SYS_fstat, libc::SYS_newfstatat, libc::SYS_statx, libc::SYS_lseek, libc::SYS_faccessat,
    libc::SYS_faccessat2, libc::SYS_readlinkat, libc::SYS_getdents64, libc::SYS_getcwd, libc::SYS_chdir,
    libc::SYS_mkdirat, libc::SYS_unlinkat, libc::SYS_renameat, libc::SYS_renameat2, libc::SYS_ftruncate, libc::SYS_fallocate,
    libc::SYS_fsync, libc::SYS_fdatasync, libc::SYS_fcntl, libc::SYS_dup, libc::SYS_dup3, libc::SYS_pipe2,
    libc::SYS_memfd_create, libc::SYS_copy_file_range, libc::SYS_sendfile, libc::SYS_splice,
    #[cfg(target_arch = "x86_64")] libc::SYS_open,
    #[cfg(target_arch = "x86_64")] libc::SYS_stat,
    #[cfg(target_arch = "x86_64")] libc::SYS_lstat,
    #[cfg(target_arch = "x86_64")] libc::SYS_access,
    #[cfg(target_arch = "x86_64")] libc::SYS_readlink,
    #[cfg(target_arch = "x86_64")] libc::SYS_unlink,
    #[cfg(target_arch = "x86_64")] libc::SYS_mkdir,
    #[cfg(target_arch = "x86_64")] libc::SYS_rmdir,
    #[cfg(target_arch = "x86_64")] libc::SYS_rename,
    #[cfg(target_arch = "x86_64")] libc::SYS_pipe,
    #[cfg(target_arch = "x86_64")] libc::SYS_dup2,
    #[cfg(target_arch = "x86_64")] libc::SYS_time,
    #[cfg(target_arch = "x86_64")] libc::SYS_arch_prctl,
    #[cfg(target_arch = "x86_64")] libc::SYS_poll,
    #[cfg(target_arch = "x86_64")] libc::SYS_select,
    #[cfg(target_arch = "x86_64")] libc::SYS_epoll_create,
    #[cfg(target_arch = "x86_64")] libc::SYS_epoll_wait,
    #[cfg(target_arch = "x86_64")] libc::SYS_eventfd,
    // Memory.
    libc::SYS_munmap, libc::SYS_mremap, libc::SYS_madvise, libc::SYS_brk,
    libc::SYS_msync, libc::SYS_mincore, libc::SYS_mlock, libc::SYS_mlock2, libc::SYS_munlock, libc::SYS_membarrier,
    // Threads.
    libc::SYS_set_tid_address, libc::SYS_set_robust_list, libc::SYS_get_robust_list, libc::SYS_rseq,
    libc::SYS_futex, FUTEX_WAITV, FUTEX_WAKE, FUTEX_WAIT, FUTEX_REQUEUE, libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity, libc::SYS_sched_setaffinity, libc::SYS_sched_getparam, libc::SYS_sched_getscheduler,
    libc::SYS_gettid, libc::SYS_exit, libc::SYS_exit_group,
    // Itself.
    libc::SYS_getpid, libc::SYS_getppid, libc::SYS_getuid, libc::SYS_geteuid, libc::SYS_getgid, libc::SYS_getegid,
    libc::SYS_getpgid, libc::SYS_uname, libc::SYS_sysinfo, libc::SYS_getrandom, libc::SYS_getrusage, libc::SYS_times,
    libc::SYS_umask, libc::SYS_getcpu, libc::SYS_execve, libc::SYS_restart_syscall,
    #[cfg(target_arch = "x86_64")] libc::SYS_getrlimit,
    // Time.
    libc::SYS_nanosleep, libc::SYS_clock_nanosleep, libc::SYS_clock_gettime, libc::SYS_clock_getres, libc::SYS_gettimeofday,
    libc::SYS_setitimer, libc::SYS_getitimer, libc::SYS_timer_create,
    libc::SYS_timer_settime, libc::SYS_timer_gettime, libc::SYS_timer_delete, libc::SYS_timer_getoverrun, libc::SYS_timerfd_create, libc::SYS_timerfd_settime, libc::SYS_timerfd_gettime,
    // Signals to itself. To others: the process namespace or Landlock stands between.
    libc::SYS_rt_sigaction, libc::SYS_rt_sigprocmask, libc::SYS_rt_sigreturn, libc::SYS_rt_sigpending,
    libc::SYS_rt_sigsuspend, libc::SYS_rt_sigtimedwait, libc::SYS_sigaltstack, libc::SYS_tgkill, libc::SYS_signalfd4,
    // Waiting for events, and sockets.
    libc::SYS_ppoll, libc::SYS_pselect6, libc::SYS_epoll_create1, libc::SYS_epoll_ctl, libc::SYS_epoll_pwait,
    libc::SYS_epoll_pwait2, libc::SYS_eventfd2, libc::SYS_socketpair, libc::SYS_bind, libc::SYS_listen,
    libc::SYS_accept, libc::SYS_accept4, libc::SYS_connect, libc::SYS_getsockname, libc::SYS_getpeername,
    libc::SYS_setsockopt, libc::SYS_getsockopt, libc::SYS_sendto, libc::SYS_recvfrom, libc::SYS_sendmsg,
    libc::SYS_recvmsg, libc::SYS_sendmmsg, libc::SYS_recvmmsg, libc::SYS_shutdown,
];

/// What a test can call besides, where it may start processes.
#[rustfmt::skip]
const PROCESSES: &[i64] = &[
    libc::SYS_wait4, libc::SYS_waitid, libc::SYS_kill, libc::SYS_pidfd_open, libc::SYS_pidfd_send_signal,
    libc::SYS_setpgid, libc::SYS_setsid, libc::SYS_getsid,
    #[cfg(target_arch = "x86_64")] libc::SYS_fork,
    #[cfg(target_arch = "x86_64")] libc::SYS_vfork,
    #[cfg(target_arch = "x86_64")] libc::SYS_getpgrp,
];

/// What a compiler cannot call: all that reaches into other processes, the kernel, the machine.
#[rustfmt::skip]
const OUTWARD: &[i64] = &[
    libc::SYS_ptrace, libc::SYS_process_vm_readv, libc::SYS_process_vm_writev, libc::SYS_pidfd_getfd, libc::SYS_kcmp,
    libc::SYS_bpf, libc::SYS_perf_event_open, libc::SYS_userfaultfd, libc::SYS_io_uring_setup, libc::SYS_io_uring_enter,
    libc::SYS_keyctl, libc::SYS_add_key, libc::SYS_request_key, libc::SYS_unshare, libc::SYS_setns, libc::SYS_mount,
    libc::SYS_umount2, libc::SYS_pivot_root, libc::SYS_chroot, libc::SYS_fsopen, libc::SYS_fsmount, libc::SYS_move_mount,
    libc::SYS_open_tree, libc::SYS_mount_setattr, libc::SYS_open_by_handle_at, libc::SYS_name_to_handle_at,
    libc::SYS_init_module, libc::SYS_finit_module, libc::SYS_delete_module, libc::SYS_kexec_load, libc::SYS_reboot,
    libc::SYS_swapon, libc::SYS_swapoff, libc::SYS_acct, libc::SYS_quotactl, libc::SYS_syslog, libc::SYS_vhangup,
    libc::SYS_settimeofday, libc::SYS_clock_settime, libc::SYS_adjtimex, libc::SYS_clock_adjtime, libc::SYS_personality,
    libc::SYS_mknodat, libc::SYS_shmget, libc::SYS_shmat, libc::SYS_msgget, libc::SYS_semget, libc::SYS_mq_open,
    #[cfg(target_arch = "x86_64")] libc::SYS_mknod,
    #[cfg(target_arch = "x86_64")] libc::SYS_iopl,
    #[cfg(target_arch = "x86_64")] libc::SYS_ioperm,
    #[cfg(target_arch = "x86_64")] libc::SYS_modify_ldt,
];

/// Numbers that `libc` does not have yet (`asm-generic/unistd.h`); the same on every processor.
const FUTEX_WAITV: i64 = 449;
const FUTEX_WAKE: i64 = 454;
const FUTEX_WAIT: i64 = 455;
const FUTEX_REQUEUE: i64 = 456;
