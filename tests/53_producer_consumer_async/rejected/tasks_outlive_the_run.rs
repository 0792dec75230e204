//! caught-by: behaviour — a_dropped_run_leaves_nothing_behind
//! The tasks are spawned loose: a run that is dropped leaves them running.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::panic;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::{Mutex, mpsc};

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
    let handled: Vec<_> = (0..consumers).map(|_| Arc::new(AtomicUsize::new(0))).collect();
    let mut produced = vec![0; sources.len()];

    let mut tasks = Vec::new();
    for (index, source) in sources.into_iter().enumerate() {
        tasks.push(tokio::spawn(produce(index, source, sender.clone())));
    }
    drop(sender);
    let stock = Arc::new((Mutex::new(receiver), work));
    for handled in &handled {
        tasks.push(tokio::spawn(consume(Arc::clone(&stock), Arc::clone(handled))));
    }

    let (mut failure, mut panicked) = (None, None::<Box<dyn Any + Send>>);
    let (ends, mut ended) = mpsc::channel(1);
    let handles: Vec<_> = tasks.iter().map(|task| task.abort_handle()).collect();
    for task in tasks {
        let ends = ends.clone();
        tokio::spawn(async move {
            let _ = ends.send(task.await).await;
        });
    }
    drop(ends);
    let abort_all = || handles.iter().for_each(|handle| handle.abort());
    while let Some(ended) = ended.recv().await {
        match ended.map_err(|error| error.try_into_panic()) {
            Ok(End::SourceIsDry { index, items }) => produced[index] = items,
            Ok(End::NothingLeft) | Err(Err(_)) => {}
            Ok(End::Failed(item, error)) => {
                failure = Some((item, error));
                abort_all();
            }
            Err(Ok(payload)) => {
                panicked = Some(payload);
                abort_all();
            }
        }
    }
    if let Some(payload) = panicked {
        panic::resume_unwind(payload);
    }
    let handled: Vec<usize> = handled.iter().map(|handled| handled.load(Ordering::Relaxed)).collect();
    match failure {
        None => Ok(Summary { produced, handled }),
        Some((item, error)) => Err(Failure { item, error, handled: handled.iter().sum() }),
    }
}

enum End<T, E> {
    SourceIsDry { index: usize, items: usize },
    NothingLeft,
    Failed(Arc<T>, E),
}

async fn produce<S, N, T, E>(index: usize, mut source: S, sender: mpsc::Sender<T>) -> End<T, E>
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

async fn consume<T, W, F, E>(stock: Arc<(Mutex<mpsc::Receiver<T>>, W)>, handled: Arc<AtomicUsize>) -> End<T, E>
where
    W: Fn(Arc<T>) -> F,
    F: Future<Output = Result<(), E>>,
{
    let (receiver, work) = &*stock;
    while let Some(item) = take(receiver).await {
        let item = Arc::new(item);
        if let Err(error) = work(Arc::clone(&item)).await {
            return End::Failed(item, error);
        }
        handled.fetch_add(1, Ordering::Relaxed);
    }
    End::NothingLeft
}

async fn take<T>(receiver: &Mutex<mpsc::Receiver<T>>) -> Option<T> {
    receiver.lock().await.recv().await
}
