//! `NOTES.md`: hints, reasons and questions, as the sections of a Markdown file.

/// The text below a heading, up to the next heading of the same or a higher level; `None` if there is no such heading.
pub fn section<'a>(text: &'a str, heading: &str) -> Option<&'a str> {
    let level = heading.bytes().take_while(|byte| *byte == b'#').count();
    let start = find_line(text, |line| line.trim_end() == heading)?;
    let body = &text[start..];
    let body = &body[body.find('\n').map_or(body.len(), |end| end + 1)..];
    let end = find_line(body, |line| {
        let own = line.bytes().take_while(|byte| *byte == b'#').count();
        own > 0 && own <= level && line.as_bytes().get(own) == Some(&b' ')
    });
    Some(body[..end.unwrap_or(body.len())].trim())
}

/// The headings of a level directly in a text, without their signs.
pub fn headings(text: &str, level: usize) -> Vec<&str> {
    let sign = format!("{} ", "#".repeat(level));
    outside_code(text).filter_map(|(_, line)| line.strip_prefix(sign.as_str())).map(str::trim).collect()
}

/// The hints, in their order.
pub fn hints(text: &str) -> Vec<&str> {
    let Some(all) = section(text, "## Hints") else { return Vec::new() };
    let each = headings(all, 3).into_iter().filter_map(|heading| section(all, &format!("### {heading}")));
    each.collect()
}

fn find_line(text: &str, wanted: impl Fn(&str) -> bool) -> Option<usize> {
    outside_code(text).find(|(_, line)| wanted(line)).map(|(start, _)| start)
}

/// The lines outside fenced code, with their offsets: a `#` in code is no heading.
fn outside_code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut offset = 0;
    let mut in_code = false;
    text.split_inclusive('\n').filter_map(move |line| {
        let start = offset;
        offset += line.len();
        let fence = line.trim_start().starts_with("```");
        in_code ^= fence;
        (!in_code && !fence).then_some((start, line.trim_end_matches('\n')))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTES: &str = "# Notes\n\n## Hints\n\n### Hint 1\n\nCount.\n\n```rust\n### no heading\n```\n\n### Hint 2\nWait.\n\n## Why\nSo.\n";

    #[test]
    fn hints_are_the_parts_of_their_section() {
        assert_eq!(hints(NOTES), ["Count.\n\n```rust\n### no heading\n```", "Wait."]);
    }

    #[test]
    fn a_section_ends_at_the_next_heading_of_its_level() {
        assert_eq!(section(NOTES, "## Why"), Some("So."));
        assert_eq!(section(NOTES, "## Alternatives"), None);
    }
}
