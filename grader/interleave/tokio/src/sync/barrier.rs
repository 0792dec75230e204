//! [`Barrier`].

use crate::shared::{Shared, Wakers, wake};
use std::future::Future;
use std::panic::Location;

/// The stand-in for `tokio::sync::Barrier`.
#[derive(Debug)]
pub struct Barrier {
    shared: Shared<State>,
    count: usize,
}

#[derive(Debug)]
struct State {
    arrived: usize,
    generation: u64,
    waiting: Wakers,
}

/// The stand-in for `tokio::sync::BarrierWaitResult`.
#[derive(Debug, Clone)]
pub struct BarrierWaitResult(bool);

impl BarrierWaitResult {
    /// As `tokio::sync::BarrierWaitResult::is_leader`.
    #[must_use]
    pub fn is_leader(&self) -> bool {
        self.0
    }
}

impl Barrier {
    /// As `tokio::sync::Barrier::new`.
    #[track_caller]
    #[must_use]
    pub fn new(count: usize) -> Barrier {
        let state = State { arrived: 0, generation: 0, waiting: Wakers::new() };
        // A barrier for nobody is one for everybody.
        Barrier { shared: Shared::new("barrier", state, |_| ()), count: count.max(1) }
    }

    /// As `tokio::sync::Barrier::wait`: whoever arrives last is the leader. Whoever gives up has arrived all the same.
    #[track_caller]
    pub fn wait(&self) -> impl Future<Output = BarrierWaitResult> {
        let at = Location::caller();
        let mut arrived_in = None;
        async move {
            let arrive = self.shared.until(
                "wait",
                at,
                |state| &mut state.waiting,
                |state| match arrived_in {
                    Some(generation) => (state.generation != generation).then(|| (false, Vec::new())),
                    None => {
                        state.arrived += 1;
                        if state.arrived < self.count {
                            arrived_in = Some(state.generation);
                            return None;
                        }
                        state.arrived = 0;
                        state.generation += 1;
                        Some((true, state.waiting.take()))
                    }
                },
            );
            let (leads, others) = arrive.await;
            wake(others, at);
            BarrierWaitResult(leads)
        }
    }
}
