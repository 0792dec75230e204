//! A number and an array of numbers in memory that several processes share, as `multiprocessing.Value` and
//! `multiprocessing.Array` are, each with a lock in the same memory.
//!
//! The brief in `README.md` says everything that is checked. Where a body says `todo!()` and where a private field
//! stands, the code is yours; the public names and signatures stay as they are.

use std::io;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::os::fd::OwnedFd;

/// An `i64` in shared memory, with a lock beside it.
///
/// `load`, `store` and `fetch_add` are indivisible and take no lock. Whatever takes more than one step needs the lock:
///
/// ```
/// use shared_memory::SharedValue;
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
    _yours: PhantomData<()>,
}

/// Some `i32`s in shared memory, with a lock beside them: the only way to them.
///
/// ```
/// use shared_memory::SharedArray;
///
/// let array = SharedArray::new(&[3, 1, 2])?;
/// let same = SharedArray::from_fd(array.descriptor()?)?;
/// array.lock().unwrap().sort();
/// assert_eq!(same.lock().unwrap()[..], [1, 2, 3]);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct SharedArray {
    _yours: PhantomData<()>,
}

/// The lock of a [`SharedValue`] (`T` is `i64`) or a [`SharedArray`] (`T` is `[i32]`), held. Releases it when dropped.
///
/// It belongs to the thread that took the lock.
#[derive(Debug)]
pub struct Guard<'a, T: ?Sized> {
    _yours: PhantomData<&'a T>,
}

/// The lock is held, and whoever held it before ended without releasing it: the data may be half-changed.
///
/// Look at the data and put them right, by way of [`recover`](OwnerDied::recover):
///
/// ```
/// use shared_memory::SharedArray;
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
    _yours: PhantomData<Guard<'a, T>>,
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
        let _ = initial;
        todo!("memory that has a descriptor; what must stand in it beside the value?")
    }

    /// The shared memory behind a descriptor that came from [`descriptor`](SharedValue::descriptor), in this process or in
    /// another one.
    ///
    /// # Errors
    /// [`InvalidData`](io::ErrorKind::InvalidData) if the descriptor is anything else.
    pub fn from_fd(descriptor: OwnedFd) -> io::Result<SharedValue> {
        let _ = descriptor;
        todo!("look before you believe, and believe before you map")
    }

    /// Another descriptor of the same memory, to be given to another process, as its standard input for example. It is
    /// closed by `exec`, as all descriptors of Rust programs are.
    ///
    /// # Errors
    /// If the system refuses a descriptor.
    pub fn descriptor(&self) -> io::Result<OwnedFd> {
        todo!("a second descriptor, whose owner may close it")
    }

    /// Waits until nobody holds the lock, in any process, and takes it.
    ///
    /// # Errors
    /// [`OwnerDied`], which holds the lock too, if an owner has ended without releasing it, and nobody has
    /// [recovered](OwnerDied::recover) from that since.
    pub fn lock(&self) -> Result<Guard<'_, i64>, OwnerDied<'_, i64>> {
        todo!("three things can happen here")
    }

    /// Takes the lock if nobody holds it.
    ///
    /// # Errors
    /// [`TryLockError::WouldBlock`] if somebody holds it; [`TryLockError::OwnerDied`] where [`lock`](SharedValue::lock)
    /// returns that.
    pub fn try_lock(&self) -> Result<Guard<'_, i64>, TryLockError<'_, i64>> {
        todo!("the same without waiting")
    }

    /// The value as it is now, whoever holds the lock.
    pub fn load(&self) -> i64 {
        todo!("one indivisible read, and what was written before the value was stored")
    }

    /// Replaces the value, whoever holds the lock.
    pub fn store(&self, value: i64) {
        let _ = value;
        todo!("one indivisible write, after everything that was written before")
    }

    /// Adds to the value, wrapping around at the ends, whoever holds the lock, and returns what it was before.
    pub fn fetch_add(&self, amount: i64) -> i64 {
        let _ = amount;
        todo!("one indivisible step")
    }
}

impl SharedArray {
    /// New shared memory with these numbers in it, maybe none.
    ///
    /// # Errors
    /// If the system refuses the memory.
    pub fn new(initial: &[i32]) -> io::Result<SharedArray> {
        let _ = initial;
        todo!("how does another process know how many there are?")
    }

    /// The shared memory behind a descriptor that came from [`descriptor`](SharedArray::descriptor), in this process or in
    /// another one.
    ///
    /// # Errors
    /// [`InvalidData`](io::ErrorKind::InvalidData) if the descriptor is anything else.
    pub fn from_fd(descriptor: OwnedFd) -> io::Result<SharedArray> {
        let _ = descriptor;
        todo!("look before you believe, and believe before you map")
    }

    /// Another descriptor of the same memory, to be given to another process, as its standard input for example. It is
    /// closed by `exec`, as all descriptors of Rust programs are.
    ///
    /// # Errors
    /// If the system refuses a descriptor.
    pub fn descriptor(&self) -> io::Result<OwnedFd> {
        todo!("a second descriptor, whose owner may close it")
    }

    /// Waits until nobody holds the lock, in any process, and takes it.
    ///
    /// # Errors
    /// [`OwnerDied`], which holds the lock too, if an owner has ended without releasing it, and nobody has
    /// [recovered](OwnerDied::recover) from that since.
    pub fn lock(&self) -> Result<Guard<'_, [i32]>, OwnerDied<'_, [i32]>> {
        todo!("three things can happen here")
    }

    /// Takes the lock if nobody holds it.
    ///
    /// # Errors
    /// [`TryLockError::WouldBlock`] if somebody holds it; [`TryLockError::OwnerDied`] where [`lock`](SharedArray::lock)
    /// returns that.
    pub fn try_lock(&self) -> Result<Guard<'_, [i32]>, TryLockError<'_, [i32]>> {
        todo!("the same without waiting")
    }

    /// How many numbers there are. Takes no lock.
    pub fn len(&self) -> usize {
        todo!("this never changes")
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        todo!("this never changes")
    }
}

impl Guard<'_, i64> {
    /// The value.
    pub fn get(&self) -> i64 {
        todo!("others may store and add while the lock is held")
    }

    /// Replaces the value.
    pub fn set(&mut self, value: i64) {
        let _ = value;
        todo!("others may store and add while the lock is held")
    }
}

impl Deref for Guard<'_, [i32]> {
    type Target = [i32];

    fn deref(&self) -> &[i32] {
        todo!("why may this be a plain slice, when the value must not be a plain i64?")
    }
}

impl DerefMut for Guard<'_, [i32]> {
    fn deref_mut(&mut self) -> &mut [i32] {
        todo!("why may this be a plain slice, when the value must not be a plain i64?")
    }
}

impl<'a, T: ?Sized> OwnerDied<'a, T> {
    /// The guard, to put the data right. From now on they count as right: nobody else is told of this death.
    pub fn recover(self) -> Guard<'a, T> {
        todo!("what must be forgotten, and what must not be released?")
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
