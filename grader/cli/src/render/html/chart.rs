//! Two plots of an exercise: the points of each grading, and the ratio of each to the reference.

use super::{Chapter, class_of};
use maud::{Markup, html};
use verdict::{Attempt, Entry};

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 96.0;

/// Bars are not wider than this.
const WIDEST: f64 = 28.0;

/// Ratios from a quarter to four times the reference are in the plot; others are at its edge.
const RANGE: f64 = 4.0;

/// A bar for each complete grading, as high as its points.
pub(super) fn history(chapter: &Chapter) -> Markup {
    let gradings: Vec<(&Entry, _)> = chapter
        .entries
        .iter()
        .filter_map(|entry| match &entry.what {
            Attempt::Check { verdict, score, items, complete: true, .. } => Some((entry, (*verdict, *score, items))),
            _ => None,
        })
        .collect();
    let step = (WIDTH / gradings.len().max(1) as f64).min(WIDEST + 4.0);
    html! {
        @if !gradings.is_empty() {
            figure {
                figcaption { "Points of each complete grading, the first on the left" }
                svg viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img" aria-label=(format!("{} gradings", gradings.len())) {
                    line.axis x1="0" y1=(HEIGHT - 1.0) x2=(WIDTH) y2=(HEIGHT - 1.0) {}
                    @for (index, (entry, (verdict, score, items))) in gradings.iter().enumerate() {
                        @let share = f64::from(score.points) / f64::from(score.of.max(1));
                        @let height = (share * (HEIGHT - 6.0)).max(3.0);
                        rect class=(class_of(*verdict)) x=(number(index as f64 * step)) y=(number(HEIGHT - 1.0 - height))
                            width=(number(step - 4.0)) height=(number(height)) {
                            title {
                                (entry.at) ": " (verdict.word()) ", " (score.points) " of " (score.of)
                                @for item in items.iter() { "\n" (item.replace('_', " ")) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// For each workload a dot per grading, on a scale in which half and double are equally far from the reference.
pub(super) fn timing(chapter: &Chapter) -> Markup {
    let timed: Vec<(&Entry, &Vec<verdict::Timed>)> = chapter
        .entries
        .iter()
        .filter_map(|entry| match &entry.what {
            Attempt::Check { timing, .. } if !timing.is_empty() => Some((entry, timing)),
            _ => None,
        })
        .collect();
    let mut names: Vec<&str> =
        timed.iter().flat_map(|(_, all)| all.iter().map(|timed| timed.workload.as_str())).collect();
    names.sort_unstable();
    names.dedup();
    let step = WIDTH / (timed.len() + 1) as f64;
    let y = |ratio: f64| {
        let place = (ratio.max(1e-6).log2() / RANGE.log2()).clamp(-1.0, 1.0);
        number(HEIGHT / 2.0 + 4.0 - place * (HEIGHT / 2.0 - 12.0))
    };
    html! {
        @if !timed.is_empty() {
            figure {
                figcaption {
                    "Time in comparison with the reference: lower is faster"
                    @for (index, name) in names.iter().enumerate() {
                        " " span class=(format!("key series-{}", index % 3)) { (name.replace('_', " ")) }
                    }
                }
                svg viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img" aria-label="ratios to the reference" {
                    @for (ratio, label) in [(4.0, "4 ×"), (2.0, "2 ×"), (1.0, "as fast"), (0.5, "½ ×")] {
                        line.grid x1="0" y1=(y(ratio)) x2=(WIDTH) y2=(y(ratio)) {}
                        text.label x=(WIDTH - 2.0) y=(y(ratio)) dy="-2" text-anchor="end" { (label) }
                    }
                    @for (place, (entry, all)) in timed.iter().enumerate() {
                        @for each in all.iter() {
                            @let series = names.iter().position(|name| *name == each.workload).unwrap_or(0) % 3;
                            circle class=(format!("series-{series}")) cx=(number((place as f64 + 0.5) * step)) cy=(y(each.ratio)) r="4" {
                                title { (entry.at) ": " (each.workload.replace('_', " ")) " " (format!("{:.2}", each.ratio)) " ×" }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A number as short as a picture needs it.
pub(super) fn number(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}
