//! Two mappings of one file: a page of its own for a lock with priority inheritance, and the data; deaths and recoveries are counted.

use std::fs::File;
use std::io;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::num::NonZero;
use std::ops::{Deref, DerefMut};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};

const PAGE: usize = 4096;
const VALUE: u64 = u64::from_be_bytes(*b"a value.");
const ARRAY: u64 = u64::from_be_bytes(*b"an array");

/// The first page of the file.
#[repr(C)]
struct Control {
    mutex: MaybeUninit<libc::pthread_mutex_t>,
    deaths: AtomicU64,
    recovered: AtomicU64,
    elements: u64,
    kind: u64,
}

/// A part of a file, mapped.
#[derive(Debug)]
struct Mapping {
    start: NonNull<u8>,
    len: NonZero<usize>,
}

impl Mapping {
    fn new(file: &File, offset: usize, len: NonZero<usize>) -> io::Result<Mapping> {
        // SAFETY: the system chooses a free place.
        let start = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                len.get(),
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED,
                file.as_raw_fd(),
                offset as libc::off_t,
            )
        };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(Mapping { start: NonNull::new(start.cast()).expect("no mapping is at 0"), len })
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours; whoever borrowed it borrowed `self`.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.len.get()) };
    }
}

#[derive(Debug)]
struct Shared {
    control: Option<Mapping>,
    /// `None` if there are no data.
    data: Option<Mapping>,
    count: usize,
    file: File,
    /// Guards made by this object and not dropped: at most one, unless its thread has died with it.
    guards: AtomicUsize,
}

// SAFETY: the control page is atomic, constant or a mutex; the data are atomic or under the mutex.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

fn refuse<T>() -> io::Result<T> {
    Err(io::Error::new(io::ErrorKind::InvalidData, "this is not such a shared memory"))
}

fn checked(code: libc::c_int) -> io::Result<()> {
    if code == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(code)) }
}

impl Shared {
    fn new(kind: u64, data: &[u8], count: usize) -> io::Result<Shared> {
        // SAFETY: a constant name; the new descriptor is ours.
        let number = unsafe { libc::memfd_create(c"memory".as_ptr(), libc::MFD_ALLOW_SEALING | libc::MFD_CLOEXEC) };
        if number == -1 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: as above.
        let file = unsafe { File::from_raw_fd(number) };
        file.set_len((PAGE + data.len()) as u64)?;
        let shared = Shared::map(file, count, data.len())?;
        let control = shared.control();
        // SAFETY: nobody else knows of the memory yet.
        unsafe {
            (&raw mut (*control).kind).write(kind);
            (&raw mut (*control).elements).write(count as u64);
            let mut attributes = MaybeUninit::uninit();
            checked(libc::pthread_mutexattr_init(attributes.as_mut_ptr()))?;
            let attributes = attributes.as_mut_ptr();
            checked(libc::pthread_mutexattr_setrobust(attributes, libc::PTHREAD_MUTEX_ROBUST))?;
            checked(libc::pthread_mutexattr_setpshared(attributes, libc::PTHREAD_PROCESS_SHARED))?;
            checked(libc::pthread_mutexattr_setprotocol(attributes, libc::PTHREAD_PRIO_INHERIT))?;
            checked(libc::pthread_mutex_init(shared.mutex(), attributes))?;
            checked(libc::pthread_mutexattr_destroy(attributes))?;
            if let Some(mapping) = &shared.data {
                mapping.start.as_ptr().copy_from_nonoverlapping(data.as_ptr(), data.len());
            }
            let seals = libc::F_SEAL_GROW | libc::F_SEAL_SHRINK | libc::F_SEAL_SEAL;
            if libc::fcntl(shared.file.as_raw_fd(), libc::F_ADD_SEALS, seals) == -1 {
                return Err(io::Error::last_os_error());
            }
        }
        Ok(shared)
    }

