//! The report as a person reads it: what was checked, what is wrong and where, what to do next.

use super::lanes::{self, Tone};
use crate::screen::{paint, text_style};
use anstyle::{AnsiColor, Style};
use verdict::{
    Check, CheckReport, Evidence, Finding, Interleaving, Item, Kind, Outcome, Pairs, Report, Schedules, Verdict,
};

/// How to render.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    /// Characters per line.
    pub(crate) width: usize,
    /// Whether to use colour.
    pub(crate) colour: bool,
    /// Everything in full.
    pub(crate) verbose: bool,
}

/// So many findings of a check are shown in full; the others by their sentence.
const IN_FULL: usize = 3;

/// So many lines of a detail are shown.
const DETAIL_LINES: usize = 24;

/// Renders one report.
pub(crate) fn render(report: &Report, look: Look) -> String {
    let mut page = Page { text: String::new(), look };
    page.head(report);
    page.text + &body(report, look)
}

/// The same without what it is about.
pub(crate) fn body(report: &Report, look: Look) -> String {
    let mut page = Page { text: String::new(), look };
    for check in &report.checks {
        page.row(check);
    }
    for check in &report.checks {
        page.findings(check);
    }
    page.foot(report);
    page.text
}

/// Renders the line of one check.
pub(crate) fn row(check: &CheckReport, look: Look) -> String {
    let mut page = Page { text: String::new(), look };
    page.row(check);
    page.text
}

/// Renders findings of several checks as they are known so far; those that say the same are one.
pub(crate) fn findings(findings: &[Finding], look: Look) -> String {
    let mut page = Page { text: String::new(), look };
    for group in groups(findings).iter().take(IN_FULL) {
        page.finding(group);
    }
    page.text
}

/// Renders one finding; with a verbose look, every step of its schedule.
pub(crate) fn replay(finding: &Finding, look: Look) -> String {
    let mut page = Page { text: String::new(), look };
    page.finding(&Group { first: finding, others: Vec::new() });
    page.text
}

struct Page {
    text: String,
    look: Look,
}

/// Findings that say the same thing.
struct Group<'a> {
    first: &'a Finding,
    others: Vec<&'a Finding>,
}

impl Page {
    fn paint(&self, style: Style, text: &str) -> String {
        if self.look.colour && !text.is_empty() { paint(style, text) } else { text.to_owned() }
    }

    fn bold(&self, text: &str) -> String {
        self.paint(Style::new().bold(), text)
    }

    fn dim(&self, text: &str) -> String {
        self.paint(Style::new().dimmed(), text)
    }

    fn line(&mut self, text: &str) {
        self.text.push_str(text.trim_end());
        self.text.push('\n');
    }

    fn head(&mut self, report: &Report) {
        let title = format!("{} · {}", report.section, report.title);
        let title = self.bold(&title);
        self.line(&title);
        let path = self.dim(&report.submission.path);
        self.line(&path);
        self.line("");
    }

    fn row(&mut self, check: &CheckReport) {
        let (sign, style) = sign(&check.outcome);
        let sign = self.paint(style, sign);
        let score = match (&check.outcome, check.score.of) {
            (_, 0) => String::new(),
            (Outcome::NotRun(_), of) => format!("–/{of}"),
            (_, of) => format!("{}/{of}", check.score.points),
        };
        let (evidence, indent) = (evidence(check), " ".repeat(26));
        let room = self.look.width.saturating_sub(indent.len()).max(20);
        let lines: Vec<_> = textwrap::wrap(&evidence, room).into_iter().map(|line| self.dim(&line)).collect();
        let rest = lines.join(&format!("\n{indent}"));
        self.line(&format!("  {sign} {:<13} {score:>6}  {rest}", words_of(check.check)));
    }

    fn findings(&mut self, check: &CheckReport) {
        let groups = groups(&check.findings);
        let full = if self.look.verbose { groups.len() } else { IN_FULL };
        for group in groups.iter().take(full) {
            self.finding(group);
        }
        let rest: Vec<&Group<'_>> = groups.iter().skip(full).collect();
        if !rest.is_empty() {
            self.line("");
            let head = format!("{} more of {}:", rest.len(), words_of(check.check));
            self.line(&head);
            for group in rest {
                self.wrapped("  · ", "    ", &group.first.message);
            }
            let hint = self.dim("  (--verbose shows them in full)");
            self.line(&hint);
        }
    }

