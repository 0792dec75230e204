//! What shared memory is to several objects, threads and processes, and what becomes of it when an owner dies.

use harness::{actor, expect, expect_eq, fact, open_descriptors, peer, peer_command, quiesce, threads_alive};
use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicPtr, Ordering};
use subject::{Guard, OwnerDied, SharedArray, SharedValue, TryLockError};

// ---------------------------------------------------------------------------------------------- what the facts use

/// The environment variable that tells another process the number of the descriptor which it inherits.
const MEMORY: &str = "MEMORY";

fn value(initial: i64) -> SharedValue {
    SharedValue::new(initial).expect("the system has room for a little memory")
}

fn array(initial: &[i32]) -> SharedArray {
    SharedArray::new(initial).expect("the system has room for a little memory")
}

fn same_value(value: &SharedValue) -> SharedValue {
    SharedValue::from_fd(value.descriptor().expect("descriptor() succeeds"))
        .expect("from_fd() takes a descriptor of descriptor()")
}

fn same_array(array: &SharedArray) -> SharedArray {
    SharedArray::from_fd(array.descriptor().expect("descriptor() succeeds"))
        .expect("from_fd() takes a descriptor of descriptor()")
}

/// What `lock` returned, and lets go of it.
fn locking<T: ?Sized>(result: Result<Guard<'_, T>, OwnerDied<'_, T>>) -> &'static str {
    match result {
        Ok(_) => "a guard",
        Err(_) => "OwnerDied",
    }
}

/// What `try_lock` returned, and lets go of it.
fn trying<T: ?Sized>(result: Result<Guard<'_, T>, TryLockError<'_, T>>) -> &'static str {
    match result {
        Ok(_) => "a guard",
        Err(TryLockError::OwnerDied(_)) => "OwnerDied",
        Err(TryLockError::WouldBlock) => "WouldBlock",
    }
}

/// The guard of a lock that nobody has died with.
#[track_caller]
fn entered<'a, T: ?Sized>(result: Result<Guard<'a, T>, OwnerDied<'a, T>>, about: &str) -> Guard<'a, T> {
    result.unwrap_or_else(|_| harness::unmet(about, "a guard", "OwnerDied"))
}

/// What follows the death of an owner.
#[track_caller]
fn in_doubt<'a, T: ?Sized>(result: Result<Guard<'a, T>, OwnerDied<'a, T>>, about: &str) -> OwnerDied<'a, T> {
    result.err().unwrap_or_else(|| harness::unmet(about, "OwnerDied", "a guard"))
}

/// A thread locks, leaks the guard and ends.
fn dies_with(value: &SharedValue) {
    std::thread::scope(|scope| scope.spawn(|| std::mem::forget(value.lock())).join().expect("leaking does not panic"));
}

/// Another process with an object of the same memory, which does as it is told. Killed and waited for when dropped.
struct Other {
    child: Child,
    stream: UnixStream,
}

impl Other {
    fn start(part: &str, descriptor: std::io::Result<OwnedFd>) -> Other {
        let descriptor = descriptor.expect("descriptor() succeeds");
        let (stream, theirs) = UnixStream::pair().expect("the system has room for a socket pair");
        let number = descriptor.as_raw_fd();
        let mut command = peer_command(part);
        command.stdin(Stdio::from(OwnedFd::from(theirs))).env(MEMORY, number.to_string());
        // SAFETY: `fcntl` may be called between fork and exec.
        unsafe {
            command.pre_exec(move || match libc::fcntl(number, libc::F_SETFD, 0) {
                0 => Ok(()),
                _ => Err(std::io::Error::last_os_error()),
            })
        };
        Other { child: command.spawn().expect("the system has room for one more process"), stream }
    }

    /// A puppet with the same value.
    fn with(value: &SharedValue) -> Other {
        Other::start("puppet", value.descriptor())
    }

    fn says(&mut self, byte: u8) {
        self.stream
            .write_all(&[byte])
            .unwrap_or_else(|error| harness::unmet("another process", "it listens", error.to_string()));
    }

    #[track_caller]
    fn hears(&mut self) -> u8 {
        let mut byte = [0];
        let count = self.stream.read(&mut byte).unwrap_or(0);
        expect!(
            count == 1,
            "another process that uses the same memory",
            "it does what the test tells it",
            "it ended early"
        );
        byte[0]
    }

    /// Tells the puppet to lock or try (`b'l'`, `b't'`) and returns what it got.
    #[track_caller]
    fn gets(&mut self, command: u8) -> &'static str {
        self.says(command);
        match self.hears() {
            b'g' => "a guard",
            b'd' => "OwnerDied",
            _ => "WouldBlock",
        }
    }

    /// Tells the puppet something that succeeds.
    #[track_caller]
    fn does(&mut self, command: u8) {
        self.says(command);
        self.hears();
    }

    /// `kill -9`, and waits until it has died.
    fn kill(mut self) {
        let _ = (self.child.kill(), self.child.wait());
    }

    #[track_caller]
    fn finish(mut self) {
        let status = self.child.wait().expect("a child can be waited for");
        expect!(status.success(), "another process that uses the same memory", "it ends well", status.to_string());
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = (self.child.kill(), self.child.wait());
    }
}

/// The descriptor that this process has inherited.
fn inherited() -> OwnedFd {
    let number = std::env::var(MEMORY).ok().and_then(|text| text.parse().ok()).expect("a peer has memory");
    // SAFETY: the parent left it open for this process, which asks once.
    unsafe { OwnedFd::from_raw_fd(number) }
}

