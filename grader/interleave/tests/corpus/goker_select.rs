//! Those of GoBench's kernels that choose between several channels, with crossbeam's.

use super::bug::{Bug, Version, bug};
use super::platform::channel::{self, select};
use super::platform::thread;
use interleave::engine::FailureKind::{Deadlock, Leak};

corpus! {
    "GoKer";
    cockroach_35931: bug("cockroach#35931, channel", Deadlock);
    grpc_660: bug("grpc#660, channel", Leak);
    istio_17860: bug("istio#17860, channel", Leak);
    kubernetes_25331: bug("kubernetes#25331, channel & context", Leak);
    moby_21233: bug("moby#21233, channel", Leak);
    moby_33781: bug("moby#33781, channel & context", Deadlock);
}

/// A flow is cancelled by a message to each of its streams, one after the other; the first is full, since its reader waits for
/// something to come from the second.
pub(crate) fn cockroach_35931(version: Version) {
    let (to_left, left) = channel::bounded(1);
    let (to_right, right) = channel::bounded(1);
    let rows = to_left.clone();
    thread::scope(|scope| {
        scope.spawn(move || _ = rows.send("row"));
        scope.spawn(move || {
            assert_eq!(right.recv(), Ok("cancelled"));
            left.try_iter().for_each(drop);
        });
        if version.is_mended() {
            _ = to_left.try_send("cancelled");
        } else {
            _ = to_left.send("cancelled");
        }
        to_right.send("cancelled").unwrap();
    });
}

/// A benchmark counts what two clients send it and leaves after the first error; the other client sends for ever.
pub(crate) fn grpc_660(version: Version) {
    let (results, received) = channel::bounded(0);
    let (stop, stopped) = channel::bounded::<()>(0);
    for client in 0..2 {
        let (results, stopped) = (results.clone(), stopped.clone());
        // The clients share everything with the benchmark, its end of the channel included.
        let shared = received.clone();
        thread::spawn(move || {
            let _shared = shared;
            if version.is_mended() {
                select! {
                    send(results, client) -> _ => {}
                    recv(stopped) -> _ => {}
                }
            } else {
                results.send(client).unwrap();
            }
        });
    }
    assert!(received.recv().is_ok());
    drop(stop);
}

/// A proxy tells its agent how it has ended, and the agent no longer listens since it was told to go.
pub(crate) fn istio_17860(version: Version) {
    let (status, statuses) = channel::bounded(usize::from(version.is_mended()));
    let (cancel, cancelled) = channel::bounded::<()>(0);
    let proxy = statuses.clone();
    thread::spawn(move || {
        let _agent = proxy;
        status.send("ended").unwrap();
    });
    thread::spawn(move || drop(cancel));
    select! {
        recv(statuses) -> status => assert_eq!(status, Ok("ended")),
        recv(cancelled) -> _ => {}
    }
}

/// A watch that meets an error reports it to a channel that is full, and does not look whether anybody still wants it.
pub(crate) fn kubernetes_25331(version: Version) {
    let (result, results) = channel::bounded(1);
    let (cancel, cancelled) = channel::bounded::<()>(0);
    let watch = results.clone();
    thread::spawn(move || {
        let _watch = watch;
        for event in ["event", "error"] {
            if version.is_mended() {
                select! {
                    send(result, event) -> sent => sent.unwrap(),
                    recv(cancelled) -> _ => return,
                }
            } else {
                result.send(event).unwrap();
            }
        }
    });
    _ = results.try_recv();
    drop(cancel);
}

/// A transfer shows its progress to a watcher who has seen enough.
pub(crate) fn moby_21233(version: Version) {
    let (progress, shown) = channel::bounded(0);
    let (enough, has_enough) = channel::bounded::<()>(0);
    let transfer = shown.clone();
    thread::spawn(move || {
        let _transfer = transfer;
        for percent in [0, 50, 100] {
            if version.is_mended() {
                select! {
                    send(progress, percent) -> _ => {}
                    recv(has_enough) -> _ => return,
                }
            } else {
                progress.send(percent).unwrap();
            }
        }
    });
    assert_eq!(shown.recv(), Ok(0));
    drop(enough);
}

/// A monitor that is told to stop waits for the last result of its probe, and the probe has given up already.
pub(crate) fn moby_33781(version: Version) {
    let (result, results) = channel::bounded(usize::from(version.is_mended()));
    let (stop, stopped) = channel::bounded::<()>(0);
    let probe_stopped = stopped.clone();
    let monitor_keeps = result.clone();
    thread::scope(|scope| {
        scope.spawn(move || {
            if version.is_mended() {
                result.send("healthy").unwrap();
                return;
            }
            select! {
                send(result, "healthy") -> _ => {}
                recv(probe_stopped) -> _ => {}
            }
        });
        scope.spawn(move || {
            select! {
                recv(results) -> result => assert!(result.is_ok()),
                recv(stopped) -> _ => assert!(results.recv().is_ok()),
            }
            drop(monitor_keeps);
        });
        drop(stop);
    });
}
