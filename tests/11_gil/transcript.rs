//! Three "Python threads" under one GIL, and what the article's `counter += 1` comes to between two forced switches.

use harness::{Actor, actor, quiesce};
use std::fmt::Write;
use std::sync::Arc;
use std::sync::mpsc::channel;
use subject::{Gil, GilCell, Python};

#[harness::transcript]
fn transcript() -> String {
    let mut text = String::new();

    let (gil, log) = (Arc::new(Gil::new(3)), Arc::new(GilCell::new(Vec::new())));
    in_this_order(&gil, ["A", "B", "C"], |name| {
        let log = Arc::clone(&log);
        move |py| {
            for bytecode in 1..=10 {
                note(py, &log, name, bytecode.to_string());
                py.tick();
            }
        }
    });
    writeln!(text, "three threads of ten bytecodes, a switch every 3").unwrap();
    tell(&mut text, &gil, &log);

    for interval in [1, 3] {
        let (gil, log) = (Arc::new(Gil::new(interval)), Arc::new(GilCell::new(Vec::new())));
        let counter = Arc::new(GilCell::new(0));
        in_this_order(&gil, ["A", "B"], |name| {
            let (log, counter) = (Arc::clone(&log), Arc::clone(&counter));
            move |py| {
                let loaded = counter.get(py);
                note(py, &log, name, format!("LOAD {loaded}"));
                py.tick();
                let sum = loaded + 1;
                note(py, &log, name, "ADD".into());
                py.tick();
                counter.set(py, sum);
                note(py, &log, name, format!("STORE {sum}"));
                py.tick();
            }
        });
        writeln!(text, "\ntwo threads of counter += 1, a switch every {interval}").unwrap();
        tell(&mut text, &gil, &log);
        writeln!(text, "counter {}", gil.with(|py| counter.get(py))).unwrap();
    }
    text
}

/// Runs one thread per name; they come for the GIL in this order, while another thread holds it.
fn in_this_order<const N: usize, P>(gil: &Arc<Gil>, names: [&'static str; N], part: impl Fn(&'static str) -> P)
where
    P: for<'py> FnOnce(Python<'py>) + Send + 'static,
{
    let (go, gate) = channel::<()>();
    let enter = |name: &str, part: Box<dyn for<'py> FnOnce(Python<'py>) + Send>| {
        let gil = Arc::clone(gil);
        let actor = actor(name, move || gil.with(part));
        quiesce();
        actor
    };
    let main = enter("main", Box::new(move |_py| gate.iter().for_each(drop)));
    let threads = names.map(|name| enter(name, Box::new(part(name))));
    drop(go);
    main.finish();
    threads.into_iter().for_each(Actor::finish);
}

/// The name of a thread, and what it did.
type Entry = (&'static str, String);

fn note(py: Python<'_>, log: &GilCell<Vec<Entry>>, name: &'static str, what: String) {
    let mut entries = log.get(py);
    entries.push((name, what));
    log.set(py, entries);
}

/// One line per run of a thread.
fn tell(text: &mut String, gil: &Gil, log: &GilCell<Vec<Entry>>) {
    let stats = gil.stats();
    let entries = gil.with(|py| log.get(py));
    for run in entries.chunk_by(|one, next| one.0 == next.0) {
        let steps: Vec<&str> = run.iter().map(|entry| entry.1.as_str()).collect();
        writeln!(text, "{}: {}", run[0].0, steps.join(" ")).unwrap();
    }
    writeln!(text, "acquisitions {}, forced switches {}", stats.acquisitions, stats.forced_switches).unwrap();
}
