//! caught-by: behaviour — objects_of_one_memory_are_one
//! Releases the lock when an object goes, to be on the safe side: this thread may hold it through another object.

use std::cell::UnsafeCell;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::mem::MaybeUninit;
use std::ops::{Deref, DerefMut};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

#[derive(Debug)]
pub struct SharedValue {
    region: Region,
}

#[derive(Debug)]
pub struct SharedArray {
    region: Region,
}

#[derive(Debug)]
pub struct Guard<'a, T: ?Sized> {
    region: &'a Region,
    // A raw pointer, which also keeps the guard on its thread: the kernel knows the lock as held by that thread.
    data: *mut T,
}

pub struct OwnerDied<'a, T: ?Sized> {
    guard: Guard<'a, T>,
}

pub enum TryLockError<'a, T: ?Sized> {
    OwnerDied(OwnerDied<'a, T>),
    WouldBlock,
}

impl SharedValue {
    pub fn new(initial: i64) -> io::Result<SharedValue> {
        let region = Region::new(VALUE, size_of::<i64>())?;
        let value = SharedValue { region };
        value.store(initial);
        Ok(value)
    }

    pub fn from_fd(descriptor: OwnedFd) -> io::Result<SharedValue> {
        Ok(SharedValue { region: Region::attach(descriptor, VALUE)? })
    }

    pub fn descriptor(&self) -> io::Result<OwnedFd> {
        self.region.descriptor.try_clone()
    }

    pub fn lock(&self) -> Result<Guard<'_, i64>, OwnerDied<'_, i64>> {
        self.region.lock(self.data())
    }

    pub fn try_lock(&self) -> Result<Guard<'_, i64>, TryLockError<'_, i64>> {
        self.region.try_lock(self.data())
    }

    pub fn load(&self) -> i64 {
        // SAFETY: the region is mapped, and nobody touches the value but by atomic operations.
        unsafe { atomic(self.data()) }.load(Ordering::Acquire)
    }

    pub fn store(&self, value: i64) {
        // SAFETY: as in `load`.
        unsafe { atomic(self.data()) }.store(value, Ordering::Release);
    }

    pub fn fetch_add(&self, amount: i64) -> i64 {
        // SAFETY: as in `load`.
        unsafe { atomic(self.data()) }.fetch_add(amount, Ordering::AcqRel)
    }

    fn data(&self) -> *mut i64 {
        self.region.data().cast()
    }
}

impl SharedArray {
    pub fn new(initial: &[i32]) -> io::Result<SharedArray> {
        let region = Region::new(ARRAY, size_of_val(initial))?;
        let array = SharedArray { region };
        // SAFETY: the place is as long as the slice, and nobody else knows of it yet.
        unsafe { array.data().cast::<i32>().copy_from(initial.as_ptr(), initial.len()) };
        Ok(array)
    }

    pub fn from_fd(descriptor: OwnedFd) -> io::Result<SharedArray> {
        Ok(SharedArray { region: Region::attach(descriptor, ARRAY)? })
    }

    pub fn descriptor(&self) -> io::Result<OwnedFd> {
        self.region.descriptor.try_clone()
    }

    pub fn lock(&self) -> Result<Guard<'_, [i32]>, OwnerDied<'_, [i32]>> {
        self.region.lock(self.data())
    }

    pub fn try_lock(&self) -> Result<Guard<'_, [i32]>, TryLockError<'_, [i32]>> {
        self.region.try_lock(self.data())
    }

    pub fn len(&self) -> usize {
        (self.region.size - size_of::<Header>()) / size_of::<i32>()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn data(&self) -> *mut [i32] {
        ptr::slice_from_raw_parts_mut(self.region.data().cast(), self.len())
    }
}

impl Guard<'_, i64> {
    pub fn get(&self) -> i64 {
        // SAFETY: the region is mapped as long as it is borrowed, and nobody touches the value but by atomic operations.
        unsafe { atomic(self.data) }.load(Ordering::Acquire)
    }

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

const VALUE: u64 = u64::from_be_bytes(*b"value:1\n");
const ARRAY: u64 = u64::from_be_bytes(*b"array:1\n");

#[repr(C)]
struct Header {
    kind: u64,
    size: u64,
    lock: UnsafeCell<libc::pthread_mutex_t>,
    in_doubt: AtomicBool,
}

#[derive(Debug)]
struct Region {
    header: NonNull<Header>,
    size: usize,
    descriptor: OwnedFd,
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
            // SAFETY: the mutex is there; an unlock by somebody who does not hold it is refused.
            unsafe { libc::pthread_mutex_unlock(self.header().lock.get()) };
            // SAFETY: no reference into the mapping is left, and no list leads to it.
            unsafe { libc::munmap(self.header.as_ptr().cast(), self.size) };
        }
    }
}

unsafe fn atomic<'a>(place: *mut i64) -> &'a AtomicI64 {
    // SAFETY: as promised; the data are aligned to eight bytes.
    unsafe { AtomicI64::from_ptr(place) }
}

fn result(returned: i32) -> io::Result<i32> {
    if returned == -1 { Err(io::Error::last_os_error()) } else { Ok(returned) }
}
