//! What the modules that have a stand-in promise besides their items, which `grader/surface` compares: auto traits, constants, other
//! paths to the same. Compiled twice: against the real `std`, so that no line asks for what is not there, and against its stand-in.

use std::sync::Arc;
use std::sync::Barrier;
use std::sync::BarrierWaitResult;
use std::sync::Condvar;
use std::sync::LazyLock;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::Once;
use std::sync::OnceLock;
use std::sync::OnceState;
use std::sync::RwLock;
use std::sync::RwLockReadGuard;
use std::sync::RwLockWriteGuard;
use std::sync::WaitTimeoutResult;

use std::sync::mpsc::IntoIter;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::Sender;
use std::sync::mpsc::SyncSender;

use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicUsize;

use std::thread::AccessError;
use std::thread::Builder;
use std::thread::JoinHandle;
use std::thread::LocalKey;
use std::thread::Scope;
use std::thread::ScopedJoinHandle;
use std::thread::Thread;
use std::thread::ThreadId;

use std::time::Instant;
use std::time::SystemTime;
use std::time::SystemTimeError;

use std::os::unix::net::Incoming;
use std::os::unix::net::SocketAddr;
use std::os::unix::net::UnixListener;
use std::os::unix::net::UnixStream;

use std::os::fd::AsFd;
use std::os::fd::AsRawFd;
use std::os::fd::BorrowedFd;
use std::os::fd::IntoRawFd;
use std::os::fd::OwnedFd;
use std::os::unix::io::AsFd as _;
use std::os::unix::prelude::AsRawFd as _;

use std::os::unix::process::CommandExt;
use std::process::Child;
use std::process::ChildStderr;
use std::process::ChildStdin;
use std::process::ChildStdout;
use std::process::Command;
use std::process::ExitCode;
use std::process::ExitStatus;
use std::process::Output;
use std::process::Stdio;

use std::panic::RefUnwindSafe;
use std::panic::UnwindSafe;

fn is_send_and_sync<T: Send + Sync + ?Sized>() {}
fn is_send<T: Send + ?Sized>() {}
fn is_sync<T: Sync + ?Sized>() {}
fn is_unwind_safe<T: UnwindSafe + RefUnwindSafe + ?Sized>() {}

/// What may go to another thread, and what survives a caught panic, is part of an API too.
pub fn auto_traits<T: Send + 'static, S: Send + Sync + 'static>() {
    is_send_and_sync::<(Barrier, BarrierWaitResult, Condvar, Once, Mutex<T>, RwLock<S>, OnceLock<S>, LazyLock<S>)>();
    is_send_and_sync::<Mutex<dyn Send>>();
    is_send_and_sync::<RwLock<dyn Send + Sync>>();
    is_send_and_sync::<(Sender<T>, SyncSender<T>, JoinHandle<T>, Thread, ThreadId, Builder, Scope, LocalKey<T>)>();
    is_send_and_sync::<(ScopedJoinHandle<T>, Instant, SystemTime, SystemTimeError, AccessError, WaitTimeoutResult)>();
    is_send::<(Receiver<T>, IntoIter<T>, OnceState, RwLock<T>, OnceLock<T>, LazyLock<T>)>();
    is_sync::<MutexGuard<S>>();
    is_sync::<RwLockReadGuard<S>>();
    is_sync::<RwLockWriteGuard<S>>();
    is_unwind_safe::<(Barrier, Condvar, Once, Mutex<T>, RwLock<T>, MutexGuard<T>, RwLockWriteGuard<T>)>();
    is_unwind_safe::<(Sender<T>, SyncSender<T>, Receiver<T>, Thread, ThreadId, Builder, LocalKey<T>)>();
    fn is_ref_unwind_safe<T: RefUnwindSafe>() {}
    is_ref_unwind_safe::<Scope>();
    is_unwind_safe::<(OnceLock<u8>, LazyLock<u8>, Instant, SystemTime, BarrierWaitResult)>();
}

/// Descriptors and processes, as far as they have a stand-in.
pub fn around_sockets(stream: UnixStream, listener: UnixListener, mut command: Command, mut child: Child) {
    is_send_and_sync::<(UnixStream, UnixListener, Incoming, OwnedFd, BorrowedFd, SocketAddr, Command, Child, Stdio)>();
    is_send_and_sync::<(ChildStdin, ChildStdout, ChildStderr, ExitStatus, ExitCode, Output)>();
    is_unwind_safe::<(UnixStream, UnixListener, OwnedFd, BorrowedFd, Stdio, Child, ChildStdin)>();
    fn reads_and_writes<T: std::io::Read + std::io::Write + AsFd + AsRawFd + IntoRawFd + std::fmt::Debug>() {}
    reads_and_writes::<UnixStream>();
    fn has_descriptor<T: AsFd + AsRawFd>(_: &T) {}
    has_descriptor(&std::io::stdin());
    has_descriptor(&std::io::stdout().lock());
    has_descriptor(&Arc::new(listener));
    command.arg0("name").process_group(0).uid(1).gid(1).stdin(Stdio::inherit()).stderr(std::io::stdout());
    child.stdin.take().map(Stdio::from);
    child.stdout.take().map(OwnedFd::from);
    let _ = (child.id(), child.try_wait(), child.kill(), child.wait(), child.wait_with_output());
    let _ = (stream.as_fd().try_clone_to_owned(), stream.take_error(), stream.into_raw_fd());
}

/// What can be made in a constant.
pub static BARRIER: Barrier = Barrier::new(1);
pub static CONDVAR: Condvar = Condvar::new();
pub static LAZY: LazyLock<u8> = LazyLock::new(|| 1);
pub static MUTEX: Mutex<u8> = Mutex::new(1);
pub static ONCE: Once = Once::new();
pub static ONCE_LOCK: OnceLock<u8> = OnceLock::new();
pub static RW_LOCK: RwLock<u8> = RwLock::new(1);
pub static ATOMIC: AtomicUsize = AtomicUsize::new(1);
pub static FLAG: AtomicBool = AtomicBool::new(true);
