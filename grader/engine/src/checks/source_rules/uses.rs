//! The paths of a `use`, read from its tokens: the parser gives no form to some that the compiler takes (`use {::std::fs};`).

use crate::syntax::name;
use proc_macro2::{Delimiter, Span, TokenTree};

/// No path is followed further: nothing that exists has so many parts.
const LONGEST: usize = 64;

/// One path that a `use` brings in.
#[derive(Clone, Debug)]
pub(super) struct Use {
    pub(super) path: Vec<String>,
    /// Whether it begins with `::`.
    pub(super) absolute: bool,
    /// Whether all below the path is brought in.
    pub(super) glob: bool,
    /// The name by which it is known from then on; none for `as _` and for globs.
    pub(super) name: Option<String>,
    pub(super) span: Span,
}

/// The paths in the tokens between `use` and `;`.
///
/// # Errors
/// If they are not those of a `use`, or hold what a macro is given: then with the parts of the path that are known.
pub(super) fn of(tokens: &[TokenTree]) -> Result<Vec<Use>, Vec<String>> {
    let mut uses = Vec::new();
    let mut waiting = vec![(Vec::new(), false, tokens.to_vec())];
    while let Some((prefix, absolute, tokens)) = waiting.pop() {
        if prefix.len() > LONGEST {
            continue;
        }
        let is_comma = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',');
        for tree in tokens.split(is_comma).filter(|tree| !tree.is_empty()) {
            match one(prefix.clone(), absolute, tree)? {
                Tree::Leaf(leaf) => uses.push(leaf),
                Tree::Group(prefix, absolute, inner) => waiting.push((prefix, absolute, inner)),
            }
        }
    }
    Ok(uses)
}

/// One path of a group.
enum Tree {
    Leaf(Use),
    Group(Vec<String>, bool, Vec<TokenTree>),
}

fn one(prefix: Vec<String>, mut absolute: bool, tokens: &[TokenTree]) -> Result<Tree, Vec<String>> {
    let is = |index: usize, sign: char| matches!(tokens.get(index), Some(TokenTree::Punct(p)) if p.as_char() == sign);
    let is_separator = |index: usize| is(index, ':') && is(index + 1, ':');
    let mut path = prefix;
    let mut index = 0;
    if is_separator(0) {
        absolute |= path.is_empty();
        index = 2;
    }
    loop {
        match tokens.get(index) {
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace && index + 1 == tokens.len() => {
                return Ok(Tree::Group(path, absolute, group.stream().into_iter().collect()));
            }
            Some(TokenTree::Punct(star)) if star.as_char() == '*' && index + 1 == tokens.len() => {
                return Ok(Tree::Leaf(Use { path, absolute, glob: true, name: None, span: star.span() }));
            }
            Some(TokenTree::Punct(dollar)) if dollar.as_char() == '$' => {
                // `$crate` is known.
                if !matches!(tokens.get(index + 1), Some(TokenTree::Ident(word)) if word == "crate") {
                    return Err(path);
                }
                index += 1;
            }
            Some(TokenTree::Ident(ident)) => {
                let span = ident.span();
                let is_itself = name(ident) == "self" && !path.is_empty();
                if !is_itself {
                    path.push(name(ident));
                }
                let known = path.last().cloned();
                let leaf = |name| Ok(Tree::Leaf(Use { path: path.clone(), absolute, glob: false, name, span }));
                match &tokens[index + 1..] {
                    [] => return leaf(known),
                    [TokenTree::Ident(word), TokenTree::Ident(other)] if word == "as" => {
                        return leaf(Some(name(other)).filter(|name| name != "_"));
                    }
                    _ if is_separator(index + 1) => index += 3,
                    _ => return Err(path),
                }
            }
            _ => return Err(path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<String>, Vec<String>> {
        let tokens: Vec<TokenTree> = text.parse::<proc_macro2::TokenStream>().unwrap().into_iter().collect();
        let mut paths: Vec<String> = of(&tokens)?
            .into_iter()
            .map(|each| {
                let sign = if each.absolute { "::" } else { "" };
                let end = if each.glob { "::*".to_owned() } else { format!(" as {}", each.name.unwrap_or_default()) };
                format!("{sign}{}{end}", each.path.join("::"))
            })
            .collect();
        paths.sort();
        Ok(paths)
    }

    #[test]
    fn all_forms_of_a_use_are_read() {
        assert_eq!(read("std::fs"), Ok(vec!["std::fs as fs".into()]));
        assert_eq!(read("{::std::fs}"), Ok(vec!["::std::fs as fs".into()]));
        assert_eq!(read("::{std::{fs as _, r#env}}"), Ok(vec!["::std::env as env".into(), "::std::fs as ".into()]));
        assert_eq!(
            read("std::{self as s, io::{self, *},}"),
            Ok(vec!["std as s".into(), "std::io as io".into(), "std::io::*".into()])
        );
        assert_eq!(read("{::std::*}"), Ok(vec!["::std::*".into()]));
        assert_eq!(read("self::a"), Ok(vec!["self::a as a".into()]));
        assert_eq!(read("$crate::a"), Ok(vec!["crate::a as a".into()]));
        assert_eq!(read("std::$a"), Err(vec!["std".into()]));
        assert_eq!(read("$($t)*"), Err(vec![]));
    }
}
