use super::*;
use verdict::{Check, Discovery, Interleaving, Kind, Location, Mark, Object, Score, Step, Timed, Waiting};

fn entry(at: &str, what: Attempt) -> Entry {
    Entry { at: at.into(), exercise: "22_gather".into(), what }
}

fn check(verdict: Verdict, points: u32, ratio: f64) -> Attempt {
    Attempt::Check {
        verdict,
        complete: true,
        score: Score { points, of: 100 },
        failed: vec![],
        items: if verdict == Verdict::Accepted { vec![] } else { vec!["results_come_in_order".into()] },
        timing: vec![Timed { workload: "many_children".into(), ratio }],
        millis: 900,
    }
}

fn step(lane: usize, operation: &str, object: usize, mark: Mark, line: u32) -> Step {
    let location = (line > 0).then(|| Location { file: "exercises/22_gather/src/lib.rs".into(), line, column: None });
    Step {
        lane,
        operation: operation.into(),
        object: Some(object),
        mark,
        detail: String::new(),
        location,
        call: None,
        nanos: 0,
    }
}

fn chapter() -> Chapter {
    let object = |kind: &str, name: &str| Object { kind: kind.into(), name: name.into(), made: None };
    let interleaving = Interleaving {
        lanes: vec!["the scenario".into(), "<writer> & co".into()],
        objects: vec![object("mutex", "state"), object("condvar", "changed")],
        steps: vec![
            step(0, "lock", 0, Mark::Done, 2),
            step(0, "wait", 1, Mark::Blocked, 2),
            step(1, "lock", 0, Mark::Done, 3),
            step(1, "notify_one", 1, Mark::Done, 3),
            step(1, "unlock", 0, Mark::Done, 3),
            step(0, "wait", 1, Mark::Resumed, 2),
            step(0, "lock", 0, Mark::Failed, 2),
        ],
        omitted: 0,
        waiting: vec![Waiting {
            lane: 0,
            operation: "lock".into(),
            object: Some(0),
            holder: None,
            missed: true,
            location: None,
        }],
        found: Discovery {
            by: "random".into(),
            nth: 1,
            nth_in_all: 1,
            preemptions: 1,
            preemptions_before: 2,
            reproduced: true,
        },
        schedule: String::new(),
    };
    let finding = Finding {
        check: Check::Schedules,
        kind: Kind::LostWakeup,
        subject: "two_at_once".into(),
        message: "Two at once.".into(),
        expected: None,
        seen: Some("</script><b>".into()),
        location: None,
        detail: None,
        threads: vec![],
        interleaving: Some(Box::new(interleaving)),
        next_step: None,
    };
    Chapter {
        folder: "22_gather".into(),
        section: "2.2".into(),
        title: "Many futures in one task".into(),
        state: State::Accepted,
        points: (100, 100),
        attempts: 2,
        seconds: 3900,
        ratio: Some(1.04),
        hints: 1,
        entries: vec![
            entry("2026-01-01T10:00:00Z", Attempt::Opened),
            entry("2026-01-01T10:10:00Z", check(Verdict::Rejected, 40, 7.0)),
            entry("2026-01-01T10:12:00Z", Attempt::Hint { number: 1 }),
            entry("2026-01-01T11:05:00Z", check(Verdict::Accepted, 100, 1.04)),
        ],
        failing: vec![finding],
        source: "fn one() {\n    let state = self.state.lock();\n    self.changed.notify_one();\n}\n".into(),
    }
}

#[test]
fn the_page_needs_nothing_else_and_nothing_gets_out_of_its_place() {
    let page = render(&[chapter()], &[], "2026-01-02");
    for outside in ["http://", "https://", "src=", "@import", "url(\"", "<link"] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert_eq!(page.matches("</script>").count(), 1);
    assert!(page.contains("&lt;writer&gt; &amp; co"));
    assert!(page.contains("1 of 1") && page.contains("1 h 05 min"));
}

#[test]
fn the_picture_has_what_is_held_and_who_wakes_whom_and_each_steps_line() {
    let chapter = chapter();
    let figure = picture::figure(&chapter, &chapter.failing[0]).into_string();
    // The waiter's lock until it waits; the other's until it is given back.
    assert_eq!(figure.matches("holds state").count(), 2);
    assert_eq!(figure.matches("lets it go on").count(), 1);
    assert_eq!(figure.matches("class=\"step").count(), 7);
    assert!(figure.contains("exercises/22_gather/src/lib.rs:3  self.changed.notify_one();"));
    assert!(figure.contains("waits for ever"));
}

#[test]
fn a_learner_who_has_done_nothing_gets_a_page_too() {
    let nothing =
        Chapter { entries: vec![], attempts: 0, failing: vec![], state: State::New, ratio: None, ..chapter() };
    let page = render(&[nothing], &[], "2026-01-02");
    assert!(page.contains("Nothing was graded yet"));
}
