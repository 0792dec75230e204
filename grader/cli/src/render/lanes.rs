//! An interleaving as lanes: one column per thread, one row per step, time runs downwards.
//!
//! Short on purpose: what every thread does at its beginning and end is left out, a lock that is given back at once is one row, long
//! stretches of one thread are folded. `cargo grader replay` shows everything.

use verdict::{Interleaving, Mark, Step};

/// No more rows than this, unless everything is shown.
const MOST_ROWS: usize = 25;

/// With more rows than this, long stretches of one thread are folded.
const FEW_ROWS: usize = 16;

/// With more lanes than this there is no room for columns: then each row names its thread.
const MOST_COLUMNS: usize = 4;

/// How a piece of text is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// As it is.
    Plain,
    /// Of less interest.
    Dim,
    /// The head of a column.
    Head,
    /// A thread that waits.
    Waits,
    /// Where it goes wrong.
    Wrong,
}

/// A line of text in pieces.
pub(crate) type Line = Vec<(Tone, String)>;

/// One row: what one thread does.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    lane: usize,
    text: String,
    place: String,
    tone: Tone,
    /// It waits from here on.
    waits: bool,
    /// The wait that began in an earlier row is over.
    resumed: bool,
    /// Another thread goes on after this row although this one could have.
    interrupted: bool,
    /// How many steps the row stands for, if it was folded.
    steps: usize,
}

impl Row {
    fn plain(lane: usize, text: String, steps: usize) -> Row {
        let (place, tone) = (String::new(), Tone::Plain);
        Row { lane, text, place, tone, waits: false, resumed: false, interrupted: false, steps }
    }
}

/// Renders an interleaving; `everything` shows every step with its details.
pub(crate) fn lines(interleaving: &Interleaving, width: usize, everything: bool) -> Vec<Line> {
    let mut rows = rows(interleaving, everything);
    mark_ends(&mut rows, interleaving);
    mark_interruptions(&mut rows);
    let mut omitted = interleaving.omitted as usize;
    if !everything {
        fold(&mut rows);
        let extra = rows.len().saturating_sub(MOST_ROWS);
        omitted += rows.drain(..extra).map(|row| row.steps).sum::<usize>();
    }
    let mut lanes: Vec<usize> = rows.iter().map(|row| row.lane).collect();
    lanes.sort_unstable();
    lanes.dedup();
    let mut lines = Vec::new();
    if omitted > 0 {
        lines.push(vec![(Tone::Dim, format!("      … {omitted} earlier steps"))]);
    }
    let columns = lanes.len() <= MOST_COLUMNS && width >= 26 * lanes.len().max(1);
    if columns {
        in_columns(interleaving, &rows, &lanes, width, &mut lines);
    } else {
        in_rows(interleaving, &rows, width, &mut lines);
    }
    lines.extend(legend(&rows, width));
    lines
}

/// What the signs mean, those that occur; on as many lines as it takes.
fn legend(rows: &[Row], width: usize) -> Vec<Line> {
    let waits = rows.iter().any(|row| row.tone == Tone::Wrong && row.waits);
    let wrong = if waits { "✗ waits for ever" } else { "✗ here it goes wrong" };
    let mut lines: Vec<String> = Vec::new();
    for text in ["‖ waits", "▸ goes on", "↯ interrupted here", wrong] {
        if !rows.iter().any(|row| text.starts_with(sign(row)) && sign(row) != " ") {
            continue;
        }
        match lines.last_mut().filter(|line| line.chars().count() + 3 + text.chars().count() <= width) {
            Some(line) => line.push_str(&format!("   {text}")),
            None => lines.push(format!("     {text}")),
        }
    }
    lines.into_iter().map(|line| vec![(Tone::Dim, line)]).collect()
}