/// What the puppet holds.
enum Held<'a> {
    Nothing,
    #[expect(dead_code, reason = "it is held, and that is all")]
    Guard(Guard<'a, i64>),
    Doubt(OwnerDied<'a, i64>),
}

#[peer]
fn puppet(mut stream: UnixStream) {
    let value = SharedValue::from_fd(inherited()).expect("from_fd() takes an inherited descriptor");
    let mut held = Held::Nothing;
    let mut command = [0];
    while stream.read(&mut command).is_ok_and(|count| count == 1) {
        let mut answer = command[0];
        match command[0] {
            b'l' => held = value.lock().map_or_else(Held::Doubt, Held::Guard),
            b't' => match value.try_lock() {
                Ok(guard) => held = Held::Guard(guard),
                Err(TryLockError::OwnerDied(died)) => held = Held::Doubt(died),
                Err(TryLockError::WouldBlock) => {}
            },
            b'r' => {
                if let Held::Doubt(died) = std::mem::replace(&mut held, Held::Nothing) {
                    held = Held::Guard(died.recover());
                }
            }
            b'u' => held = Held::Nothing,
            b'+' => answer = value.fetch_add(1) as u8,
            // Says that it is about to wait.
            b'w' => {
                let _ = stream.write_all(b"w");
                drop(value.lock());
            }
            _ => std::process::exit(0),
        }
        if matches!(command[0], b'l' | b't') {
            answer = match held {
                Held::Nothing => b'w',
                Held::Guard(_) => b'g',
                Held::Doubt(_) => b'd',
            };
        }
        let _ = stream.write_all(&[answer]);
    }
}

/// How often the memory behind a descriptor is mapped into this process.
fn mappings(descriptor: &OwnedFd) -> usize {
    let inode =
        File::from(descriptor.try_clone().expect("a descriptor can be duplicated")).metadata().expect("fstat").ino();
    let maps = fs::read_to_string("/proc/self/maps").expect("a process can read its own mappings");
    // A file on some disk may have the same number.
    let is_it = |line: &&str| line.contains("memfd:") && line.split_whitespace().nth(4) == Some(&inode.to_string());
    maps.lines().filter(is_it).count()
}

fn bytes_of(descriptor: &OwnedFd) -> Vec<u8> {
    let file = File::from(descriptor.try_clone().expect("a descriptor can be duplicated"));
    let mut bytes = vec![0; file.metadata().expect("fstat").len() as usize];
    file.read_exact_at(&mut bytes, 0).expect("memory can be read");
    bytes
}

/// A memfd with these bytes and seals.
fn memory(bytes: &[u8], seals: i32) -> OwnedFd {
    // SAFETY: the name is a C string, and a new descriptor belongs to nobody else.
    let file =
        unsafe { File::from_raw_fd(libc::memfd_create(c"test".as_ptr(), libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING)) };
    file.write_all_at(bytes, 0).expect("memory can be written");
    // SAFETY: a plain system call.
    let sealed = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_ADD_SEALS, seals) };
    assert_eq!(sealed, 0, "a new memfd can be sealed");
    file.into()
}

const SEALED: i32 = libc::F_SEAL_SHRINK | libc::F_SEAL_GROW;

#[track_caller]
fn expect_refused(descriptor: &OwnedFd, about: &str) {
    let copy = || descriptor.try_clone().expect("a descriptor can be duplicated");
    expect_not_a_value(copy(), about);
    expect_kind(SharedArray::from_fd(copy()).map(|_| "an array"), about);
}

#[track_caller]
fn expect_not_a_value(descriptor: OwnedFd, about: &str) {
    expect_kind(SharedValue::from_fd(descriptor).map(|_| "a value"), about);
}

#[track_caller]
fn expect_kind(result: std::io::Result<&str>, about: &str) {
    let seen = result.map_or_else(|error| format!("{:?}", error.kind()), |what| format!("Ok, {what}"));
    expect_eq!(seen, format!("{:?}", ErrorKind::InvalidData), format!("from_fd of {about}"));
}

// ---------------------------------------------------------------------------------------------------- one memory

/// A value is what it was made with, and what was stored or added since.
///
/// Next: look at the place of the value behind the lock: does anything else write to it?
#[fact]
fn a_value_is_what_was_stored() {
    for initial in [0, 1, -1, i64::MIN, i64::MAX] {
        expect_eq!(value(initial).load(), initial, format!("load() of a new value of {initial}"));
    }
    let value = value(5);
    value.store(-7);
    expect_eq!(value.load(), -7, "load() after store(-7)");
    expect_eq!(value.fetch_add(10), -7, "what fetch_add(10) returns for -7");
    expect_eq!(value.load(), 3, "load() after that");
    value.store(i64::MAX);
    expect_eq!(value.fetch_add(2), i64::MAX, "what fetch_add(2) returns for i64::MAX");
    expect_eq!(value.load(), i64::MIN + 1, "load() after fetch_add(2) to i64::MAX");
}

/// An array has the numbers it was made with, and as many; none are fine, and a hundred thousand.
///
/// Next: the length is in the memory, or follows from its size; the numbers begin behind whatever stands before them.
#[fact]
fn an_array_holds_its_numbers() {
    for len in [0, 1, 3, 100_000] {
        let numbers: Vec<i32> = (0..len).map(|number| number * 7 - 11).collect();
        let array = array(&numbers);
        for array in [&array, &same_array(&array)] {
            expect_eq!(array.len(), numbers.len(), "len() of an array");
            expect_eq!(array.is_empty(), numbers.is_empty(), format!("is_empty() of an array of {len}"));
            let guard = entered(array.lock(), "locking a new array");
            expect_eq!(guard.len(), numbers.len(), "the length of the slice in the guard");
            let differs = guard.iter().zip(&numbers).position(|(seen, expected)| seen != expected);
            expect!(
                differs.is_none(),
                format!("an array of {len}"),
                "the numbers it was made with",
                format!("number {differs:?} differs")
            );
        }
    }
}

/// An array of any length has its last number inside its memory.
///
/// Next: the memory is as long as what stands before the numbers and all of them together; one byte less shows when that
/// crosses the end of a page.
#[fact]
fn an_array_of_any_length_fits() {
    for len in 1..1100 {
        let array = array(&vec![9; len]);
        let mut guard = entered(array.lock(), "locking a new array");
        guard[len - 1] += 1;
        expect_eq!(
            (guard[0], guard[len - 1]),
            (if len == 1 { 10 } else { 9 }, 10),
            format!("the ends of {len} numbers")
        );
    }
}

