//! One header for both kinds of memory, with the doubt as a flag in it, so that the mutex itself is always consistent.

use std::fs::File;
use std::io;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};

const MAGIC: u64 = 0x6b61_7461_5f73_686d;

/// What every memory begins with. The data follow.
#[repr(C, align(64))]
struct Header {
    magic: u64,
    width: u64,
    count: u64,
    doubt: AtomicU32,
    mutex: libc::pthread_mutex_t,
}

const DATA: usize = size_of::<Header>();

#[derive(Debug)]
struct Region {
    header: *mut Header,
    bytes: usize,
    file: File,
    /// Whether the lock was taken through this mapping and not released.
    held: AtomicBool,
}

// SAFETY: everything behind the pointer is atomic, immutable after `create`, or protected by the mutex.
unsafe impl Send for Region {}
// SAFETY: as above.
unsafe impl Sync for Region {}

fn invalid() -> io::Error {
    io::ErrorKind::InvalidData.into()
}

/// What a call of pthread must return.
fn sure(code: libc::c_int) {
    assert_eq!(code, 0, "pthread refuses: {}", io::Error::from_raw_os_error(code));
}

impl Region {
    fn create(width: usize, count: usize) -> io::Result<Region> {
        // SAFETY: a name that ends with 0; the result is checked, and ours.
        let file = unsafe {
            let number = libc::memfd_create(c"shared".as_ptr(), libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING);
            if number < 0 {
                return Err(io::Error::last_os_error());
            }
            File::from_raw_fd(number)
        };
        let bytes = DATA + width * count;
        file.set_len(bytes as u64)?;
        let region = Region::map(file, bytes)?;
        // SAFETY: the mapping is as large as the header, and nobody else has it yet.
        unsafe {
            let header = &mut *region.header;
            header.magic = MAGIC;
            header.width = width as u64;
            header.count = count as u64;
            let mut how: libc::pthread_mutexattr_t = std::mem::zeroed();
            sure(libc::pthread_mutexattr_init(&mut how));
            sure(libc::pthread_mutexattr_setpshared(&mut how, libc::PTHREAD_PROCESS_SHARED));
            sure(libc::pthread_mutexattr_setrobust(&mut how, libc::PTHREAD_MUTEX_ROBUST));
            sure(libc::pthread_mutex_init(&mut header.mutex, &how));
            sure(libc::pthread_mutexattr_destroy(&mut how));
        }
        let seals = libc::F_SEAL_SHRINK | libc::F_SEAL_GROW;
        // SAFETY: plain `fcntl` on a descriptor of ours.
        if unsafe { libc::fcntl(region.file.as_raw_fd(), libc::F_ADD_SEALS, seals) } != 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(region)
    }

