//! `with` is a stack with one resource; unwinding is a future of its own, which moves into a task when its owner goes.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use tokio::runtime::Handle;

/// Something that is entered before it is used and left afterwards, and may have to wait for both.
///
/// `Send + 'static`, because a runtime may have to finish what its owner can no longer wait for.
pub trait AsyncResource: Send + 'static {
    /// What can go wrong: while entering, while leaving, and in the body in between.
    type Error: Send + 'static;

    /// Acquires. If it fails, or panics, or is dropped half-way, the resource does not count as entered.
    fn enter(&mut self) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Releases. Called once for a resource that was entered, and never for another one.
    fn exit(&mut self, ending: Ending) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

/// How that ended which an exit cleans up after. In the order of gravity: a worse ending is a greater one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    /// Everything went well.
    Returned,
    /// With an error.
    Failed,
    /// With a panic.
    Panicked,
    /// It did not come to its end: it was dropped.
    Cancelled,
}

/// What went wrong: one thing at first, and perhaps others while cleaning up after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure<E> {
    /// The first error: of entering, else of the body, else of an exit.
    pub error: E,
    /// The errors of exits that came after it, in their order.
    pub later: Vec<E>,
}

impl<E: fmt::Display> fmt::Display for Failure<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.error)?;
        self.later.iter().try_for_each(|later| write!(formatter, "; then {later}"))
    }
}

impl<E: fmt::Debug + fmt::Display> Error for Failure<E> {}

/// Enters `resource`, runs `body` with it, and has it exit, however the body ends.
///
/// # Errors
/// If entering, the body or the exit fails.
///
/// # Panics
/// The returned future panics if entering, the body or the exit does.
pub async fn with<R: AsyncResource, T>(
    resource: R,
    body: impl AsyncFnOnce(&mut R) -> Result<T, R::Error>,
) -> Result<T, Failure<R::Error>> {
    with_stack(async move |stack: &mut ExitStack<R::Error>| {
        let entered = stack.enter(resource).await?;
        body(stack.get_mut(&entered)).await
    })
    .await
}

/// Runs `body` with an empty [`ExitStack`], and then all exits that it has collected there, last in, first out.
///
/// # Errors
/// If the body or an exit fails.
///
/// # Panics
/// The returned future panics if the body or an exit does.
pub async fn with_stack<T, E: Send + 'static>(
    body: impl AsyncFnOnce(&mut ExitStack<E>) -> Result<T, E>,
) -> Result<T, Failure<E>> {
    let unwinding =
        Unwinding { exits: Vec::new(), current: None, ending: Ending::Cancelled, errors: Vec::new(), panic: None };
    let mut owner = Owner { runtime: Handle::try_current().ok(), stack: ExitStack { unwinding } };
    let outcome = {
        let mut running = pin!(async { body(&mut owner.stack).await });
        poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| running.as_mut().poll(context))) {
            Ok(poll) => poll.map(Ok),
            Err(payload) => Poll::Ready(Err(payload)),
        })
        .await
    };
    let unwinding = &mut owner.stack.unwinding;
    let result = match outcome {
        Ok(result) => {
            unwinding.ending = if result.is_ok() { Ending::Returned } else { Ending::Failed };
            Some(result)
        }
        Err(payload) => {
            unwinding.ending = Ending::Panicked;
            unwinding.panic = Some(payload);
            None
        }
    };
    poll_fn(|context| owner.stack.unwinding.poll(context)).await;
    let unwinding = &mut owner.stack.unwinding;
    if let Some(payload) = unwinding.panic.take() {
        resume_unwind(payload);
    }
    let mut errors = std::mem::take(&mut unwinding.errors);
    match result {
        Some(Err(error)) => Err(Failure { error, later: errors }),
        Some(Ok(_)) if !errors.is_empty() => {
            let error = errors.remove(0);
            Err(Failure { error, later: errors })
        }
        Some(Ok(value)) => Ok(value),
        None => unreachable!("a panic goes on"),
    }
}

/// Hands over what is left to be done when it is dropped.
struct Owner<E: Send + 'static> {
    runtime: Option<Handle>,
    stack: ExitStack<E>,
}

