//! [`Semaphore`].

use super::permits::{self, Closed, Permits, Refused};
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::sync::Arc;

/// The stand-in for `tokio::sync::Semaphore`: first come, first served, and whoever asks for many is not overtaken by those who
/// ask for few.
#[derive(Debug)]
pub struct Semaphore(Permits);

/// The stand-in for `tokio::sync::AcquireError`: the semaphore is closed.
#[derive(Debug)]
pub struct AcquireError(());

impl fmt::Display for AcquireError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("semaphore closed")
    }
}

impl std::error::Error for AcquireError {}

impl From<Closed> for AcquireError {
    fn from(_: Closed) -> Self {
        AcquireError(())
    }
}

/// The stand-in for `tokio::sync::TryAcquireError`.
#[derive(Debug, PartialEq, Eq)]
pub enum TryAcquireError {
    /// The semaphore is closed.
    Closed,
    /// There are too few permits.
    NoPermits,
}

impl fmt::Display for TryAcquireError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            TryAcquireError::Closed => "semaphore closed",
            TryAcquireError::NoPermits => "no permits available",
        })
    }
}

impl std::error::Error for TryAcquireError {}

impl Semaphore {
    /// As `tokio::sync::Semaphore::MAX_PERMITS`.
    pub const MAX_PERMITS: usize = permits::MOST;

    /// As `tokio::sync::Semaphore::new`.
    ///
    /// # Panics
    /// If there are more than [`Semaphore::MAX_PERMITS`].
    #[track_caller]
    #[must_use]
    pub const fn new(count: usize) -> Self {
        assert!(count <= Semaphore::MAX_PERMITS, "a semaphore may not have more than MAX_PERMITS permits");
        Semaphore(Permits::new("semaphore", count))
    }

    /// As `tokio::sync::Semaphore::const_new`.
    ///
    /// # Panics
    /// As [`Semaphore::new`].
    #[track_caller]
    #[must_use]
    pub const fn const_new(count: usize) -> Self {
        Semaphore::new(count)
    }

    /// As `tokio::sync::Semaphore::available_permits`.
    #[track_caller]
    #[must_use]
    pub fn available_permits(&self) -> usize {
        self.0.point("available_permits", Location::caller());
        let available = self.0.available();
        interleave::engine::note(|| available.to_string());
        available
    }

    /// As `tokio::sync::Semaphore::add_permits`.
    ///
    /// # Panics
    /// If there would be more than [`Semaphore::MAX_PERMITS`].
    #[track_caller]
    pub fn add_permits(&self, count: usize) {
        let at = Location::caller();
        self.0.point("add_permits", at);
        let fits = self.0.available().checked_add(count).is_some_and(|sum| sum <= Semaphore::MAX_PERMITS);
        assert!(fits, "number of added permits ({count}) would overflow MAX_PERMITS");
        self.0.give(count, at);
    }

    /// As `tokio::sync::Semaphore::forget_permits`.
    #[track_caller]
    pub fn forget_permits(&self, count: usize) -> usize {
        self.0.point("forget_permits", Location::caller());
        self.0.forget(count)
    }

    async fn take(&self, count: u32, at: &'static Location<'static>) -> Result<(), AcquireError> {
        Ok(self.0.acquire(self.0.object(), "acquire", count as usize, at).await?)
    }

    fn try_take(&self, count: u32, at: &'static Location<'static>) -> Result<(), TryAcquireError> {
        self.0.point("try_acquire", at);
        self.0.take(count as usize).map_err(|refused| match refused {
            Refused::Closed => TryAcquireError::Closed,
            Refused::TooFew => TryAcquireError::NoPermits,
        })
    }

    fn give(&self, count: u32, at: &'static Location<'static>) {
        if count > 0 {
            self.0.point("release", at);
            self.0.give(count as usize, at);
        }
    }

