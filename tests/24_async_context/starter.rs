//! Cleaning up that may wait: Python's `async with` and `contextlib.AsyncExitStack`.
//!
//! README.md says what it must do. The trait, `Ending` and `Failure` are given and stay as they are; so do the signatures of
//! the functions. What is behind them, the fields of `ExitStack` and `Entered` included, is yours.

use std::error::Error;
use std::fmt;
use std::marker::PhantomData;

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
/// use async_context::{AsyncResource, Ending, with};
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
    let _ = (resource, body);
    todo!("enter, run the body, exit: whatever happens")
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
/// use async_context::with_stack;
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
    let _ = body;
    todo!("run the body, then its exits, last in, first out")
}

/// What a body has entered and must leave again. Lent by [`with_stack`].
pub struct ExitStack<E> {
    // Yours to design: resources of many types and closures, in one order.
    exits: PhantomData<fn() -> E>,
}

/// Says which resource of an [`ExitStack`] is meant.
pub struct Entered<R> {
    // Yours to design: which one it is, and of which type.
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
    /// # use async_context::{AsyncResource, Ending, with_stack};
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
    pub async fn enter<R: AsyncResource<Error = E>>(&mut self, resource: R) -> Result<Entered<R>, E> {
        let _ = resource;
        todo!("enter it, and remember to leave it")
    }

    /// A resource that was entered on this stack.
    ///
    /// # Panics
    /// If `entered` comes from another stack.
    pub fn get_mut<R: AsyncResource<Error = E>>(&mut self, entered: &Entered<R>) -> &mut R {
        let _ = entered;
        todo!("look it up")
    }

    /// Puts an exit on the stack: it is called, and what it returns is awaited, when its turn has come.
    pub fn push<F, Fut>(&mut self, exit: F)
    where
        F: FnOnce(Ending) -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
    {
        let _ = exit;
        todo!("remember to call it")
    }
}