/// Objects from descriptors of one memory are one: each sees what another has written, also when the maker is gone.
///
/// Next: a shared mapping (`MAP_SHARED`) of the same memfd; who goes first must not take anything away from the others.
#[fact]
fn objects_of_one_memory_are_one() {
    let maker = value(1);
    let second = same_value(&maker);
    let third = same_value(&second);
    maker.store(2);
    expect_eq!((second.load(), third.load()), (2, 2), "what two other objects load after the maker's store(2)");
    third.fetch_add(1);
    entered(second.lock(), "locking through another object").set(third.load() * 10);
    expect_eq!(maker.load(), 30, "what the maker loads after the others have added 1 and set ten times that");
    let guard = entered(third.lock(), "locking through a third object");
    drop(maker);
    expect_eq!(
        trying(second.try_lock()),
        "WouldBlock",
        "try_lock() when another object than the locked one was dropped"
    );
    drop(second);
    drop(guard);
    expect_eq!(trying(third.try_lock()), "a guard", "try_lock() when the other objects were dropped");
    expect_eq!(locking(third.lock()), "a guard", "lock() when the other objects were dropped");
    let descriptor = third.descriptor().expect("descriptor() succeeds");
    drop(third);
    let last = SharedValue::from_fd(descriptor).map(|value| value.load());
    expect!(
        matches!(last, Ok(30)),
        "an object made when only a descriptor was left",
        "it loads 30",
        format!("{last:?}")
    );

    let maker = array(&[1, 2, 3]);
    let other = same_array(&maker);
    entered(other.lock(), "locking through another object")[2] = 30;
    drop(other);
    expect_eq!(
        entered(maker.lock(), "locking the maker")[..],
        [1, 2, 30],
        "an array after another object has set a number"
    );
}

/// Memory of different `new`s has nothing in common: neither data nor lock.
///
/// Next: nothing of the memory may be in a `static` or under a fixed name.
#[fact]
fn memories_are_independent() {
    let (one, two) = (value(1), value(2));
    let (left, right) = (array(&[1]), array(&[2]));
    let _guards = (entered(one.lock(), "locking a value"), entered(left.lock(), "locking an array"));
    expect_eq!(trying(two.try_lock()), "a guard", "try_lock() of another value");
    expect_eq!(trying(right.try_lock()), "a guard", "try_lock() of another array");
    two.store(20);
    entered(right.lock(), "locking another array")[0] = 20;
    expect_eq!((one.load(), two.load()), (1, 20), "two values after one of them was stored to");
    expect_eq!(_guards.1[0], 1, "an array after another one was written to");
}

/// Another process sees what is written here, and the other way round.
///
/// Next: `from_fd` maps what it is given; whose process that is makes no difference.
#[fact]
fn another_process_shares_the_memory() {
    let value = value(40);
    let mut other = Other::with(&value);
    other.says(b'+');
    expect_eq!(other.hears(), 40, "what another process's fetch_add(1) returns for a value of 40");
    expect_eq!(value.load(), 41, "the value here after that");
    value.store(50);
    other.says(b'+');
    expect_eq!(other.hears(), 50, "what its fetch_add(1) returns after store(50) here");
    expect_eq!(value.load(), 51, "the value here after that");
}

#[peer]
fn doubles_an_array(mut stream: UnixStream) {
    let array = SharedArray::from_fd(inherited()).expect("from_fd() takes an inherited descriptor");
    array.lock().expect("nobody has died").iter_mut().for_each(|number| *number *= 2);
    let _ = stream.write_all(&[array.len() as u8]);
}

/// Another process changes the numbers of an array, and ends; its changes stay.
///
/// Next: when a process ends its mappings go, not the memory.
#[fact]
fn another_process_shares_an_array() {
    let array = array(&[1, -2, 300]);
    let mut other = Other::start("doubles_an_array", array.descriptor());
    expect_eq!(other.hears(), 3, "how many numbers another process sees");
    other.finish();
    let guard = entered(array.lock(), "locking after another process has released the lock and ended");
    expect_eq!(guard[..], [2, -4, 600], "the numbers after another process has doubled them");
}

// ------------------------------------------------------------------------------------------------------- the lock

/// One guard at a time: `try_lock` is `WouldBlock` while somebody has one, through whichever object, in the same thread too.
///
/// Next: the lock is in the shared memory, not in the object; and it is not a recursive one.
#[fact]
fn one_guard_at_a_time() {
    let one = value(0);
    let two = same_value(&one);
    let guard = entered(one.lock(), "locking a new value");
    expect_eq!(trying(one.try_lock()), "WouldBlock", "try_lock() through the object that is locked");
    expect_eq!(trying(two.try_lock()), "WouldBlock", "try_lock() through another object of the same memory");
    let seen =
        std::thread::scope(|scope| scope.spawn(|| trying(one.try_lock())).join().expect("try_lock does not panic"));
    expect_eq!(seen, "WouldBlock", "try_lock() in another thread");
    drop(guard);
    let guard = two.try_lock().ok();
    expect!(guard.is_some(), "try_lock() when the guard was dropped", "a guard", "none");
    expect_eq!(trying(one.try_lock()), "WouldBlock", "try_lock() while a guard of try_lock() is held");
    drop(guard);

    let one = array(&[1]);
    let two = same_array(&one);
    let guard = entered(one.lock(), "locking a new array");
    expect_eq!(trying(two.try_lock()), "WouldBlock", "try_lock() through another object of a locked array");
    drop(guard);
    expect_eq!(trying(two.try_lock()), "a guard", "try_lock() of an array when the guard was dropped");
}