    /// As `tokio::sync::Semaphore::acquire`.
    ///
    /// # Errors
    /// If the semaphore is closed.
    #[track_caller]
    pub fn acquire(&self) -> impl Future<Output = Result<SemaphorePermit<'_>, AcquireError>> {
        self.acquire_many(1)
    }

    /// As `tokio::sync::Semaphore::acquire_many`.
    ///
    /// # Errors
    /// If the semaphore is closed.
    #[track_caller]
    pub fn acquire_many(&self, count: u32) -> impl Future<Output = Result<SemaphorePermit<'_>, AcquireError>> {
        let at = Location::caller();
        async move {
            self.take(count, at).await?;
            Ok(SemaphorePermit { semaphore: self, count, at })
        }
    }

    /// As `tokio::sync::Semaphore::acquire_owned`.
    ///
    /// # Errors
    /// If the semaphore is closed.
    #[track_caller]
    pub fn acquire_owned(self: Arc<Self>) -> impl Future<Output = Result<OwnedSemaphorePermit, AcquireError>> {
        self.acquire_many_owned(1)
    }

    /// As `tokio::sync::Semaphore::acquire_many_owned`.
    ///
    /// # Errors
    /// If the semaphore is closed.
    #[track_caller]
    pub fn acquire_many_owned(
        self: Arc<Self>,
        count: u32,
    ) -> impl Future<Output = Result<OwnedSemaphorePermit, AcquireError>> {
        let at = Location::caller();
        async move {
            self.take(count, at).await?;
            Ok(OwnedSemaphorePermit { semaphore: self, count, at })
        }
    }

    /// As `tokio::sync::Semaphore::blocking_acquire`.
    ///
    /// # Errors
    /// If the semaphore is closed.
    ///
    /// # Panics
    /// If called within an asynchronous task.
    #[track_caller]
    pub fn blocking_acquire(&self) -> Result<SemaphorePermit<'_>, AcquireError> {
        crate::runtime::block(self.acquire())
    }

    /// As `tokio::sync::Semaphore::blocking_acquire_many`.
    ///
    /// # Errors
    /// If the semaphore is closed.
    ///
    /// # Panics
    /// If called within an asynchronous task.
    #[track_caller]
    pub fn blocking_acquire_many(&self, count: u32) -> Result<SemaphorePermit<'_>, AcquireError> {
        crate::runtime::block(self.acquire_many(count))
    }

    /// As `tokio::sync::Semaphore::blocking_acquire_owned`.
    ///
    /// # Errors
    /// If the semaphore is closed.
    ///
    /// # Panics
    /// If called within an asynchronous task.
    #[track_caller]
    pub fn blocking_acquire_owned(self: Arc<Self>) -> Result<OwnedSemaphorePermit, AcquireError> {
        crate::runtime::block(self.acquire_owned())
    }

    /// As `tokio::sync::Semaphore::blocking_acquire_many_owned`.
    ///
    /// # Errors
    /// If the semaphore is closed.
    ///
    /// # Panics
    /// If called within an asynchronous task.
    #[track_caller]
    pub fn blocking_acquire_many_owned(self: Arc<Self>, count: u32) -> Result<OwnedSemaphorePermit, AcquireError> {
        crate::runtime::block(self.acquire_many_owned(count))
    }

    /// As `tokio::sync::Semaphore::try_acquire`.
    ///
    /// # Errors
    /// If the semaphore is closed, or there is no permit.
    #[track_caller]
    pub fn try_acquire(&self) -> Result<SemaphorePermit<'_>, TryAcquireError> {
        self.try_acquire_many(1)
    }

    /// As `tokio::sync::Semaphore::try_acquire_many`.
    ///
    /// # Errors
    /// If the semaphore is closed, or there are too few permits.
    #[track_caller]
    pub fn try_acquire_many(&self, count: u32) -> Result<SemaphorePermit<'_>, TryAcquireError> {
        let at = Location::caller();
        self.try_take(count, at).map(|()| SemaphorePermit { semaphore: self, count, at })
    }

    /// As `tokio::sync::Semaphore::try_acquire_owned`.
    ///
    /// # Errors
    /// If the semaphore is closed, or there is no permit.
    #[track_caller]
    pub fn try_acquire_owned(self: Arc<Self>) -> Result<OwnedSemaphorePermit, TryAcquireError> {
        self.try_acquire_many_owned(1)
    }

    /// As `tokio::sync::Semaphore::try_acquire_many_owned`.
    ///
    /// # Errors
    /// If the semaphore is closed, or there are too few permits.
    #[track_caller]
    pub fn try_acquire_many_owned(self: Arc<Self>, count: u32) -> Result<OwnedSemaphorePermit, TryAcquireError> {
        let at = Location::caller();
        self.try_take(count, at).map(|()| OwnedSemaphorePermit { semaphore: self, count, at })
    }

    /// As `tokio::sync::Semaphore::close`.
    #[track_caller]
    pub fn close(&self) {
        let at = Location::caller();
        self.0.point("close", at);
        self.0.close(at);
    }

    /// As `tokio::sync::Semaphore::is_closed`.
    #[track_caller]
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.point("is_closed", Location::caller());
        self.0.is_closed()
    }
}

