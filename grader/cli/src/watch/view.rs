//! How the model looks: a line with the exercise, a line with how far the grading is, the page, a line of keys.

use super::model::{Model, Page, Phase, Question};
use ansi_to_tui::IntoText;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::Paragraph;
use verdict::Verdict;

/// A page, ready to be drawn; made once for each version of the model and each width.
pub(crate) struct Drawn {
    text: Text<'static>,
}

impl Drawn {
    /// Understands the colours of a page.
    pub(crate) fn new(page: &str) -> Drawn {
        Drawn { text: page.into_text().unwrap_or_else(|_| Text::raw(page.to_owned())) }
    }
}

/// Lines that are not the page's.
pub(crate) const FRAME: u16 = 4;

/// Draws everything.
pub(crate) fn draw(frame: &mut Frame<'_>, model: &mut Model, page: &Drawn, path: &str, colour: bool) {
    let [head, state, between, body, foot] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Min(1),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    let paint = |color: Color| if colour { Style::new().fg(color) } else { Style::new() };
    frame.render_widget(Paragraph::new(title(model, head.width)).style(Modifier::REVERSED | Modifier::BOLD), head);
    if model.page != Page::List {
        frame.render_widget(Paragraph::new(self::state(model, path, &paint)), state);
    }
    self::page(frame, model, page, body, between);
    frame.render_widget(Paragraph::new(keys(model, foot.width, &paint)), foot);
}

fn title(model: &Model, width: u16) -> Line<'static> {
    let (accepted, of) = model.accepted;
    let (left, right) = match model.page {
        Page::List => (" All exercises".to_owned(), format!("{accepted} of {of} accepted ")),
        _ => {
            let config = &model.exercise.config;
            let what = match model.page {
                Page::Brief => " — the brief",
                Page::Hints => " — hints",
                Page::Solution => " — the reference",
                Page::Replay => " — every step",
                Page::Help => " — help",
                Page::Report | Page::List => "",
            };
            (format!(" {} · {}{what}", config.section, config.title), format!("{accepted} of {of} accepted "))
        }
    };
    let room = usize::from(width).saturating_sub(right.chars().count() + 1);
    let left: String = if left.chars().count() > room {
        left.chars().take(room.saturating_sub(1)).chain(['…']).collect()
    } else {
        left
    };
    let gap = usize::from(width).saturating_sub(left.chars().count() + right.chars().count());
    Line::from(format!("{left}{}{right}", " ".repeat(gap)))
}

fn state(model: &Model, path: &str, paint: &impl Fn(Color) -> Style) -> Line<'static> {
    let dim = Style::new().add_modifier(Modifier::DIM);
    let bold = |color| paint(color).add_modifier(Modifier::BOLD);
    let (word, style, rest) = match &model.phase {
        Phase::Running(running) => {
            let seconds = running.since.elapsed().as_secs();
            let time = if seconds > 0 { format!(" · {seconds} s") } else { String::new() };
            ("…".to_owned(), bold(Color::Yellow), format!(" {}{time}", running.what))
        }
        Phase::Done(report) => {
            let (color, word) = match report.verdict {
                Verdict::Accepted => (Color::Green, "✓ accepted"),
                Verdict::Inconclusive => (Color::Yellow, "? inconclusive"),
                Verdict::Rejected => (Color::Red, "✗ rejected"),
                Verdict::Unbuildable => (Color::Red, "✗ does not compile"),
            };
            let score = format!(" · {} of {} points", report.score.points, report.score.of);
            (word.to_owned(), bold(color), score)
        }
        Phase::Failed(_) => ("! could not be graded".to_owned(), bold(Color::Yellow), String::new()),
    };
    let polls =
        if model.polls { " · looking for changes every ¼ s: the system does not tell of them here" } else { "" };
    Line::from(vec![
        Span::raw(" "),
        Span::styled(word, style),
        Span::raw(rest),
        Span::styled(format!(" · {path}{polls}"), dim),
    ])
}

/// The page, and how far it is scrolled in the line above it, where nothing else is.
fn page(frame: &mut Frame<'_>, model: &mut Model, page: &Drawn, body: Rect, above: Rect) {
    let lines = page.text.lines.len();
    let last = lines.saturating_sub(usize::from(body.height));
    let (y, x) = model.scrolls.entry(model.page).or_default();
    if model.page == Page::List {
        // The chosen row stays in sight, below the heading.
        let row = model.list.chosen + 1;
        *y = (*y).clamp((row + 1).saturating_sub(usize::from(body.height)), row.saturating_sub(1));
    }
    *y = (*y).min(last);
    let mut text = page.text.clone();
    if model.page == Page::List
        && let Some(line) = text.lines.get_mut(model.list.chosen + 1)
    {
        *line = std::mem::take(line).patch_style(Style::new().add_modifier(Modifier::REVERSED));
    }
    let offset = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
    // Lines above are left out here: the widget counts them in 16 bits.
    text.lines.drain(..(*y).min(lines));
    frame.render_widget(Paragraph::new(text).scroll((0, offset(*x))), body);
    if let Some(percent) = (*y * 100).checked_div(last) {
        let mark = if *y == last { " end ".to_owned() } else { format!(" {percent} % ↓ ") };
        let width = mark.chars().count() as u16;
        let place = Rect { x: above.right().saturating_sub(width), width, ..above };
        frame.render_widget(Paragraph::new(mark).style(Modifier::REVERSED), place.intersection(above));
    }
}

fn keys(model: &Model, width: u16, paint: &impl Fn(Color) -> Style) -> Line<'static> {
    if let Some(question) = model.question {
        let text = match question {
            Question::GiveUp => " Not accepted yet. Show the solution all the same? It is recorded. [y/N]",
            Question::Reset => " Put the starter back? Your file is kept as a backup. [y/N]",
        };
        return Line::styled(text, paint(Color::Yellow).add_modifier(Modifier::BOLD));
    }
    if model.page == Page::List && (model.list.typing || !model.list.search.is_empty()) {
        let cursor = if model.list.typing { "▏" } else { "" };
        return Line::raw(format!(" search: {}{cursor}   Enter opens · Esc ends the search", model.list.search));
    }
    if let Some(remark) = &model.remark {
        return Line::styled(format!(" {remark}"), paint(Color::Yellow));
    }
    let mut keys: Vec<(&str, &str)> = match model.page {
        Page::List => vec![("Enter", "open"), ("/", "search"), ("Esc", "back")],
        Page::Report => {
            let mut keys = vec![("b", "brief"), ("h", "hint"), ("e", "edit")];
            if !model.interleavings().is_empty() {
                keys.insert(0, ("v", "every step"));
            }
            if model.is_accepted() {
                keys = vec![("s", "reference and notes"), ("n", "next exercise")];
            }
            keys
        }
        Page::Hints => vec![("h", "next hint"), ("Esc", "back")],
        _ => vec![("Esc", "back")],
    };
    // Where there is no room for all, these stay: `?` tells of the others.
    let always = [("?", "all keys"), ("q", "quit")];
    let long = |(key, what): &(&str, &str)| key.chars().count() + what.chars().count() + 4;
    let mut room = (usize::from(width) + 2).saturating_sub(always.iter().map(long).sum());
    keys.push(("l", "list"));
    keys.retain(|key| room.checked_sub(long(key)).map(|rest| room = rest).is_some());
    keys.extend(always);
    let mut spans = vec![Span::raw(" ")];
    for (key, what) in keys {
        spans.push(Span::styled(key.to_owned(), Modifier::BOLD));
        spans.push(Span::raw(format!(" {what}   ")));
    }
    Line::from(spans)
}
