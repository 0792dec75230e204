//! Reports made by hand, and what becomes of them.

mod hidden;

use super::terminal::Look;
use super::{json, junit, lanes, terminal};
use insta::assert_snapshot;
use verdict::{
    Call, Check, CheckReport, Discovery, Evidence, FORMAT_VERSION, Finding, Interleaving, Item, Kind, Location, Mark,
    Object, Origin, Outcome, Pairs, Report, Schedules, Score, Standing, Step, Submission, Verdict, Waiting,
};

fn report(checks: Vec<CheckReport>) -> Report {
    Report {
        format_version: FORMAT_VERSION,
        confinement: verdict::Tier::A,
        exercise: "34_read_write_lock".into(),
        section: "3.4".into(),
        title: "A read-write lock that does not starve its writer".into(),
        submission: Submission { origin: Origin::Learner, path: "exercises/34_read_write_lock/src/lib.rs".into() },
        verdict: Verdict::of(&checks),
        complete: true,
        score: checks.iter().map(|check| check.score).sum(),
        checks,
        millis: 2345,
    }
}

fn item(name: &str, outcome: Outcome) -> Item {
    Item { name: name.into(), statement: name.replace('_', " "), outcome, millis: 12 }
}

fn passed(check: Check, of: u32, evidence: Evidence, items: &[&str]) -> CheckReport {
    let items = items.iter().map(|name| item(name, Outcome::Passed)).collect();
    CheckReport::from_items(check, of, evidence, items, Vec::new(), 250)
}

fn finding(check: Check, kind: Kind, subject: &str, message: &str) -> Finding {
    Finding {
        check,
        kind,
        subject: subject.into(),
        message: message.into(),
        expected: None,
        seen: None,
        location: None,
        detail: None,
        threads: Vec::new(),
        interleaving: None,
        next_step: None,
    }
}

fn place(line: u32, column: Option<u32>) -> Option<Location> {
    Some(Location { file: "exercises/34_read_write_lock/src/lib.rs".into(), line, column })
}

fn pairs(ratio: f64) -> Evidence {
    let workload = "readers_and_writers".into();
    Evidence::Pairs { workloads: vec![Pairs { workload, pairs: 27, above: 3, ratio, limit: 4.0, millis: 18.2 }] }
}

fn compiler() -> CheckReport {
    let compiler = "rustc 1.95.0 (59807616e 2026-04-14)".into();
    passed(Check::Build, 0, Evidence::Compiled { compiler }, &[])
}

/// Nothing is wrong.
fn accepted() -> Report {
    report(vec![
        passed(Check::SourceRules, 10, Evidence::Source { files: 1, rules: 35 }, &[]),
        compiler(),
        passed(
            Check::CompileFail,
            15,
            Evidence::Cases { refused: 1, accepted: 1 },
            &["guard_is_not_send", "lock_is_shared"],
        ),
        passed(
            Check::Behaviour,
            50,
            Evidence::Facts { run: 2, of: 2 },
            &["two_readers_hold_the_lock", "a_writer_waits"],
        ),
        passed(Check::Transcript, 10, Evidence::Texts { compared: 1 }, &["transcript"]),
        passed(Check::Timing, 15, pairs(1.043), &["readers_and_writers"]),
    ])
}