fn rows(interleaving: &Interleaving, everything: bool) -> Vec<Row> {
    let (steps, gives_way): (Vec<&Step>, Vec<bool>) = told(interleaving, everything).into_iter().unzip();
    let mut rows: Vec<Row> = Vec::new();
    let mut index = 0;
    while index < steps.len() {
        let step = steps[index];
        let same_call = |other: &&Step| other.lane == step.lane && other.call == step.call;
        let begins =
            steps[..index].iter().rev().find(|other| other.lane == step.lane).is_none_or(|last| !same_call(last));
        let together = steps[index..].iter().take_while(|other| same_call(other)).count();
        let ends =
            steps[index + together..].iter().find(|other| other.lane == step.lane).is_none_or(|next| !same_call(next));
        let name = step.call.as_ref().map_or(String::new(), |call| call_name(&call.function));
        let plain = |step: &&Step| matches!(step.mark, Mark::Done | Mark::Note | Mark::Ended);
        if !everything && begins && ends && step.call.is_some() && steps[index..index + together].iter().all(plain) {
            // Nobody else acts in the middle of it: what it does in detail is of no interest.
            rows.push(Row::plain(step.lane, name, together));
            index += together;
            continue;
        }
        let what = text(interleaving, step, everything);
        rows.push(Row {
            lane: step.lane,
            text: match (begins, step.call.is_some()) {
                (true, true) => format!("{}: {what}", name.trim_end_matches("()")),
                (false, true) => format!("  {what}"),
                (_, false) => what,
            },
            place: place(interleaving, step),
            tone: match step.mark {
                Mark::Blocked => Tone::Waits,
                Mark::Failed => Tone::Wrong,
                Mark::Ended => Tone::Dim,
                _ => Tone::Plain,
            },
            waits: step.mark == Mark::Blocked,
            resumed: matches!(step.mark, Mark::Resumed | Mark::TimedOut | Mark::Spurious),
            interrupted: !gives_way[index],
            steps: 1,
        });
        index += 1;
    }
    rows
}

/// The steps that are told, and whether the lane waits, or gives way on purpose, right after each. An attempt that ends in a
/// wait is one step. How threads start, join and end, and what the scenario does for itself, are no part of the story.
fn told(interleaving: &Interleaving, everything: bool) -> Vec<(&Step, bool)> {
    let Interleaving { steps, objects, .. } = interleaving;
    let mut told: Vec<(&Step, bool)> = Vec::new();
    let mut previous: Option<&Step> = None;
    for (index, step) in steps.iter().enumerate() {
        let attempt = previous.filter(|before| {
            before.lane == step.lane && before.mark == Mark::Done && before.operation == step.operation
        });
        previous = Some(step);
        if step.mark == Mark::Blocked
            && attempt.is_some()
            && told.last().is_some_and(|(last, _)| last.lane == step.lane)
        {
            told.pop();
        }
        let kind = step.object.and_then(|object| objects.get(object)).map_or("", |object| object.kind.as_str());
        let sleeps = kind == "task" && matches!(step.mark, Mark::Blocked | Mark::Resumed);
        let shown = sleeps || kind == "value" || matches!(step.mark, Mark::Note | Mark::Failed);
        let own = step.location.is_none() && !shown;
        // Where somebody waits for ever belongs to the story, wherever it is.
        let last = own && step.mark == Mark::Blocked && !steps[index + 1..].iter().any(|later| later.lane == step.lane);
        if everything || last && !is_plumbing(step) || !is_plumbing(step) && !own && step.mark != Mark::Ended {
            let next = steps[index + 1..].iter().find(|next| next.lane == step.lane);
            let gives_way = next.is_none_or(|next| is_plumbing(next) || next.mark == Mark::Blocked);
            told.push((step, gives_way));
        }
    }
    told
}

/// How threads are started, waited for and watched.
fn is_plumbing(step: &Step) -> bool {
    matches!(step.operation.as_str(), "spawn" | "join" | "is_finished" | "quiesce" | "end of scope")
}

/// `RwLock::write` → `write()`.
fn call_name(function: &str) -> String {
    if function.starts_with("drop of ") {
        return function.to_owned();
    }
    format!("{}()", function.rsplit("::").next().unwrap_or(function))
}

fn text(interleaving: &Interleaving, step: &Step, everything: bool) -> String {
    let object = step.object.and_then(|object| interleaving.objects.get(object));
    let object = object.filter(|object| object.kind != "thread").map_or("", |object| object.name.as_str());
    let operation = step.operation.replace('_', " ");
    let base = format!("{operation} {object}").trim_end().to_owned();
    let is_task =
        step.object.and_then(|object| interleaving.objects.get(object)).is_some_and(|each| each.kind == "task");
    match step.mark {
        Mark::Blocked if is_task => "sleeps until it is woken".to_owned(),
        Mark::Resumed if is_task => "is woken".to_owned(),
        Mark::TimedOut => format!("{base}: time is up"),
        Mark::Spurious => "wakes by itself".to_owned(),
        Mark::Failed if step.operation == "fails" => "here the demand fails".to_owned(),
        Mark::Note => step.detail.clone(),
        Mark::Done | Mark::Ended if !step.detail.is_empty() && (everything || step.detail.chars().count() <= 16) => {
            format!("{base} {}", step.detail)
        }
        Mark::Resumed if everything => format!("{base}: goes on"),
        Mark::Blocked if everything => format!("{base}: waits"),
        _ => base,
    }
}

