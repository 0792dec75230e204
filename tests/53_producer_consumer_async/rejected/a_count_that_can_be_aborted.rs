//! caught-by: schedules — a_failure_meets_a_call_that_ends
//! What was handled and what failed lie behind one asynchronous lock: a consumer that waits for it when it is aborted has not counted its item.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::panic;
use std::sync::Arc;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    pub produced: Vec<usize>,
    pub handled: Vec<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure<T, E> {
    pub item: Arc<T>,
    pub error: E,
    pub handled: usize,
}

impl<T: fmt::Debug, E: fmt::Display> fmt::Display for Failure<T, E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "item {:?} failed after {} were handled: {}", self.item, self.handled, self.error)
    }
}

impl<T: fmt::Debug, E: Error + 'static> Error for Failure<T, E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.error)
    }
}

pub async fn run<S, N, T, W, F, E>(
    sources: Vec<S>,
    consumers: usize,
    capacity: usize,
    work: W,
) -> Result<Summary, Failure<T, E>>
where
    S: FnMut() -> N + Send + 'static,
    N: Future<Output = Option<T>> + Send + 'static,
    T: Send + Sync + 'static,
    W: Fn(Arc<T>) -> F + Send + Sync + 'static,
    F: Future<Output = Result<(), E>> + Send + 'static,
    E: Send + 'static,
{
    assert!(consumers > 0, "a run needs at least one consumer");
    assert!(capacity > 0, "a run needs room for at least one item");
    let (sender, receiver) = mpsc::channel(capacity);
    let mut produced = vec![0; sources.len()];

    let mut tasks = JoinSet::new();
    for (index, source) in sources.into_iter().enumerate() {
        tasks.spawn(produce(index, source, sender.clone()));
    }
    drop(sender);
    let stock = Arc::new((Mutex::new(receiver), work, Mutex::new((vec![0; consumers], None))));
    for index in 0..consumers {
        tasks.spawn(consume(index, Arc::clone(&stock)));
    }

    let mut panicked = None::<Box<dyn Any + Send>>;
    while let Some(ended) = tasks.join_next().await {
        match ended.map_err(|error| error.try_into_panic()) {
            Ok(End::SourceIsDry { index, items }) => produced[index] = items,
            Ok(End::NothingLeft) | Err(Err(_)) => {}
            Ok(End::Failed) => tasks.abort_all(),
            Err(Ok(payload)) => {
                panicked = Some(payload);
                tasks.abort_all();
            }
        }
    }
    if let Some(payload) = panicked {
        panic::resume_unwind(payload);
    }
    let (handled, failure) = std::mem::take(&mut *stock.2.lock().await);
    match failure {
        None => Ok(Summary { produced, handled }),
        Some((item, error)) => Err(Failure { item, error, handled: handled.iter().sum() }),
    }
}

enum End {
    SourceIsDry { index: usize, items: usize },
    NothingLeft,
    Failed,
}

type Stock<T, W, E> = Arc<(Mutex<mpsc::Receiver<T>>, W, Mutex<(Vec<usize>, Option<(Arc<T>, E)>)>)>;

async fn produce<S, N, T>(index: usize, mut source: S, sender: mpsc::Sender<T>) -> End
where
    S: FnMut() -> N,
    N: Future<Output = Option<T>>,
{
    let mut items = 0;
    while let Some(item) = source().await {
        sender.send(item).await.expect("the run holds the receiver until all producers have ended");
        items += 1;
    }
    End::SourceIsDry { index, items }
}

async fn consume<T, W, F, E>(index: usize, stock: Stock<T, W, E>) -> End
where
    W: Fn(Arc<T>) -> F,
    F: Future<Output = Result<(), E>>,
{
    let (receiver, work, state) = &*stock;
    while let Some(item) = take(receiver).await {
        let item = Arc::new(item);
        if let Err(error) = work(Arc::clone(&item)).await {
            state.lock().await.1 = Some((item, error));
            return End::Failed;
        }
        state.lock().await.0[index] += 1;
    }
    End::NothingLeft
}

async fn take<T>(receiver: &Mutex<mpsc::Receiver<T>>) -> Option<T> {
    receiver.lock().await.recv().await
}
