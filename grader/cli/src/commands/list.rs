//! `list`: the exercises and how far they have come.

use super::Desk;
use crate::args::{List, ListFormat};
use crate::exit_code::ExitCode;
use crate::screen::{Screen, paint, text_style};
use anstyle::{AnsiColor, Style};
use engine::catalog::Exercise;
use engine::trouble::Trouble;
use serde::Serialize;
use verdict::{FORMAT_VERSION, Progress, State};

#[derive(Serialize)]
struct Document {
    format_version: u32,
    exercises: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    exercise: String,
    section: String,
    title: String,
    minutes: u32,
    difficulty: u8,
    topics: Vec<String>,
    state: State,
    attempts: usize,
    best_points: u32,
    points: u32,
    hints: usize,
    gave_up: bool,
    file: String,
}

pub(crate) fn run(arguments: &List, screen: &Screen) -> Result<ExitCode, Trouble> {
    let desk = Desk::open(screen)?;
    let mut rows = Vec::new();
    for folder in &desk.folders {
        rows.push(row(&desk, &Exercise::read(&desk.workspace, folder)?, &desk.progress(folder)));
    }
    let text = match arguments.format {
        ListFormat::Terminal => table(&rows, screen),
        ListFormat::Json => {
            let document = Document { format_version: FORMAT_VERSION, exercises: rows };
            let text = serde_json::to_string_pretty(&document);
            text.map_err(|error| Trouble::Ours(format!("cannot write JSON: {error}")))? + "\n"
        }
    };
    screen.print(&text);
    Ok(ExitCode::Success)
}

fn row(desk: &Desk, exercise: &Exercise, progress: &Progress) -> Row {
    let config = exercise.config.clone();
    Row {
        exercise: exercise.folder.clone(),
        section: config.section,
        title: config.title,
        minutes: config.minutes,
        difficulty: config.difficulty,
        topics: config.topics,
        state: progress.state(),
        attempts: progress.attempts,
        best_points: progress.best.points,
        points: config.points.values().sum(),
        hints: progress.hints,
        gave_up: progress.gave_up,
        file: desk.workspace.shown(&exercise.starter.join("src/lib.rs")),
    }
}

fn table(rows: &[Row], screen: &Screen) -> String {
    let width = rows.iter().map(|row| row.exercise.len()).max().unwrap_or(0);
    // Sign, name, difficulty, minutes, points; the title has the rest.
    let room = screen.width.saturating_sub(width + 31).max(16);
    let mut text = String::new();
    for row in rows {
        let (sign, word, style) = sign(row.state);
        let sign = if screen.colour { paint(style, sign) } else { sign.to_owned() };
        let points = if row.attempts == 0 { word.to_owned() } else { format!("{}/{}", row.best_points, row.points) };
        let difficulty = "●".repeat(row.difficulty.into()) + &"○".repeat(5 - usize::from(row.difficulty.min(5)));
        let title = shorten(&row.title, room);
        let line =
            format!("{sign} {:<width$}  {title:<room$}  {difficulty} {:>3} min {points:>8}", row.exercise, row.minutes);
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// A sign, a word and a colour for a state.
pub(crate) fn sign(state: State) -> (&'static str, &'static str, Style) {
    match state {
        State::New => ("·", "new", Style::new().dimmed()),
        State::Begun => ("…", "begun", text_style(AnsiColor::Yellow)),
        State::GivenUp => ("○", "given up", text_style(AnsiColor::Yellow)),
        State::Accepted => ("✓", "accepted", text_style(AnsiColor::Green)),
    }
}

fn shorten(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    text.chars().take(room.saturating_sub(1)).collect::<String>() + "…"
}