    fn finding(&mut self, group: &Group<'_>) {
        let finding = group.first;
        self.line("");
        let is_no_fault = matches!(finding.kind, Kind::Inconclusive | Kind::Unexplorable);
        let (colour, sign) = if is_no_fault { (AnsiColor::Yellow, "?") } else { (AnsiColor::Red, "✗") };
        let kind = self.paint(text_style(colour).bold(), &format!("{sign} {}", finding.kind.words()));
        let head = format!("{kind}  {}", self.dim(&format!("{} · {}", words_of(finding.check), finding.subject)));
        self.line(&head);
        // The compiler says it best itself, with the code around it.
        let compiler = finding.kind == Kind::CompileError && finding.detail.is_some();
        if !compiler {
            self.wrapped("  ", "  ", &finding.message);
        }
        let place = finding.location.as_ref().filter(|_| !compiler).map(|place| match place.column {
            Some(column) => format!("{}:{}:{column}", place.file, place.line),
            None => format!("{}:{}", place.file, place.line),
        });
        let program = finding.detail.as_ref().filter(|_| finding.check == Check::Schedules);
        if let Some(program) = program {
            self.detail(program, false);
        }
        self.field("expected", finding.expected.as_deref());
        self.field("seen", finding.seen.as_deref());
        self.field("at", place.as_deref());
        let name_width = finding.threads.iter().map(|each| each.thread.chars().count()).max().unwrap_or(0);
        for (index, each) in finding.threads.iter().enumerate() {
            let label = if index == 0 { "threads" } else { "" };
            self.field(label, Some(&format!("{:<name_width$}  {}", each.thread, each.doing)));
        }
        if let Some(interleaving) = &finding.interleaving {
            self.interleaving(interleaving);
        }
        if let Some(detail) = finding.detail.as_ref().filter(|_| program.is_none()) {
            self.detail(detail, compiler);
        }
        self.field("next", finding.next_step.as_deref());
        if !group.others.is_empty() {
            let head = format!("  the same in {} more:", group.others.len());
            let head = self.dim(&head);
            self.line(&head);
            let shown = if self.look.verbose { group.others.len() } else { IN_FULL };
            for other in group.others.iter().take(shown) {
                self.wrapped("    · ", "      ", &other.message);
            }
            if group.others.len() > shown {
                let more = match group.others.len() - shown {
                    1 => "one other".to_owned(),
                    more => format!("{more} others"),
                };
                let more = self.dim(&format!("    · and {more}"));
                self.line(&more);
            }
        }
    }

    fn interleaving(&mut self, interleaving: &Interleaving) {
        let lines = lanes::lines(interleaving, self.look.width, self.look.verbose);
        let marked = lines.iter().flatten().any(|(_, text)| text.contains('↯'));
        self.field("schedule", Some(&discovery(interleaving, marked)));
        self.line("");
        for mut line in lines {
            // Nothing to paint at the end of a line.
            while line.pop_if(|(_, text)| text.trim_end().is_empty()).is_some() {}
            if let Some((_, last)) = line.last_mut() {
                last.truncate(last.trim_end().len());
            }
            let line: String = line.into_iter().map(|(tone, text)| self.paint(style_of(tone), &text)).collect();
            self.line(&line);
        }
        self.line("");
    }

    fn field(&mut self, label: &str, text: Option<&str>) {
        let Some(text) = text else { return };
        let label = self.dim(&format!("{label:>10}"));
        let indent = " ".repeat(12);
        let room = self.look.width.saturating_sub(indent.len()).max(20);
        let mut lines = text.lines().flat_map(|line| textwrap::wrap(line, room));
        let first = lines.next().unwrap_or_default();
        let rest: Vec<String> = lines.map(|line| format!("{indent}{line}")).collect();
        self.line(&format!("{label}  {first}"));
        for line in rest {
            self.line(&line);
        }
    }

