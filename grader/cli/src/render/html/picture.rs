//! A failing schedule as a picture: a lane per thread, time runs downwards; bars while a lock is held, arrows from whoever wakes to
//! whoever is woken. Each step can be pointed at, or reached with the keyboard, and then shows its line.

use super::Chapter;
use super::chart::number;
use maud::{Markup, html};
use verdict::{Finding, Interleaving, Mark, Step};

const GUTTER: f64 = 36.0;
const LANE: f64 = 268.0;
const ROW: f64 = 26.0;
const HEAD: f64 = 34.0;

/// Longer texts are cut; the step's own line has them whole.
const CHARACTERS: usize = 32;

/// The last so many steps are drawn; what came before is rarely of interest.
const MOST: usize = 80;

/// The picture of one finding, if it has an interleaving.
pub(super) fn figure(chapter: &Chapter, finding: &Finding) -> Markup {
    let Some(interleaving) = &finding.interleaving else { return html! {} };
    let first = interleaving.steps.len().saturating_sub(MOST);
    let omitted = interleaving.omitted as usize + first;
    let steps = &interleaving.steps[first..];
    let (width, height) =
        (GUTTER + LANE * interleaving.lanes.len() as f64 + 8.0, HEAD + ROW * steps.len() as f64 + ROW + 8.0);
    let id = format!("{}-{}", chapter.folder, finding.subject);
    html! {
        figure.schedule aria-labelledby=(id) {
            figcaption id=(id) {
                strong.rejected { (finding.kind.words()) } " · " (finding.subject.replace('_', " "))
                br;
                (finding.message)
                @if let Some(program) = &finding.detail { pre { (program) } }
                @if let Some(seen) = &finding.seen { br; span.quiet { "seen: " (seen) } }
            }
            @if omitted > 0 { p.quiet { (omitted) " earlier steps are left out." } }
            div.scroll {
                svg.lanes viewBox=(format!("0 0 {width} {height}")) width=(width) height=(height) role="group"
                    aria-label="the steps of the schedule" {
                    defs {
                        marker id=(format!("{id}-tip")) viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7"
                            orient="auto-start-reverse" { path.tip d="M0 0L8 4L0 8z" {} }
                    }
                    @for (lane, name) in interleaving.lanes.iter().enumerate() {
                        text.head x=(number(x(lane))) y="20" { (cut(name)) }
                        line.lane x1=(number(x(lane) - 8.0)) y1=(HEAD - 6.0) x2=(number(x(lane) - 8.0)) y2=(height - 4.0) {}
                    }
                    @for span in held(interleaving, first) {
                        rect.held x=(number(x(span.lane) - 11.0 - 8.0 * span.depth as f64)) y=(number(y(span.from) - 9.0)) width="6" rx="3"
                            height=(number((span.to - span.from) as f64 * ROW + 18.0)) {
                            title { "holds " (span.name) }
                        }
                    }
                    @for (from, to) in wakes(interleaving, first) {
                        (arrow(&id, &steps[from], from, &steps[to], to))
                    }
                    @for (index, step) in steps.iter().enumerate() {
                        (self::step(chapter, interleaving, step, index, first))
                    }
                    @for waiting in &interleaving.waiting {
                        text.wrong x=(number(x(waiting.lane))) y=(number(y(steps.len()) + 4.0)) {
                            @if waiting.missed { "✗ waits for ever" } @else { "✗ still waits" }
                        }
                    }
                }
            }
            output.source aria-live="polite" { "Point at a step, or move to it with Tab, to see its line." }
        }
    }
}

fn x(lane: usize) -> f64 {
    GUTTER + lane as f64 * LANE + 14.0
}

fn y(row: usize) -> f64 {
    HEAD + row as f64 * ROW + ROW / 2.0
}

fn cut(text: &str) -> String {
    if text.chars().count() <= CHARACTERS {
        return text.to_owned();
    }
    text.chars().take(CHARACTERS - 1).chain(['…']).collect()
}

fn name_of(interleaving: &Interleaving, object: Option<usize>) -> String {
    let object = object.and_then(|index| interleaving.objects.get(index));
    object.filter(|object| object.kind != "thread").map_or(String::new(), |object| format!(" {}", object.name))
}

