//! A number and an array of numbers in memory that several processes share, as `multiprocessing.Value` and
//! `multiprocessing.Array` are, each with a lock in the same memory.
//!
//! What is safe about it stands on three legs: the memory's size is sealed, so that no access can fall off its end;
//! the lock in it is a robust one, which the kernel releases for an owner that ends; and an address that somebody may
//! still need is never unmapped. Only `Region` knows about them.

use std::cell::UnsafeCell;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::mem::MaybeUninit;
use std::ops::{Deref, DerefMut};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

/// An `i64` in shared memory, with a lock beside it.
///
/// `load`, `store` and `fetch_add` are indivisible and take no lock. Whatever takes more than one step needs the lock:
///
/// ```
/// use solution_shared_memory::SharedValue;
///
/// let counter = SharedValue::new(40)?;
/// // In practice this descriptor goes to another process.
/// let same = SharedValue::from_fd(counter.descriptor()?)?;
/// assert_eq!(same.fetch_add(1), 40);
///
/// let mut guard = counter.lock().unwrap();
/// guard.set(guard.get() * 2);
/// assert!(same.try_lock().is_err());
/// drop(guard);
/// assert_eq!(same.load(), 82);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct SharedValue {
    region: Region,
}

/// Some `i32`s in shared memory, with a lock beside them: the only way to them.
///
/// ```
/// use solution_shared_memory::SharedArray;
///
/// let array = SharedArray::new(&[3, 1, 2])?;
/// let same = SharedArray::from_fd(array.descriptor()?)?;
/// array.lock().unwrap().sort();
/// assert_eq!(same.lock().unwrap()[..], [1, 2, 3]);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct SharedArray {
    region: Region,
}

/// The lock of a [`SharedValue`] (`T` is `i64`) or a [`SharedArray`] (`T` is `[i32]`), held. Releases it when dropped.
///
/// It belongs to the thread that took the lock.
#[derive(Debug)]
pub struct Guard<'a, T: ?Sized> {
    region: &'a Region,
    // A raw pointer, which also keeps the guard on its thread: the kernel knows the lock as held by that thread.
    data: *mut T,
}

/// The lock is held, and whoever held it before ended without releasing it: the data may be half-changed.
///
/// Look at the data and put them right, by way of [`recover`](OwnerDied::recover):
///
/// ```
/// use solution_shared_memory::SharedArray;
///
/// let accounts = SharedArray::new(&[70, 30])?;
/// std::thread::scope(|scope| {
///     let transfer = || {
///         let mut guard = accounts.lock().unwrap();
///         guard[0] -= 10;
///         // What `kill -9` does to a process, this does to a thread: it ends and still holds the lock.
///         std::mem::forget(guard);
///     };
///     scope.spawn(transfer).join().unwrap();
/// });
/// let mut guard = accounts.lock().unwrap_err().recover();
/// guard[1] = 100 - guard[0];
/// drop(guard);
/// assert_eq!(accounts.lock().unwrap()[..], [60, 40]);
/// # Ok::<(), std::io::Error>(())
/// ```
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
        let region = Region::new(VALUE, size_of::<i64>())?;
        let value = SharedValue { region };
        value.store(initial);
        Ok(value)
    }

    /// The shared memory behind a descriptor that came from [`descriptor`](SharedValue::descriptor), in this process or in
    /// another one.
    ///
    /// # Errors
    /// [`InvalidData`](io::ErrorKind::InvalidData) if the descriptor is anything else.
    pub fn from_fd(descriptor: OwnedFd) -> io::Result<SharedValue> {
        Ok(SharedValue { region: Region::attach(descriptor, VALUE)? })
    }

    /// Another descriptor of the same memory, to be given to another process, as its standard input for example. It is
    /// closed by `exec`, as all descriptors of Rust programs are.
    ///
    /// # Errors
    /// If the system refuses a descriptor.
    pub fn descriptor(&self) -> io::Result<OwnedFd> {
        self.region.descriptor.try_clone()
    }

    /// Waits until nobody holds the lock, in any process, and takes it.
    ///
    /// # Errors
    /// [`OwnerDied`], which holds the lock too, if an owner has ended without releasing it, and nobody has
    /// [recovered](OwnerDied::recover) from that since.
    pub fn lock(&self) -> Result<Guard<'_, i64>, OwnerDied<'_, i64>> {
        self.region.lock(self.data())
    }

    /// Takes the lock if nobody holds it.
    ///
    /// # Errors
    /// [`TryLockError::WouldBlock`] if somebody holds it; [`TryLockError::OwnerDied`] where [`lock`](SharedValue::lock)
    /// returns that.
    pub fn try_lock(&self) -> Result<Guard<'_, i64>, TryLockError<'_, i64>> {
        self.region.try_lock(self.data())
    }

    /// The value as it is now, whoever holds the lock.
    pub fn load(&self) -> i64 {
        // SAFETY: the region is mapped, and nobody touches the value but by atomic operations.
        unsafe { atomic(self.data()) }.load(Ordering::Acquire)
    }

    /// Replaces the value, whoever holds the lock.
    pub fn store(&self, value: i64) {
        // SAFETY: as in `load`.
        unsafe { atomic(self.data()) }.store(value, Ordering::Release);
    }

    /// Adds to the value, wrapping around at the ends, whoever holds the lock, and returns what it was before.
    pub fn fetch_add(&self, amount: i64) -> i64 {
        // SAFETY: as in `load`.
        unsafe { atomic(self.data()) }.fetch_add(amount, Ordering::AcqRel)
    }

    fn data(&self) -> *mut i64 {
        self.region.data().cast()
    }
}

