//! Text from Markdown files, as a terminal of some width shows it: paragraphs are filled, everything else stays as it is.

use textwrap::Options;

/// Fills paragraphs and items of lists to `width`. Code, tables and headings are left alone.
pub(crate) fn fill(markdown: &str, width: usize) -> String {
    let mut page = Page { text: String::new(), width, paragraph: String::new(), indent: 0 };
    let mut code = false;
    for line in markdown.lines() {
        let fence = line.trim_start().starts_with("```");
        code ^= fence;
        let item = item(line);
        if code || fence || line.trim().is_empty() || line.starts_with(['#', '|', '>']) {
            page.end();
            page.line(line);
        } else if let Some(indent) = item {
            page.end();
            page.indent = indent;
            page.paragraph = line.trim_end().to_owned();
        } else if page.paragraph.is_empty() {
            page.indent = line.len() - line.trim_start().len();
            page.paragraph = line.trim_end().to_owned();
        } else {
            page.paragraph.push(' ');
            page.paragraph.push_str(line.trim());
        }
    }
    page.end();
    page.text
}

struct Page {
    text: String,
    width: usize,
    /// The paragraph that is being read, as one line.
    paragraph: String,
    /// How far its further lines are indented.
    indent: usize,
}

impl Page {
    fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    fn end(&mut self) {
        let (paragraph, indent) = (std::mem::take(&mut self.paragraph), " ".repeat(self.indent));
        if !paragraph.is_empty() {
            // Paths and names with hyphens are not torn apart.
            let splitter = textwrap::WordSplitter::NoHyphenation;
            let options = Options::new(self.width).subsequent_indent(&indent).word_splitter(splitter);
            for line in textwrap::wrap(&paragraph, options.break_words(false)) {
                self.line(&line);
            }
        }
    }
}

/// For the first line of an item of a list: where its text begins.
fn item(line: &str) -> Option<usize> {
    let text = line.trim_start();
    let digits = text.len() - text.trim_start_matches(|character: char| character.is_ascii_digit()).len();
    let mark = match text[digits..].split_once(' ')?.0 {
        "-" | "*" if digits == 0 => 2,
        "." | ")" if digits > 0 => digits + 2,
        _ => return None,
    };
    Some(line.len() - text.len() + mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_and_items_are_filled_and_nothing_else() {
        let markdown = "# A heading that is longer than the width\n\nOne two\nthree four-five\nsix seven eight.\n\n\
                        - an item that goes on\n  and on\n- short\n12. numbered and long\n\n```rust\nlet a_long_line = \
                        of_code(1, 2, 3);\n    indented\n```\n| a | table | wider than that |\nend\n";
        let wanted = "# A heading that is longer than the width\n\nOne two three\nfour-five six seven\neight.\n\n\
                      - an item that goes on\n  and on\n- short\n12. numbered and\n    long\n\n```rust\nlet a_long_line = \
                      of_code(1, 2, 3);\n    indented\n```\n| a | table | wider than that |\nend\n";
        assert_eq!(
            fill(markdown, 20),
            wanted.replace("an item that goes on\n  and on", "an item that goes\n  on and on")
        );
    }

    #[test]
    fn what_is_filled_already_stays_as_it_is() {
        let text = "Short lines\n\n- stay\n";
        assert_eq!(fill(text, 80), text);
        assert_eq!(fill(&fill("one two three four five six", 10), 10), fill("one two three four five six", 10));
    }
}