/// Where: the line alone if the whole interleaving lies in one file.
fn place(interleaving: &Interleaving, step: &Step) -> String {
    let Some(location) = &step.location else { return String::new() };
    let first = interleaving.steps.iter().find_map(|step| step.location.as_ref());
    let file = location.file.rsplit('/').next().unwrap_or(&location.file);
    match first {
        Some(first) if first.file == location.file => format!(":{}", location.line),
        _ => format!("{file}:{}", location.line),
    }
}

/// The last row of every thread that waits for ever is where it goes wrong; without one, it is the last row of all.
fn mark_ends(rows: &mut [Row], interleaving: &Interleaving) {
    let mut marked = rows.iter().any(|row| row.tone == Tone::Wrong);
    for waiting in &interleaving.waiting {
        if let Some(row) = rows.iter_mut().rev().find(|row| row.lane == waiting.lane && row.tone == Tone::Waits) {
            row.tone = Tone::Wrong;
            marked = true;
        }
    }
    if let (Some(row), false) = (rows.last_mut(), marked) {
        row.tone = Tone::Wrong;
    }
}

fn mark_interruptions(rows: &mut [Row]) {
    if let Some(last) = rows.last_mut() {
        last.interrupted = false;
    }
    for index in 0..rows.len().saturating_sub(1) {
        let later = rows[index + 1..].iter().find(|row| row.lane == rows[index].lane);
        let goes_on = later.is_some_and(|later| !later.resumed && later.text.starts_with("  "));
        let switches = rows[index + 1].lane != rows[index].lane;
        rows[index].interrupted &= switches && goes_on && !matches!(rows[index].tone, Tone::Waits | Tone::Wrong);
    }
}

/// A lock that is given back at once is one row; so is one that is taken only to wait on a condition variable. If there are
/// still too many rows, the longest stretches of one thread are folded, but for their first and last row.
fn fold(rows: &mut Vec<Row>) {
    let mut index = 0;
    while index + 1 < rows.len() {
        let (row, next) = (&rows[index], &rows[index + 1]);
        let object = row.text.rsplit_once("lock ").filter(|(before, _)| before.is_empty() || before.ends_with(' '));
        let given_back =
            object.is_some_and(|(_, object)| next.text.trim_start().strip_prefix("unlock ") == Some(object));
        if row.lane == next.lane && row.tone == Tone::Plain && !row.resumed && given_back {
            let (before, object) = object.unwrap_or_default();
            rows[index].text = format!("{before}lock, unlock {object}");
            rows[index].interrupted = rows[index + 1].interrupted;
            rows[index].tone = rows[index + 1].tone;
            rows[index].steps += 1;
            rows.remove(index + 1);
        } else if let (true, Some((before, _))) =
            (row.lane == next.lane && row.tone == Tone::Plain && !row.resumed, object)
            && matches!(next.tone, Tone::Waits | Tone::Wrong)
            && next.text.starts_with("  wait")
        {
            rows[index] =
                Row { text: format!("{before}{}", next.text.trim_start()), steps: row.steps + 1, ..next.clone() };
            rows.remove(index + 1);
        } else if row.lane == next.lane
            && let Some(ended) = next.text.trim_start().strip_prefix("end of ")
            && row.text.ends_with(ended)
        {
            // Nobody came between the beginning and the end of an access.
            rows[index].interrupted = next.interrupted;
            rows[index].steps += 1;
            rows.remove(index + 1);
        } else if row.lane == next.lane && row.resumed && next.text.starts_with("  unlock ") && next.tone == Tone::Plain
        {
            // Whoever has waited on a condition variable holds the lock again; that it gives it back goes without saying.
            rows[index].interrupted = next.interrupted;
            rows[index].steps += 1;
            rows.remove(index + 1);
        }
        index += 1;
    }
    while rows.len() > FEW_ROWS {
        // A few steps in a row are read at once; only if there is no room they are folded as well.
        let shortest = if rows.len() > MOST_ROWS { 3 } else { 5 };
        let mut best: Option<(usize, usize)> = None;
        let mut start = 0;
        for index in 1..=rows.len() {
            if index == rows.len() || rows[index].lane != rows[start].lane {
                if index - start > best.map_or(shortest, |(_, length)| length) {
                    best = Some((start, index - start));
                }
                start = index;
            }
        }
        let Some((start, length)) = best else { return };
        let steps = rows[start + 1..start + length - 1].iter().map(|row| row.steps).sum();
        let text = format!("  … {steps} more steps");
        let folded = Row { tone: Tone::Dim, ..Row::plain(rows[start].lane, text, steps) };
        rows.splice(start + 1..start + length - 1, [folded]);
    }
}

