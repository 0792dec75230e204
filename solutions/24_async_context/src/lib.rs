//! Cleaning up that may wait: Python's `async with` and `contextlib.AsyncExitStack`.
//!
//! There is one machine, [`with_stack`]: it runs a body, finds out how it ended, and then runs the exits that the body
//! has left on the [`ExitStack`], last in, first out. [`with`] is a stack with a single resource.
//!
//! All exits of a stack are one future, `unwind`, which owns what it cleans up and borrows nothing. So whoever owes
//! it can be dropped at any moment: `Debt` hands it to the runtime, from its beginning or from wherever it stands.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::task::Poll;
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
/// If entering, the body or the exit fails. The body's error comes first, the exit's goes with it.
///
/// # Panics
/// The returned future panics if entering, the body or the exit does: after the exit, with the first panic's payload.
///
/// # Examples
/// ```
/// use solution_async_context::{AsyncResource, Ending, with};
///
/// struct Connection {
///     is_open: bool,
/// }
///
/// impl AsyncResource for Connection {
///     type Error = String;
///
///     async fn enter(&mut self) -> Result<(), String> {
///         self.is_open = true;
///         Ok(())
///     }
///
///     async fn exit(&mut self, ending: Ending) -> Result<(), String> {
///         self.is_open = false;
///         if ending == Ending::Failed { Err("nothing to commit".into()) } else { Ok(()) }
///     }
/// }
///
/// let runtime = tokio::runtime::Builder::new_current_thread().build()?;
/// runtime.block_on(async {
///     let answer = with(Connection { is_open: false }, async |connection| {
///         assert!(connection.is_open);
///         Ok(42)
///     });
///     assert_eq!(answer.await, Ok(42));
///
///     let failed = with(Connection { is_open: false }, async |_| Err::<(), _>("no such table".into())).await;
///     let failure = failed.unwrap_err();
///     assert_eq!(failure.error, "no such table");
///     assert_eq!(failure.later, ["nothing to commit"]);
/// });
/// # Ok::<(), std::io::Error>(())
/// ```
pub async fn with<R: AsyncResource, T>(
    resource: R,
    body: impl AsyncFnOnce(&mut R) -> Result<T, R::Error>,
) -> Result<T, Failure<R::Error>> {
    with_stack(async |stack: &mut ExitStack<R::Error>| {
        let entered = stack.enter(resource).await?;
        body(stack.get_mut(&entered)).await
    })
    .await
}

/// Runs `body` with an empty [`ExitStack`], and then all exits that it has collected there, last in, first out.
///
/// # Errors
/// If the body or an exit fails. The first error comes first, the others go with it.
///
/// # Panics
/// The returned future panics if the body or an exit does: after all exits, with the first panic's payload.
///
/// # Examples
/// ```
/// use solution_async_context::with_stack;
/// use std::sync::Mutex;
///
/// static LINES: Mutex<Vec<&str>> = Mutex::new(Vec::new());
///
/// let runtime = tokio::runtime::Builder::new_current_thread().build()?;
/// runtime.block_on(async {
///     let result = with_stack(async |stack| {
///         for line in ["first in", "last in"] {
///             stack.push(move |_ending| async move {
///                 LINES.lock().unwrap().push(line);
///                 Ok::<(), String>(())
///             });
///         }
///         Ok("done")
///     });
///     assert_eq!(result.await, Ok("done"));
/// });
/// assert_eq!(*LINES.lock().unwrap(), ["last in", "first in"]);
/// # Ok::<(), std::io::Error>(())
/// ```
pub async fn with_stack<T, E: Send + 'static>(
    body: impl AsyncFnOnce(&mut ExitStack<E>) -> Result<T, E>,
) -> Result<T, Failure<E>> {
    // Before the body: whoever drops this future need not be in the runtime's context.
    let runtime = Handle::try_current().ok();
    let mut debt = Debt { stack: ExitStack { exits: Vec::new() }, unwinding: None, runtime };
    // Ends with this statement: the body is gone before the first exit begins. If it is dropped half-way, it goes before the
    // debt, which is older.
    let ended = catch(async { body(&mut debt.stack).await }).await;
    let ending = match &ended {
        Ok(Ok(_)) => Ending::Returned,
        Ok(Err(_)) => Ending::Failed,
        Err(_) => Ending::Panicked,
    };
    let Unwound { errors, panic } = debt.pay(ending).await;
    let ended = ended.unwrap_or_else(|payload| resume_unwind(payload));
    if let Some(payload) = panic {
        resume_unwind(payload);
    }
    let mut errors = errors.into_iter();
    match ended {
        Err(error) => Err(Failure { error, later: errors.collect() }),
        Ok(value) => match errors.next() {
            Some(error) => Err(Failure { error, later: errors.collect() }),
            None => Ok(value),
        },
    }
}