    fn find(kind: u64, width: usize, descriptor: OwnedFd) -> io::Result<Shared> {
        let file = File::from(descriptor);
        // SAFETY: only asks.
        let seals = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_GET_SEALS) };
        let len = file.metadata().map_or(0, |about| about.len() as usize);
        if seals == -1 || seals & libc::F_SEAL_SHRINK == 0 || len < PAGE || (len - PAGE) % width != 0 {
            return refuse();
        }
        let Ok(shared) = Shared::map(file, (len - PAGE) / width, len - PAGE) else { return refuse() };
        // SAFETY: a whole page is mapped; these two never change.
        let (found, elements) = unsafe { ((*shared.control()).kind, (*shared.control()).elements) };
        if found != kind || elements != shared.count as u64 {
            return refuse();
        }
        Ok(shared)
    }

    fn map(file: File, count: usize, bytes: usize) -> io::Result<Shared> {
        let page = NonZero::new(PAGE).expect("a page is not empty");
        let control = Some(Mapping::new(&file, 0, page)?);
        let data = NonZero::new(bytes).map(|bytes| Mapping::new(&file, PAGE, bytes)).transpose()?;
        Ok(Shared { control, data, count, file, guards: AtomicUsize::new(0) })
    }

    fn control(&self) -> *mut Control {
        self.control.as_ref().expect("it is there until the end").start.as_ptr().cast()
    }

    fn mutex(&self) -> *mut libc::pthread_mutex_t {
        // SAFETY: a place within the page; no reference is made.
        unsafe { (&raw mut (*self.control()).mutex).cast() }
    }

    fn counters(&self) -> (&AtomicU64, &AtomicU64) {
        // SAFETY: only ever used as atomics, and mapped as long as `self` lives.
        unsafe { (&(*self.control()).deaths, &(*self.control()).recovered) }
    }

    fn data<T>(&self) -> *mut T {
        self.data.as_ref().map_or(NonNull::dangling(), |data| data.start.cast()).as_ptr()
    }

    /// What became of a try to take the mutex.
    fn outcome<'a, T: ?Sized>(&'a self, code: libc::c_int) -> Result<Guard<'a, T>, TryLockError<'a, T>> {
        let (deaths, recovered) = self.counters();
        if code == libc::EBUSY {
            return Err(TryLockError::WouldBlock);
        }
        if code == libc::EOWNERDEAD {
            deaths.fetch_add(1, Ordering::SeqCst);
            // SAFETY: this thread holds the mutex.
            checked(unsafe { libc::pthread_mutex_consistent(self.mutex()) }).expect("it is held, and in doubt");
        } else {
            checked(code).expect("an initialised mutex that this thread does not hold");
        }
        self.guards.store(1, Ordering::SeqCst);
        let guard = Guard { shared: self, marker: PhantomData };
        if deaths.load(Ordering::SeqCst) == recovered.load(Ordering::SeqCst) {
            Ok(guard)
        } else {
            Err(TryLockError::OwnerDied(OwnerDied { guard }))
        }
    }

    fn lock<T: ?Sized>(&self) -> Result<Guard<'_, T>, OwnerDied<'_, T>> {
        // SAFETY: the mutex is initialised and mapped.
        match self.outcome(unsafe { libc::pthread_mutex_lock(self.mutex()) }) {
            Ok(guard) => Ok(guard),
            Err(TryLockError::OwnerDied(died)) => Err(died),
            Err(TryLockError::WouldBlock) => unreachable!("`lock` waits"),
        }
    }

    fn try_lock<T: ?Sized>(&self) -> Result<Guard<'_, T>, TryLockError<'_, T>> {
        // SAFETY: the mutex is initialised and mapped.
        self.outcome(unsafe { libc::pthread_mutex_trylock(self.mutex()) })
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if *self.guards.get_mut() == 0 {
            return;
        }
        // A guard was leaked: if the lock can be had, its owner is gone.
        if matches!(self.try_lock::<()>(), Err(TryLockError::WouldBlock)) {
            std::mem::forget(self.control.take());
        }
    }
}

/// An `i64` in shared memory, with a lock beside it.
#[derive(Debug)]
pub struct SharedValue(Shared);

/// Some `i32`s in shared memory, with a lock beside them.
#[derive(Debug)]
pub struct SharedArray(Shared);

/// The lock, held.
#[derive(Debug)]
pub struct Guard<'a, T: ?Sized> {
    shared: &'a Shared,
    marker: PhantomData<*mut T>,
}

/// The lock is held, and whoever held it before ended without releasing it.
pub struct OwnerDied<'a, T: ?Sized> {
    guard: Guard<'a, T>,
}

/// Why `try_lock` returned no guard.
pub enum TryLockError<'a, T: ?Sized> {
    /// The lock was free, because its owner ended without releasing it; now it is held.
    OwnerDied(OwnerDied<'a, T>),
    /// Somebody holds the lock.
    WouldBlock,
}

impl SharedValue {
    /// New shared memory with this value in it.
    ///
    /// # Errors
    /// If the system refuses the memory.
    pub fn new(initial: i64) -> io::Result<SharedValue> {
        Shared::new(VALUE, &initial.to_ne_bytes(), 1).map(SharedValue)
    }

    /// The shared memory behind a descriptor.
    ///
    /// # Errors
    /// `InvalidData` if the descriptor is anything else.
    pub fn from_fd(descriptor: OwnedFd) -> io::Result<SharedValue> {
        let shared = Shared::find(VALUE, 8, descriptor)?;
        if shared.count == 1 { Ok(SharedValue(shared)) } else { refuse() }
    }

    /// Another descriptor of the same memory.
    ///
    /// # Errors
    /// If the system refuses a descriptor.
    pub fn descriptor(&self) -> io::Result<OwnedFd> {
        Ok(self.0.file.try_clone()?.into())
    }

    /// Waits for the lock and takes it.
    ///
    /// # Errors
    /// [`OwnerDied`], which holds the lock too.
    pub fn lock(&self) -> Result<Guard<'_, i64>, OwnerDied<'_, i64>> {
        self.0.lock()
    }