    fn open(descriptor: OwnedFd, width: usize) -> io::Result<Region> {
        let file = File::from(descriptor);
        // SAFETY: plain `fcntl` on a descriptor of ours; for what is no memfd it is an error.
        let seals = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_GET_SEALS) };
        if seals < 0 || seals & libc::F_SEAL_SHRINK == 0 {
            return Err(invalid());
        }
        let bytes = usize::try_from(file.metadata()?.len()).map_err(|_| invalid())?;
        if bytes < DATA {
            return Err(invalid());
        }
        let region = Region::map(file, bytes)?;
        // SAFETY: the mapping is as large as the header; these fields do not change any more.
        let (magic, of, count) = unsafe { ((*region.header).magic, (*region.header).width, (*region.header).count) };
        let whole = count.checked_mul(width as u64).and_then(|data| data.checked_add(DATA as u64));
        if magic != MAGIC || of != width as u64 || whole != Some(bytes as u64) {
            return Err(invalid());
        }
        Ok(region)
    }

    fn map(file: File, bytes: usize) -> io::Result<Region> {
        // SAFETY: a new mapping at a place of the system's choice; the result is checked.
        let address = unsafe {
            let rights = libc::PROT_READ | libc::PROT_WRITE;
            libc::mmap(std::ptr::null_mut(), bytes, rights, libc::MAP_SHARED, file.as_raw_fd(), 0)
        };
        if address == libc::MAP_FAILED {
            let error = io::Error::last_os_error();
            return Err(if error.raw_os_error() == Some(libc::EACCES) { invalid() } else { error });
        }
        Ok(Region { header: address.cast(), bytes, file, held: AtomicBool::new(false) })
    }

    fn descriptor(&self) -> io::Result<OwnedFd> {
        self.file.try_clone().map(OwnedFd::from)
    }

    fn data(&self) -> *mut u8 {
        // SAFETY: the data begin where the header ends, within the mapping or at its end.
        unsafe { self.header.cast::<u8>().add(DATA) }
    }

    fn mutex(&self) -> *mut libc::pthread_mutex_t {
        // SAFETY: within the mapping; no reference is made.
        unsafe { &raw mut (*self.header).mutex }
    }

    fn doubt(&self) -> &AtomicU32 {
        // SAFETY: within the mapping, which lives as long as `self`, and only ever used as an atomic.
        unsafe { &(*self.header).doubt }
    }

    /// After pthread gave the lock or refused it. Whether there is doubt; `None` if it was refused.
    fn taken(&self, code: libc::c_int) -> Option<bool> {
        match code {
            0 => {}
            libc::EOWNERDEAD => {
                self.doubt().store(1, Ordering::Relaxed);
                // SAFETY: the mutex is held by this thread.
                sure(unsafe { libc::pthread_mutex_consistent(self.mutex()) });
            }
            libc::EBUSY => return None,
            code => sure(code),
        }
        self.held.store(true, Ordering::Relaxed);
        Some(self.doubt().load(Ordering::Relaxed) != 0)
    }

    fn lock<T: ?Sized>(&self) -> Result<Guard<'_, T>, OwnerDied<'_, T>> {
        // SAFETY: an initialised mutex in memory that stays mapped.
        let doubt = self.taken(unsafe { libc::pthread_mutex_lock(self.mutex()) });
        let guard = Guard { region: self, marker: PhantomData };
        if doubt == Some(true) { Err(OwnerDied { guard }) } else { Ok(guard) }
    }

    fn try_lock<T: ?Sized>(&self) -> Result<Guard<'_, T>, TryLockError<'_, T>> {
        // SAFETY: as for `lock`.
        let doubt = self.taken(unsafe { libc::pthread_mutex_trylock(self.mutex()) });
        let doubt = doubt.ok_or(TryLockError::WouldBlock)?;
        let guard = Guard { region: self, marker: PhantomData };
        if doubt { Err(TryLockError::OwnerDied(OwnerDied { guard })) } else { Ok(guard) }
    }

    fn release(&self) {
        self.held.store(false, Ordering::Relaxed);
        // SAFETY: only a guard releases, and a guard holds the mutex and stays on its thread.
        sure(unsafe { libc::pthread_mutex_unlock(self.mutex()) });
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        if self.held.load(Ordering::Relaxed) {
            // A guard was leaked. If its thread still runs, the list of its locks leads into this mapping.
            // SAFETY: as for `lock`.
            match self.taken(unsafe { libc::pthread_mutex_trylock(self.mutex()) }) {
                None => return,
                Some(_) => self.release(),
            }
        }
        // SAFETY: nobody borrows the mapping any more.
        unsafe { libc::munmap(self.header.cast(), self.bytes) };
    }
}

/// An `i64` in shared memory, with a lock beside it.
#[derive(Debug)]
pub struct SharedValue {
    region: Region,
}

/// Some `i32`s in shared memory, with a lock beside them.
#[derive(Debug)]
pub struct SharedArray {
    region: Region,
    len: usize,
}

