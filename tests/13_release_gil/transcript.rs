//! Two "Python threads", one of which lets go of the GIL twice: around waiting, and around a product of matrices. Each
//! thread writes its own lines; between two steps all come to rest.

use harness::{Actor, Log, actor, quiesce};
use std::fmt::Write as _;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use subject::{Gil, GilCell, Matrix, dot};

/// Where a thread stops until it is told to go on.
struct Stops(Mutex<Receiver<()>>);

impl Stops {
    fn stop(&self) {
        let _ = self.0.lock().expect("no thread panics").recv();
    }
}

/// Two threads take turns, step by step.
#[harness::transcript]
fn transcript() -> String {
    // The log is no cell: it is written with and without the GIL.
    let (log, gil, total) = (Log::new(), Arc::new(Gil::new()), Arc::new(GilCell::new(0)));
    let start = |name: &str, part: fn(&Log, &Gil, &GilCell<i64>, &Stops)| {
        let (log, gil, total) = (log.clone(), Arc::clone(&gil), Arc::clone(&total));
        let (sender, receiver) = channel();
        let actor = actor(name, move || part(&log, &gil, &total, &Stops(Mutex::new(receiver))));
        quiesce();
        (actor, sender)
    };
    let (loader_actor, loader) = start("loader", load);
    let (counter_actor, counter) = start("counter", count);
    for step in [&loader, &loader, &counter, &loader] {
        // An error means that the thread has run ahead; the lines show it.
        let _ = step.send(());
        quiesce();
    }
    [loader_actor, counter_actor].into_iter().for_each(Actor::finish);
    let mut text = log.text();

    let (a, b) = (Matrix::new(3, 2, vec![1, 2, 3, 4, 5, 6]), Matrix::new(2, 4, vec![1, 0, 2, -1, 0, 1, 2, 1]));
    let product = gil.with(|py| dot(py, &a, &b, 2));
    for row in 0..product.rows() {
        let cells: Vec<String> = product.row(row).iter().map(|cell| format!("{cell:>3}")).collect();
        writeln!(text, "{}", cells.concat()).expect("a String takes any text");
    }
    text.truncate(text.trim_end().len());
    text
}

/// Lets go of the GIL inside two calls of `with`.
fn load(log: &Log, gil: &Gil, total: &GilCell<i64>, stops: &Stops) {
    gil.with(|_outer| {
        log.line("loader: has the GIL");
        gil.with(|py| {
            stops.stop();
            log.line("loader: lets go of the GIL");
            py.allow_threads(|| {
                stops.stop();
                log.line("loader: wants the GIL back");
            });
            log.line(format_args!("loader: has the GIL, total {}", total.get(py)));
        });
        stops.stop();
        log.line("loader: leaves");
    });
}

fn count(log: &Log, gil: &Gil, total: &GilCell<i64>, stops: &Stops) {
    log.line("counter: wants the GIL");
    gil.with(|py| {
        log.line("counter: has the GIL");
        stops.stop();
        total.set(py, total.get(py) + 1);
        log.line("counter: leaves");
    });
}
