//! Text of somebody else's, made safe to show: what controls a terminal or reorders a line becomes something to read.

use std::borrow::Cow;

/// Whether a character does something to the screen instead of standing on it. Line ends and tabs are what they are.
///
/// These are the control characters of ASCII and Latin-1 (C0, DEL, C1) and the characters of Unicode that have no width of their own
/// or change the direction of writing (Unicode Standard Annex 9, "Trojan Source", Boucher and Anderson 2021).
pub fn is_hidden(character: char) -> bool {
    match character {
        '\n' | '\t' => false,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}' => true,
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => true,
        '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}' => true,
        _ => character.is_control(),
    }
}

/// The same text with every hidden character written out: `\x1b`, `\u{202e}`.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return text.into();
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '\r' => shown.push_str("\\r"),
            _ if !is_hidden(character) => shown.push(character),
            _ if character.is_ascii() => shown.push_str(&format!("\\x{:02x}", character as u32)),
            _ => shown.extend(character.escape_unicode()),
        }
    }
    shown.into()
}

#[cfg(test)]
mod tests {
    use super::visible;

    #[test]
    fn what_a_terminal_would_obey_is_written_out() {
        assert_eq!(visible("\u{1b}[2J\u{7}a\r\n\tb\u{8}\0"), "\\x1b[2J\\x07a\\r\n\tb\\x08\\x00");
        assert_eq!(
            visible("\u{9b}2J \u{202e}x\u{2066} \u{200b}\u{feff}"),
            "\\u{9b}2J \\u{202e}x\\u{2066} \\u{200b}\\u{feff}"
        );
    }

    #[test]
    fn ordinary_text_stays_as_it_is() {
        assert!(matches!(visible("Größe × 2: \t“日本語” 👍\n"), std::borrow::Cow::Borrowed(_)));
    }
}