/// The lock, held.
#[derive(Debug)]
pub struct Guard<'a, T: ?Sized> {
    region: &'a Region,
    marker: PhantomData<(*mut (), &'a mut T)>,
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

fn value(region: &Region) -> &AtomicI64 {
    // SAFETY: the memory of a value has these eight bytes, aligned as the header is, and all use is atomic.
    unsafe { &*region.data().cast::<AtomicI64>() }
}

impl SharedValue {
    /// New shared memory with this value in it.
    ///
    /// # Errors
    /// If the system refuses the memory.
    pub fn new(initial: i64) -> io::Result<SharedValue> {
        let region = Region::create(size_of::<i64>(), 1)?;
        value(&region).store(initial, Ordering::Release);
        Ok(SharedValue { region })
    }

    /// The shared memory behind a descriptor.
    ///
    /// # Errors
    /// `InvalidData` if the descriptor is anything else.
    pub fn from_fd(descriptor: OwnedFd) -> io::Result<SharedValue> {
        let region = Region::open(descriptor, size_of::<i64>())?;
        if region.bytes != DATA + size_of::<i64>() {
            return Err(invalid());
        }
        Ok(SharedValue { region })
    }

    /// Another descriptor of the same memory.
    ///
    /// # Errors
    /// If the system refuses a descriptor.
    pub fn descriptor(&self) -> io::Result<OwnedFd> {
        self.region.descriptor()
    }

    /// Waits for the lock and takes it.
    ///
    /// # Errors
    /// [`OwnerDied`], which holds the lock too.
    pub fn lock(&self) -> Result<Guard<'_, i64>, OwnerDied<'_, i64>> {
        self.region.lock()
    }

    /// Takes the lock if nobody holds it.
    ///
    /// # Errors
    /// As in the brief.
    pub fn try_lock(&self) -> Result<Guard<'_, i64>, TryLockError<'_, i64>> {
        self.region.try_lock()
    }

    /// The value as it is now.
    pub fn load(&self) -> i64 {
        value(&self.region).load(Ordering::Acquire)
    }

    /// Replaces the value.
    pub fn store(&self, new: i64) {
        value(&self.region).store(new, Ordering::Release);
    }

    /// Adds to the value, and returns what it was before.
    pub fn fetch_add(&self, amount: i64) -> i64 {
        value(&self.region).fetch_add(amount, Ordering::AcqRel)
    }
}

impl SharedArray {
    /// New shared memory with these numbers in it.
    ///
    /// # Errors
    /// If the system refuses the memory.
    pub fn new(initial: &[i32]) -> io::Result<SharedArray> {
        let region = Region::create(size_of::<i32>(), initial.len())?;
        // SAFETY: the memory has room for so many, and nobody else has it yet.
        unsafe { region.data().cast::<i32>().copy_from_nonoverlapping(initial.as_ptr(), initial.len()) };
        Ok(SharedArray { region, len: initial.len() })
    }

    /// The shared memory behind a descriptor.
    ///
    /// # Errors
    /// `InvalidData` if the descriptor is anything else.
    pub fn from_fd(descriptor: OwnedFd) -> io::Result<SharedArray> {
        let region = Region::open(descriptor, size_of::<i32>())?;
        let len = (region.bytes - DATA) / size_of::<i32>();
        Ok(SharedArray { region, len })
    }

    /// Another descriptor of the same memory.
    ///
    /// # Errors
    /// If the system refuses a descriptor.
    pub fn descriptor(&self) -> io::Result<OwnedFd> {
        self.region.descriptor()
    }

    /// Waits for the lock and takes it.
    ///
    /// # Errors
    /// [`OwnerDied`], which holds the lock too.
    pub fn lock(&self) -> Result<Guard<'_, [i32]>, OwnerDied<'_, [i32]>> {
        self.region.lock()
    }

    /// Takes the lock if nobody holds it.
    ///
    /// # Errors
    /// As in the brief.
    pub fn try_lock(&self) -> Result<Guard<'_, [i32]>, TryLockError<'_, [i32]>> {
        self.region.try_lock()
    }

    /// How many numbers there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl<T: ?Sized> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        self.region.release();
    }
}

impl Guard<'_, i64> {
    /// The value.
    pub fn get(&self) -> i64 {
        value(self.region).load(Ordering::Acquire)
    }

    /// Replaces the value.
    pub fn set(&mut self, new: i64) {
        value(self.region).store(new, Ordering::Release);
    }
}

impl Deref for Guard<'_, [i32]> {
    type Target = [i32];

    fn deref(&self) -> &[i32] {
        let len = (self.region.bytes - DATA) / size_of::<i32>();
        // SAFETY: so many numbers follow the header, and only who holds the lock gets at them.
        unsafe { std::slice::from_raw_parts(self.region.data().cast(), len) }
    }
}

impl DerefMut for Guard<'_, [i32]> {
    fn deref_mut(&mut self) -> &mut [i32] {
        let len = (self.region.bytes - DATA) / size_of::<i32>();
        // SAFETY: as for `deref`; the guard is borrowed exclusively.
        unsafe { std::slice::from_raw_parts_mut(self.region.data().cast(), len) }
    }
}

impl<'a, T: ?Sized> OwnerDied<'a, T> {
    /// The guard, to put the data right.
    pub fn recover(self) -> Guard<'a, T> {
        self.guard.region.doubt().store(0, Ordering::Relaxed);
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