/// `lock` waits while somebody holds the lock, through whichever object, and goes on when it is released.
///
/// Next: a waiter is woken by an address in shared memory, which is another one in each mapping: the lock must be process-shared.
#[fact]
fn a_waiting_lock_goes_on_when_it_is_released() {
    let value = Arc::new(value(0));
    for other in [Arc::clone(&value), Arc::new(same_value(&value))] {
        let guard = entered(value.lock(), "locking a value that nobody holds");
        let waiters = ["first", "second", "third"].map(|name| {
            let theirs = Arc::clone(&other);
            actor(name, move || locking(theirs.lock()))
        });
        quiesce();
        let waiting = waiters.iter().filter(|waiter| !waiter.has_finished()).count();
        expect_eq!(waiting, 3, "how many of three threads wait in lock() while it is held");
        drop(guard);
        quiesce();
        let waiting = waiters.iter().filter(|waiter| !waiter.has_finished()).count();
        expect_eq!(waiting, 0, "how many of three threads wait in lock() when it was released, and nobody holds it");
        for waiter in waiters {
            expect_eq!(waiter.finish(), "a guard", "what a thread that has waited got");
        }
    }
}

/// A lock that another process holds is held here too, and a `lock` that waits for it goes on when it is released there.
///
/// Next: the lock must be in the memory, and made for several processes.
#[fact(seconds = 8)]
fn another_process_excludes_this_one() {
    let value = Arc::new(value(0));
    let mut other = Other::with(&value);
    expect_eq!(other.gets(b'l'), "a guard", "lock() in another process");
    expect_eq!(trying(value.try_lock()), "WouldBlock", "try_lock() while another process holds the lock");
    let theirs = Arc::clone(&value);
    let waiter = actor("waiter", move || locking(theirs.lock()));
    quiesce();
    expect!(!waiter.has_finished(), "lock() while another process holds the lock", "it waits", "it returned");
    other.does(b'u');
    expect_eq!(waiter.finish(), "a guard", "lock() when the other process has released the lock");
    let guard = entered(value.lock(), "locking when nobody holds the lock");
    expect_eq!(other.gets(b't'), "WouldBlock", "try_lock() in another process while the lock is held here");
    drop(guard);
    expect_eq!(other.gets(b't'), "a guard", "try_lock() in another process when the lock was released here");
}

/// A panic that drops the guard releases the lock, and is not the death of an owner.
///
/// Next: releasing belongs into the guard's `Drop`; unwinding runs it.
#[fact(panics)]
fn a_panic_releases_the_lock() {
    let (value, array) = (value(0), array(&[0]));
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _guards = (value.lock(), array.lock());
        panic!("on purpose");
    }));
    expect!(panicked.is_err(), "a panic with two guards", "it passes through", "it does not");
    expect_eq!(trying(value.try_lock()), "a guard", "try_lock() of a value whose owner has panicked");
    expect_eq!(trying(array.try_lock()), "a guard", "try_lock() of an array whose owner has panicked");
}

#[peer]
fn adds_under_the_lock(mut stream: UnixStream) {
    let value = SharedValue::from_fd(inherited()).expect("from_fd() takes an inherited descriptor");
    let _ = (stream.write_all(b"!"), stream.read(&mut [0]));
    for _ in 0..5000 {
        let mut guard = value.lock().expect("nobody has died");
        guard.set(guard.get() + 1);
    }
}

#[peer]
fn adds_without_the_lock(mut stream: UnixStream) {
    let value = SharedValue::from_fd(inherited()).expect("from_fd() takes an inherited descriptor");
    let _ = (stream.write_all(b"!"), stream.read(&mut [0]));
    stream.set_nonblocking(true).expect("a socket can be told not to block");
    let mut count = 0u64;
    // On until told to stop: that comes when everybody has come this far, so that all four run at the same time.
    loop {
        for _ in 0..ADDS {
            value.fetch_add(1);
        }
        count += ADDS;
        if count == ADDS {
            let _ = stream.write_all(b"!");
        }
        if stream.read(&mut [0]).is_ok() {
            break;
        }
    }
    let _ = stream.write_all(&count.to_le_bytes());
}

/// How often each of four processes adds at least.
const ADDS: u64 = 100_000;

/// Four processes with the same value, which begin together.
fn four(part: &str, value: &SharedValue) -> Vec<Other> {
    let mut others: Vec<Other> = (0..4).map(|_| Other::start(part, value.descriptor())).collect();
    others.iter_mut().for_each(|other| assert_eq!(other.hears(), b'!'));
    others.iter_mut().for_each(|other| other.says(b'!'));
    others
}

/// Four processes that read and write under the lock, 5000 times each, lose no step.
///
/// Next: everything between `lock` and the guard's drop belongs to one owner; does the lock exclude other *processes*?
#[fact]
fn nothing_is_lost_under_the_lock() {
    let value = value(0);
    four("adds_under_the_lock", &value).into_iter().for_each(Other::finish);
    expect_eq!(value.load(), 20_000, "a value after 4 × 5000 times get() and set() under the lock");
}

/// A process that is killed while it waits for the lock has not died with it, and stands in nobody's way.
///
/// Next: only who *holds* the lock leaves doubt behind.
#[fact(seconds = 8)]
fn a_killed_waiter_is_no_news() {
    let value = Arc::new(value(0));
    let guard = entered(value.lock(), "locking a new value");
    let theirs = Arc::clone(&value);
    let mut other = Other::with(&value);
    other.does(b'w');
    let waiter = actor("waiter", move || locking(theirs.lock()));
    quiesce();
    other.kill();
    expect_eq!(trying(value.try_lock()), "WouldBlock", "try_lock() when a waiter was killed and the lock is held");
    drop(guard);
    expect_eq!(waiter.finish(), "a guard", "lock() of another waiter, when the lock was released");
    expect_eq!(locking(value.lock()), "a guard", "lock() after that");
}

// ------------------------------------------------------------------------------------------------ owners that die

