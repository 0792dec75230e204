//! The functions are no `async fn`s but return futures; `with` has a machine of its own; what is handed over is a chain of tasks, each of
//! which waits until the one inside of it says how things stand.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::task::Poll;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

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

type Payload = Box<dyn Any + Send>;
type ExitFuture<E> = Pin<Box<dyn Future<Output = Result<(), E>> + Send>>;
type Begin<E> = Box<dyn FnOnce(Ending) -> ExitFuture<E> + Send>;

/// Enters `resource`, runs `body` with it, and has it exit, however the body ends.
///
/// # Errors
/// If entering, the body or the exit fails.
///
/// # Panics
/// The returned future panics if entering, the body or the exit does.
pub fn with<R: AsyncResource, T>(
    mut resource: R,
    body: impl AsyncFnOnce(&mut R) -> Result<T, R::Error>,
) -> impl Future<Output = Result<T, Failure<R::Error>>> {
    async move {
        let runtime = Handle::try_current().ok();
        if let Err(error) = resource.enter().await {
            return Err(Failure { error, later: Vec::new() });
        }
        let mut owed = Owed::new(runtime, Single(Some(resource)));
        let outcome = catch(async { body(owed.exits.0.as_mut().expect("it exits later")).await }).await;
        owed.settle(outcome).await
    }
}

/// Runs `body` with an empty [`ExitStack`], and then all exits that it has collected there, last in, first out.
///
/// # Errors
/// If the body or an exit fails.
///
/// # Panics
/// The returned future panics if the body or an exit does.
pub fn with_stack<T, E: Send + 'static>(
    body: impl AsyncFnOnce(&mut ExitStack<E>) -> Result<T, E>,
) -> impl Future<Output = Result<T, Failure<E>>> {
    async move {
        let mut owed = Owed::new(Handle::try_current().ok(), ExitStack { exits: Vec::new() });
        let outcome = catch(async { body(&mut owed.exits).await }).await;
        owed.settle(outcome).await
    }
}

fn catch<T>(future: impl Future<Output = T>) -> impl Future<Output = Result<T, Payload>> {
    async move {
        let mut future = pin!(future);
        poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(poll) => poll.map(Ok),
            Err(payload) => Poll::Ready(Err(payload)),
        })
        .await
    }
}

/// Where exits come from, the next one first.
trait Exits<E> {
    fn next(&mut self) -> Option<Begin<E>>;
}

struct Single<R>(Option<R>);

impl<R: AsyncResource> Exits<R::Error> for Single<R> {
    fn next(&mut self) -> Option<Begin<R::Error>> {
        let mut resource = self.0.take()?;
        Some(Box::new(move |ending| Box::pin(async move { resource.exit(ending).await })))
    }
}

impl<E: Send + 'static> Exits<E> for ExitStack<E> {
    fn next(&mut self) -> Option<Begin<E>> {
        self.exits.pop().map(Exit::begin)
    }
}

/// What is still to be done, now or by the runtime.
struct Owed<E: Send + 'static, X: Exits<E>> {
    runtime: Option<Handle>,
    ending: Ending,
    current: Option<ExitFuture<E>>,
    exits: X,
}

impl<E: Send + 'static, X: Exits<E>> Owed<E, X> {
    fn new(runtime: Option<Handle>, exits: X) -> Self {
        Owed { runtime, ending: Ending::Cancelled, current: None, exits }
    }

    fn settle<T>(mut self, outcome: Result<Result<T, E>, Payload>) -> impl Future<Output = Result<T, Failure<E>>> {
        async move {
            let (mut errors, mut panic, mut value) = (Vec::new(), None, None);
            self.ending = match outcome {
                Ok(Ok(returned)) => {
                    value = Some(returned);
                    Ending::Returned
                }
                Ok(Err(error)) => {
                    errors.push(error);
                    Ending::Failed
                }
                Err(payload) => {
                    panic = Some(payload);
                    Ending::Panicked
                }
            };
            while let Some(begin) = self.exits.next() {
                let ended = match catch_unwind(AssertUnwindSafe(|| begin(self.ending))) {
                    Ok(exit) => catch(self.current.insert(exit)).await,
                    Err(payload) => Err(payload),
                };
                self.current = None;
                self.ending = self.ending.max(gravity(&ended));
                match ended {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => errors.push(error),
                    Err(payload) => {
                        panic.get_or_insert(payload);
                    }
                }
            }
            if let Some(payload) = panic {
                resume_unwind(payload);
            }
            let mut errors = errors.into_iter();
            match (errors.next(), value) {
                (None, Some(value)) => Ok(value),
                (Some(error), _) => Err(Failure { error, later: errors.collect() }),
                (None, None) => unreachable!("a body returns a value or an error, or panics"),
            }
        }
    }
}