/// Something of everything is wrong.
fn rejected() -> Report {
    let forbidden = Finding {
        location: place(3, Some(5)),
        seen: Some("use std::sync::RwLock".into()),
        next_step: Some("it is the very thing you are asked to build".into()),
        ..finding(Check::SourceRules, Kind::Forbidden, "std::sync::RwLock", "std::sync::RwLock is forbidden here")
    };
    let types = Finding {
        expected: Some("an error E0277 on that line".into()),
        seen: Some("it compiles".into()),
        ..finding(
            Check::CompileFail,
            Kind::WrongTypes,
            "guard_is_not_send",
            "A read guard cannot be sent to another thread.",
        )
    };
    let standing = |thread: &str, doing: &str| Standing { thread: thread.into(), doing: doing.into() };
    let deadlock = Finding {
        threads: vec![
            standing("fact", "waits for the thread 'writer' to end"),
            standing("writer", "waits on a condition variable or a lock"),
        ],
        next_step: Some("who wakes the writer when the last reader has left?".into()),
        ..finding(
            Check::Behaviour,
            Kind::Deadlock,
            "a_writer_waits",
            "A writer that has waited while several readers held the lock goes on as soon as the last one of them has left.",
        )
    };
    let panic = |subject: &str, message: &str| Finding {
        seen: Some("not yet implemented: take the lock for reading".into()),
        location: place(41, Some(9)),
        ..finding(Check::Behaviour, Kind::Panic, subject, message)
    };
    let wrong = |subject: &str| Finding {
        expected: Some("2".into()),
        seen: Some("1".into()),
        ..finding(Check::Behaviour, Kind::WrongAnswer, subject, &format!("{} holds.", subject.replace('_', " ")))
    };
    let text = Finding {
        detail: Some("  reader 1: asks\n- reader 1: reads 0\n+ reader 1: reads 1\n  writer: asks".into()),
        ..finding(Check::Transcript, Kind::WrongAnswer, "transcript", "The program prints the expected text.")
    };
    let slow = Finding {
        expected: Some("at most 4 × the reference's time".into()),
        seen: Some("9.7 × its time (median of 27 pairs, 27 of them above the limit)".into()),
        ..finding(Check::Timing, Kind::Slow, "readers_and_writers", "Four threads share one lock.")
    };
    let facts = ["two_readers_hold_the_lock", "a_writer_waits", "first", "second", "third", "fourth", "fifth"];
    let mut items: Vec<Item> = facts.iter().map(|name| item(name, Outcome::Failed)).collect();
    items[0].outcome = Outcome::Passed;
    items.push(item("sixth", Outcome::NotRun("2 facts ran into their time limit already".into())));
    let findings = vec![
        deadlock,
        panic("first", "A reader gets in."),
        panic("second", "A second reader gets in."),
        wrong("third"),
        wrong("fourth"),
        Finding { seen: Some("3".into()), ..wrong("fifth") },
    ];
    let failed = |check, of, evidence, name: &str, finding| {
        CheckReport::from_items(check, of, evidence, vec![item(name, Outcome::Failed)], vec![finding], 250)
    };
    report(vec![
        CheckReport::from_items(
            Check::SourceRules,
            10,
            Evidence::Source { files: 2, rules: 35 },
            Vec::new(),
            vec![forbidden],
            3,
        ),
        compiler(),
        failed(Check::CompileFail, 15, Evidence::Cases { refused: 1, accepted: 0 }, "guard_is_not_send", types),
        CheckReport::from_items(Check::Behaviour, 50, Evidence::Facts { run: 7, of: 8 }, items, findings, 900),
        failed(Check::Transcript, 10, Evidence::Texts { compared: 1 }, "transcript", text),
        failed(Check::Timing, 15, pairs(9.7), "readers_and_writers", slow),
    ])
}

/// It does not compile.
fn unbuildable() -> Report {
    let error = "error[E0308]: mismatched types\n  --> exercises/34_read_write_lock/src/lib.rs:7:22\n   |\n\
                 7  |     let nonsense: u8 = \"text\";\n   |                   --   ^^^^^^ expected `u8`, found `&str`";
    let error = Finding {
        location: place(7, Some(22)),
        detail: Some(error.into()),
        ..finding(Check::Build, Kind::CompileError, "E0308", "mismatched types")
    };
    let build = CheckReport {
        outcome: Outcome::Failed,
        findings: vec![error],
        ..CheckReport::not_run(Check::Build, 0, String::new())
    };
    let because = "the submission does not compile";
    report(vec![build, CheckReport::not_run(Check::Behaviour, 50, because)])
}

/// Steps as a story: lane, operation, object, mark, line, function, detail.
type Told<'a> = (usize, &'a str, Option<usize>, Mark, u32, &'a str, &'a str);

/// An interleaving of named lanes.
fn interleaving(lanes: &[&str], objects: &[(&str, &str)], told: &[Told<'_>], waiting: &[usize]) -> Interleaving {
    let step = |(lane, operation, object, mark, line, function, detail): &Told<'_>| Step {
        lane: *lane,
        operation: (*operation).into(),
        object: *object,
        mark: *mark,
        detail: (*detail).into(),
        location: place(*line, Some(9)).filter(|place| place.line > 0),
        call: Some(Call { function: (*function).into(), scenario_line: 7 }).filter(|call| !call.function.is_empty()),
        nanos: 0,
    };
    let object = |(kind, name): &(&str, &str)| Object { kind: (*kind).into(), name: (*name).into(), made: None };
    let waits = |lane: &usize| Waiting {
        lane: *lane,
        operation: "wait".into(),
        object: Some(1),
        holder: None,
        missed: true,
        location: place(43, None),
    };
    Interleaving {
        lanes: lanes.iter().map(|name| (*name).into()).collect(),
        objects: objects.iter().map(object).collect(),
        steps: told.iter().map(step).collect(),
        omitted: 0,
        waiting: waiting.iter().map(waits).collect(),
        found: Discovery {
            by: "urw".into(),
            nth: 13,
            nth_in_all: 14,
            preemptions: 1,
            preemptions_before: 9,
            reproduced: true,
        },
        schedule: "0x3 1x7 2x4 3".into(),
    }
}

