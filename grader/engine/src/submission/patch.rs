//! The form of a variant that is a change to another file: a few lines of text, and below them a unified diff.
//!
//! ```text
//! caught-by: behaviour — a_waiting_writer_is_not_overtaken
//! A reader looks only at who is in, not at who waits.
//!
//! --- a/solutions/34_read_write_lock/src/lib.rs
//! +++ b/solutions/34_read_write_lock/src/lib.rs
//! @@ -40,7 +40,7 @@ impl<T> RwLock<T> {
//! …
//! ```
//! The paths are those of the repository, so that `git apply` makes the change in place, and every tool that knows unified diffs
//! shows it. A patch fits exactly or not at all: each hunk must find its lines where it says they are.

use diffy::{DiffOptions, HunkRange, Line, Patch};
use std::fmt;

/// Lines around a change. Two are enough to read it by, and keep variants short.
const CONTEXT: usize = 2;

/// A change to one file, with the text that stands above it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What stands above the diff: what the variant is about.
    pub header: String,
    /// The file that is changed, relative to the repository's root.
    pub of: String,
    /// The unified diff, from `--- ` on.
    diff: String,
}

impl Change {
    /// Reads a patch file.
    ///
    /// # Errors
    /// If it is not a header and the unified diff of one file.
    pub fn parse(text: &str) -> Result<Change, String> {
        let at = if text.starts_with("--- ") { Some(0) } else { text.find("\n--- ").map(|at| at + 1) };
        let at = at.ok_or("there is no line that begins with `--- `, where the diff would start")?;
        let (header, diff) = text.split_at(at);
        let patch = Patch::from_str(diff).map_err(|error| format!("the diff cannot be read: {error}"))?;
        let of = patch.original().and_then(|path| path.strip_prefix("a/"));
        let of = of.ok_or("the line `--- ` must name the changed file as `a/PATH`, with the path from the root")?;
        if patch.modified().and_then(|path| path.strip_prefix("b/")) != Some(of) {
            return Err(format!("the line `+++ ` must name the same file as the one above it: `b/{of}`"));
        }
        if patch.hunks().is_empty() {
            return Err("the diff changes nothing".into());
        }
        Ok(Change { header: header.trim_end().to_owned(), of: of.to_owned(), diff: diff.to_owned() })
    }

    /// The change that leads from `before` to `after`; `None` if they are the same.
    pub fn between(header: &str, of: &str, before: &str, after: &str) -> Option<Change> {
        let mut options = DiffOptions::new();
        options.set_context_len(CONTEXT);
        options.set_original_filename(format!("a/{of}"));
        options.set_modified_filename(format!("b/{of}"));
        let patch = options.create_patch(before, after);
        let change =
            || Change { header: header.trim_end().to_owned(), of: of.to_owned(), diff: headed(&patch, before) };
        (!patch.hunks().is_empty()).then(change)
    }

    /// The changed file.
    ///
    /// # Errors
    /// If a hunk does not find its lines exactly where it says they are: which hunk, and what stands there instead.
    pub fn apply(&self, before: &str) -> Result<String, String> {
        let patch = Patch::from_str(&self.diff).map_err(|error| error.to_string())?;
        let lines: Vec<&str> = before.lines().collect();
        let mut shift = 0;
        for hunk in patch.hunks() {
            let name = format!("hunk @@ -{} +{} @@", hunk.old_range(), hunk.new_range());
            // The library looks elsewhere if the lines are not where the hunk says. So we look before it does.
            if first_line(hunk.new_range()) as isize != first_line(hunk.old_range()) as isize + shift {
                return Err(format!("{name} contradicts the hunks above it: a line number is wrong"));
            }
            shift += hunk.new_range().len() as isize - hunk.old_range().len() as isize;
            let old = hunk.lines().iter().filter(|line| !matches!(line, Line::Insert(_)));
            for (number, line) in (first_line(hunk.old_range())..).zip(old) {
                let (Line::Context(expected) | Line::Delete(expected) | Line::Insert(expected)) = line;
                let expected = expected.trim_end_matches(['\n', '\r']);
                match lines.get(number - 1) {
                    Some(seen) if *seen == expected => {}
                    Some(seen) => {
                        let (expected, seen) = (expected.trim(), seen.trim());
                        return Err(format!("{name} expects `{expected}` at line {number}, but there is `{seen}`"));
                    }
                    None => return Err(format!("{name} expects line {number}, but the file ends before it")),
                }
            }
        }
        diffy::apply(before, &patch).map_err(|error| error.to_string())
    }

