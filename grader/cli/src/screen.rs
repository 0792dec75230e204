//! The terminal: how wide it is, whether it has colour, and whether somebody watches.

use crate::args::When;
use crate::streams;
use anstyle::{AnsiColor, Style};
use std::borrow::Cow;
use std::io::{IsTerminal, Write};
use verdict::{is_hidden, visible};

/// What is known about where the output goes.
#[derive(Clone, Debug)]
pub(crate) struct Screen {
    /// Characters per line.
    pub(crate) width: usize,
    /// Whether the standard output takes colour.
    pub(crate) colour: bool,
    /// Whether progress can be shown and erased again on the standard error.
    pub(crate) live: bool,
    /// Whether the standard error takes colour.
    pub(crate) error_colour: bool,
}

/// Text is not broken to lines longer than this, however wide the terminal.
const WIDEST: usize = 110;

impl Screen {
    /// The screen this process writes to.
    pub(crate) fn of_this_process(when: When) -> Screen {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let wants = |terminal: bool| match when {
            When::Always => true,
            When::Never => false,
            When::Auto => terminal && !plain && !dumb,
        };
        let (out, error) = (std::io::stdout().is_terminal(), std::io::stderr().is_terminal());
        let columns = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
        let width = columns.or_else(terminal_width).unwrap_or(80usize).clamp(40, WIDEST);
        Screen { width, colour: wants(out), live: error && !dumb, error_colour: wants(error) }
    }

    /// Whether a person can be asked something: both ways lead to a terminal.
    pub(crate) fn answers(&self) -> bool {
        std::io::stdin().is_terminal() && std::io::stdout().is_terminal() && self.live
    }

    /// Prints text on the standard output: of all that a terminal obeys, it gets line ends, tabs and colours. What cannot be written
    /// ends the program with exit code 70 later ([`streams::failure`]).
    pub(crate) fn print(&self, text: &str) {
        streams::print(&but_for_colours(&as_typed(text)));
    }

    /// Prints one complaint on the standard error.
    pub(crate) fn complain(&self, text: &str) {
        let head =
            if self.error_colour { paint(text_style(AnsiColor::Red).bold(), "error:") } else { "error:".to_owned() };
        let _ = writeln!(std::io::stderr().lock(), "{head} {}", self.broken("error: ", text).trim_start());
    }

    /// Prints one remark on the standard error.
    pub(crate) fn remark(&self, text: &str) {
        let _ = writeln!(std::io::stderr().lock(), "{}", self.broken("", text));
    }

    /// A line for the standard error: on a terminal it is broken between words; elsewhere it stays one line.
    fn broken(&self, head: &str, text: &str) -> String {
        // It may hold names of files and words of programs.
        let text = visible(&as_typed(text)).into_owned();
        if !self.live {
            return text;
        }
        let first = " ".repeat(head.len());
        let lines = text.lines().enumerate().map(|(number, line)| {
            let first = if number == 0 { first.as_str() } else { "" };
            textwrap::fill(line, textwrap::Options::new(self.width).initial_indent(first))
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// Whether this grader was started through Cargo (`cargo grader`, the alias of a clone) rather than by its own name.
pub(crate) fn through_cargo() -> bool {
    std::env::var_os("CARGO_PKG_NAME").is_some_and(|name| name == "grader")
}

/// The name that the user calls this grader by.
const IN_A_CLONE: &str = "cargo grader";

/// Text in which commands are written as whoever reads it would type them: briefs and messages name the clone's alias.
pub(crate) fn as_typed(text: &str) -> Cow<'_, str> {
    if through_cargo() || !text.contains(IN_A_CLONE) { text.into() } else { text.replace(IN_A_CLONE, "grader").into() }
}

/// The same text with every hidden character written out, but for the sequences that choose a colour or a weight (`ESC [ 1 m`): those
/// are the grader's own.
fn but_for_colours(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return text.into();
    }
    let mut parts = text.split("\x1b[");
    let mut shown = visible(parts.next().unwrap_or_default()).into_owned();
    for part in parts {
        let end = part.find(|character: char| !character.is_ascii_digit() && character != ';');
        let is_colour = end.is_some_and(|end| part[end..].starts_with('m'));
        shown.push_str(if is_colour { "\x1b[" } else { "\\x1b[" });
        shown.push_str(&visible(part));
    }
    shown.into()
}

/// The width as the terminal of the standard output (or error) tells it.
fn terminal_width() -> Option<usize> {
    terminal_size::terminal_size_of(std::io::stdout())
        .or_else(|| terminal_size::terminal_size_of(std::io::stderr()))
        .map(|(terminal_size::Width(width), _)| usize::from(width))
}

/// A style with this colour.
pub(crate) fn text_style(colour: AnsiColor) -> Style {
    Style::new().fg_color(Some(colour.into()))
}

/// Text in a style.
pub(crate) fn paint(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

#[cfg(test)]
mod tests {
    use super::but_for_colours;

    #[test]
    fn a_terminal_gets_colours_and_nothing_else_that_it_obeys() {
        let ours = "\x1b[1m\x1b[31merror\x1b[0m\n\tGröße 👍";
        assert_eq!(but_for_colours(ours), ours);
        assert_eq!(
            but_for_colours("\x1b[2J\x1b]0;title\x07\x1b[1;\x1b[H\x1b"),
            "\\x1b[2J\\x1b]0;title\\x07\\x1b[1;\\x1b[H\\x1b"
        );
        assert_eq!(but_for_colours("\u{9b}2J\x1b[32m\u{202e}x\r\x1b[m"), "\\u{9b}2J\x1b[32m\\u{202e}x\\r\x1b[m");
    }
}
