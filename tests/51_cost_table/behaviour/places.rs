//! Work that notes on which thread and in which task it was done, and a contender that is used with it.

use harness::{expect, expect_eq};
use std::sync::{Arc, Mutex};
use subject::Contender;

/// Where a piece of work was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) thread: std::thread::ThreadId,
    pub(super) task: Option<tokio::task::Id>,
    pub(super) runtime: Option<tokio::runtime::Id>,
}

/// Work that notes where it was done.
pub(super) fn noting() -> (Arc<Mutex<Vec<Place>>>, impl Fn() + Send + Sync + 'static) {
    let places = Arc::new(Mutex::new(Vec::new()));
    let theirs = Arc::clone(&places);
    let work = move || {
        theirs.lock().expect("nobody panics").push(Place {
            thread: std::thread::current().id(),
            task: tokio::task::try_id(),
            runtime: tokio::runtime::Handle::try_current().ok().map(|handle| handle.id()),
        });
    };
    (places, work)
}

/// Creates five and makes five round trips; returns the places of the former, and the one of the latter.
pub(super) fn used(contender: &mut dyn Contender, places: &Mutex<Vec<Place>>) -> (Vec<Place>, Place) {
    let mut partners = Vec::new();
    let mut created = Vec::new();
    let taken = |what: &str| {
        let mut places = places.lock().expect("nobody panics");
        expect_eq!(places.len(), 1, format!("how often the work has been done when {what} returns"));
        places.remove(0)
    };
    for _ in 0..5 {
        contender.create().expect("the system has room for one more");
        created.push(taken("create"));
        contender.round_trip().expect("the partner answers");
        partners.push(taken("round_trip"));
    }
    expect!(
        partners.iter().all(|partner| *partner == partners[0]) && !created.contains(&partners[0]),
        "who did the work of five round trips",
        "the same partner, which did nothing else",
        format!("{partners:?}, and {created:?} were created")
    );
    (created, partners.remove(0))
}
