//! Queues, deques and atomic cells.

use super::*;

pub(crate) fn array_queues_have_a_capacity() -> String {
    let queue = ArrayQueue::new(2);
    let pushed = (queue.push(1), queue.push(2), queue.push(3), queue.is_full(), queue.len(), queue.capacity());
    let forced = (queue.force_push(4), queue.pop(), queue.force_push(5), queue.len());
    let debug = format!("{queue:?}");
    let rest: Vec<i32> = queue.into_iter().collect();
    let empty = ArrayQueue::<i32>::new(1);
    format!("{pushed:?} {forced:?} {debug} {rest:?} {:?} {}", empty.pop(), empty.is_empty())
}

pub(crate) fn array_queues_lose_nothing() -> String {
    let queue = ArrayQueue::new(1);
    let popped = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for base in [0, 10] {
            let queue = &queue;
            scope.spawn(move || {
                for number in base..base + 2 {
                    let backoff = Backoff::new();
                    let mut value = number;
                    while let Err(back) = queue.push(value) {
                        value = back;
                        backoff.snooze();
                    }
                }
            });
        }
        scope.spawn(|| {
            let backoff = Backoff::new();
            while popped.lock().unwrap().len() < 4 {
                match queue.pop() {
                    Some(value) => popped.lock().unwrap().push(value),
                    None => backoff.snooze(),
                }
            }
        });
    });
    format!("{:?}", sorted::<i32>(popped.into_inner().unwrap()))
}

pub(crate) fn segment_queues_are_unbounded() -> String {
    let queue = SegQueue::new();
    thread::scope(|scope| {
        scope.spawn(|| (0..3).for_each(|number| queue.push(number)));
        scope.spawn(|| (10..13).for_each(|number| queue.push(number)));
    });
    let (length, empty, debug) = (queue.len(), queue.is_empty(), format!("{queue:?}"));
    let first = queue.pop().is_some();
    let rest = queue.into_iter().count();
    format!("{length} {empty} {debug} {first} {rest} {:?}", SegQueue::<i32>::default().pop())
}

pub(crate) fn who_has_a_queue_alone_needs_no_lock() -> String {
    let mut array = ArrayQueue::new(2);
    let pushed = (array.push_mut(1), array.push(2), array.push_mut(3), array.pop_mut(), array.pop(), array.pop_mut());
    let mut segment = SegQueue::new();
    segment.push_mut(1);
    segment.push(2);
    format!("{pushed:?} {:?} {:?} {:?}", segment.pop_mut(), segment.pop_mut(), segment.pop_mut())
}

pub(crate) fn atomic_cells_compute_in_one_step() -> String {
    let cell = AtomicCell::new(0i32);
    thread::scope(|scope| {
        scope.spawn(|| cell.fetch_add(3));
        scope.spawn(|| cell.fetch_update(|old| Some(old + 4)));
        scope.spawn(|| {
            while let Err(now) = cell.compare_exchange(7, 100) {
                assert!(now < 7);
                thread::yield_now();
            }
        });
    });
    let steps = (cell.load(), cell.swap(6), cell.fetch_sub(1), cell.fetch_and(4), cell.fetch_or(3), cell.fetch_xor(1));
    let more = (cell.fetch_max(9), cell.fetch_min(2), cell.fetch_nand(3), cell.take(), cell.compare_exchange(5, 6));
    let flag = AtomicCell::from(true);
    let flags = (flag.fetch_and(false), flag.fetch_or(true), flag.fetch_xor(true), flag.fetch_nand(true), flag.load());
    let text = AtomicCell::new("text".to_owned());
    let words = (text.swap("other".to_owned()), text.take(), text.into_inner());
    let none = AtomicCell::new(1u8).fetch_update(|_| None);
    let free = (AtomicCell::<u64>::is_lock_free(), AtomicCell::<[u64; 4]>::is_lock_free());
    let wraps = AtomicCell::new(u8::MAX);
    wraps.fetch_add(2);
    format!("{steps:?} {more:?} {flags:?} {words:?} {none:?} {free:?} {wraps:?} {:?}", AtomicCell::<i64>::default())
}

pub(crate) fn workers_give_tasks_to_thieves() -> String {
    let (fifo, lifo) = (Worker::new_fifo(), Worker::new_lifo());
    for number in 0..5 {
        fifo.push(number);
        lifo.push(number);
    }
    let popped = (fifo.pop(), lifo.pop(), fifo.len(), lifo.is_empty());
    let stolen = (fifo.stealer().steal().success(), lifo.stealer().clone().steal().success(), fifo.stealer().len());
    let target = Worker::new_fifo();
    let batches = (fifo.stealer().steal_batch(&target), lifo.stealer().steal_batch_and_pop(&target));
    let moved: Vec<i32> = std::iter::from_fn(|| target.pop()).collect();
    let left = (fifo.len(), lifo.len(), target.stealer().is_empty());
    let same = (fifo.stealer().steal_batch(&fifo), target.stealer().steal_batch_and_pop(&target));
    let injector = Injector::new();
    (0..5).for_each(|number| injector.push(number));
    let injected = (injector.steal().success(), injector.steal_batch_with_limit(&target, 1), injector.len());
    let popped_too = injector.steal_batch_with_limit_and_pop(&target, 2).success();
    let rest: Vec<i32> = std::iter::from_fn(|| target.pop()).collect();
    format!(
        "{popped:?} {stolen:?} {batches:?} {moved:?} {left:?} {same:?} {injected:?} {popped_too:?} {rest:?} {}",
        injector.is_empty()
    )
}

pub(crate) fn stolen_tasks_are_done_once() -> String {
    let worker = Worker::new_lifo();
    (0..4).for_each(|number| worker.push(number));
    let thief = worker.stealer();
    let stolen = thread::spawn(move || {
        let mut stolen = Vec::new();
        loop {
            match thief.steal() {
                Steal::Success(task) => stolen.push(task),
                Steal::Retry => thread::yield_now(),
                Steal::Empty => return stolen,
            }
        }
    });
    let mut done: Vec<i32> = std::iter::from_fn(|| worker.pop()).collect();
    done.extend(stolen.join().unwrap());
    format!("{:?}", sorted(done))
}

pub(crate) fn steals_are_put_together() -> String {
    let all = |steals: Vec<Steal<i32>>| steals.into_iter().collect::<Steal<i32>>();
    let collected = [
        all(vec![Steal::Empty, Steal::Empty]),
        all(vec![Steal::Empty, Steal::Retry, Steal::Empty]),
        all(vec![Steal::Retry, Steal::Success(1), Steal::Empty]),
    ];
    let otherwise = (Steal::Retry.or_else(|| Steal::<i32>::Empty), Steal::Empty.or_else(|| Steal::Success(2)));
    let flags = (otherwise.0.is_retry(), otherwise.1.is_success(), collected[0].is_empty());
    format!("{collected:?} {otherwise:?} {flags:?}")
}
