//! The learner's progress as one page of HTML that needs nothing else: no network, no file beside it.

mod chart;
mod picture;

use engine::exercise::curriculum::Section;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use verdict::{Attempt, Entry, Finding, State, Verdict, visible};

/// What is known about one exercise.
pub(crate) struct Chapter {
    pub(crate) folder: String,
    pub(crate) section: String,
    pub(crate) title: String,
    pub(crate) state: State,
    pub(crate) points: (u32, u32),
    pub(crate) attempts: usize,
    pub(crate) seconds: u64,
    pub(crate) ratio: Option<f64>,
    pub(crate) hints: usize,
    /// What was done with it, oldest first.
    pub(crate) entries: Vec<Entry>,
    /// Schedules that failed when they were last explored, and the text of the file at that time.
    pub(crate) failing: Vec<Finding>,
    pub(crate) source: String,
}

/// Renders the page. `sections` are the curriculum's, for the names of chapters that have no exercise.
pub(crate) fn render(chapters: &[Chapter], sections: &[Section], today: &str) -> String {
    let accepted = chapters.iter().filter(|chapter| chapter.state == State::Accepted).count();
    let seconds: u64 = chapters.iter().map(|chapter| chapter.seconds).sum();
    let attempts: usize = chapters.iter().map(|chapter| chapter.attempts).sum();
    let begun: Vec<&Chapter> = chapters.iter().filter(|chapter| !chapter.entries.is_empty()).collect();
    let coming = sections.iter().filter(|section| section.folder.is_none()).count();
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "Concurrency katas: progress" }
                style { (PreEscaped(include_str!("page.css"))) }
            }
            body {
                header {
                    h1 { "Concurrency katas" }
                    p.lead {
                        strong { (accepted) " of " (chapters.len()) } " accepted · "
                        (counted(attempts, "grading")) " · " (duration(seconds)) " at work"
                    }
                    p.quiet { "As of " (today) ". Time at work is a lower bound: pauses of over half an hour are left out." }
                }
                main {
                    section aria-labelledby="way" {
                        h2 id="way" { "The way" }
                        div.scroll { (table(chapters)) }
                        @if coming > 0 { p.quiet { "And " (coming) " more to come." } }
                    }
                    @for chapter in &begun { (self::chapter(chapter)) }
                    @if begun.is_empty() { p { "Nothing was graded yet." } }
                }
                script { (PreEscaped(include_str!("page.js"))) }
            }
        }
    };
    // Also what does not come from a report: the text of the submission, the history.
    visible(&page.into_string()).into_owned()
}

fn table(chapters: &[Chapter]) -> Markup {
    html! {
        table {
            thead {
                tr {
                    th scope="col" { "§" }
                    th scope="col" { "exercise" }
                    th scope="col" { "state" }
                    th scope="col" { "points" }
                    th.number scope="col" { "gradings" }
                    th.number scope="col" { "time" }
                    th.number scope="col" { "× reference" }
                    th.number scope="col" { "hints" }
                }
            }
            tbody {
                @for chapter in chapters {
                    tr {
                        td { (chapter.section) }
                        td {
                            @if chapter.entries.is_empty() { (chapter.title) }
                            @else { a href=(format!("#{}", chapter.folder)) { (chapter.title) } }
                        }
                        td { (state(chapter.state)) }
                        td { (points(chapter)) }
                        td.number { @if chapter.attempts > 0 { (chapter.attempts) } }
                        td.number { @if chapter.seconds >= 60 { (duration(chapter.seconds)) } }
                        td.number { @if let Some(ratio) = chapter.ratio { (format!("{ratio:.2}")) } }
                        td.number { @if chapter.hints > 0 { (chapter.hints) } }
                    }
                }
            }
        }
    }
}

fn state(state: State) -> Markup {
    let (class, sign, word) = match state {
        State::New => ("new", "·", "new"),
        State::Begun => ("begun", "…", "begun"),
        State::GivenUp => ("given-up", "○", "given up"),
        State::Accepted => ("accepted", "✓", "accepted"),
    };
    html! { span class=(format!("state {class}")) { span aria-hidden="true" { (sign) " " } (word) } }
}

fn points(chapter: &Chapter) -> Markup {
    let (points, of) = chapter.points;
    html! {
        @if chapter.attempts > 0 {
            meter min="0" max=(of) value=(points) title=(format!("{points} of {of} points")) { (points) " of " (of) }
        }
    }
}

fn chapter(chapter: &Chapter) -> Markup {
    html! {
        section aria-labelledby=(chapter.folder) {
            h2 id=(chapter.folder) { (chapter.section) " · " (chapter.title) }
            p { (state(chapter.state)) " · " (counted(chapter.attempts, "grading")) " · " (duration(chapter.seconds)) }
            (chart::history(chapter))
            (chart::timing(chapter))
            details {
                summary { "Everything that was done" }
                ol.log { @for entry in &chapter.entries { li { (line(entry)) } } }
            }
            @if let Some((first, others)) = chapter.failing.split_first() {
                p { "The schedule that broke your code last" @if chapter.state == State::Accepted { ", before it was accepted" } ":" }
                (picture::figure(chapter, first))
                @if !others.is_empty() {
                    details {
                        summary { (counted(others.len(), "more schedule")) " that failed" }
                        @for finding in others { (picture::figure(chapter, finding)) }
                    }
                }
            }
        }
    }
}

fn line(entry: &Entry) -> Markup {
    let at = entry.at.replace('T', " ").replace('Z', "");
    html! {
        time datetime=(entry.at) { (at) } " "
        @match &entry.what {
            Attempt::Opened => { "opened" },
            Attempt::Check { verdict, score, items, complete, .. } => {
                strong class=(class_of(*verdict)) { (verdict.word()) }
                " · " (score.points) " of " (score.of) " points"
                @if !complete { " (some checks only)" }
                @if !items.is_empty() {
                    br;
                    span.quiet { (items.iter().map(|item| item.replace('_', " ")).collect::<Vec<_>>().join(" · ")) }
                }
            },
            Attempt::Hint { number } => { "read hint " (number) },
            Attempt::GaveUp => { "asked for the solution" },
            Attempt::Reset => { "put the starter back" },
        }
    }
}

/// The class of whatever is about a verdict.
fn class_of(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Accepted => "accepted",
        Verdict::Rejected => "rejected",
        Verdict::Unbuildable => "unbuildable",
        Verdict::Inconclusive => "inconclusive",
    }
}

fn counted(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

fn duration(seconds: u64) -> String {
    match seconds / 60 {
        0 => "less than a minute".to_owned(),
        minutes @ 1..60 => format!("{minutes} min"),
        minutes => format!("{} h {:02} min", minutes / 60, minutes % 60),
    }
}

#[cfg(test)]
mod tests;
