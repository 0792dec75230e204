//! Plain code, which does not know that its `std` is not the real one. `scenario` is explored.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::fmt::{self, Display};
use std::sync::{Arc, Condvar, Mutex, OnceLock, mpsc};
use std::thread;
use std::time::Duration;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Kind {
    #[default]
    Small,
    Large,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Parcel {
    kind: Kind,
    weight: Option<f64>,
    labels: Vec<String>,
}

impl Display for Parcel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?} {:?}", self.kind, self.weight)
    }
}

thread_local! {
    static SEEN: RefCell<Vec<Kind>> = const { RefCell::new(Vec::new()) };
}

static TOTAL: OnceLock<usize> = OnceLock::new();

fn parse(text: &str) -> Result<u32, Box<dyn std::error::Error>> {
    Ok(text.trim().parse::<u32>()?)
}

pub fn scenario() {
    let parcels: Vec<Parcel> = (0..3u8)
        .map(|number| Parcel { kind: if number < 2 { Kind::Small } else { Kind::Large }, ..Default::default() })
        .collect();
    println!("{} parcels, {:?}", parcels.len(), parcels.first().map(ToString::to_string));
    eprintln!("{}", dbg!(parcels.len()));
    print!("{:#?}", parcels);

    let counts = Mutex::new(BTreeMap::new());
    let seen: usize = thread::scope(|scope| {
        let threads: Vec<_> = parcels
            .chunks(2)
            .map(|chunk| {
                let counts = &counts;
                scope.spawn(move || {
                    for parcel in chunk {
                        *counts.lock().unwrap().entry(parcel.kind).or_insert(0) += 1;
                        SEEN.with_borrow_mut(|seen| seen.push(parcel.kind));
                    }
                    SEEN.with_borrow(Vec::len)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(seen, 3);
    assert_eq!(counts.into_inner().unwrap(), BTreeMap::from([(Kind::Small, 2), (Kind::Large, 1)]));
    assert!(SEEN.with_borrow(Vec::is_empty));

    let shared = Arc::new((Mutex::new(HashMap::new()), Condvar::new()));
    let theirs = Arc::clone(&shared);
    let writer = thread::spawn(move || {
        theirs.0.lock().unwrap().insert("key", vec![1, 2]);
        theirs.1.notify_one();
    });
    let map = shared.1.wait_while(shared.0.lock().unwrap(), |map| map.is_empty()).unwrap();
    assert!(matches!(map.get("key"), Some(values) if values.len() == 2));
    drop(map);
    writer.join().unwrap();

    let (sender, receiver) = mpsc::channel::<Result<u32, String>>();
    thread::spawn(move || {
        thread::sleep(Duration::from_secs(3600));
        sender.send(parse(" 7 ").map_err(|error| error.to_string())).unwrap();
        sender.send(parse("x").map_err(|error| format!("{error}"))).unwrap();
    });
    let received = Vec::from_iter(receiver);
    assert_eq!(received[0], Ok(7));
    assert!(received[1].is_err(), "not a number: {:?}", received[1]);
    assert_eq!(*TOTAL.get_or_init(|| received.len()), 2);

    let panicked = std::panic::catch_unwind(|| {
        if TOTAL.get().is_some() {
            std::panic!("on purpose: {}", u32::MAX);
        }
        unreachable!();
    });
    assert_ne!(panicked.is_err(), false);
    let _boxed: Box<dyn Fn() -> String> = Box::new(|| format!("{}", vec![0; 2].len()));
    debug_assert!(i32::MAX > 0 && std::cmp::max(1, 2) == 2);
}
