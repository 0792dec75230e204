//! The article's workers and their queue, one step at a time; then the two ways to end.

use harness::{Actor, actor, quiesce};
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use subject::{GetError, PutError, Queue};

#[harness::transcript]
fn transcript() -> String {
    let mut text = String::new();
    a_full_queue(&mut text);
    workers(&mut text);
    a_gentle_end(&mut text);
    an_immediate_end(&mut text);
    text
}

/// The producer is watched while the consumer takes one item after the other.
fn a_full_queue(text: &mut String) {
    text.push_str("a producer of 5 items, room for 2\n");
    let (queue, put) = (Arc::new(Queue::bounded(2)), Arc::new(AtomicU32::new(0)));
    let (theirs, counted) = (Arc::clone(&queue), Arc::clone(&put));
    let producer = actor("producer", move || {
        for item in 0..5 {
            theirs.put(item).expect("the queue is not shut down");
            counted.fetch_add(1, SeqCst);
        }
    });
    let status = |text: &mut String, what: &str| {
        quiesce();
        writeln!(text, "  {what}: {} put, {} in the queue", put.load(SeqCst), queue.len()).unwrap();
    };
    status(text, "nothing taken");
    for _ in 0..5 {
        let item = queue.get().expect("the queue is not shut down");
        status(text, &format!("took {item}"));
    }
    producer.finish();
}

/// A worker of the article, which ends when the queue does.
fn worker(queue: &Arc<Queue<u32>>, done: &Arc<Mutex<Vec<u32>>>) -> Actor<GetError> {
    let (queue, done) = (Arc::clone(queue), Arc::clone(done));
    actor("worker", move || {
        loop {
            match queue.get() {
                Ok(task) => done.lock().unwrap().push(task * task),
                Err(error) => return error,
            }
            queue.task_done().expect("a task was taken");
        }
    })
}

fn workers(text: &mut String) {
    text.push_str("three workers, ten tasks\n");
    let (queue, done) = (Arc::new(Queue::bounded(2)), Arc::new(Mutex::new(Vec::new())));
    let workers = [0; 3].map(|_| worker(&queue, &done));
    for task in 0..10 {
        queue.put(task).expect("the queue is not shut down");
    }
    queue.join();
    done.lock().unwrap().sort_unstable();
    writeln!(text, "  all done: {:?}", done.lock().unwrap()).unwrap();
    match queue.task_done() {
        Ok(()) => text.push_str("  one more task_done: no error\n"),
        Err(error) => writeln!(text, "  one more task_done: {error}").unwrap(),
    }
    queue.shutdown(false);
    let ends = workers.map(Actor::finish);
    writeln!(
        text,
        "  workers that ended with ShutDown: {}",
        ends.iter().filter(|end| **end == GetError::ShutDown).count()
    )
    .unwrap();
}

/// A queue of two with `a` and `b` in it, while a producer waits to put `c`.
fn full_queue() -> (Arc<Queue<char>>, Actor<&'static str>) {
    let queue = Arc::new(Queue::bounded(2));
    ['a', 'b'].into_iter().for_each(|item| queue.put(item).expect("there is room"));
    let theirs = Arc::clone(&queue);
    let producer = actor("producer", move || match theirs.put('c') {
        Ok(()) => "got in",
        Err(PutError::Full('c')) => "Full",
        Err(PutError::ShutDown('c')) => "ShutDown",
        Err(_) => "another item came back",
    });
    quiesce();
    (queue, producer)
}

fn take(queue: &Queue<char>) -> String {
    match queue.try_get() {
        Ok(item) => item.to_string(),
        Err(GetError::Empty) => "Empty".into(),
        Err(GetError::ShutDown) => "ShutDown".into(),
    }
}

fn a_gentle_end(text: &mut String) {
    let (queue, producer) = full_queue();
    text.push_str("a gentle end\n");
    queue.shutdown(false);
    writeln!(text, "  the producer that waited: {}", producer.finish()).unwrap();
    writeln!(text, "  taken: {}, {}, {}", take(&queue), take(&queue), take(&queue)).unwrap();
}

fn an_immediate_end(text: &mut String) {
    let (queue, producer) = full_queue();
    text.push_str("an immediate end\n");
    queue.shutdown(true);
    writeln!(text, "  the producer that waited: {}", producer.finish()).unwrap();
    writeln!(text, "  taken: {}", take(&queue)).unwrap();
    queue.join();
    text.push_str("  join returned\n");
}
