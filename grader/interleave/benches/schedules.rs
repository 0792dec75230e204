//! What a schedule costs: `cargo bench -p interleave`. Medians of several rounds, alternated; a schedule has about 40 steps.

use interleave::engine::{Limits, Phase, Plan, explore};
use interleave::sync::atomic::AtomicUsize;
use interleave::sync::atomic::Ordering::{AcqRel, Acquire, Release};
use interleave::sync::{Arc, Condvar, Mutex};
use interleave::{
    os::unix::net::UnixStream,
    sync::mpsc::{Receiver, Sender, channel},
    thread,
};
use std::io::{Read, Write};
use std::time::Instant;

const ROUNDS: usize = 7;
const SCHEDULES: usize = 20_000;

/// Two threads count with atomics.
fn atomics() {
    let shared: Arc<[AtomicUsize; 2]> = Arc::default();
    let work = |[count, flag]: &[AtomicUsize; 2]| {
        for _ in 0..6 {
            count.fetch_add(1, AcqRel);
            flag.store(1, Release);
            flag.load(Acquire);
        }
    };
    let both = [Arc::clone(&shared), Arc::clone(&shared)];
    let threads = both.map(|shared| thread::spawn(move || work(&shared)));
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

/// Two producers, two consumers, one place.
fn queue() {
    let queue = Arc::new((Mutex::new(Vec::new()), Condvar::new()));
    let producers = [0, 1].map(|item| {
        let queue = Arc::clone(&queue);
        thread::spawn(move || {
            let mut items = queue.0.lock().unwrap();
            while !items.is_empty() {
                items = queue.1.wait(items).unwrap();
            }
            items.push(item);
            queue.1.notify_all();
        })
    });
    let consumers = [0, 1].map(|_| {
        let queue = Arc::clone(&queue);
        thread::spawn(move || {
            let mut items = queue.0.lock().unwrap();
            while items.is_empty() {
                items = queue.1.wait(items).unwrap();
            }
            items.pop();
            queue.1.notify_all();
        })
    });
    producers.into_iter().chain(consumers).for_each(|thread| thread.join().unwrap());
}

/// A byte goes there and back over a socket.
fn sockets() {
    let (mut left, mut right) = UnixStream::pair().expect("there are always sockets");
    let mut byte = [0];
    let other = thread::spawn(move || {
        for _ in 0..6 {
            right.read_exact(&mut [0]).and_then(|()| right.write_all(&[1])).unwrap();
        }
    });
    for _ in 0..6 {
        left.write_all(&byte).and_then(|()| left.read_exact(&mut byte)).unwrap();
    }
    other.join().unwrap();
}

/// The same over two channels.
fn channels() {
    let ((to, theirs), (back, ours)): ((Sender<u8>, Receiver<u8>), _) = (channel(), channel());
    let other = thread::spawn(move || theirs.iter().for_each(|byte| back.send(byte + 1).unwrap()));
    let mut byte = 0;
    for _ in 0..6 {
        to.send(byte).unwrap();
        byte = ours.recv().unwrap();
    }
    drop(to);
    other.join().unwrap();
}

/// What is timed: its name, the program, how its schedules are chosen, the limits.
type Case = (&'static str, fn(), Phase, Limits);

fn main() {
    let weak = Limits { weak_memory: true, ..Limits::default() };
    let random = || Phase::Random { seed: 1, schedules: SCHEDULES };
    let cases: [Case; 8] = [
        ("atomics, random", atomics, random(), Limits::default()),
        ("atomics, bounded", atomics, Phase::Bounded { preemptions: 3, most: SCHEDULES }, Limits::default()),
        ("atomics, random, weak memory", atomics, random(), weak),
        ("queue, random", queue, random(), Limits::default()),
        ("queue, uniform random walk", queue, Phase::Urw { seed: 1, schedules: SCHEDULES }, Limits::default()),
        ("sockets, random", sockets, random(), Limits::default()),
        ("channels, random", channels, random(), Limits::default()),
        ("queue, bounded", queue, Phase::Bounded { preemptions: 2, most: SCHEDULES }, Limits::default()),
    ];
    let mut times = vec![Vec::new(); cases.len()];
    let mut steps = vec![0; cases.len()];
    for _ in 0..ROUNDS {
        for (index, (_, body, phase, limits)) in cases.iter().enumerate() {
            let plan = Plan { phases: vec![phase.clone()], steps: u64::MAX, limits: *limits };
            let begun = Instant::now();
            let exploration = explore(&plan, *body);
            assert!(exploration.found.is_none(), "{:?}", exploration.found);
            times[index].push(begun.elapsed().as_secs_f64() * 1e6 / exploration.schedules as f64);
            steps[index] = exploration.steps / exploration.schedules as u64;
        }
    }
    println!("{:<30} {:>12} {:>8} {:>12}", "", "µs/schedule", "steps", "µs/40 steps");
    for ((case, times), steps) in cases.iter().zip(&mut times).zip(steps) {
        times.sort_by(f64::total_cmp);
        let median = times[times.len() / 2];
        println!("{:<30} {median:>12.1} {steps:>8} {:>12.1}", case.0, median * 40.0 / steps as f64);
    }
}
