//! A schedule as text: `0x3 1 2x4 o1 s2` is three steps of task 0, one of 1, four of 2, then the outcome number 1 of an operation,
//! then a spurious wakeup of task 2. `l`: time passes although somebody can go on.

use super::strategy::Choice;
use super::task::TaskId;
use std::fmt::Write;

/// Writes a schedule.
pub fn to_text(schedule: &[Choice]) -> String {
    let mut text = String::new();
    let mut rest = schedule;
    while let Some(first) = rest.first() {
        let run = rest.iter().take_while(|choice| *choice == first).count();
        let repeats = if matches!(first, Choice::Task(_)) { run } else { 1 };
        let space = if text.is_empty() { "" } else { " " };
        // Writing to a `String` cannot fail.
        let _ = match first {
            Choice::Task(task) if repeats > 1 => write!(text, "{space}{}x{repeats}", task.0),
            Choice::Task(task) => write!(text, "{space}{}", task.0),
            Choice::Outcome(outcome) => write!(text, "{space}o{outcome}"),
            Choice::Spurious(task) => write!(text, "{space}s{}", task.0),
            Choice::Late => write!(text, "{space}l"),
        };
        rest = &rest[repeats..];
    }
    text
}

/// Reads a schedule; `None` if the text is not one.
pub fn from_text(text: &str) -> Option<Vec<Choice>> {
    let mut schedule = Vec::new();
    for word in text.split_ascii_whitespace() {
        if word == "l" {
            schedule.push(Choice::Late);
        } else if let Some(outcome) = word.strip_prefix('o') {
            schedule.push(Choice::Outcome(outcome.parse().ok()?));
        } else if let Some(task) = word.strip_prefix('s') {
            schedule.push(Choice::Spurious(TaskId(task.parse().ok()?)));
        } else {
            let (task, repeats) = word.split_once('x').unwrap_or((word, "1"));
            let task = TaskId(task.parse().ok()?);
            let repeats: usize = repeats.parse().ok().filter(|repeats| *repeats <= 1_000_000)?;
            schedule.extend(std::iter::repeat_n(Choice::Task(task), repeats));
        }
    }
    Some(schedule)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_comes_back_from_its_text() {
        let (zero, seven) = (Choice::Task(TaskId(0)), Choice::Task(TaskId(7)));
        let schedule = vec![
            zero,
            zero,
            zero,
            seven,
            Choice::Outcome(1),
            Choice::Outcome(1),
            seven,
            Choice::Spurious(TaskId(2)),
            Choice::Late,
            zero,
        ];
        let text = to_text(&schedule);
        assert_eq!(text, "0x3 7 o1 o1 7 s2 l 0");
        assert_eq!(from_text(&text), Some(schedule));
        assert_eq!(from_text("0 x"), None);
    }
}
