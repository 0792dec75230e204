//! Which files a source file declares with `mod x;`, read from its tokens: also from a file that does not parse, since an error in one
//! function must not hide the crate's other files from who reads them.

use super::name;
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::path::PathBuf;

/// One `mod x;`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Declared {
    /// The modules with a body around it, as folders: `a/b` in `mod a { mod b { mod x; } }`.
    pub(crate) within: PathBuf,
    /// The name, without `r#`.
    pub(crate) name: String,
    /// The line of the declaration, from 1.
    pub(crate) line: u32,
}

/// The modules without a body, wherever they are declared. None if the text has no tokens (a bracket that is not closed). To be called
/// [`super::on_a_deep_stack`]: what is read there is forgotten with the thread.
pub(crate) fn declared(text: &str) -> Vec<Declared> {
    // Most files declare none, and to read tokens takes time.
    if !text.contains("mod") {
        return Vec::new();
    }
    let Ok(tokens) = text.parse::<TokenStream>() else { return Vec::new() };
    let mut declared = Vec::new();
    let mut waiting = vec![(tokens, PathBuf::new())];
    while let Some((tokens, within)) = waiting.pop() {
        // The last two tokens.
        let (mut before, mut last) = (None, None);
        for token in tokens {
            match (&before, &last, &token) {
                (Some(TokenTree::Ident(word)), Some(TokenTree::Ident(module)), TokenTree::Punct(end))
                    if word == "mod" && end.as_char() == ';' =>
                {
                    let line = u32::try_from(module.span().start().line).unwrap_or(0);
                    declared.push(Declared { within: within.clone(), name: name(module), line });
                }
                (Some(TokenTree::Ident(word)), Some(TokenTree::Ident(module)), TokenTree::Group(body))
                    if word == "mod" && body.delimiter() == Delimiter::Brace =>
                {
                    waiting.push((body.stream(), within.join(name(module))));
                }
                (_, _, TokenTree::Group(group)) => waiting.push((group.stream(), within.clone())),
                _ => {}
            }
            before = last.replace(token);
        }
    }
    declared
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_found_in_modules_behind_attributes_and_beside_errors() {
        let text = "mod a;\n#[allow(dead_code)] pub(crate) mod b { fn f( { } mod c; }";
        assert_eq!(declared(text), [], "a bracket is open: there are no tokens");
        let text = "mod a;\n#[allow(dead_code)] pub(crate) mod b { fn f(= ) { }\nmod r#async; }";
        let found: Vec<_> = declared(text).into_iter().map(|each| (each.within, each.name, each.line)).collect();
        assert_eq!(found, [("".into(), "a".to_owned(), 1), ("b".into(), "async".to_owned(), 3)]);
    }
}
