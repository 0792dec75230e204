//! [`OnceLock`] and [`LazyLock`]. In a `static` they start anew in every execution: the value of an earlier one is forgotten.

use super::once::{Once, Stage};
use std::cell::{Cell, UnsafeCell};
use std::fmt;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::panic::{RefUnwindSafe, UnwindSafe};

/// A value behind a [`Once`].
struct Slot<T> {
    once: Once,
    value: UnsafeCell<Option<T>>,
}

impl<T> Slot<T> {
    #[track_caller]
    const fn new(kind: &'static str) -> Self {
        Slot { once: Once::of(kind), value: UnsafeCell::new(None) }
    }

    /// Forgets the value of an earlier execution. To be called before anything else.
    fn renew(&self) {
        if self.once.is_new() {
            // SAFETY: whoever has a reference to the old value belongs to an execution that is over.
            std::mem::forget(unsafe { (*self.value.get()).take() });
        }
    }

    fn put(&self, value: T) {
        // SAFETY: called by the closure that runs, or the only owner; nobody has a reference before it is complete.
        unsafe { *self.value.get() = Some(value) };
    }

    /// The value, without telling anybody.
    fn peek(&self) -> Option<&T> {
        self.renew();
        if self.once.stage() != Stage::Complete {
            return None;
        }
        // SAFETY: complete, and nobody writes to it any more.
        unsafe { (*self.value.get()).as_ref() }
    }

    #[track_caller]
    fn get(&self, operation: &'static str) -> Option<&T> {
        self.renew();
        let complete = self.once.look_whether_complete(operation);
        if complete { self.peek() } else { None }
    }

    fn expect(&self) -> &T {
        self.peek().expect("a closure has run")
    }

    fn get_mut(&mut self) -> Option<&mut T> {
        self.renew();
        let complete = self.once.stage() == Stage::Complete;
        self.value.get_mut().as_mut().filter(|_| complete)
    }
}

/// The stand-in for [`std::sync::OnceLock`].
pub struct OnceLock<T> {
    slot: Slot<T>,
}

// SAFETY: as for `std::sync::OnceLock`: shared references to the value are handed out, and it may be dropped elsewhere.
unsafe impl<T: Sync + Send> Sync for OnceLock<T> {}
impl<T: RefUnwindSafe + UnwindSafe> RefUnwindSafe for OnceLock<T> {}

impl<T> OnceLock<T> {
    /// As [`std::sync::OnceLock::new`].
    #[track_caller]
    #[must_use]
    pub const fn new() -> OnceLock<T> {
        OnceLock { slot: Slot::new("once lock") }
    }

    /// As [`std::sync::OnceLock::get`].
    #[track_caller]
    pub fn get(&self) -> Option<&T> {
        self.slot.get("get")
    }

    /// As [`std::sync::OnceLock::get_mut`].
    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.slot.get_mut()
    }

    /// As [`std::sync::OnceLock::wait`].
    #[track_caller]
    pub fn wait(&self) -> &T {
        self.slot.renew();
        self.slot.once.wait_until_complete("wait", true);
        self.slot.expect()
    }

    /// As [`std::sync::OnceLock::set`].
    ///
    /// # Errors
    /// If there is a value already: the new one.
    #[track_caller]
    pub fn set(&self, value: T) -> Result<(), T> {
        self.slot.renew();
        let Some(running) = self.slot.once.begin("set", true, "") else { return Err(value) };
        self.slot.put(value);
        running.complete();
        Ok(())
    }

    /// As [`std::sync::OnceLock::get_or_init`].
    ///
    /// # Panics
    /// If the closure does.
    #[track_caller]
    pub fn get_or_init<F: FnOnce() -> T>(&self, make: F) -> &T {
        self.slot.renew();
        if let Some(running) = self.slot.once.begin("get_or_init", true, "") {
            self.slot.put(make());
            running.complete();
        }
        self.slot.expect()
    }

    /// As [`std::sync::OnceLock::into_inner`].
    pub fn into_inner(mut self) -> Option<T> {
        self.take()
    }

    /// As [`std::sync::OnceLock::take`].
    pub fn take(&mut self) -> Option<T> {
        self.slot.renew();
        let complete = self.slot.once.stage() == Stage::Complete;
        self.slot.once.set_stage(Stage::Incomplete);
        self.slot.value.get_mut().take().filter(|_| complete)
    }
}

impl<T> Default for OnceLock<T> {
    #[track_caller]
    fn default() -> Self {
        OnceLock::new()
    }
}

impl<T> From<T> for OnceLock<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        let lock = OnceLock::new();
        lock.slot.renew();
        lock.slot.put(value);
        lock.slot.once.set_stage(Stage::Complete);
        lock
    }
}