/// The stand-in for `tokio::sync::SemaphorePermit`.
#[must_use]
#[derive(Debug)]
pub struct SemaphorePermit<'a> {
    semaphore: &'a Semaphore,
    count: u32,
    at: &'static Location<'static>,
}

/// The stand-in for `tokio::sync::OwnedSemaphorePermit`.
#[must_use]
#[derive(Debug)]
pub struct OwnedSemaphorePermit {
    semaphore: Arc<Semaphore>,
    count: u32,
    at: &'static Location<'static>,
}

impl<'a> SemaphorePermit<'a> {
    /// As `tokio::sync::SemaphorePermit::semaphore`.
    #[must_use]
    pub fn semaphore(&self) -> &'a Semaphore {
        self.semaphore
    }

    /// As `tokio::sync::SemaphorePermit::forget`.
    pub fn forget(mut self) {
        self.count = 0;
    }

    /// As `tokio::sync::SemaphorePermit::num_permits`.
    #[must_use]
    pub fn num_permits(&self) -> usize {
        self.count as usize
    }

    /// As `tokio::sync::SemaphorePermit::merge`.
    ///
    /// # Panics
    /// If `other` is of another semaphore.
    #[track_caller]
    pub fn merge(&mut self, mut other: Self) {
        assert!(std::ptr::eq(self.semaphore, other.semaphore), "merging permits from different semaphore instances");
        self.count += std::mem::take(&mut other.count);
    }

    /// As `tokio::sync::SemaphorePermit::split`.
    pub fn split(&mut self, count: usize) -> Option<Self> {
        let count = u32::try_from(count).ok().filter(|count| *count <= self.count)?;
        self.count -= count;
        Some(SemaphorePermit { semaphore: self.semaphore, count, at: self.at })
    }
}

impl OwnedSemaphorePermit {
    /// As `tokio::sync::OwnedSemaphorePermit::forget`.
    pub fn forget(mut self) {
        self.count = 0;
    }

    /// As `tokio::sync::OwnedSemaphorePermit::num_permits`.
    #[must_use]
    pub fn num_permits(&self) -> usize {
        self.count as usize
    }

    /// As `tokio::sync::OwnedSemaphorePermit::semaphore`.
    #[must_use]
    pub fn semaphore(&self) -> &Arc<Semaphore> {
        &self.semaphore
    }

    /// As `tokio::sync::OwnedSemaphorePermit::merge`.
    ///
    /// # Panics
    /// If `other` is of another semaphore.
    #[track_caller]
    pub fn merge(&mut self, mut other: Self) {
        assert!(Arc::ptr_eq(&self.semaphore, &other.semaphore), "merging permits from different semaphore instances");
        self.count += std::mem::take(&mut other.count);
    }

    /// As `tokio::sync::OwnedSemaphorePermit::split`.
    pub fn split(&mut self, count: usize) -> Option<Self> {
        let count = u32::try_from(count).ok().filter(|count| *count <= self.count)?;
        self.count -= count;
        Some(OwnedSemaphorePermit { semaphore: Arc::clone(&self.semaphore), count, at: self.at })
    }
}

impl Drop for SemaphorePermit<'_> {
    fn drop(&mut self) {
        self.semaphore.give(self.count, self.at);
    }
}

impl Drop for OwnedSemaphorePermit {
    fn drop(&mut self) {
        self.semaphore.give(self.count, self.at);
    }
}