impl<E: Send + 'static> Drop for Owner<E> {
    fn drop(&mut self) {
        let unwinding = &mut self.stack.unwinding;
        if unwinding.current.is_none() && unwinding.exits.is_empty() {
            return;
        }
        if let Some(runtime) = &self.runtime {
            let mut rest = Unwinding {
                exits: std::mem::take(&mut unwinding.exits),
                current: unwinding.current.take(),
                ending: unwinding.ending,
                errors: Vec::new(),
                panic: None,
            };
            drop(runtime.spawn(async move { poll_fn(|context| rest.poll(context)).await }));
        }
    }
}

type ExitFuture<E> = Pin<Box<dyn Future<Output = Result<(), E>> + Send>>;

/// The exits that are still to come, and the one that is under way.
struct Unwinding<E> {
    exits: Vec<Box<dyn Exit<E>>>,
    current: Option<ExitFuture<E>>,
    ending: Ending,
    errors: Vec<E>,
    panic: Option<Box<dyn Any + Send>>,
}

impl<E> Unwinding<E> {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            let ending = self.ending;
            let step = catch_unwind(AssertUnwindSafe(|| {
                if self.current.is_none() {
                    self.current = Some(self.exits.pop()?.begin(ending));
                }
                Some(self.current.as_mut()?.as_mut().poll(context))
            }));
            match step {
                Ok(None) => return Poll::Ready(()),
                Ok(Some(Poll::Pending)) => return Poll::Pending,
                Ok(Some(Poll::Ready(Ok(())))) => {}
                Ok(Some(Poll::Ready(Err(error)))) => {
                    self.errors.push(error);
                    self.ending = ending.max(Ending::Failed);
                }
                Err(payload) => {
                    self.panic.get_or_insert(payload);
                    self.ending = ending.max(Ending::Panicked);
                }
            }
            self.current = None;
        }
    }
}

trait Exit<E>: Send {
    fn begin(self: Box<Self>, ending: Ending) -> ExitFuture<E>;
    fn resource(&mut self) -> Option<&mut dyn Any>;
}

struct Resource<R>(R);

impl<R: AsyncResource> Exit<R::Error> for Resource<R> {
    fn begin(mut self: Box<Self>, ending: Ending) -> ExitFuture<R::Error> {
        Box::pin(async move { self.0.exit(ending).await })
    }

    fn resource(&mut self) -> Option<&mut dyn Any> {
        Some(&mut self.0)
    }
}

struct Closure<F>(F);

impl<E, F, Fut> Exit<E> for Closure<F>
where
    F: FnOnce(Ending) -> Fut + Send,
    Fut: Future<Output = Result<(), E>> + Send + 'static,
{
    fn begin(self: Box<Self>, ending: Ending) -> ExitFuture<E> {
        Box::pin((self.0)(ending))
    }

    fn resource(&mut self) -> Option<&mut dyn Any> {
        None
    }
}

/// What a body has entered and must leave again. Lent by [`with_stack`].
pub struct ExitStack<E> {
    unwinding: Unwinding<E>,
}

/// Says which resource of an [`ExitStack`] is meant.
pub struct Entered<R> {
    index: usize,
    resource: PhantomData<fn() -> R>,
}

impl<E: Send + 'static> ExitStack<E> {
    /// Enters `resource` and puts its exit on the stack.
    ///
    /// # Errors
    /// If entering fails.
    pub async fn enter<R: AsyncResource<Error = E>>(&mut self, mut resource: R) -> Result<Entered<R>, E> {
        resource.enter().await?;
        let exits = &mut self.unwinding.exits;
        exits.push(Box::new(Resource(resource)));
        Ok(Entered { index: exits.len() - 1, resource: PhantomData })
    }

    /// A resource that was entered on this stack.
    ///
    /// # Panics
    /// If `entered` comes from another stack.
    pub fn get_mut<R: AsyncResource<Error = E>>(&mut self, entered: &Entered<R>) -> &mut R {
        let resource = self.unwinding.exits.get_mut(entered.index).and_then(|exit| exit.resource());
        resource.and_then(|resource| resource.downcast_mut()).expect("it was entered on another stack")
    }

    /// Puts an exit on the stack.
    pub fn push<F, Fut>(&mut self, exit: F)
    where
        F: FnOnce(Ending) -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
    {
        self.unwinding.exits.push(Box::new(Closure(exit)));
    }
}
