//! Exits are closures that make futures, resources lie in a list of their own; all exits together are one boxed future, which
//! is awaited here or spawned there.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::future::{Future, poll_fn};
use std::marker::PhantomData;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
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

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;
type Payload = Box<dyn Any + Send>;

/// Polls a future to its end and makes a value of its panic. The future is dropped before this is ready.
async fn caught<T>(future: impl Future<Output = T>) -> Result<T, Payload> {
    let mut future = Box::pin(future);
    poll_fn(move |context| {
        let poll = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context)));
        poll.map_or_else(|payload| Err(payload).into(), |poll| poll.map(Ok))
    })
    .await
}

/// What is to be done when the future that has it is dropped.
struct Rescue<E: Send + 'static> {
    handle: Option<Handle>,
    stage: Stage<E>,
}

enum Stage<E> {
    Body(ExitStack<E>),
    Exits(Boxed<Report<E>>),
    Over,
}

struct Report<E> {
    errors: Vec<E>,
    panic: Option<Payload>,
}

impl<E: Send + 'static> Drop for Rescue<E> {
    fn drop(&mut self) {
        let exits = match mem::replace(&mut self.stage, Stage::Over) {
            Stage::Body(stack) if !stack.exits.is_empty() => stack.unwind(Ending::Cancelled),
            Stage::Exits(exits) => exits,
            _ => return,
        };
        if let Some(handle) = self.handle.take() {
            handle.spawn(exits);
        }
    }
}

impl<E: Send + 'static> Rescue<E> {
    fn new() -> Self {
        let stack = ExitStack { exits: vec![], resources: vec![] };
        Rescue { handle: Handle::try_current().ok(), stage: Stage::Body(stack) }
    }

    fn stack(&mut self) -> &mut ExitStack<E> {
        match &mut self.stage {
            Stage::Body(stack) => stack,
            _ => unreachable!("the body is over"),
        }
    }

    /// Runs the exits and makes one result of everything.
    async fn finish<T>(mut self, body: Result<Result<T, E>, Payload>) -> Result<T, Failure<E>> {
        let ending = match &body {
            Ok(Ok(_)) => Ending::Returned,
            Ok(Err(_)) => Ending::Failed,
            Err(_) => Ending::Panicked,
        };
        if let Stage::Body(stack) = mem::replace(&mut self.stage, Stage::Over) {
            self.stage = Stage::Exits(stack.unwind(ending));
        }
        let report = poll_fn(|context| match &mut self.stage {
            Stage::Exits(exits) => exits.as_mut().poll(context),
            _ => unreachable!("it was put there above"),
        })
        .await;
        self.stage = Stage::Over;
        let body = match (body, report.panic) {
            (Err(payload), _) | (Ok(_), Some(payload)) => resume_unwind(payload),
            (Ok(body), None) => body,
        };
        let mut errors = report.errors.into_iter();
        match body {
            Err(error) => Err(Failure { error, later: errors.collect() }),
            Ok(value) => match errors.next() {
                None => Ok(value),
                Some(error) => Err(Failure { error, later: errors.collect() }),
            },
        }
    }
}

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
    let mut rescue = Rescue::new();
    let entered = match rescue.stack().enter(resource).await {
        Ok(entered) => entered,
        Err(error) => return Err(Failure { error, later: vec![] }),
    };
    let result = caught(async { body(rescue.stack().get_mut(&entered)).await }).await;
    rescue.finish(result).await
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
    let mut rescue = Rescue::new();
    let result = caught(async { body(rescue.stack()).await }).await;
    rescue.finish(result).await
}

/// Makes an exit's future, given the resources; each takes its own.
type Begin<E> = Box<dyn FnOnce(&mut Vec<Option<Box<dyn Any + Send>>>, Ending) -> Boxed<Result<(), E>> + Send>;

/// What a body has entered and must leave again. Lent by [`with_stack`].
pub struct ExitStack<E> {
    exits: Vec<Begin<E>>,
    resources: Vec<Option<Box<dyn Any + Send>>>,
}

/// Says which resource of an [`ExitStack`] is meant.
pub struct Entered<R> {
    place: usize,
    of: PhantomData<fn() -> R>,
}

impl<E: Send + 'static> ExitStack<E> {
    fn unwind(mut self, mut ending: Ending) -> Boxed<Report<E>> {
        Box::pin(async move {
            let mut report = Report { errors: Vec::new(), panic: None };
            while let Some(begin) = self.exits.pop() {
                let resources = &mut self.resources;
                match caught(async move { begin(resources, ending).await }).await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => {
                        report.errors.push(error);
                        ending = ending.max(Ending::Failed);
                    }
                    Err(payload) => {
                        if report.panic.is_none() {
                            report.panic = Some(payload);
                        }
                        ending = ending.max(Ending::Panicked);
                    }
                }
            }
            report
        })
    }

    /// Enters `resource` and puts its exit on the stack.
    ///
    /// # Errors
    /// If entering fails.
    pub async fn enter<R: AsyncResource<Error = E>>(&mut self, resource: R) -> Result<Entered<R>, E> {
        let mut resource = Box::new(resource);
        resource.enter().await?;
        let place = self.resources.len();
        self.resources.push(Some(resource));
        self.exits.push(Box::new(move |resources, ending| {
            let resource = resources[place].take().and_then(|resource| resource.downcast::<R>().ok());
            let mut resource = resource.expect("each exit takes its own");
            Box::pin(async move { resource.exit(ending).await })
        }));
        Ok(Entered { place, of: PhantomData })
    }

    /// A resource that was entered on this stack.
    ///
    /// # Panics
    /// If `entered` comes from another stack.
    pub fn get_mut<R: AsyncResource<Error = E>>(&mut self, entered: &Entered<R>) -> &mut R {
        let resource = self.resources.get_mut(entered.place).and_then(Option::as_mut);
        resource.and_then(|resource| resource.downcast_mut::<R>()).expect("that is another stack's")
    }

    /// Puts an exit on the stack.
    pub fn push<F, Fut>(&mut self, exit: F)
    where
        F: FnOnce(Ending) -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
    {
        self.exits.push(Box::new(move |_, ending| Box::pin(exit(ending))));
    }
}