fn lane_name(interleaving: &Interleaving, lane: usize) -> &str {
    interleaving.lanes.get(lane).map_or("a thread", String::as_str)
}

fn sign(row: &Row) -> &'static str {
    match row.tone {
        Tone::Wrong => "✗",
        Tone::Waits => "‖",
        _ if row.interrupted => "↯",
        _ if row.resumed => "▸",
        _ => " ",
    }
}

fn in_columns(interleaving: &Interleaving, rows: &[Row], lanes: &[usize], width: usize, lines: &mut Vec<Line>) {
    let widths = widths(interleaving, rows, lanes, width.saturating_sub(5));
    let mut head: Line = vec![(Tone::Plain, "     ".to_owned())];
    for (lane, room) in lanes.iter().zip(&widths) {
        head.push((Tone::Head, pad(lane_name(interleaving, *lane), room - 1) + " "));
    }
    lines.push(head);
    for (number, row) in rows.iter().enumerate() {
        let mut line: Line = vec![(Tone::Dim, format!("{:>3}  ", number + 1))];
        for (lane, room) in lanes.iter().zip(&widths) {
            if *lane != row.lane {
                line.push((Tone::Dim, pad("·", *room)));
                continue;
            }
            let place = row.place.chars().count();
            let text = pad(&row.text, room.saturating_sub(place + BESIDE));
            line.push((row.tone, format!("{text} ")));
            line.push((Tone::Dim, row.place.clone()));
            line.push((row.tone, format!(" {}  ", sign(row))));
        }
        lines.push(line);
    }
}

/// What a cell has beside its text and place: two gaps, the sign, the gap to the next column.
const BESIDE: usize = 5;

/// Every lane as wide as it needs to be; if that is too much together, the widest ones give way.
fn widths(interleaving: &Interleaving, rows: &[Row], lanes: &[usize], room: usize) -> Vec<usize> {
    let needed = |lane: &usize| {
        let cells = rows.iter().filter(|row| row.lane == *lane);
        let widest = cells.map(|row| row.text.chars().count() + row.place.chars().count() + BESIDE).max().unwrap_or(0);
        widest.max(lane_name(interleaving, *lane).chars().count() + 2)
    };
    let mut widths: Vec<usize> = lanes.iter().map(needed).collect();
    while widths.iter().sum::<usize>() > room {
        let Some(widest) = widths.iter_mut().max().filter(|widest| **widest > 12) else { break };
        *widest -= 1;
    }
    widths
}

fn in_rows(interleaving: &Interleaving, rows: &[Row], width: usize, lines: &mut Vec<Line>) {
    let widest =
        |length: fn(&Interleaving, &Row) -> usize| rows.iter().map(|row| length(interleaving, row)).max().unwrap_or(0);
    let names = widest(|interleaving, row| lane_name(interleaving, row.lane).chars().count()).min(width / 3) + 2;
    let places = widest(|_, row| row.place.chars().count());
    let texts = widest(|_, row| row.text.chars().count()).min(width.saturating_sub(5 + names + 1 + places + 2));
    for (number, row) in rows.iter().enumerate() {
        lines.push(vec![
            (Tone::Dim, format!("{:>3}  ", number + 1)),
            (Tone::Head, pad(lane_name(interleaving, row.lane), names - 1) + " "),
            (row.tone, format!("{} ", pad(&row.text, texts))),
            (Tone::Dim, format!("{:<places$}", row.place)),
            (row.tone, format!(" {}", sign(row))),
        ]);
    }
}

/// Exactly so many characters: cut with an ellipsis, or filled up.
fn pad(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return format!("{text:<room$}");
    }
    let mut cut: String = text.chars().take(room.saturating_sub(1)).collect();
    cut.push('…');
    cut
}