    fn detail(&mut self, detail: &str, compiler: bool) {
        let all: Vec<&str> = detail.lines().collect();
        let shown = if self.look.verbose { all.len() } else { all.len().min(DETAIL_LINES) };
        for line in &all[..shown] {
            let style = match line.chars().next() {
                _ if compiler && line.starts_with("error") => text_style(AnsiColor::Red).bold(),
                Some('-') if !compiler => text_style(AnsiColor::Red),
                Some('+') if !compiler => text_style(AnsiColor::Green),
                _ => Style::new(),
            };
            let line = self.paint(style, line);
            self.line(&format!("    {line}"));
        }
        if all.len() > shown {
            let more = self.dim(&format!("    … {} more lines (--verbose)", all.len() - shown));
            self.line(&more);
        }
    }

    fn wrapped(&mut self, first: &str, rest: &str, text: &str) {
        let options = textwrap::Options::new(self.look.width).initial_indent(first).subsequent_indent(rest);
        for line in textwrap::wrap(text, options) {
            self.line(&line);
        }
    }

    fn foot(&mut self, report: &Report) {
        self.line("");
        let (colour, word) = match report.verdict {
            Verdict::Accepted if !report.complete => (AnsiColor::Green, "passed, as far as was asked"),
            Verdict::Accepted if !report.is_explored() => (AnsiColor::Green, "accepted, schedules not explored"),
            Verdict::Accepted => (AnsiColor::Green, "accepted"),
            Verdict::Inconclusive => (AnsiColor::Yellow, "inconclusive"),
            verdict => (AnsiColor::Red, verdict.word()),
        };
        let word = self.paint(text_style(colour).bold(), word);
        let score = format!("{} of {} points", report.score.points, report.score.of);
        let time = self.dim(&format!("{:.1} s", report.millis as f64 / 1000.0));
        let line = format!("{word} · {score} · {time}");
        self.line(&line);
    }
}

/// How the schedule was found, and what is special in it. `marked`: the moments can be seen in the lanes.
fn discovery(interleaving: &Interleaving, marked: bool) -> String {
    let found = &interleaving.found;
    let sign = if marked { " (↯)" } else { "" };
    let special = match found.preemptions {
        0 => "no thread is interrupted where it could go on".to_owned(),
        1 => format!("one unlucky moment{sign}"),
        several => format!("{several} unlucky moments{sign}"),
    };
    if found.by == "replay" {
        return format!("replayed: {special}");
    }
    let nth = if found.nth_in_all == 1 {
        "the first one tried".to_owned()
    } else {
        format!("number {} of those tried", found.nth_in_all)
    };
    format!("{nth}, made as short as possible: {special}")
}

fn style_of(tone: Tone) -> Style {
    match tone {
        Tone::Plain => Style::new(),
        Tone::Dim => Style::new().dimmed(),
        Tone::Head => Style::new().bold(),
        Tone::Waits => text_style(AnsiColor::Yellow),
        Tone::Wrong => text_style(AnsiColor::Red).bold(),
    }
}

/// Puts findings that say the same of different facts together, in the order of the first of each.
fn groups(findings: &[Finding]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for finding in findings {
        let same = |group: &&mut Group<'_>| {
            let first = group.first;
            let place = first.kind == finding.kind && first.location == finding.location;
            // One line that panics is one cause, whatever values are in its message.
            let panic = finding.kind == Kind::Panic && finding.location.is_some();
            let text =
                first.seen == finding.seen && first.expected == finding.expected && first.detail == finding.detail;
            place && (panic || text && first.seen.is_some())
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.others.push(finding),
            None => groups.push(Group { first: finding, others: Vec::new() }),
        }
    }
    groups
}

fn sign(outcome: &Outcome) -> (&'static str, Style) {
    match outcome {
        Outcome::Passed => ("✓", text_style(AnsiColor::Green)),
        Outcome::Failed => ("✗", text_style(AnsiColor::Red)),
        Outcome::Inconclusive | Outcome::NotExplored => ("?", text_style(AnsiColor::Yellow)),
        Outcome::NotRun(_) => ("–", Style::new().dimmed()),
    }
}

/// The check's name as words.
pub(crate) fn words_of(check: Check) -> &'static str {
    match check {
        Check::SourceRules => "source rules",
        Check::Build => "build",
        Check::CompileFail => "compile-fail",
        Check::Behaviour => "behaviour",
        Check::Schedules => "schedules",
        Check::Transcript => "transcript",
        Check::Timing => "timing",
    }
}