impl<T: Clone> Clone for OnceLock<T> {
    #[track_caller]
    fn clone(&self) -> Self {
        self.get().map_or_else(OnceLock::new, |value| OnceLock::from(value.clone()))
    }
}

impl<T: PartialEq> PartialEq for OnceLock<T> {
    #[track_caller]
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl<T: Eq> Eq for OnceLock<T> {}

impl<T: fmt::Debug> fmt::Debug for OnceLock<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(formatter, "OnceLock", self.slot.peek())
    }
}

/// The stand-in for [`std::sync::LazyLock`]. A closure that owns something to be dropped can run in one execution only: its
/// lock is no `static`.
pub struct LazyLock<T, F = fn() -> T> {
    slot: Slot<T>,
    make: ManuallyDrop<F>,
    /// Whether the closure was called, which owns itself from then on.
    called: Cell<bool>,
}

// SAFETY: as for `std::sync::LazyLock`: the closure is called by one thread, and shared references to the value are handed out.
unsafe impl<T: Sync + Send, F: Send> Sync for LazyLock<T, F> {}
impl<T: RefUnwindSafe + UnwindSafe, F: UnwindSafe> RefUnwindSafe for LazyLock<T, F> {}

const POISONED: &str = "LazyLock instance has previously been poisoned";

impl<T, F: FnOnce() -> T> LazyLock<T, F> {
    /// As [`std::sync::LazyLock::new`].
    #[track_caller]
    pub const fn new(make: F) -> LazyLock<T, F> {
        LazyLock { slot: Slot::new("lazy lock"), make: ManuallyDrop::new(make), called: Cell::new(false) }
    }

    /// As [`std::sync::LazyLock::force`].
    ///
    /// # Panics
    /// If the closure does, or did.
    #[track_caller]
    pub fn force(this: &LazyLock<T, F>) -> &T {
        this.slot.renew();
        if let Some(running) = this.slot.once.begin("force", false, POISONED) {
            let again = this.called.replace(true);
            assert!(!again || !std::mem::needs_drop::<F>(), "this LazyLock has served an earlier execution");
            // SAFETY: the closure is called once in an execution, and not dropped by the lock after. Called again in a
            // later one, it is a copy of a value without a destructor, whose earlier copy nobody uses any more.
            let make = unsafe { std::ptr::read(&*this.make) };
            this.slot.put(make());
            running.complete();
        }
        this.slot.expect()
    }

    /// As [`std::sync::LazyLock::force_mut`].
    ///
    /// # Panics
    /// If the closure does, or did.
    #[track_caller]
    pub fn force_mut(this: &mut LazyLock<T, F>) -> &mut T {
        LazyLock::force(this);
        this.slot.get_mut().expect("a closure has run")
    }
}

impl<T, F> LazyLock<T, F> {
    /// As [`std::sync::LazyLock::get`].
    #[track_caller]
    pub fn get(this: &LazyLock<T, F>) -> Option<&T> {
        this.slot.get("get")
    }

    /// As [`std::sync::LazyLock::get_mut`].
    pub fn get_mut(this: &mut LazyLock<T, F>) -> Option<&mut T> {
        this.slot.get_mut()
    }
}

impl<T, F> Drop for LazyLock<T, F> {
    fn drop(&mut self) {
        if !self.called.get() {
            // SAFETY: never called, so it is still here; and nobody comes after this.
            unsafe { ManuallyDrop::drop(&mut self.make) };
        }
    }
}

impl<T, F: FnOnce() -> T> Deref for LazyLock<T, F> {
    type Target = T;

    #[track_caller]
    fn deref(&self) -> &T {
        LazyLock::force(self)
    }
}

impl<T, F: FnOnce() -> T> DerefMut for LazyLock<T, F> {
    #[track_caller]
    fn deref_mut(&mut self) -> &mut T {
        LazyLock::force_mut(self)
    }
}

impl<T: Default> Default for LazyLock<T> {
    #[track_caller]
    fn default() -> Self {
        LazyLock::new(T::default)
    }
}

impl<T: fmt::Debug, F> fmt::Debug for LazyLock<T, F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(formatter, "LazyLock", self.slot.peek())
    }
}

fn show<T: fmt::Debug>(formatter: &mut fmt::Formatter<'_>, name: &str, value: Option<&T>) -> fmt::Result {
    let mut tuple = formatter.debug_tuple(name);
    match value {
        Some(value) => tuple.field(value),
        None => tuple.field(&format_args!("<uninit>")),
    };
    tuple.finish()
}