/// When a process is killed while it holds the lock, the next owner is told; when that has recovered, nobody else is.
///
/// Next: a robust lock reports the death to the next owner once, and wants to be declared consistent.
#[fact(seconds = 8)]
fn the_death_of_an_owner_is_told_once() {
    let value = value(0);
    let mut witness = Other::with(&value);
    for round in 0..2 {
        let mut owner = Other::with(&value);
        expect_eq!(owner.gets(b'l'), "a guard", "lock() in another process");
        expect_eq!(trying(value.try_lock()), "WouldBlock", "try_lock() while it holds the lock");
        owner.kill();
        let died = match round {
            0 => in_doubt(value.lock(), "lock() when the owner was killed"),
            _ => match value.try_lock() {
                Err(TryLockError::OwnerDied(died)) => died,
                other => harness::unmet("try_lock() when the owner was killed", "OwnerDied", trying(other)),
            },
        };
        drop(died.recover());
        expect_eq!(locking(value.lock()), "a guard", "lock() when somebody has recovered");
        expect_eq!(trying(value.try_lock()), "a guard", "try_lock() when somebody has recovered");
        expect_eq!(witness.gets(b'l'), "a guard", "lock() in a third process, when somebody has recovered");
        witness.does(b'u');
    }
}

/// A `lock` that is already waiting when the owner is killed gets the lock, and is told.
///
/// Next: the kernel must know who holds the lock, or it cannot wake anybody when that process is gone.
#[fact(seconds = 8)]
fn a_waiter_is_told_when_the_owner_is_killed() {
    let value = Arc::new(value(0));
    let mut owner = Other::with(&value);
    expect_eq!(owner.gets(b'l'), "a guard", "lock() in another process");
    let waiters = ["first", "second"].map(|name| {
        let theirs = Arc::clone(&value);
        actor(name, move || match theirs.lock() {
            Ok(_) => "a guard",
            Err(died) => {
                drop(died.recover());
                "OwnerDied"
            }
        })
    });
    quiesce();
    expect!(
        waiters.iter().all(|waiter| !waiter.has_finished()),
        "lock() while another process holds it",
        "it waits",
        "it returned"
    );
    owner.kill();
    let mut got = waiters.map(|waiter| waiter.finish());
    got.sort_unstable();
    expect_eq!(
        got,
        ["OwnerDied", "a guard"],
        "what two waiting threads got when the owner was killed, the first of them recovering"
    );
}

/// `OwnerDied` holds the lock, and so does what `recover` makes of it, without a gap.
///
/// Next: `recover` hands over the guard that is inside; it does not lock again.
#[fact]
fn the_news_holds_the_lock() {
    let value = value(0);
    let same = same_value(&value);
    dies_with(&value);
    let died = in_doubt(value.lock(), "lock() when the owner has ended");
    expect_eq!(trying(same.try_lock()), "WouldBlock", "try_lock() while somebody has OwnerDied");
    let mut guard = died.recover();
    expect_eq!(trying(same.try_lock()), "WouldBlock", "try_lock() while somebody has the guard of recover()");
    guard.set(guard.get() + 1);
    drop(guard);
    expect_eq!(trying(same.try_lock()), "a guard", "try_lock() when the guard of recover() was dropped");
    expect_eq!(value.load(), 1, "the value after set() through the guard of recover()");
}

/// Until somebody recovers, the data stay in doubt: everybody who gets the lock is told, in every process.
///
/// Next: the doubt is part of the shared memory; the kernel tells the death only once.
#[fact(seconds = 8)]
fn doubt_stays_until_somebody_recovers() {
    let value = value(0);
    let mut other = Other::with(&value);
    dies_with(&value);
    expect_eq!(locking(value.lock()), "OwnerDied", "lock() when the owner has ended");
    expect_eq!(locking(value.lock()), "OwnerDied", "lock() when OwnerDied was dropped without recover()");
    expect_eq!(
        trying(same_value(&value).try_lock()),
        "OwnerDied",
        "try_lock() through a new object, still without recover()"
    );
    expect_eq!(other.gets(b'l'), "OwnerDied", "lock() in another process, still without recover()");
    other.does(b'u');
    expect_eq!(other.gets(b't'), "OwnerDied", "try_lock() in another process, still without recover()");
    expect_eq!(trying(value.try_lock()), "WouldBlock", "try_lock() while that process has OwnerDied");
    other.does(b'r');
    other.does(b'u');
    expect_eq!(locking(value.lock()), "a guard", "lock() when another process has recovered");
}

/// Who dies with `OwnerDied`, or after it has recovered but still holds the lock, has died as an owner.
///
/// Next: nothing that happened to a lock before makes the next death unheard.
#[fact(seconds = 8)]
fn an_owner_may_die_after_another() {
    let value = value(0);
    for recovers in [false, true] {
        dies_with(&value);
        let mut other = Other::with(&value);
        expect_eq!(other.gets(b'l'), "OwnerDied", "lock() in another process, when an owner has ended");
        if recovers {
            other.does(b'r');
        }
        other.kill();
        let about = if recovers {
            "lock() when that process has recovered and was killed then"
        } else {
            "lock() when that process was killed"
        };
        drop(in_doubt(value.lock(), about).recover());
        expect_eq!(locking(value.lock()), "a guard", "lock() when somebody has recovered");
    }
}

/// A thread that ends while it holds the lock, and a process that exits with it, have died as an owner.
///
/// Next: the owner is a thread, and it need not be killed to be gone.
#[fact(seconds = 8)]
fn who_ends_with_the_lock_has_died() {
    let one = value(0);
    dies_with(&one);
    drop(in_doubt(one.lock(), "lock() when the thread that held it has ended").recover());
    let mut other = Other::with(&one);
    expect_eq!(other.gets(b'l'), "a guard", "lock() in another process");
    other.says(b'x');
    other.finish();
    expect_eq!(trying(one.try_lock()), "OwnerDied", "try_lock() when the process that held it has exited with code 0");
}

