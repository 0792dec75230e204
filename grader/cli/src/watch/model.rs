//! What `watch` knows: the exercise, what its grading has said so far, the page that is shown. No terminal, no process.

use engine::exercise::catalog::Exercise;
use std::collections::BTreeMap;
use std::time::Instant;
use verdict::{Check, CheckReport, Event, Finding, Outcome, Report, Verdict};

/// What is on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Page {
    /// The grading.
    Report,
    /// What is asked.
    Brief,
    /// The hints that have been read.
    Hints,
    /// The reference and its notes.
    Solution,
    /// Every step of the schedules that failed.
    Replay,
    /// All exercises.
    List,
    /// The keys.
    Help,
}

/// A question that must be answered with y before something happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// Show the solution of an exercise that is not accepted.
    GiveUp,
    /// Put the starter back.
    Reset,
}

/// How far the grading is.
#[derive(Clone, Debug)]
pub(crate) enum Phase {
    /// It goes on.
    Running(Running),
    /// It has ended with a report on the text as it is now.
    Done(Box<Report>),
    /// It could not be made, and why.
    Failed(String),
}

/// A grading that goes on.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    pub(crate) since: Instant,
    /// What happens now, in a few words.
    pub(crate) what: String,
    /// For each check that has begun: items that have ended, that failed, and all.
    pub(crate) counts: BTreeMap<Check, Counts>,
    /// What failed last and was tried again first, and how it ended.
    pub(crate) again: Option<(String, Outcome)>,
    /// The checks that have ended.
    pub(crate) ended: Vec<CheckReport>,
    /// What is wrong, as it was found out.
    pub(crate) findings: Vec<Finding>,
}

/// The items of a check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) done: usize,
    pub(crate) failed: usize,
    pub(crate) of: usize,
}

impl Running {
    pub(crate) fn now() -> Running {
        Running {
            since: Instant::now(),
            what: "starting".into(),
            counts: BTreeMap::new(),
            again: None,
            ended: Vec::new(),
            findings: Vec::new(),
        }
    }

    fn step(&mut self, event: Event) {
        match event {
            // A crate after another: what for was said by the first.
            Event::Preparing { what } => match what.strip_prefix("built ") {
                Some(name) => self.what = format!("building what the hidden tests need (once): {name}"),
                None => self.what = what,
            },
            Event::Compiling { what } => self.what = format!("compiling {what}"),
            Event::Started { check, items } => {
                self.counts.insert(check, Counts { of: items, ..Counts::default() });
                self.what = format!("{check}").replace('_', " ");
            }
            Event::Again { name, outcome, finding, .. } => {
                self.again = Some((name, outcome));
                self.finding(finding);
            }
            Event::Item { check, outcome, finding, .. } => {
                let counts = self.counts.entry(check).or_default();
                counts.done += 1;
                counts.failed += usize::from(outcome == Outcome::Failed);
                self.finding(finding);
            }
            Event::Ended(report) => {
                self.findings.retain(|finding| finding.check != report.check);
                self.findings.extend(report.findings.iter().cloned());
                self.ended.push(*report);
            }
            Event::Report(_) => {}
        }
    }

    /// What is wrong with something; what was said of it before is replaced.
    fn finding(&mut self, finding: Option<Box<Finding>>) {
        let Some(finding) = finding else { return };
        self.findings.retain(|other| (other.check, &other.subject) != (finding.check, &finding.subject));
        self.findings.push(*finding);
    }
}

/// Everything.
pub(crate) struct Model {
    pub(crate) exercise: Exercise,
    pub(crate) phase: Phase,
    pub(crate) page: Page,
    /// How far each page is scrolled: lines down, columns right.
    pub(crate) scrolls: BTreeMap<Page, (usize, usize)>,
    pub(crate) question: Option<Question>,
    /// Something to tell, until the next key.
    pub(crate) remark: Option<String>,
    /// Whether changes are found by looking only.
    pub(crate) polls: bool,
    /// Whether everything that is wrong is shown in full.
    pub(crate) in_full: bool,
    /// How many exercises are accepted, of how many.
    pub(crate) accepted: (usize, usize),
    pub(crate) list: List,
    /// Raised whenever a page may read differently.
    pub(crate) version: u64,
}

/// The page of all exercises.
#[derive(Clone, Debug, Default)]
pub(crate) struct List {
    /// What is searched for.
    pub(crate) search: String,
    /// Whether keys go into the search.
    pub(crate) typing: bool,
    /// The row that Enter opens, among those that are shown.
    pub(crate) chosen: usize,
}

impl Model {
    pub(crate) fn new(exercise: Exercise) -> Model {
        Model {
            exercise,
            phase: Phase::Running(Running::now()),
            page: Page::Report,
            scrolls: BTreeMap::new(),
            question: None,
            remark: None,
            polls: false,
            in_full: false,
            accepted: (0, 0),
            list: List::default(),
            version: 0,
        }
    }

    /// Another exercise is opened.
    pub(crate) fn open(&mut self, exercise: Exercise) {
        self.exercise = exercise;
        self.phase = Phase::Running(Running::now());
        self.show(Page::Report);
        self.scrolls.clear();
    }

    /// A grading begins.
    pub(crate) fn begin(&mut self) {
        self.phase = Phase::Running(Running::now());
        self.scrolls.remove(&Page::Report);
        self.scrolls.remove(&Page::Replay);
        self.version += 1;
    }

    /// The grading says something.
    pub(crate) fn step(&mut self, event: Event) {
        if let Event::Report(report) = event {
            self.phase = Phase::Done(report);
        } else if let Phase::Running(running) = &mut self.phase {
            running.step(event);
        }
        self.version += 1;
    }

    /// The grading has ended without a report.
    pub(crate) fn fail(&mut self, why: String) {
        self.phase = Phase::Failed(why);
        self.version += 1;
    }

    pub(crate) fn show(&mut self, page: Page) {
        self.page = page;
        self.question = None;
        self.version += 1;
    }

    /// Scrolls the page that is shown; the view holds it within the text.
    pub(crate) fn scroll(&mut self, down: isize, right: isize) {
        let (y, x) = self.scrolls.entry(self.page).or_default();
        *y = y.saturating_add_signed(down);
        *x = x.saturating_add_signed(right);
    }

    pub(crate) fn report(&self) -> Option<&Report> {
        match &self.phase {
            Phase::Done(report) => Some(report),
            _ => None,
        }
    }

    /// Whether the text as it is now has been accepted.
    pub(crate) fn is_accepted(&self) -> bool {
        self.report().is_some_and(|report| report.complete && report.verdict == Verdict::Accepted)
    }

    /// The failing schedules of the last grading.
    pub(crate) fn interleavings(&self) -> Vec<&Finding> {
        let findings: Vec<&Finding> = match &self.phase {
            Phase::Running(running) => running.findings.iter().collect(),
            Phase::Done(report) => report.checks.iter().flat_map(|check| &check.findings).collect(),
            Phase::Failed(_) => Vec::new(),
        };
        findings.into_iter().filter(|finding| finding.interleaving.is_some()).collect()
    }
}