    /// How many lines the diff takes out and puts in.
    pub fn size(&self) -> usize {
        let body = self.diff.lines().skip_while(|line| !line.starts_with("@@"));
        body.filter(|line| line.starts_with(['+', '-'])).count()
    }
}

impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let gap = if self.header.is_empty() { "" } else { "\n\n" };
        write!(formatter, "{}{gap}{}", self.header, self.diff)
    }
}

/// The number of the first line of a hunk, from 1. An empty range names the line before it.
fn first_line(range: HunkRange) -> usize {
    if range.is_empty() { range.start() + 1 } else { range.start() }
}

/// A patch as text, with the item that each hunk lies in behind its `@@`, as Git writes it.
fn headed(patch: &Patch<'_, str>, before: &str) -> String {
    let lines: Vec<&str> = before.lines().collect();
    let starts = patch.hunks().iter().map(|hunk| first_line(hunk.old_range()));
    let mut items = starts.map(|start| {
        let above = lines.iter().take(start - 1).rev();
        above.copied().find(|line| line.starts_with(|first: char| first.is_ascii_alphabetic()))
    });
    let mut text = String::new();
    for line in patch.to_string().lines() {
        text.push_str(line);
        if line.starts_with("@@ ")
            && let Some(Some(item)) = items.next()
        {
            text.push(' ');
            text.push_str(item.trim_end_matches([' ', '{']));
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "use a;\n\nfn one() {\n    1;\n    2;\n    3;\n    4;\n    5;\n}\n\nfn two() {\n    2;\n}\n";

    fn change() -> Change {
        let after = BEFORE.replace("    4;\n", "    44;\n");
        Change::between("caught-by: behaviour — one\nSays 44.\n", "src/lib.rs", BEFORE, &after).unwrap()
    }

    #[test]
    fn a_change_is_written_as_git_writes_it_and_read_again() {
        let text = change().to_string();
        assert_eq!(
            text,
            "caught-by: behaviour — one\nSays 44.\n\n--- a/src/lib.rs\n+++ b/src/lib.rs\n\
             @@ -5,5 +5,5 @@ fn one()\n     2;\n     3;\n-    4;\n+    44;\n     5;\n }\n"
        );
        assert_eq!(Change::parse(&text).unwrap(), change());
        assert_eq!(change().size(), 2);
        assert_eq!(change().apply(BEFORE).unwrap(), BEFORE.replace("    4;\n", "    44;\n"));
    }

    #[test]
    fn a_change_fits_exactly_or_not_at_all() {
        // One line more above: another tool would find the place all the same.
        let moved = format!("use z;\n{BEFORE}");
        let misfit = change().apply(&moved).unwrap_err();
        assert_eq!(misfit, "hunk @@ -5,5 +5,5 @@ expects `2;` at line 5, but there is `1;`");
        let misfit = change().apply("use a;\n").unwrap_err();
        assert_eq!(misfit, "hunk @@ -5,5 +5,5 @@ expects line 5, but the file ends before it");
        // The same lines stand somewhere else, too: that is not the place.
        assert!(change().apply(&format!("\n\n{BEFORE}{BEFORE}")).is_err());
        let wrong = Change::parse(&change().to_string().replace("+5,5", "+6,5")).unwrap();
        assert!(wrong.apply(BEFORE).unwrap_err().contains("a line number is wrong"));
    }

    #[test]
    fn lines_at_the_beginning_and_at_the_end_can_change() {
        let after = format!("//! New.\n{BEFORE}fn three() {{}}\n");
        let change = Change::between("", "x.rs", BEFORE, &after).unwrap();
        assert_eq!(Change::parse(&change.to_string()).unwrap().apply(BEFORE).unwrap(), after);
        let whole = Change::between("", "x.rs", "", "fn main() {}\n").unwrap();
        assert_eq!(whole.apply("").unwrap(), "fn main() {}\n");
        assert_eq!(Change::between("", "x.rs", BEFORE, BEFORE), None);
    }

    #[test]
    fn what_is_no_patch_says_why() {
        let says = |text: &str, words: &str| {
            let error = Change::parse(text).unwrap_err();
            assert!(error.contains(words), "{error}");
        };
        says("caught-by: behaviour — x\n", "no line that begins with `--- `");
        says("--- lib.rs\n+++ lib.rs\n@@ -1 +1 @@\n-a\n+b\n", "`a/PATH`");
        says("--- a/lib.rs\n+++ b/main.rs\n@@ -1 +1 @@\n-a\n+b\n", "`b/lib.rs`");
        says("--- a/lib.rs\n+++ b/lib.rs\n@@ -1,3 +1 @@\n-a\n+b\n", "cannot be read");
        says("--- a/lib.rs\n+++ b/lib.rs\n", "changes nothing");
    }
}
