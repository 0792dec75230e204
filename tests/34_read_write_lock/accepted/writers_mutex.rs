//! Writers queue on a mutex of their own, which a write guard keeps locked: std's own poison serves as the lock's.

use std::cell::UnsafeCell;
use std::ops::{Deref, DerefMut};
use std::sync::{Condvar, LockResult, Mutex, MutexGuard, PoisonError, TryLockError, TryLockResult};

#[derive(Default)]
struct Readers {
    inside: usize,
    /// Writers that wait or write. Readers stay away from all of them.
    writers: usize,
}

pub struct RwLock<T> {
    /// Held by the writer inside, and by the one that waits for readers to leave. It is poisoned when the lock is.
    turn: Mutex<()>,
    readers: Mutex<Readers>,
    no_readers: Condvar,
    no_writers: Condvar,
    value: UnsafeCell<T>,
}

unsafe impl<T: Send + Sync> Sync for RwLock<T> {}

fn sound<G>(result: LockResult<G>) -> G {
    result.unwrap_or_else(PoisonError::into_inner)
}

impl<T> RwLock<T> {
    pub fn new(value: T) -> RwLock<T> {
        RwLock {
            turn: Mutex::new(()),
            readers: Mutex::default(),
            no_readers: Condvar::new(),
            no_writers: Condvar::new(),
            value: UnsafeCell::new(value),
        }
    }

    fn reader(&self, mut readers: MutexGuard<'_, Readers>) -> LockResult<ReadGuard<'_, T>> {
        readers.inside += 1;
        // Asked while no writer is inside or can come.
        let guard = ReadGuard { lock: self, sync: SyncOnly::NEW };
        if self.turn.is_poisoned() { Err(PoisonError::new(guard)) } else { Ok(guard) }
    }

    pub fn read(&self) -> LockResult<ReadGuard<'_, T>> {
        let readers = sound(self.readers.lock());
        let readers = sound(self.no_writers.wait_while(readers, |readers| readers.writers > 0));
        self.reader(readers)
    }

    pub fn write(&self) -> LockResult<WriteGuard<'_, T>> {
        sound(self.readers.lock()).writers += 1;
        let turn = sound(self.turn.lock());
        let readers = sound(self.readers.lock());
        drop(sound(self.no_readers.wait_while(readers, |readers| readers.inside > 0)));
        // Somebody may have cleared the poison while this waited for readers.
        let poisoned = self.turn.is_poisoned();
        let guard = WriteGuard { lock: self, turn: Some(turn) };
        if poisoned { Err(PoisonError::new(guard)) } else { Ok(guard) }
    }

    pub fn try_read(&self) -> TryLockResult<ReadGuard<'_, T>> {
        let readers = sound(self.readers.lock());
        if readers.writers > 0 {
            return Err(TryLockError::WouldBlock);
        }
        Ok(self.reader(readers)?)
    }

    pub fn try_write(&self) -> TryLockResult<WriteGuard<'_, T>> {
        let mut readers = sound(self.readers.lock());
        if readers.inside > 0 || readers.writers > 0 {
            return Err(TryLockError::WouldBlock);
        }
        // Nobody writes or waits to: the mutex is free, or a writer that has left is about to free it.
        let (turn, poisoned) = match self.turn.lock() {
            Ok(turn) => (turn, false),
            Err(error) => (error.into_inner(), true),
        };
        readers.writers += 1;
        let guard = WriteGuard { lock: self, turn: Some(turn) };
        if poisoned { Err(PoisonError::new(guard).into()) } else { Ok(guard) }
    }

    pub fn into_inner(self) -> LockResult<T> {
        let poisoned = self.is_poisoned();
        let value = self.value.into_inner();
        if poisoned { Err(PoisonError::new(value)) } else { Ok(value) }
    }

    pub fn is_poisoned(&self) -> bool {
        self.turn.is_poisoned()
    }

    pub fn clear_poison(&self) {
        self.turn.clear_poison();
    }
}

/// Neither sent nor in the way of `Sync`.
struct SyncOnly(std::marker::PhantomData<*const ()>);

impl SyncOnly {
    const NEW: SyncOnly = SyncOnly(std::marker::PhantomData);
}

unsafe impl Sync for SyncOnly {}

#[must_use = "the lock is released when the guard is dropped"]
pub struct ReadGuard<'a, T> {
    lock: &'a RwLock<T>,
    #[allow(dead_code)]
    sync: SyncOnly,
}

impl<T> Deref for ReadGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        unsafe { &*self.lock.value.get() }
    }
}

impl<T> Drop for ReadGuard<'_, T> {
    fn drop(&mut self) {
        let mut readers = sound(self.lock.readers.lock());
        readers.inside -= 1;
        if readers.inside == 0 && readers.writers > 0 {
            // One writer at most waits here: the others wait for their turn.
            self.lock.no_readers.notify_one();
        }
    }
}

#[must_use = "the lock is released when the guard is dropped"]
pub struct WriteGuard<'a, T> {
    lock: &'a RwLock<T>,
    /// `None` only while the guard is being taken apart.
    turn: Option<MutexGuard<'a, ()>>,
}

impl<'a, T> WriteGuard<'a, T> {
    pub fn downgrade(mut guard: WriteGuard<'a, T>) -> ReadGuard<'a, T> {
        let lock = guard.lock;
        let turn = guard.turn.take();
        std::mem::forget(guard);
        let mut readers = sound(lock.readers.lock());
        readers.inside += 1;
        lock.writer_leaves(readers);
        drop(turn);
        ReadGuard { lock, sync: SyncOnly::NEW }
    }
}

impl<T> RwLock<T> {
    fn writer_leaves(&self, mut readers: MutexGuard<'_, Readers>) {
        readers.writers -= 1;
        if readers.writers == 0 {
            self.no_writers.notify_all();
        }
    }
}

impl<T> Deref for WriteGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        unsafe { &*self.lock.value.get() }
    }
}

impl<T> DerefMut for WriteGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        unsafe { &mut *self.lock.value.get() }
    }
}

impl<T> Drop for WriteGuard<'_, T> {
    fn drop(&mut self) {
        // Poisons, if it must, before anybody is let in.
        drop(self.turn.take());
        self.lock.writer_leaves(sound(self.lock.readers.lock()));
    }
}