/// What a body has entered and must leave again. Lent by [`with_stack`].
pub struct ExitStack<E> {
    /// The last one is the first to exit.
    exits: Vec<Box<dyn Exit<E>>>,
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
    /// If entering fails. The stack is what it was before.
    ///
    /// # Examples
    /// ```
    /// # use solution_async_context::{AsyncResource, Ending, with_stack};
    /// struct File(String);
    ///
    /// impl AsyncResource for File {
    ///     type Error = String;
    ///
    ///     async fn enter(&mut self) -> Result<(), String> {
    ///         Ok(())
    ///     }
    ///
    ///     async fn exit(&mut self, _ending: Ending) -> Result<(), String> {
    ///         Ok(())
    ///     }
    /// }
    ///
    /// # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    /// # runtime.block_on(async {
    /// let copied = with_stack(async |stack| {
    ///     let source = stack.enter(File("text".into())).await?;
    ///     let copy = stack.enter(File(String::new())).await?;
    ///     let text = stack.get_mut(&source).0.clone();
    ///     stack.get_mut(&copy).0.push_str(&text);
    ///     Ok(stack.get_mut(&copy).0.len())
    /// });
    /// assert_eq!(copied.await, Ok(4));
    /// # });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub async fn enter<R: AsyncResource<Error = E>>(&mut self, mut resource: R) -> Result<Entered<R>, E> {
        resource.enter().await?;
        self.exits.push(Box::new(resource));
        Ok(Entered { index: self.exits.len() - 1, resource: PhantomData })
    }

    /// A resource that was entered on this stack.
    ///
    /// # Panics
    /// If `entered` comes from another stack.
    pub fn get_mut<R: AsyncResource<Error = E>>(&mut self, entered: &Entered<R>) -> &mut R {
        let exit: &mut dyn Any = &mut *self.exits[entered.index];
        exit.downcast_mut().expect("the resource was entered on this stack")
    }

    /// Puts an exit on the stack: it is called, and what it returns is awaited, when its turn has come.
    pub fn push<F, Fut>(&mut self, exit: F)
    where
        F: FnOnce(Ending) -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
    {
        self.exits.push(Box::new(Callback(exit)));
    }
}

/// Something on a stack, whatever its type.
trait Exit<E>: Any + Send {
    fn exit(self: Box<Self>, ending: Ending) -> Exiting<E>;
}

/// An exit that owns what it works on.
type Exiting<E> = Pin<Box<dyn Future<Output = Result<(), E>> + Send>>;

impl<R: AsyncResource> Exit<R::Error> for R {
    fn exit(mut self: Box<Self>, ending: Ending) -> Exiting<R::Error> {
        Box::pin(async move { AsyncResource::exit(&mut *self, ending).await })
    }
}

/// A closure on a stack. No type is both a resource and this.
struct Callback<F>(F);

impl<E, F, Fut> Exit<E> for Callback<F>
where
    F: FnOnce(Ending) -> Fut + Send + 'static,
    Fut: Future<Output = Result<(), E>> + Send + 'static,
{
    fn exit(self: Box<Self>, ending: Ending) -> Exiting<E> {
        Box::pin(self.0(ending))
    }
}

/// The exits that somebody owes. Dropped before they have all run, it hands them to the runtime.
struct Debt<E: Send + 'static> {
    stack: ExitStack<E>,
    /// The exits, from the moment when the first one begins. It is never begun a second time.
    unwinding: Option<Pin<Box<dyn Future<Output = Unwound<E>> + Send>>>,
    runtime: Option<Handle>,
}

impl<E: Send + 'static> Debt<E> {
    async fn pay(&mut self, ending: Ending) -> Unwound<E> {
        let exits = mem::take(&mut self.stack.exits);
        let unwound = self.unwinding.insert(Box::pin(unwind(exits, ending))).await;
        self.unwinding = None;
        unwound
    }
}

impl<E: Send + 'static> Drop for Debt<E> {
    fn drop(&mut self) {
        // Without a runtime nobody could poll an exit: all that is left to do is to drop what is here.
        let Some(runtime) = &self.runtime else { return };
        if let Some(unwinding) = self.unwinding.take() {
            runtime.spawn(unwinding);
        } else if !self.stack.exits.is_empty() {
            runtime.spawn(unwind(mem::take(&mut self.stack.exits), Ending::Cancelled));
        }
    }
}

/// What came of all exits.
struct Unwound<E> {
    errors: Vec<E>,
    /// The first one.
    panic: Option<Payload>,
}

type Payload = Box<dyn Any + Send>;

async fn unwind<E: 'static>(mut exits: Vec<Box<dyn Exit<E>>>, mut ending: Ending) -> Unwound<E> {
    let mut unwound = Unwound { errors: Vec::new(), panic: None };
    while let Some(exit) = exits.pop() {
        // A callback may panic before it has returned a future.
        match catch(async { exit.exit(ending).await }).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                unwound.errors.push(error);
                ending = ending.max(Ending::Failed);
            }
            Err(payload) => {
                unwound.panic.get_or_insert(payload);
                ending = ending.max(Ending::Panicked);
            }
        }
    }
    unwound
}

/// The future's output, or the payload of its panic. A future that has panicked is never polled again: nobody sees its
/// broken state.
async fn catch<F: Future>(future: F) -> Result<F::Output, Payload> {
    let mut future = pin!(future);
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
        Ok(poll) => poll.map(Ok),
        Err(payload) => Poll::Ready(Err(payload)),
    })
    .await
}
