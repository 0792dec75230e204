//! caught-by: behaviour — a_body_may_panic_when_it_is_called
//! The body is called before anything catches panics; only the polls of its future are within that.

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

pub trait AsyncResource: Send + 'static {
    type Error: Send + 'static;

    fn enter(&mut self) -> impl Future<Output = Result<(), Self::Error>> + Send;

    fn exit(&mut self, ending: Ending) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    Returned,
    Failed,
    Panicked,
    Cancelled,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure<E> {
    pub error: E,
    pub later: Vec<E>,
}

impl<E: fmt::Display> fmt::Display for Failure<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.error)?;
        self.later.iter().try_for_each(|later| write!(formatter, "; then {later}"))
    }
}

impl<E: fmt::Debug + fmt::Display> Error for Failure<E> {}

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

pub async fn with_stack<T, E: Send + 'static>(
    body: impl AsyncFnOnce(&mut ExitStack<E>) -> Result<T, E>,
) -> Result<T, Failure<E>> {
    let runtime = Handle::try_current().ok();
    let mut debt = Debt { stack: ExitStack { exits: Vec::new() }, unwinding: None, runtime };
    let running = body(&mut debt.stack);
    let ended = catch(running).await;
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

pub struct ExitStack<E> {
    exits: Vec<Box<dyn Exit<E>>>,
}

pub struct Entered<R> {
    index: usize,
    resource: PhantomData<fn() -> R>,
}

impl<E: Send + 'static> ExitStack<E> {
    pub async fn enter<R: AsyncResource<Error = E>>(&mut self, mut resource: R) -> Result<Entered<R>, E> {
        resource.enter().await?;
        self.exits.push(Box::new(resource));
        Ok(Entered { index: self.exits.len() - 1, resource: PhantomData })
    }

    pub fn get_mut<R: AsyncResource<Error = E>>(&mut self, entered: &Entered<R>) -> &mut R {
        let exit: &mut dyn Any = &mut *self.exits[entered.index];
        exit.downcast_mut().expect("the resource was entered on this stack")
    }

    pub fn push<F, Fut>(&mut self, exit: F)
    where
        F: FnOnce(Ending) -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
    {
        self.exits.push(Box::new(Callback(exit)));
    }
}

trait Exit<E>: Any + Send {
    fn exit(self: Box<Self>, ending: Ending) -> Exiting<E>;
}

type Exiting<E> = Pin<Box<dyn Future<Output = Result<(), E>> + Send>>;

impl<R: AsyncResource> Exit<R::Error> for R {
    fn exit(mut self: Box<Self>, ending: Ending) -> Exiting<R::Error> {
        Box::pin(async move { AsyncResource::exit(&mut *self, ending).await })
    }
}

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

struct Debt<E: Send + 'static> {
    stack: ExitStack<E>,
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
        let Some(runtime) = &self.runtime else { return };
        if let Some(unwinding) = self.unwinding.take() {
            runtime.spawn(unwinding);
        } else if !self.stack.exits.is_empty() {
            runtime.spawn(unwind(mem::take(&mut self.stack.exits), Ending::Cancelled));
        }
    }
}

struct Unwound<E> {
    errors: Vec<E>,
    panic: Option<Payload>,
}

type Payload = Box<dyn Any + Send>;

async fn unwind<E: 'static>(mut exits: Vec<Box<dyn Exit<E>>>, mut ending: Ending) -> Unwound<E> {
    let mut unwound = Unwound { errors: Vec::new(), panic: None };
    while let Some(exit) = exits.pop() {
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

async fn catch<F: Future>(future: F) -> Result<F::Output, Payload> {
    let mut future = pin!(future);
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
        Ok(poll) => poll.map(Ok),
        Err(payload) => Poll::Ready(Err(payload)),
    })
    .await
}