impl SharedArray {
    /// New shared memory with these numbers in it, maybe none.
    ///
    /// # Errors
    /// If the system refuses the memory.
    pub fn new(initial: &[i32]) -> io::Result<SharedArray> {
        let region = Region::new(ARRAY, size_of_val(initial))?;
        let array = SharedArray { region };
        // SAFETY: the place is as long as the slice, and nobody else knows of it yet.
        unsafe { array.data().cast::<i32>().copy_from(initial.as_ptr(), initial.len()) };
        Ok(array)
    }

    /// The shared memory behind a descriptor that came from [`descriptor`](SharedArray::descriptor), in this process or in
    /// another one.
    ///
    /// # Errors
    /// [`InvalidData`](io::ErrorKind::InvalidData) if the descriptor is anything else.
    pub fn from_fd(descriptor: OwnedFd) -> io::Result<SharedArray> {
        Ok(SharedArray { region: Region::attach(descriptor, ARRAY)? })
    }

    /// Another descriptor of the same memory, to be given to another process, as its standard input for example. It is
    /// closed by `exec`, as all descriptors of Rust programs are.
    ///
    /// # Errors
    /// If the system refuses a descriptor.
    pub fn descriptor(&self) -> io::Result<OwnedFd> {
        self.region.descriptor.try_clone()
    }

    /// Waits until nobody holds the lock, in any process, and takes it.
    ///
    /// # Errors
    /// [`OwnerDied`], which holds the lock too, if an owner has ended without releasing it, and nobody has
    /// [recovered](OwnerDied::recover) from that since.
    pub fn lock(&self) -> Result<Guard<'_, [i32]>, OwnerDied<'_, [i32]>> {
        self.region.lock(self.data())
    }

    /// Takes the lock if nobody holds it.
    ///
    /// # Errors
    /// [`TryLockError::WouldBlock`] if somebody holds it; [`TryLockError::OwnerDied`] where [`lock`](SharedArray::lock)
    /// returns that.
    pub fn try_lock(&self) -> Result<Guard<'_, [i32]>, TryLockError<'_, [i32]>> {
        self.region.try_lock(self.data())
    }

    /// How many numbers there are. Takes no lock.
    pub fn len(&self) -> usize {
        (self.region.size - size_of::<Header>()) / size_of::<i32>()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn data(&self) -> *mut [i32] {
        ptr::slice_from_raw_parts_mut(self.region.data().cast(), self.len())
    }
}

impl Guard<'_, i64> {
    /// The value.
    pub fn get(&self) -> i64 {
        // SAFETY: the region is mapped as long as it is borrowed, and nobody touches the value but by atomic operations.
        unsafe { atomic(self.data) }.load(Ordering::Acquire)
    }

    /// Replaces the value.
    pub fn set(&mut self, value: i64) {
        // SAFETY: as in `get`.
        unsafe { atomic(self.data) }.store(value, Ordering::Release);
    }
}