/// A wakeup is lost between two threads, a data is torn among six.
fn unscheduled() -> Report {
    use Mark::{Blocked, Done, Failed, Note, Resumed, Spurious, TimedOut};
    let objects = [("mutex", "state"), ("condvar", "not_empty")];
    let lost = Finding {
        expected: Some("whoever waits is woken when what it waits for comes".into()),
        seen: Some("nothing goes on any more, but 'consumer' would if woken".into()),
        threads: vec![Standing { thread: "consumer".into(), doing: "waits in wait of not_empty, line 43".into() }],
        interleaving: Some(Box::new(interleaving(
            &["the scenario", "producer", "consumer"],
            &objects,
            &[
                (0, "spawn", None, Done, 0, "", "producer"),
                (1, "lock", Some(0), Done, 31, "Queue::put", ""),
                (1, "unlock", Some(0), Done, 34, "Queue::put", ""),
                (2, "lock", Some(0), Done, 41, "Queue::get", ""),
                (2, "wait", Some(1), Done, 43, "Queue::get", ""),
                (2, "wait", Some(1), Blocked, 43, "Queue::get", ""),
                (1, "notify_one", Some(1), Done, 35, "Queue::put", "wakes consumer"),
                (2, "wait", Some(1), Spurious, 43, "Queue::get", ""),
                (2, "wait", Some(1), Done, 43, "Queue::get", ""),
                (2, "wait", Some(1), Blocked, 43, "Queue::get", ""),
                (1, "lock", Some(0), Done, 31, "Queue::put", ""),
                (1, "lock", Some(0), Blocked, 31, "Queue::put", ""),
                (1, "lock", Some(0), Resumed, 31, "Queue::put", ""),
                (1, "unlock", Some(0), Done, 34, "Queue::put", ""),
                (0, "join", None, Blocked, 0, "", ""),
            ],
            &[2],
        ))),
        ..finding(Check::Schedules, Kind::LostWakeup, "one_item", "What is put is got.")
    };
    let names = ["the scenario", "a", "b", "c", "d", "a thread with a very long name indeed"];
    let crowd: Vec<Told<'_>> = (0..40)
        .map(|step| match step {
            39 => (5, "data race", None, Failed, 0, "", ""),
            20 => (3, "wait", Some(1), TimedOut, 52, "Queue::get", ""),
            21 => (0, "print", None, Note, 0, "", "the author says something"),
            _ => (1 + step / 9, "fetch_add", Some(0), Done, 50, "Counter::add", "= 3"),
        })
        .collect();
    let race = Finding {
        seen: Some("b writes it while nothing orders this after a's write".into()),
        interleaving: Some(Box::new(interleaving(&names, &objects, &crowd, &[]))),
        ..finding(Check::Schedules, Kind::DataRace, "a_crowd", "Nobody counts twice.")
    };
    let items = ["one_item", "a_crowd", "nobody_hangs"].map(|name| item(name, Outcome::Failed));
    let tried = Schedules {
        scenario: "nobody_hangs".into(),
        programs: None,
        sampled: 2250,
        exhausted_preemptions: Some(1),
        exhausted: 495,
        further: 7613,
        steps: 1_000_000,
        micros: 90_000,
    };
    let evidence = Evidence::Schedules { scenarios: vec![tried.clone()] };
    let all = Evidence::Schedules {
        scenarios: vec![
            Schedules { exhausted_preemptions: Some(2), further: 0, ..tried.clone() },
            tried.clone(),
            Schedules { scenario: "three".into(), programs: Some(12_430), exhausted_preemptions: None, ..tried },
        ],
    };
    let failed = CheckReport::from_items(Check::Schedules, 20, evidence, items.into(), vec![lost, race], 300);
    report(vec![compiler(), failed, passed(Check::Schedules, 20, all, &["one", "two", "three"])])
}

/// One measurement did not settle, and not everything was asked for.
fn inconclusive() -> Report {
    let finding = Finding {
        expected: Some("at most 4 × the reference's time".into()),
        seen: Some("about 4.0 × its time: 101 of 200 pairs above the limit settle nothing".into()),
        next_step: Some("it does not count against you; try again on a quieter machine".into()),
        ..finding(Check::Timing, Kind::Inconclusive, "readers_and_writers", "Four threads share one lock.")
    };
    let items = vec![item("readers_and_writers", Outcome::Inconclusive)];
    Report {
        complete: false,
        ..report(vec![CheckReport::from_items(Check::Timing, 15, pairs(4.01), items, vec![finding], 4000)])
    }
}

