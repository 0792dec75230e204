//! Who listens under which name. The names belong to one execution.

use super::backlog::Backlog;
use super::descriptor::Descriptor;
use super::errors::{address_in_use, connection_refused, not_found};
use super::link::StreamEnd;
use super::name::Name;
use crate::engine;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::panic::Location;
use std::sync::Arc;

#[derive(Default)]
struct Names {
    epoch: u32,
    bound: BTreeMap<Name, Arc<Backlog>>,
}

thread_local! {
    static NAMES: RefCell<Names> = RefCell::default();
}

fn with<R>(action: impl FnOnce(&mut BTreeMap<Name, Arc<Backlog>>) -> R) -> R {
    let epoch = engine::epoch();
    NAMES.with_borrow_mut(|names| {
        if names.epoch != epoch {
            *names = Names { epoch, bound: BTreeMap::new() };
        }
        action(&mut names.bound)
    })
}

/// Gives a name to a listener.
///
/// # Errors
/// If it is taken.
pub(super) fn bind(name: &Name, listener: &Arc<Backlog>) -> io::Result<()> {
    with(|bound| {
        if bound.contains_key(name) {
            return Err(address_in_use());
        }
        bound.insert(name.clone(), Arc::clone(listener));
        Ok(())
    })
}

/// Nobody listens there any more.
pub(super) fn release(name: &Name) {
    if matches!(name, Name::Abstract(_)) {
        with(|bound| bound.remove(name));
    }
}

fn listener(name: &Name) -> Option<Arc<Backlog>> {
    with(|bound| bound.get(name).cloned())
}

/// Connects to whoever listens there. Returns the near end.
///
/// # Errors
/// If nobody does.
#[track_caller]
pub(super) fn connect(name: &Name) -> io::Result<Descriptor<StreamEnd>> {
    let at = Location::caller();
    match listener(name) {
        Some(listener) => engine::point("connect", listener.object()),
        None => engine::point_of_task("connect"),
    }
    let Some(listener) = listener(name).filter(|listener| listener.is_listening()) else {
        engine::note(|| "nobody listens".to_owned());
        let is_file = matches!(name, Name::Path(_)) && self::listener(name).is_none();
        return Err(if is_file { not_found() } else { connection_refused() });
    };
    let [ours, theirs] = StreamEnd::two(Some(name)).map(|end| Descriptor::first(end, at));
    listener.offer(theirs);
    Ok(ours)
}