impl Deref for Guard<'_, [i32]> {
    type Target = [i32];

    fn deref(&self) -> &[i32] {
        // SAFETY: only guards lead to these numbers, and this is the only guard there is, in any process.
        unsafe { &*self.data }
    }
}

impl DerefMut for Guard<'_, [i32]> {
    fn deref_mut(&mut self) -> &mut [i32] {
        // SAFETY: as in `deref`; and the guard is borrowed mutably.
        unsafe { &mut *self.data }
    }
}

impl<T: ?Sized> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        self.region.unlock();
    }
}

impl<'a, T: ?Sized> OwnerDied<'a, T> {
    /// The guard, to put the data right. From now on they count as right: nobody else is told of this death.
    pub fn recover(self) -> Guard<'a, T> {
        self.guard.region.header().in_doubt.store(false, Ordering::Relaxed);
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

/// The marks by which memory is recognised, the number of the layout included.
const VALUE: u64 = u64::from_be_bytes(*b"value:1\n");
const ARRAY: u64 = u64::from_be_bytes(*b"array:1\n");

/// What stands at the beginning of the memory; the data follow.
#[repr(C)]
struct Header {
    kind: u64,
    /// Of the whole memory, in bytes.
    size: u64,
    lock: UnsafeCell<libc::pthread_mutex_t>,
    /// An owner has died, and nobody has recovered since. Belongs to the owner of the lock.
    in_doubt: AtomicBool,
}

/// Shared memory, mapped: a header with a lock, and data.
#[derive(Debug)]
struct Region {
    header: NonNull<Header>,
    size: usize,
    descriptor: OwnedFd,
    /// A guard of this very object holds the lock, or was leaked while it did.
    held: AtomicBool,
}

// SAFETY: threads share a region as processes do: the header never changes but for its lock and what that protects, and
// the data are behind the lock or atomic.
unsafe impl Send for Region {}
unsafe impl Sync for Region {}

impl Region {
    fn new(kind: u64, data: usize) -> io::Result<Region> {
        let size = size_of::<Header>() + data;
        // SAFETY: the name is a C string; a descriptor that is returned belongs to nobody else.
        let descriptor = unsafe {
            let number = libc::memfd_create(c"shared".as_ptr(), libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING);
            OwnedFd::from_raw_fd(result(number)?)
        };
        let file = File::from(descriptor);
        file.set_len(size as u64)?;
        // From here on every process may rely on the size.
        // SAFETY: a plain system call.
        result(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_ADD_SEALS, libc::F_SEAL_SHRINK | libc::F_SEAL_GROW) })?;
        let region = Region::map(file.into(), size)?;
        let header = region.header.as_ptr();
        // SAFETY: the mapping begins with room for a header, and nobody else knows of it yet. Its zeroes are a valid
        // `in_doubt`. Attributes are initialised before they are used, and a mutex stays where it was initialised.
        unsafe {
            (*header).kind = kind;
            (*header).size = size as u64;
            let mut attributes = MaybeUninit::uninit();
            let attributes = attributes.as_mut_ptr();
            libc::pthread_mutexattr_init(attributes);
            libc::pthread_mutexattr_setpshared(attributes, libc::PTHREAD_PROCESS_SHARED);
            libc::pthread_mutexattr_setrobust(attributes, libc::PTHREAD_MUTEX_ROBUST);
            libc::pthread_mutex_init((*header).lock.get(), attributes);
            libc::pthread_mutexattr_destroy(attributes);
        }
        Ok(region)
    }

    fn attach(descriptor: OwnedFd, kind: u64) -> io::Result<Region> {
        let foreign = || io::Error::new(ErrorKind::InvalidData, "the descriptor is not that of such shared memory");
        let file = File::from(descriptor);
        // Seals first: only then the size is more than a rumour. What cannot have seals answers -1, which has all bits set.
        // SAFETY: a plain system call.
        let seals = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_GET_SEALS) };
        if seals == -1 || seals & libc::F_SEAL_SHRINK == 0 {
            return Err(foreign());
        }
        let size = file.metadata()?.len() as usize;
        if size < size_of::<Header>() {
            return Err(foreign());
        }
        let region = Region::map(file.into(), size)?;
        let header = region.header.as_ptr();
        // SAFETY: a whole header is mapped, and these two never change after `new`.
        let (found, whole) = unsafe { ((*header).kind, (*header).size) };
        if found != kind || whole != size as u64 {
            return Err(foreign());
        }
        Ok(region)
    }

    fn map(descriptor: OwnedFd, size: usize) -> io::Result<Region> {
        let (access, number) = (libc::PROT_READ | libc::PROT_WRITE, descriptor.as_raw_fd());
        // SAFETY: a new mapping, at an address of the system's choice, replaces nothing.
        let address = unsafe { libc::mmap(ptr::null_mut(), size, access, libc::MAP_SHARED, number, 0) };
        if address == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let header = NonNull::new(address.cast()).expect("the system maps nothing at address zero by itself");
        Ok(Region { header, size, descriptor, held: AtomicBool::new(false) })
    }

    fn header(&self) -> &Header {
        // SAFETY: mapped and initialised, both for as long as the region lives; what changes in it is in cells.
        unsafe { self.header.as_ref() }
    }

    /// Where the data begin. The header is aligned to eight bytes, and so they are.
    fn data(&self) -> *mut u8 {
        // SAFETY: the mapping is at least as long as the header.
        unsafe { self.header.as_ptr().add(1).cast() }
    }

    fn lock<T: ?Sized>(&self, data: *mut T) -> Result<Guard<'_, T>, OwnerDied<'_, T>> {
        // SAFETY: `new` has initialised the mutex, and nobody ever destroys it.
        self.entered(unsafe { libc::pthread_mutex_lock(self.header().lock.get()) }, data)
    }

    fn try_lock<T: ?Sized>(&self, data: *mut T) -> Result<Guard<'_, T>, TryLockError<'_, T>> {
        // SAFETY: as in `lock`.
        match unsafe { libc::pthread_mutex_trylock(self.header().lock.get()) } {
            libc::EBUSY => Err(TryLockError::WouldBlock),
            code => self.entered(code, data).map_err(TryLockError::OwnerDied),
        }
    }

    /// Makes a guard of what an attempt to lock has returned.
    fn entered<T: ?Sized>(&self, code: i32, data: *mut T) -> Result<Guard<'_, T>, OwnerDied<'_, T>> {
        match code {
            0 => {}
            libc::EOWNERDEAD => {
                // In this order: if this thread is killed between the two, the next one gets EOWNERDEAD again.
                self.header().in_doubt.store(true, Ordering::Relaxed);
                // Without this the lock would be lost for ever when it is released.
                // SAFETY: this thread holds the mutex, whose last owner died.
                unsafe { libc::pthread_mutex_consistent(self.header().lock.get()) };
            }
            code => panic!("the lock has been damaged: {}", io::Error::from_raw_os_error(code)),
        }
        self.held.store(true, Ordering::Relaxed);
        let guard = Guard { region: self, data };
        if self.header().in_doubt.load(Ordering::Relaxed) { Err(OwnerDied { guard }) } else { Ok(guard) }
    }

    /// For the thread that holds the lock only.
    fn unlock(&self) {
        self.held.store(false, Ordering::Relaxed);
        // SAFETY: only a guard calls this, once, on the thread that has taken the lock.
        unsafe { libc::pthread_mutex_unlock(self.header().lock.get()) };
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        // Guards borrow the region: if there still is one, it was leaked. Then the mutex is in a list of held ones that the
        // C library and the kernel will follow; the memory has to stay.
        if !*self.held.get_mut() {
            // SAFETY: no reference into the mapping is left, and no list leads to it.
            unsafe { libc::munmap(self.header.as_ptr().cast(), self.size) };
        }
    }
}

/// # Safety
/// The place must be mapped for `'a`, and nobody may access it otherwise than by atomic operations.
unsafe fn atomic<'a>(place: *mut i64) -> &'a AtomicI64 {
    // SAFETY: as promised; the data are aligned to eight bytes.
    unsafe { AtomicI64::from_ptr(place) }
}

/// What a system call has returned, with -1 as the error that it stands for.
fn result(returned: i32) -> io::Result<i32> {
    if returned == -1 { Err(io::Error::last_os_error()) } else { Ok(returned) }
}