/// The stand-in lacks something that is used; everything else holds.
fn not_explored() -> Report {
    let finding = Finding {
        seen: Some("cannot find function `unconstrained` in module `tokio::task`".into()),
        next_step: Some("nothing is wrong with that, and it costs no points: the other checks decide".into()),
        location: Some(Location { file: "exercises/23_tasks/src/lib.rs".into(), line: 12, column: Some(5) }),
        ..finding(
            Check::Schedules,
            Kind::Unexplorable,
            "E0425",
            "schedules cannot be explored through what is used here",
        )
    };
    let schedules = CheckReport {
        outcome: Outcome::NotExplored,
        score: Score { points: 20, of: 20 },
        findings: vec![finding],
        ..CheckReport::not_run(Check::Schedules, 20, "")
    };
    report(vec![
        compiler(),
        passed(Check::Behaviour, 35, Evidence::Facts { run: 2, of: 2 }, &["one", "two"]),
        schedules,
    ])
}

/// Escape characters are made visible.
fn terminal(report: &Report, width: usize, colour: bool, verbose: bool) -> String {
    terminal::render(report, Look { width, colour, verbose }).replace('\x1b', "␛")
}

#[test]
fn an_accepted_report_on_a_terminal() {
    assert_snapshot!("accepted-80", terminal(&accepted(), 80, false, false));
    assert_snapshot!("accepted-140-colour", terminal(&accepted(), 140, true, false));
}

#[test]
fn a_rejected_report_on_a_terminal() {
    assert_snapshot!("rejected-80", terminal(&rejected(), 80, false, false));
    assert_snapshot!("rejected-140", terminal(&rejected(), 140, false, false));
    assert_snapshot!("rejected-80-colour", terminal(&rejected(), 80, true, false));
    assert_snapshot!("rejected-80-verbose", terminal(&rejected(), 80, false, true));
}

#[test]
fn a_report_of_what_does_not_compile_on_a_terminal() {
    assert_snapshot!("unbuildable-80", terminal(&unbuildable(), 80, false, false));
    assert_snapshot!("unbuildable-80-colour", terminal(&unbuildable(), 80, true, false));
}

#[test]
fn an_inconclusive_report_on_a_terminal() {
    assert_snapshot!("inconclusive-80", terminal(&inconclusive(), 80, false, false));
    assert_snapshot!("inconclusive-80-colour", terminal(&inconclusive(), 80, true, false));
}

#[test]
fn a_report_without_schedules_on_a_terminal() {
    let report = not_explored();
    assert_eq!(report.verdict, Verdict::Accepted);
    assert_snapshot!("not-explored-80", terminal(&report, 80, false, false));
    assert!(junit::render(&[report]).contains("skipped"));
}

#[test]
fn interleavings_on_a_terminal() {
    assert_snapshot!("interleavings-80", terminal(&unscheduled(), 80, false, false));
    assert_snapshot!("interleavings-140", terminal(&unscheduled(), 140, false, false));
    assert_snapshot!("interleavings-80-colour", terminal(&unscheduled(), 80, true, false));
    assert_snapshot!("interleavings-80-verbose", terminal(&unscheduled(), 80, false, true));
}

#[test]
fn lanes_keep_to_the_width_and_to_25_rows() {
    let report = unscheduled();
    for interleaving in report.checks[1].findings.iter().filter_map(|finding| finding.interleaving.as_deref()) {
        for width in [60, 80, 100, 140] {
            for everything in [false, true] {
                let lines = lanes::lines(interleaving, width, everything);
                for line in &lines {
                    let text: String = line.iter().map(|(_, text)| text.as_str()).collect();
                    assert!(text.trim_end().chars().count() <= width, "wider than {width}: {text}");
                }
                // A head, an omission and a legend besides.
                assert!(everything || lines.len() <= 28, "{} lines", lines.len());
            }
        }
    }
}

#[test]
fn colour_changes_no_word_and_width_is_kept() {
    for report in [accepted(), rejected(), unbuildable(), inconclusive(), unscheduled()] {
        for width in [40, 80, 140] {
            let plain = terminal(&report, width, false, true);
            assert_eq!(without_escapes(&terminal(&report, width, true, true)), plain);
            // The compiler's words, a difference and paths are never broken.
            let prose = plain.lines().filter(|line| !line.starts_with("    ") && !line.contains('/'));
            for line in prose.filter(|line| width >= 80 || !line.contains('·')) {
                assert!(line.chars().count() <= width, "wider than {width}: {line}");
            }
        }
    }
}

/// Leaves out what stands between an escape character and the next `m`.
fn without_escapes(text: &str) -> String {
    let mut parts = text.split('␛');
    let first = parts.next().unwrap_or_default().to_owned();
    first + &parts.map(|part| part.split_once('m').map_or("", |(_, rest)| rest)).collect::<String>()
}

#[test]
fn reports_as_json() {
    let text = json::render(&[rejected(), inconclusive(), unscheduled()]).replace(env!("CARGO_PKG_VERSION"), "VERSION");
    assert_snapshot!("json", text);
}

#[test]
fn reports_as_junit() {
    assert_snapshot!("junit", junit::render(&[accepted(), rejected(), unbuildable(), inconclusive(), unscheduled()]));
}