    /// Takes the lock if nobody holds it.
    ///
    /// # Errors
    /// As in the brief.
    pub fn try_lock(&self) -> Result<Guard<'_, i64>, TryLockError<'_, i64>> {
        self.0.try_lock()
    }

    /// The value as it is now.
    pub fn load(&self) -> i64 {
        cell(&self.0).load(Ordering::SeqCst)
    }

    /// Replaces the value.
    pub fn store(&self, value: i64) {
        cell(&self.0).store(value, Ordering::SeqCst);
    }

    /// Adds to the value, and returns what it was before.
    pub fn fetch_add(&self, amount: i64) -> i64 {
        cell(&self.0).fetch_add(amount, Ordering::SeqCst)
    }
}

fn cell(shared: &Shared) -> &AtomicI64 {
    // SAFETY: the data of a value are one number at the beginning of a page, only ever used as an atomic.
    unsafe { AtomicI64::from_ptr(shared.data()) }
}

impl SharedArray {
    /// New shared memory with these numbers in it.
    ///
    /// # Errors
    /// If the system refuses the memory.
    pub fn new(initial: &[i32]) -> io::Result<SharedArray> {
        let bytes: Vec<u8> = initial.iter().flat_map(|number| number.to_ne_bytes()).collect();
        Shared::new(ARRAY, &bytes, initial.len()).map(SharedArray)
    }

    /// The shared memory behind a descriptor.
    ///
    /// # Errors
    /// `InvalidData` if the descriptor is anything else.
    pub fn from_fd(descriptor: OwnedFd) -> io::Result<SharedArray> {
        Shared::find(ARRAY, 4, descriptor).map(SharedArray)
    }

    /// Another descriptor of the same memory.
    ///
    /// # Errors
    /// If the system refuses a descriptor.
    pub fn descriptor(&self) -> io::Result<OwnedFd> {
        Ok(self.0.file.try_clone()?.into())
    }

    /// Waits for the lock and takes it.
    ///
    /// # Errors
    /// [`OwnerDied`], which holds the lock too.
    pub fn lock(&self) -> Result<Guard<'_, [i32]>, OwnerDied<'_, [i32]>> {
        self.0.lock()
    }

    /// Takes the lock if nobody holds it.
    ///
    /// # Errors
    /// As in the brief.
    pub fn try_lock(&self) -> Result<Guard<'_, [i32]>, TryLockError<'_, [i32]>> {
        self.0.try_lock()
    }

    /// How many numbers there are.
    pub fn len(&self) -> usize {
        self.0.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<T: ?Sized> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        self.shared.guards.store(0, Ordering::SeqCst);
        // SAFETY: a guard holds the mutex, and is dropped by the thread that made it.
        checked(unsafe { libc::pthread_mutex_unlock(self.shared.mutex()) }).expect("it is held");
    }
}

impl Guard<'_, i64> {
    /// The value.
    pub fn get(&self) -> i64 {
        cell(self.shared).load(Ordering::SeqCst)
    }

    /// Replaces the value.
    pub fn set(&mut self, value: i64) {
        cell(self.shared).store(value, Ordering::SeqCst);
    }
}

impl Deref for Guard<'_, [i32]> {
    type Target = [i32];

    fn deref(&self) -> &[i32] {
        // SAFETY: so many numbers are there, or none at a dangling place; the mutex is held.
        unsafe { std::slice::from_raw_parts(self.shared.data(), self.shared.count) }
    }
}

impl DerefMut for Guard<'_, [i32]> {
    fn deref_mut(&mut self) -> &mut [i32] {
        // SAFETY: as above, and the only guard is borrowed exclusively.
        unsafe { std::slice::from_raw_parts_mut(self.shared.data(), self.shared.count) }
    }
}

impl<'a, T: ?Sized> OwnerDied<'a, T> {
    /// The guard, to put the data right.
    pub fn recover(self) -> Guard<'a, T> {
        let (deaths, recovered) = self.guard.shared.counters();
        recovered.store(deaths.load(Ordering::SeqCst), Ordering::SeqCst);
        self.guard
    }
}

impl<T: ?Sized> std::fmt::Debug for OwnerDied<'_, T> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("OwnerDied { .. }")
    }
}

impl<T: ?Sized> std::fmt::Display for OwnerDied<'_, T> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("the owner of the lock ended without releasing it")
    }
}

impl<T: ?Sized> std::error::Error for OwnerDied<'_, T> {}

impl<T: ?Sized> std::fmt::Debug for TryLockError<'_, T> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            TryLockError::OwnerDied(_) => formatter.write_str("OwnerDied(..)"),
            TryLockError::WouldBlock => formatter.write_str("WouldBlock"),
        }
    }
}

impl<T: ?Sized> std::fmt::Display for TryLockError<'_, T> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            TryLockError::OwnerDied(died) => died.fmt(formatter),
            TryLockError::WouldBlock => formatter.write_str("somebody holds the lock"),
        }
    }
}

impl<T: ?Sized> std::error::Error for TryLockError<'_, T> {}
