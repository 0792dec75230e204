//! `list`: the exercises and how far they have come.

use super::Desk;
use crate::args::{List, ListFormat};
use crate::exit_code::ExitCode;
use crate::render::json;
use crate::screen::{Screen, paint, text_style};
use anstyle::{AnsiColor, Style};
use engine::exercise::catalog::Exercise;
use engine::trouble::Trouble;
use serde::Serialize;
use verdict::{FORMAT_VERSION, Progress, State};

#[derive(Serialize)]
struct Document {
    format_version: u32,
    exercises: Vec<Row>,
}

#[derive(Serialize)]
pub(crate) struct Row {
    pub(crate) exercise: String,
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
    /// The time that is known to have been spent, in seconds.
    seconds: u64,
    /// The best of the accepted gradings: so many times as long as the reference, in the slowest workload.
    #[serde(skip_serializing_if = "Option::is_none")]
    ratio: Option<f64>,
    file: String,
}

impl Row {
    /// Where the row has a text (in lower case): the smaller the number, the plainer to see. Nothing if it does not have it.
    pub(crate) fn rank(&self, text: &str) -> Option<usize> {
        let named = self.exercise.split_once('_').is_some_and(|(_, slug)| slug.starts_with(text));
        let seen = [&self.exercise, &self.section, &self.title].into_iter().chain(&self.topics);
        let place = seen.into_iter().position(|part| part.to_lowercase().contains(text))?;
        Some(if named { 0 } else { place + 1 })
    }
}

pub(crate) fn run(arguments: &List, screen: &Screen) -> Result<ExitCode, Trouble> {
    let desk = Desk::open(screen)?;
    let rows = rows(&desk)?;
    let text = match arguments.format {
        ListFormat::Terminal => table(&rows.iter().collect::<Vec<_>>(), screen),
        ListFormat::Json => {
            let document = Document { format_version: FORMAT_VERSION, exercises: rows };
            json::pretty(&document)
        }
    };
    screen.print(&text);
    Ok(ExitCode::Success)
}

/// One row per exercise.
pub(crate) fn rows(desk: &Desk) -> Result<Vec<Row>, Trouble> {
    let row = |folder: &String| Ok(row(desk, &Exercise::read(&desk.workspace, folder)?, &desk.progress(folder)));
    desk.folders.iter().map(row).collect()
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
        seconds: desk.past.time_spent(&exercise.folder).as_secs(),
        ratio: progress.ratio,
        file: desk.workspace.shown(&exercise.starter.join("src/lib.rs")),
    }
}

/// The rows below a heading. Where the terminal is wide enough, each has its title.
pub(crate) fn table(rows: &[&Row], screen: &Screen) -> String {
    let width = rows.iter().map(|row| row.exercise.len()).max().unwrap_or(8);
    // Sign, name, difficulty, minutes, points, attempts, time, ratio, hints; the title has the rest.
    let room = screen.width.saturating_sub(width + 52);
    let room = if room < 20 { 0 } else { room };
    let dim = |text: &str| if screen.colour { paint(Style::new().dimmed(), text) } else { text.to_owned() };
    let title = |text: &str| if room == 0 { String::new() } else { format!("{:<room$}", shorten(text, room - 2)) };
    let heading = format!("  {:<width$}  {}level minutes   points tried  spent  ratio hints", "exercise", title(""));
    let mut text = dim(&heading) + "\n";
    for row in rows {
        let (sign, word, style) = sign(row.state);
        let sign = if screen.colour { paint(style, sign) } else { sign.to_owned() };
        let points = match row.state {
            State::New => word.to_owned(),
            State::GivenUp => word.to_owned(),
            State::Begun | State::Accepted => format!("{}/{}", row.best_points, row.points),
        };
        let difficulty = "●".repeat(row.difficulty.into()) + &"○".repeat(5 - usize::from(row.difficulty.min(5)));
        let unless = |is_none: bool, text: String| if is_none { String::new() } else { text };
        let tried = unless(row.attempts == 0, format!("{}×", row.attempts));
        let spent = unless(row.seconds < 60, duration(row.seconds));
        let ratio = row.ratio.map_or(String::new(), |ratio| format!("{ratio:.2}×"));
        let hints = unless(row.hints == 0, row.hints.to_string());
        let line = format!(
            "{sign} {:<width$}  {}{difficulty} {:>7} {points:>8} {tried:>5} {spent:>6} {ratio:>6} {hints:>5}",
            row.exercise,
            title(&row.title),
            row.minutes
        );
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// `25 min`, `1:05 h`.
fn duration(seconds: u64) -> String {
    match seconds / 60 {
        minutes @ 0..60 => format!("{minutes} min"),
        minutes => format!("{}:{:02} h", minutes / 60, minutes % 60),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn row(exercise: &str, section: &str, title: &str) -> Row {
        Row {
            exercise: exercise.into(),
            section: section.into(),
            title: title.into(),
            minutes: 45,
            difficulty: 2,
            topics: vec!["join".into()],
            state: State::New,
            attempts: 0,
            best_points: 0,
            points: 100,
            hints: 0,
            gave_up: false,
            seconds: 0,
            ratio: None,
            file: String::new(),
        }
    }

    #[test]
    fn a_search_finds_the_exercise_of_that_name_before_those_that_speak_of_it() {
        let (threads, impact) =
            (row("31_threads", "3.1", "Threads"), row("12_gil_impact", "1.2", "A model of threads"));
        assert!(threads.rank("threads") < impact.rank("threads"));
        assert_eq!(threads.rank("thr"), Some(0));
        assert!(threads.rank("3.1").is_some() && threads.rank("join").is_some());
        assert_eq!(threads.rank("queue"), None);
    }

    #[test]
    fn a_table_is_no_wider_than_the_screen() {
        let rows = [row("53_producer_consumer_threads", "5.3", "Producers and consumers on threads, at some length")];
        for width in [80, 90, 100, 110] {
            let screen = Screen { width, colour: false, live: false, error_colour: false };
            for searched in [&rows[..], &[row("31_threads", "3.1", "Threads: run all, map in parallel, and more")]] {
                let table = table(&searched.iter().collect::<Vec<_>>(), &screen);
                assert!(table.lines().all(|line| line.chars().count() <= width), "{table}");
                assert!(table.contains("hints"));
            }
        }
    }
}
