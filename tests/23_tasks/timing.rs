//! What a wait costs: in proportion to the number of tasks, not to its square.

use harness::workload;
use std::time::Duration;
use subject::ReturnWhen::{AllCompleted, FirstError};
use subject::{create_task, wait};
use tokio::sync::oneshot;

const TASKS: u64 = 10_000;

/// Ten thousand tasks end one after the other, each by the end of its neighbour; one wait is for all of them, another for
/// the first error, which does not come.
#[workload(cpu)]
fn ten_thousand_tasks_end_one_after_the_other(n: u64) -> u64 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let runtime = runtime.expect("the system has room for a runtime");
    (0..n).map(|_| runtime.block_on(round())).sum()
}

async fn round() -> u64 {
    let (begin, mut before) = oneshot::channel();
    let mut tasks = Vec::new();
    for number in 0..TASKS {
        let (sender, receiver) = oneshot::channel();
        let turn = std::mem::replace(&mut before, receiver);
        tasks.push(create_task(async move {
            let _ = turn.await;
            let _ = sender.send(());
            number
        }));
    }
    let all = create_task(wait(tasks.clone(), AllCompleted, None));
    let errors = create_task(wait(tasks, FirstError, Some(Duration::from_secs(3600))));
    tokio::task::yield_now().await;
    let _ = begin.send(());
    let mut sum = 0;
    for waiter in [all, errors] {
        let Ok((done, pending)) = waiter.join().await else { panic!("a wait does not panic and was not cancelled") };
        sum += pending.len() as u64;
        sum += done.iter().zip(1..).map(|(task, place)| task.result().map_or(0, |number| number * place)).sum::<u64>();
    }
    sum
}