fn step(chapter: &Chapter, interleaving: &Interleaving, step: &Step, index: usize, first: usize) -> Markup {
    let (class, sign) = match step.mark {
        Mark::Done => ("done", ""),
        Mark::Blocked => ("blocked", "‖ "),
        Mark::Resumed => ("resumed", "▸ "),
        Mark::TimedOut => ("resumed", "⏱ "),
        Mark::Spurious => ("resumed", "≈ "),
        Mark::Ended => ("ended", ""),
        Mark::Failed => ("wrong", "✗ "),
        Mark::Note => ("note", ""),
    };
    let text = match step.mark {
        Mark::Note | Mark::Failed if !step.detail.is_empty() => step.detail.clone(),
        _ => {
            let text = format!("{}{}", step.operation, name_of(interleaving, step.object));
            // Whom a notification reaches is what matters about it; of a start or an end, whose it is.
            match step.operation.as_str() {
                "spawn" | "join" if !step.detail.is_empty() => format!("{text} {}", step.detail),
                operation if operation.starts_with("notify") && !step.detail.is_empty() => {
                    format!("{text}: {}", step.detail)
                }
                _ => text,
            }
        }
    };
    let line = step.location.as_ref().map(|place| place.line).unwrap_or_default();
    let source = chapter.source.lines().nth((line as usize).wrapping_sub(1)).unwrap_or_default().trim();
    let place = match (&step.location, &step.call) {
        (Some(place), _) => format!("{}:{}  {source}", place.file, place.line),
        (None, _) => "a step of the scenario".to_owned(),
    };
    let call = step.call.as_ref().map_or(String::new(), |call| format!(" in {}", call.function));
    let detail = if step.detail.is_empty() || text.ends_with(&step.detail) {
        String::new()
    } else {
        format!(" ({})", step.detail)
    };
    let lane = interleaving.lanes.get(step.lane).map_or("", String::as_str);
    let told = format!("{lane}: {sign}{text}{detail}{call} — {place}");
    html! {
        g class=(format!("step {class}")) tabindex="0" data-told=(told) {
            title { (told) }
            text.row x="4" y=(number(y(index) + 4.0)) { (first + index + 1) }
            rect.hit x=(number(x(step.lane) - 4.0)) y=(number(y(index) - ROW / 2.0 + 2.0)) width=(LANE - 14.0) height=(ROW - 4.0) rx="4" {}
            text x=(number(x(step.lane))) y=(number(y(index) + 4.0)) { (sign) (cut(&text)) }
        }
    }
}

/// A lock that is held from one row to another.
struct Held {
    lane: usize,
    name: String,
    from: usize,
    to: usize,
    /// How many others the lane held when it took this one.
    depth: usize,
}

/// Which lane holds which lock, or uses which value, from when to when; rows count from the first that is drawn.
fn held(interleaving: &Interleaving, first: usize) -> Vec<Held> {
    let mut spans = Vec::new();
    let mut open: Vec<(usize, usize, usize, usize)> = Vec::new();
    let last = interleaving.steps.len().saturating_sub(1);
    let mut close = |(lane, object, from, depth): (usize, usize, usize, usize), to: usize| {
        if to >= first {
            let name = interleaving.objects.get(object).map_or(String::new(), |object| object.name.clone());
            spans.push(Held { lane, name, from: from.saturating_sub(first), to: to - first, depth });
        }
    };
    for (index, step) in interleaving.steps.iter().enumerate() {
        let Some(object) = step.object else { continue };
        let kind = interleaving.objects.get(object).map_or("", |object| object.kind.as_str());
        let operation = step.operation.as_str();
        let ends = ["unlock", "end of", "release"].iter().any(|word| operation.starts_with(word));
        let waits = kind == "condvar" && operation.starts_with("wait");
        if ends || waits {
            let own = |held: &&(usize, usize, usize, usize)| held.0 == step.lane && (waits || held.1 == object);
            // Waiting gives back the lock that was taken last.
            if let Some(place) = open.iter().rposition(|held| own(&held)) {
                close(open.remove(place), index);
            }
        } else if matches!(kind, "mutex" | "rwlock" | "value") && matches!(step.mark, Mark::Done | Mark::Resumed) {
            let begins = ["lock", "try_lock", "read", "write", "try_read", "try_write"]
                .iter()
                .any(|word| operation.starts_with(word));
            let is_new = !open.iter().any(|held| (held.0, held.1) == (step.lane, object));
            if begins && is_new {
                let depth = open.iter().filter(|held| held.0 == step.lane).count();
                open.push((step.lane, object, index, depth));
            }
        }
    }
    open.into_iter().for_each(|held| close(held, last));
    spans
}

/// Who lets whom go on: from the last step of another lane on what was waited for, to the step that goes on.
fn wakes(interleaving: &Interleaving, first: usize) -> Vec<(usize, usize)> {
    let steps = &interleaving.steps;
    let resumed = steps.iter().enumerate().skip(first).filter(|(_, step)| step.mark == Mark::Resumed);
    let from = resumed.filter_map(|(to, step)| {
        let object = step.object?;
        let by = |other: &Step| other.lane != step.lane && other.object == Some(object) && other.mark != Mark::Blocked;
        let from = steps[first..to].iter().rposition(by)?;
        Some((from, to - first))
    });
    from.collect()
}

fn arrow(id: &str, from: &Step, from_row: usize, to: &Step, to_row: usize) -> Markup {
    let right = to.lane > from.lane;
    let (start, end) = if right {
        (x(from.lane) + LANE - 22.0, x(to.lane) - 12.0)
    } else {
        (x(from.lane) - 6.0, x(to.lane) + LANE - 20.0)
    };
    let (top, bottom) = (y(from_row), y(to_row));
    let middle = (start + end) / 2.0;
    let path = format!(
        "M{} {}C{} {} {} {} {} {}",
        number(start),
        number(top),
        number(middle),
        number(top),
        number(middle),
        number(bottom),
        number(end),
        number(bottom)
    );
    html! { path.wake d=(path) marker-end=(format!("url(#{id}-tip)")) { title { "lets it go on" } } }
}