/// `1 file`, `2 files`.
fn counted(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

/// What a check rests on.
fn evidence(check: &CheckReport) -> String {
    let passed = check.items.iter().filter(|item| item.outcome == Outcome::Passed).count();
    match (&check.outcome, &check.evidence) {
        (Outcome::NotRun(because), _) => format!("not run: {because}"),
        (Outcome::NotExplored, Evidence::None) => "not explored; the other checks decide".to_owned(),
        (_, Evidence::None) => String::new(),
        (_, Evidence::Source { files, rules }) => {
            format!("{} against {}", counted(*files, "file"), counted(*rules, "rule"))
        }
        (_, Evidence::Compiled { compiler }) => compiler.split(" (").next().unwrap_or(compiler).to_owned(),
        (_, Evidence::Cases { refused, accepted }) => {
            let (misuses, uses) = (counted(*refused, "misuse"), counted(*accepted, "proper use"));
            format!("{passed} of {} cases as they must be ({misuses}, {uses})", refused + accepted)
        }
        (_, Evidence::Facts { run, of }) if run < of => {
            let were = if of - run == 1 { "was" } else { "were" };
            format!("{passed} of {of} facts hold; {} {were} not tried", of - run)
        }
        (_, Evidence::Facts { of, .. }) => format!("{passed} of {of} facts hold"),
        (_, Evidence::Schedules { scenarios }) => schedules(check, scenarios),
        (_, Evidence::Texts { compared: 1 }) if passed == 1 => "the text is the expected one".to_owned(),
        (_, Evidence::Texts { compared: 1 }) => "the text is not the expected one".to_owned(),
        (_, Evidence::Texts { compared }) => format!("{passed} of {compared} texts are the expected ones"),
        (_, Evidence::Pairs { workloads }) if workloads.is_empty() => "nothing could be measured".to_owned(),
        (_, Evidence::Pairs { workloads }) => workloads.iter().map(pairs).collect::<Vec<_>>().join("; "),
    }
}

/// What was tried of all scenarios: what is complete is said to be complete, and nothing else.
fn schedules(check: &CheckReport, all: &[Schedules]) -> String {
    let tried: u64 = all.iter().map(|each| each.sampled + each.exhausted + each.further).sum();
    let is_generated = |name: &str| all.iter().any(|each| each.scenario == name && each.programs.is_some());
    let (generated, told): (Vec<_>, Vec<_>) = check.items.iter().partition(|item| is_generated(&item.name));
    let held = |items: &[&Item]| items.iter().filter(|item| item.outcome == Outcome::Passed).count();
    let (passed, of) = (held(&told), told.len());
    let mut text = format!("{passed} of {of} scenarios hold");
    if !generated.is_empty() {
        let programs = grouped(all.iter().filter_map(|each| each.programs).sum());
        text = match generated.len() - held(&generated) {
            0 => format!("{text}, and all of {programs} generated programs"),
            1 => format!("{text}, but not all of {programs} generated programs"),
            kinds => format!("{text}, but not all of {programs} generated programs, of {kinds} kinds"),
        };
    }
    let comma = if generated.is_empty() { "" } else { "," };
    text.push_str(&format!("{comma} in {} schedules", grouped(tried)));
    let scenarios: Vec<&Schedules> = all.iter().filter(|each| each.programs.is_none()).collect();
    let least = scenarios.iter().map(|each| each.exhausted_preemptions).min().flatten();
    if let (Some(bound), true) = (least, passed == of) {
        let complete: u64 = scenarios.iter().map(|each| each.exhausted).sum();
        let preemptions = match bound {
            0 => "without a preemption".to_owned(),
            1 => "with at most 1 preemption".to_owned(),
            bound => format!("with at most {bound} preemptions"),
        };
        text.push_str(&format!(", among them every one {preemptions}"));
        if scenarios.iter().all(|each| each.exhausted_preemptions == Some(bound)) {
            text.push_str(&format!(" ({})", grouped(complete)));
        }
    }
    text
}

/// `12 345`: with a thin gap every three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

fn pairs(pairs: &Pairs) -> String {
    let Pairs { workload, ratio, limit, pairs, .. } = pairs;
    format!("{} {ratio:.2} × the reference, limit {limit} × ({pairs} pairs)", workload.replace('_', " "))
}