/// An array whose owner has died half-way can be seen as it was left, and put right.
///
/// Next: nothing is undone and nothing is lost: `recover` leads to the numbers as they are.
#[fact]
fn a_half_changed_array_can_be_put_right() {
    let array = array(&[50, 50]);
    std::thread::scope(|scope| {
        let transfer = || {
            let mut guard = array.lock().expect("nobody has died");
            guard[0] -= 20;
            std::mem::forget(guard);
        };
        scope.spawn(transfer).join().expect("leaking does not panic");
    });
    expect_eq!(trying(array.try_lock()), "OwnerDied", "try_lock() of an array whose owner has ended");
    let mut guard = in_doubt(array.lock(), "lock() of an array whose owner has ended").recover();
    expect_eq!(guard[..], [30, 50], "the numbers as the dead owner left them");
    guard[1] = 70;
    drop(guard);
    expect_eq!(entered(array.lock(), "lock() when somebody has recovered")[..], [30, 70], "the numbers after that");
}

/// An object whose guard was leaked can be dropped: the lock stays held, and nothing else comes to harm.
///
/// Next: a robust lock that is held is in a list of its thread, by address. What does that list see when the memory is unmapped?
#[fact]
fn a_leaked_guard_does_no_harm() {
    for leaked in ["the guard of lock()", "the guard of try_lock()", "OwnerDied"] {
        let (value, other) = (Arc::new(value(7)), Arc::new(value(0)));
        if leaked == "OwnerDied" {
            dies_with(&value);
        }
        let (theirs, others) = (same_value(&value), Arc::clone(&other));
        let (tell, wait) = std::sync::mpsc::channel::<()>();
        let leaker = actor("leaker", move || {
            match leaked {
                "the guard of try_lock()" => std::mem::forget(theirs.try_lock()),
                _ => std::mem::forget(theirs.lock()),
            }
            drop(theirs);
            for _ in 0..3 {
                drop(others.lock());
            }
            let _ = wait.recv();
        });
        quiesce();
        expect_eq!(
            trying(value.try_lock()),
            "WouldBlock",
            format!("try_lock() while a thread runs that has leaked {leaked}, and dropped the object")
        );
        expect_eq!(value.load(), 7, format!("the value of a lock when {leaked} was leaked"));
        expect_eq!(
            trying(other.try_lock()),
            "a guard",
            "try_lock() of another lock, which that thread has taken and released since"
        );
        drop(tell);
        leaker.finish();
        expect_eq!(trying(value.try_lock()), "OwnerDied", "try_lock() when that thread has ended");
    }
}

// ------------------------------------------------------------------------------------------------ without the lock

/// `load`, `store`, `fetch_add`, `len`, `descriptor` and `from_fd` do not wait for the lock.
///
/// Next: an atomic operation needs no lock; and what never changes needs neither.
#[fact]
fn what_is_indivisible_takes_no_lock() {
    let (value, array) = (Arc::new(value(1)), Arc::new(array(&[1, 2])));
    let guards = (value.lock(), array.lock());
    let (their_value, their_array) = (Arc::clone(&value), Arc::clone(&array));
    let actor = actor("passer-by", move || {
        let (value, array) = (same_value(&their_value), same_array(&their_array));
        value.fetch_add(1);
        value.store(value.load() * 10);
        (their_value.load(), array.len(), array.is_empty())
    });
    quiesce();
    expect!(
        actor.has_finished(),
        "using objects of a locked memory without their lock",
        "nothing waits",
        "something waits for the lock"
    );
    expect_eq!(actor.finish(), (20, 2, false), "what was loaded, and the array's length");
    drop(guards);
}

/// `get` and `set` of a guard see and change the memory at once: others add and load without the lock.
///
/// Next: the guard keeps no copy of the value.
#[fact]
fn a_guard_keeps_no_copy() {
    let value = value(1);
    let same = same_value(&value);
    let mut guard = entered(value.lock(), "locking a new value");
    same.fetch_add(4);
    expect_eq!(guard.get(), 5, "get() when somebody has added 4 to 1 without the lock");
    guard.set(9);
    expect_eq!(same.load(), 9, "load() after set(9), before the guard is dropped");
    same.store(11);
    drop(guard);
    expect_eq!(same.load(), 11, "load() when the guard was dropped, after a store(11)");
}

/// Of 100 000 and more `fetch_add`s of each of four processes none is lost.
///
/// Next: one atomic instruction, not a load and a store.
#[fact]
fn no_add_of_four_processes_is_lost() {
    let value = value(0);
    let mut others = four("adds_without_the_lock", &value);
    others.iter_mut().for_each(|other| assert_eq!(other.hears(), b'!'));
    others.iter_mut().for_each(|other| other.says(b'!'));
    let counts = others.iter_mut().map(|other| u64::from_le_bytes(std::array::from_fn(|_| other.hears())));
    let count: u64 = counts.sum();
    expect_eq!(value.load() as u64, count, "the value when four processes have added 1 so often, all in all");
}

/// The value that is added to, and how often it has been interrupted for that.
static INTERRUPTED: AtomicPtr<SharedValue> = AtomicPtr::new(std::ptr::null_mut());
static INTERRUPTIONS: AtomicI64 = AtomicI64::new(0);

extern "C" fn add_from_a_signal(_: libc::c_int) {
    // SAFETY: the value outlives the timer.
    if let Some(value) = unsafe { INTERRUPTED.load(Ordering::Relaxed).as_ref() } {
        value.fetch_add(1);
        INTERRUPTIONS.fetch_add(1, Ordering::Relaxed);
    }
}

/// Sends the calling thread a signal every so often while `work` runs.
fn interrupted_by_a_timer(work: impl FnOnce()) {
    // SAFETY: all structures are plain numbers that may be zero; the handler does nothing but atomic operations.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = add_from_a_signal as extern "C" fn(libc::c_int) as usize;
        action.sa_flags = libc::SA_RESTART;
        let mut event: libc::sigevent = std::mem::zeroed();
        (event.sigev_notify, event.sigev_signo) = (libc::SIGEV_THREAD_ID, libc::SIGUSR1);
        event.sigev_notify_thread_id = libc::gettid();
        let moment = libc::timespec { tv_sec: 0, tv_nsec: 50_000 };
        let mut timer = std::mem::zeroed();
        assert_eq!(libc::sigaction(libc::SIGUSR1, &action, std::ptr::null_mut()), 0);
        assert_eq!(libc::timer_create(libc::CLOCK_MONOTONIC, &mut event, &mut timer), 0);
        let times = libc::itimerspec { it_interval: moment, it_value: moment };
        assert_eq!(libc::timer_settime(timer, 0, &times, std::ptr::null_mut()), 0);
        work();
        libc::timer_delete(timer);
    }
}

