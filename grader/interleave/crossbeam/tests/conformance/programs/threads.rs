//! Scoped threads, and what keeps threads apart.

use super::crossbeam;
use super::*;

pub(crate) fn scoped_threads_borrow_and_return() -> String {
    let numbers = [1, 2, 3, 4];
    let mut doubled = Vec::new();
    let result = crossbeam::scope(|scope| {
        let halves: Vec<_> = numbers.chunks(2).map(|half| scope.spawn(move |_| half.iter().sum::<i32>())).collect();
        scope.spawn(|_| doubled.extend(numbers.iter().map(|number| number * 2)));
        halves.into_iter().map(|half| half.join().unwrap()).collect::<Vec<_>>()
    });
    format!("{:?} {doubled:?}", result.unwrap())
}

pub(crate) fn scoped_threads_start_others() -> String {
    let total = AtomicCell::new(0i32);
    let name = crossbeam::thread::scope(|scope| {
        scope.spawn(|scope| {
            scope.spawn(|scope| {
                scope.spawn(|_| total.fetch_add(4));
                total.fetch_add(2);
            });
            total.fetch_add(1);
        });
        let named = scope
            .builder()
            .name("named".to_owned())
            .stack_size(1 << 16)
            .spawn(|_| thread::current().name().map(str::to_owned));
        let named = named.unwrap();
        let outside = named.thread().name().map(str::to_owned);
        (named.join().unwrap(), outside, format!("{scope:?}"))
    });
    format!("{:?} {}", name.unwrap(), total.load())
}

pub(crate) fn a_panic_of_an_unjoined_thread_is_the_scopes_error() -> String {
    let finished = AtomicCell::new(false);
    let result = crossbeam::scope(|scope| {
        scope.spawn(|_| panic!("first"));
        scope.spawn(|_| {
            thread::sleep(PAUSE);
            finished.store(true);
        });
        7
    });
    let mut payload = result.unwrap_err();
    let panics = payload.downcast_mut::<Vec<Box<dyn std::any::Any + Send + 'static>>>().unwrap();
    let words: Vec<&str> = panics.iter().map(|panic| *panic.downcast_ref::<&str>().unwrap()).collect();
    format!("{words:?} {}", finished.load())
}

pub(crate) fn a_panic_of_a_joined_thread_is_the_joiners() -> String {
    let result = crossbeam::scope(|scope| {
        let joined = scope.spawn(|_| -> i32 { panic!("joined") }).join();
        joined.unwrap_err().downcast_ref::<&str>().map(|text| (*text).to_owned())
    });
    format!("{:?}", result.unwrap())
}

pub(crate) fn backoff_completes_after_some_snoozes() -> String {
    let backoff = Backoff::new();
    let mut snoozes = 0;
    while !backoff.is_completed() {
        backoff.snooze();
        snoozes += 1;
    }
    backoff.reset();
    for _ in 0..20 {
        backoff.spin();
    }
    format!("{snoozes} {} {backoff:?}", backoff.is_completed())
}

pub(crate) fn cache_padded_is_its_value() -> String {
    let mut padded = CachePadded::new(5);
    *padded += 1;
    let copy = padded;
    let size = size_of::<CachePadded<u8>>() >= 64;
    format!("{padded:?} {padded} {} {size} {}", copy == CachePadded::from(6), copy.into_inner())
}
