//! [`Parker`] and [`Unparker`].

use crate::cell::Plain;
use interleave::engine::{self, Clock, Object, Wait, WaitKind, Woken};
use interleave::time::{Duration, Instant};
use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

/// As `crossbeam::sync::Parker`. Unlike `std`'s, its wait never ends for no reason.
pub struct Parker {
    unparker: Unparker,
    // As crossbeam's, it can be sent but not shared.
    _not_sync: PhantomData<Cell<()>>,
}

/// As `crossbeam::sync::Unparker`.
#[derive(Clone)]
pub struct Unparker(Arc<Inner>);

impl UnwindSafe for Parker {}
impl RefUnwindSafe for Parker {}
impl UnwindSafe for Unparker {}
impl RefUnwindSafe for Unparker {}

struct Inner {
    object: Object,
    token: Plain<Token>,
}

#[derive(Default)]
struct Token {
    available: bool,
    clock: Clock,
}

impl Inner {
    /// Takes the token if it is there.
    fn take(&self) -> bool {
        self.token.with(|token| {
            if token.available {
                engine::acquire(&token.clock);
            }
            std::mem::take(&mut token.available)
        })
    }
}

impl Parker {
    /// As `crossbeam::sync::Parker::new`.
    #[track_caller]
    #[must_use]
    pub fn new() -> Parker {
        let inner = Inner { object: Object::new("parker"), token: Plain::new(Token::default()) };
        Parker { unparker: Unparker(Arc::new(inner)), _not_sync: PhantomData }
    }

    #[track_caller]
    fn park_until(&self, operation: &'static str, deadline: Option<u64>) {
        let at = Location::caller();
        let inner = &self.unparker.0;
        engine::point(operation, &inner.object);
        while !inner.take() {
            // Outside of an execution nobody else could make the token available in time.
            if deadline.is_some_and(|deadline| engine::now() >= deadline || !engine::is_exploring()) {
                return;
            }
            let object = Some(inner.object.id());
            let woken = engine::block(Wait { kind: WaitKind::Other, operation, object, holder: None, deadline, at });
            if woken == Woken::TimedOut {
                // A token that comes at the last moment is taken, as in crossbeam.
                inner.take();
                return;
            }
        }
    }

    /// As `crossbeam::sync::Parker::park`.
    #[track_caller]
    pub fn park(&self) {
        self.park_until("park", None);
    }

    /// As `crossbeam::sync::Parker::park_timeout`, in virtual time.
    #[track_caller]
    pub fn park_timeout(&self, timeout: Duration) {
        let deadline = u64::try_from(timeout.as_nanos()).ok().and_then(|more| engine::now().checked_add(more));
        self.park_until("park_timeout", deadline);
    }

    /// As `crossbeam::sync::Parker::park_deadline`, in virtual time.
    #[track_caller]
    pub fn park_deadline(&self, deadline: Instant) {
        self.park_until("park_deadline", Some(deadline.as_deadline()));
    }

    /// As `crossbeam::sync::Parker::unparker`.
    #[must_use]
    pub fn unparker(&self) -> &Unparker {
        &self.unparker
    }

    /// As `crossbeam::sync::Parker::into_raw`.
    #[must_use]
    pub fn into_raw(this: Parker) -> *const () {
        Unparker::into_raw(this.unparker)
    }

    /// As `crossbeam::sync::Parker::from_raw`.
    ///
    /// # Safety
    /// As there: only for what [`Parker::into_raw`] has returned, once.
    #[must_use]
    pub unsafe fn from_raw(pointer: *const ()) -> Parker {
        // SAFETY: both are the same pointer.
        let unparker = unsafe { Unparker::from_raw(pointer) };
        Parker { unparker, _not_sync: PhantomData }
    }
}

impl Default for Parker {
    #[track_caller]
    fn default() -> Self {
        Parker::new()
    }
}

impl Unparker {
    /// As `crossbeam::sync::Unparker::unpark`.
    #[track_caller]
    pub fn unpark(&self) {
        engine::point("unpark", &self.0.object);
        self.0.token.with(|token| {
            token.available = true;
            engine::release(&mut token.clock);
        });
        engine::wake_all(self.0.object.id());
    }

    /// As `crossbeam::sync::Unparker::into_raw`.
    #[must_use]
    pub fn into_raw(this: Unparker) -> *const () {
        Arc::into_raw(this.0).cast()
    }

    /// As `crossbeam::sync::Unparker::from_raw`.
    ///
    /// # Safety
    /// As there: only for what [`Unparker::into_raw`] has returned, once.
    #[must_use]
    pub unsafe fn from_raw(pointer: *const ()) -> Unparker {
        // SAFETY: the pointer is that of an `Arc` that was given up.
        Unparker(unsafe { Arc::from_raw(pointer.cast()) })
    }
}

impl fmt::Debug for Parker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad("Parker { .. }")
    }
}

impl fmt::Debug for Unparker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad("Unparker { .. }")
    }
}