/// An add is one step: a signal handler that interrupts it, and adds too, finds it not begun or done.
///
/// Next: one atomic instruction, not a load and a store: whatever comes between the two is lost.
#[fact]
fn an_add_cannot_be_interrupted() {
    let mut value = value(0);
    INTERRUPTED.store(&raw mut value, Ordering::Relaxed);
    let mut count = 0;
    interrupted_by_a_timer(|| {
        while INTERRUPTIONS.load(Ordering::Relaxed) < 500 {
            value.fetch_add(1);
            count += 1;
        }
    });
    count += INTERRUPTIONS.load(Ordering::Relaxed);
    expect_eq!(value.load(), count, "the value when so many adds, 500 of them from a signal handler, have been done");
}

/// Every `fetch_add` of several threads returns another number: none is lost and none is doubled.
///
/// Next: the previous value comes from the same indivisible step that adds.
#[fact]
fn every_add_returns_another_number() {
    const ADDS: i64 = 200_000;
    let one = value(0);
    let two = same_value(&one);
    let mut numbers: Vec<i64> = std::thread::scope(|scope| {
        let threads = [&one, &two, &one, &two]
            .map(|value| scope.spawn(|| (0..ADDS).map(|_| value.fetch_add(1)).collect::<Vec<_>>()));
        threads.into_iter().flat_map(|thread| thread.join().unwrap_or_default()).collect()
    });
    numbers.sort_unstable();
    numbers.dedup();
    expect_eq!(
        numbers.len() as i64,
        4 * ADDS,
        "how many different numbers 4 × 200000 times fetch_add(1) have returned"
    );
    expect_eq!(one.load(), 4 * ADDS, "the value after that");
}

// ---------------------------------------------------------------------------------------- descriptors and mappings

/// What is no shared memory of ours is `InvalidData`.
///
/// Next: look at seals and size before you map, and at a mark of your own before you believe what is mapped.
#[fact]
fn foreign_descriptors_are_refused() {
    let socket: OwnedFd = UnixStream::pair().expect("the system has room for a socket pair").0.into();
    expect_refused(&socket, "a socket");
    let null = File::options().read(true).write(true).open("/dev/null").expect("there is a null device");
    expect_refused(&null.into(), "/dev/null");
    expect_refused(&memory(&[], SEALED), "an empty memfd");
    expect_refused(&memory(&[1], SEALED), "a memfd of one byte");
    expect_refused(&memory(&[0; 8192], SEALED), "a memfd full of zeroes");
    expect_refused(&memory(&b"no shared memory".repeat(1000), SEALED), "a memfd with text in it");
}

/// The memory of an array is no value, and that of a value no array.
///
/// Next: the mark says which of the two it is.
#[fact]
fn values_and_arrays_are_told_apart() {
    for numbers in [&[][..], &[1], &[1, 2], &[1, 2, 3]] {
        let descriptor = array(numbers).descriptor().expect("descriptor() succeeds");
        expect_not_a_value(descriptor, &format!("an array of {} for a value", numbers.len()));
    }
    let descriptor = value(1).descriptor().expect("descriptor() succeeds");
    expect_kind(SharedArray::from_fd(descriptor).map(|_| "an array"), "a value for an array");
}

/// Memory with bytes missing at its end, or with more behind it, is `InvalidData`.
///
/// Next: write down how long the whole memory is, and compare that with the length of the file before anything else is touched.
#[fact]
fn memory_of_another_length_is_refused() {
    let descriptors = [value(1).descriptor(), array(&[1; 3000]).descriptor()];
    for descriptor in descriptors {
        let whole = bytes_of(&descriptor.expect("descriptor() succeeds"));
        for len in
            [1, 8, 16, 24, 32, 40, 48, 56, 64, whole.len() / 2, whole.len() - 4096.min(whole.len()), whole.len() - 1]
        {
            let about = format!("the first {len} of {} bytes of shared memory", whole.len());
            expect_refused(&memory(&whole[..len.min(whole.len() - 1)], SEALED), &about);
        }
        for more in [1, 4, 4096, 65536] {
            let longer = [&whole[..], &vec![0; more]].concat();
            expect_refused(&memory(&longer, SEALED), &format!("shared memory with {more} bytes behind it"));
        }
    }
}

/// The size of the memory is sealed, and `from_fd` refuses a copy that may still shrink.
///
/// Next: `F_ADD_SEALS` when the size is set, `F_GET_SEALS` before the size is believed.
#[fact]
fn memory_that_can_shrink_is_refused() {
    for descriptor in [value(1).descriptor(), array(&[1, 2]).descriptor()] {
        let descriptor = descriptor.expect("descriptor() succeeds");
        let bytes = bytes_of(&descriptor);
        expect_refused(&memory(&bytes, 0), "an exact copy without a seal");
        expect_refused(&memory(&bytes, libc::F_SEAL_GROW), "an exact copy that is sealed against growing only");
        let name = format!("copy-{}", std::process::id());
        fs::write(&name, &bytes).expect("there is room for a small file");
        let file = File::options().read(true).write(true).open(&name).expect("the file is there");
        fs::remove_file(&name).expect("the file is there");
        expect_refused(&file.into(), "an exact copy in a file on a disk, which has no seals");
        let file = File::from(descriptor);
        for len in [0, bytes.len() as u64 - 1, bytes.len() as u64 + 4096] {
            let resized = file.set_len(len).is_ok();
            expect!(
                !resized,
                format!("resizing shared memory of {} bytes to {len}", bytes.len()),
                "it is refused: sealed",
                "it succeeds"
            );
        }
    }
}

