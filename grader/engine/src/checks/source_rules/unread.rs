//! What is said of a file that cannot be read as Rust. No rule can be applied to it, so it must not get past them; but most of such files
//! are half-written, and the compiler says best what is missing.
//!
//! So the compiler may look at it, unless a word stands in it with which a source reads what is not its own: then the compiler could show
//! the content of another file. A word cannot be made of other words, so it stands in the text as it is, whatever the tokens are.

use crate::syntax::Unread;

/// Macros that read files or the environment, by names that nobody gives to anything else.
const PLAIN: [&str; 7] =
    ["include_str", "include_bytes", "option_env", "global_asm", "naked_asm", "concat_idents", "cfg_attr"];

/// Macros that do, by common names: called, or perhaps by another macro.
const CALLED: [&str; 3] = ["include", "env", "asm"];

/// The word in a text with which it could read something that is not its own, and its line.
pub(super) fn word_that_reads(text: &str) -> Option<(&'static str, u32)> {
    let has_macros = text.contains('$');
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    for (line, number) in text.lines().zip(1..) {
        for (start, _) in line.match_indices(|letter: char| is_part(letter)) {
            if line[..start].chars().next_back().is_some_and(is_part) {
                continue;
            }
            let rest = &line[start..];
            let word = &rest[..rest.find(|letter: char| !is_part(letter)).unwrap_or(rest.len())];
            let after = || text[offset(text, rest) + word.len()..].trim_start();
            let found = PLAIN.iter().find(|plain| **plain == word).or_else(|| {
                // A comment may stand between.
                let called = || has_macros || after().starts_with(['!', '/']);
                CALLED.iter().find(|name| **name == word).filter(|_| called())
            });
            let is_path = word == "path" && (has_macros || after().starts_with(['=', '/']));
            if let Some(found) = found.copied().or(is_path.then_some("path")) {
                return Some((found, number));
            }
        }
    }
    None
}

/// Where a part of a text begins in it, in bytes.
fn offset(text: &str, part: &str) -> usize {
    part.as_ptr() as usize - text.as_ptr() as usize
}

/// What to do about a file that could not be read.
pub(super) fn next_step(unread: &Unread) -> String {
    match unread {
        Unread::NoTokens(_) => "close what is open, and grade again",
        Unread::Script => "remove the line; attributes begin with `#![`",
        Unread::NotRust(..) => "write it in plain stable Rust",
        Unread::TooDeep(_) => "divide it: give parts of the expression or type a name, or put values into a list",
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_read_are_found_in_any_text() {
        for (text, word) in [
            ("fn f( { }\nconst S: &str = include_str!(\"x\");", "include_str"),
            ("fn f( { } r#include_bytes", "include_bytes"),
            ("fn f( { } include\n  !(\"x\")", "include"),
            ("fn f( { } env /* */ !(\"x\")", "env"),
            ("fn f( { } #[path = \"x\"] mod y;", "path"),
            ("fn f( { } macro_rules! m { ($a:ident) => { $a!() } } m!(env)", "env"),
        ] {
            assert_eq!(word_that_reads(text).map(|found| found.0), Some(word), "{text}");
        }
        assert_eq!(word_that_reads("fn f( {\n\n option_env!(\"x\")").map(|found| found.1), Some(3));
    }

    #[test]
    fn half_written_code_reads_nothing() {
        for text in ["fn f( {", "let env = 1; let path: Path = (", "fn includes( { my_include_str!() }", "\u{e4}path("]
        {
            assert_eq!(word_that_reads(text), None, "{text}");
        }
    }
}