/// What an exit adds to the ending.
fn gravity<E>(ended: &Result<Result<(), E>, Payload>) -> Ending {
    match ended {
        Ok(Ok(())) => Ending::Returned,
        Ok(Err(_)) => Ending::Failed,
        Err(_) => Ending::Panicked,
    }
}

impl<E: Send + 'static, X: Exits<E>> Drop for Owed<E, X> {
    fn drop(&mut self) {
        let Some(runtime) = self.runtime.take() else { return };
        let (first, mut inner) = oneshot::channel();
        let ending = self.ending;
        match self.current.take() {
            None => first.send(ending).expect("whoever hears it is here"),
            Some(exit) => drop(runtime.spawn(async move {
                let ended = catch(exit).await;
                let _ = first.send(ending.max(gravity(&ended)));
            })),
        }
        while let Some(begin) = self.exits.next() {
            let (next, outer) = oneshot::channel();
            let inner = std::mem::replace(&mut inner, outer);
            drop(runtime.spawn(async move {
                let Ok(ending) = inner.await else { return };
                let ended = catch(async { begin(ending).await }).await;
                let _ = next.send(ending.max(gravity(&ended)));
            }));
        }
    }
}

/// What a body has entered and must leave again. Lent by [`with_stack`].
pub struct ExitStack<E> {
    exits: Vec<Exit<E>>,
}

enum Exit<E> {
    Resource(Box<dyn Leave<E>>),
    Closure(Begin<E>),
}

impl<E: Send + 'static> Exit<E> {
    fn begin(self) -> Begin<E> {
        match self {
            Exit::Resource(resource) => Box::new(move |ending| resource.leave(ending)),
            Exit::Closure(begin) => begin,
        }
    }
}

trait Leave<E>: Any + Send {
    fn leave(self: Box<Self>, ending: Ending) -> ExitFuture<E>;
}

impl<R: AsyncResource> Leave<R::Error> for R {
    fn leave(mut self: Box<Self>, ending: Ending) -> ExitFuture<R::Error> {
        Box::pin(async move { (*self).exit(ending).await })
    }
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
    pub fn enter<R: AsyncResource<Error = E>>(
        &mut self,
        mut resource: R,
    ) -> impl Future<Output = Result<Entered<R>, E>> {
        async move {
            resource.enter().await?;
            self.exits.push(Exit::Resource(Box::new(resource)));
            Ok(Entered { index: self.exits.len() - 1, resource: PhantomData })
        }
    }

    /// A resource that was entered on this stack.
    ///
    /// # Panics
    /// If `entered` comes from another stack.
    pub fn get_mut<R: AsyncResource<Error = E>>(&mut self, entered: &Entered<R>) -> &mut R {
        match &mut self.exits[entered.index] {
            Exit::Resource(resource) => {
                (&mut **resource as &mut dyn Any).downcast_mut().expect("it is on another stack")
            }
            Exit::Closure(_) => panic!("it is on another stack"),
        }
    }

    /// Puts an exit on the stack.
    pub fn push<F, Fut>(&mut self, exit: F)
    where
        F: FnOnce(Ending) -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
    {
        self.exits.push(Exit::Closure(Box::new(move |ending| Box::pin(exit(ending)))));
    }
}