/// Objects that come and go, and attempts that fail, leave no mapping, descriptor or thread behind.
///
/// Next: each object has a mapping and a descriptor, and each way out of `from_fd` ends both.
#[fact]
fn nothing_is_left_behind() {
    let before = (open_descriptors(), threads_alive());
    let kept = {
        let (value, array) = (value(1), array(&[1; 5000]));
        for _ in 0..20 {
            let (value, array) = (same_value(&value), same_array(&array));
            drop((value.lock(), array.lock(), value.try_lock().is_ok()));
        }
        let descriptors = [value.descriptor(), array.descriptor()].map(|each| each.expect("descriptor() succeeds"));
        let mapped = descriptors.each_ref().map(mappings);
        expect!(mapped.iter().all(|count| *count > 0), "objects that are in use", "they are mapped", "they are not");
        drop((value, array));
        descriptors
    };
    expect_eq!(
        kept.each_ref().map(mappings),
        [0, 0],
        "mappings of a value and an array when all their objects were dropped"
    );
    let strange = [memory(&[0; 8192], SEALED), memory(&bytes_of(&kept[0]), 0)];
    for descriptor in strange.iter().chain(&kept) {
        for _ in 0..3 {
            let copy = || descriptor.try_clone().expect("a descriptor can be duplicated");
            drop((SharedValue::from_fd(copy()), SharedArray::from_fd(copy())));
        }
        expect_eq!(
            mappings(descriptor),
            0,
            "mappings of a memory when from_fd() has failed, or its object was dropped"
        );
    }
    drop((kept, strange));
    expect_eq!(
        (open_descriptors(), threads_alive()),
        before,
        "open descriptors and threads when everything was dropped"
    );
}

/// What the system refuses is an error: a mapping that may not be written, a descriptor when there is none left.
///
/// Next: `mmap`, `memfd_create` and `fcntl` say so by what they return, and leave the reason in `errno`.
#[fact]
fn what_the_system_refuses_is_an_error() {
    let (one, two) = (value(1), array(&[1]));
    let given = [one.descriptor(), two.descriptor()].map(|each| each.expect("descriptor() succeeds"));
    let before = open_descriptors();
    let readable = given.each_ref().map(|each| File::open(format!("/proc/self/fd/{}", each.as_raw_fd())));
    let [first, second] = readable.map(|file| OwnedFd::from(file.expect("a descriptor can be opened again")));
    expect!(SharedValue::from_fd(first).is_err(), "from_fd of a value that may only be read", "an error", "Ok");
    expect!(SharedArray::from_fd(second).is_err(), "from_fd of an array that may only be read", "an error", "Ok");
    expect_eq!(
        open_descriptors(),
        before,
        "open descriptors when from_fd() of memory that may only be read has failed"
    );
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: plain system calls; `limit` is a valid place.
    unsafe {
        assert_eq!(libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit), 0);
        let none = libc::rlimit { rlim_cur: 0, ..limit };
        assert_eq!(libc::setrlimit(libc::RLIMIT_NOFILE, &none), 0);
    }
    let seen = (SharedValue::new(1).is_ok(), SharedArray::new(&[1]).is_ok());
    let duplicated = (one.descriptor().is_ok(), two.descriptor().is_ok());
    // SAFETY: as above.
    unsafe { assert_eq!(libc::setrlimit(libc::RLIMIT_NOFILE, &limit), 0) };
    expect_eq!(seen, (false, false), "whether new() succeeds when no descriptor is to be had");
    expect_eq!(duplicated, (false, false), "whether descriptor() succeeds when no descriptor is to be had");
    expect_eq!(one.fetch_add(1), 1, "what fetch_add(1) returns after that");
}

/// The errors of `lock` and `try_lock` have words for people.
///
/// Next: the starter has them.
#[fact]
fn errors_have_words() {
    let value = value(1);
    dies_with(&value);
    let told = value.try_lock().map(drop).map_err(|error| error.to_string()).unwrap_err();
    let died = in_doubt(value.lock(), "lock() when the owner has ended");
    let busy = value.try_lock().map(drop).map_err(|error| error.to_string()).unwrap_err();
    expect!(!told.is_empty() && !died.to_string().is_empty(), "the Display of OwnerDied", "some words", "nothing");
    expect!(!busy.is_empty() && busy != told, "the Display of WouldBlock", "other words", busy);
}

/// Descriptors of memory that every program inherits which is started now.
fn inherited_by_all() -> Vec<i32> {
    let numbers = fs::read_dir("/proc/self/fd").expect("a process can list its own descriptors");
    let numbers = numbers.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let is_inherited = |number: &i32| {
        let link = fs::read_link(format!("/proc/self/fd/{number}"));
        let is_memory = link.is_ok_and(|link| link.to_string_lossy().contains("memfd:"));
        // SAFETY: a plain system call.
        is_memory && unsafe { libc::fcntl(*number, libc::F_GETFD) } & libc::FD_CLOEXEC == 0
    };
    numbers.filter(is_inherited).collect()
}

/// All descriptors of shared memory are close-on-exec: another program inherits nothing by accident.
///
/// Next: `MFD_CLOEXEC` when the memory is made; `OwnedFd::try_clone` keeps it so, `dup` does not.
#[fact]
fn descriptors_are_close_on_exec() {
    // Whoever started this process may have left some open.
    let before = inherited_by_all();
    let value = value(1);
    let same = SharedValue::from_fd(value.descriptor().expect("descriptor() succeeds"));
    let given = [value.descriptor(), array(&[1]).descriptor()].map(|each| each.expect("descriptor() succeeds"));
    let mut inherited = inherited_by_all();
    inherited.retain(|number| !before.contains(number));
    expect_eq!(inherited.len(), 0, "how many descriptors of shared memory every program inherits that is started now");
    drop((same, given));
}
