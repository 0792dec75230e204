//! The twin of a hidden test: the same body, but the assertion in which it ends demands the opposite.
//!
//! Run honestly, the twin of a test that holds reports that its last demand is not met. Nothing in the process tells the two
//! apart, so a program that reports success without having come to the end reports it for both.

use proc_macro::{Delimiter, Group, Ident, Punct, Spacing, Span, TokenStream, TokenTree};

/// The body with its last assertion turned round; `None` if it does not end in one.
///
/// The end may lie deeper: in the last block of a loop, or of an `async` block that is the last argument of a call.
pub(crate) fn negated(body: &Group) -> Option<Group> {
    let mut tokens: Vec<TokenTree> = body.stream().into_iter().collect();
    let last = tokens.iter().rposition(|token| !is(token, ';') && !is(token, ','))?;
    let TokenTree::Group(group) = tokens[last].clone() else { return None };
    let name = match &tokens[..last] {
        [.., TokenTree::Ident(name), mark] if is(mark, '!') => opposite(&name.to_string()),
        _ => None,
    };
    match name {
        Some(Opposite::Condition) => tokens[last] = TokenTree::Group(with_negated_condition(&group)),
        Some(Opposite::Name(other)) => {
            tokens[last - 2] = TokenTree::Ident(Ident::new(other, tokens[last - 2].span()));
            let has_path = last.checked_sub(3).is_some_and(|before| is(&tokens[before], ':'));
            if other.starts_with("expect") && !has_path {
                // The file need not have imported it.
                let path: TokenStream = "::harness::".parse().expect("a path is valid Rust");
                tokens.splice(last - 2..last - 2, path);
            }
        }
        None => tokens[last] = TokenTree::Group(negated(&group)?),
    }
    let mut group = Group::new(body.delimiter(), tokens.into_iter().collect());
    group.set_span(body.span());
    Some(group)
}

enum Opposite {
    /// The macro of this name.
    Name(&'static str),
    /// The same macro, of the negated condition.
    Condition,
}

fn opposite(name: &str) -> Option<Opposite> {
    Some(match name {
        "expect" | "assert" => Opposite::Condition,
        "expect_eq" => Opposite::Name("expect_ne"),
        "expect_ne" => Opposite::Name("expect_eq"),
        "assert_eq" => Opposite::Name("assert_ne"),
        "assert_ne" => Opposite::Name("assert_eq"),
        _ => return None,
    })
}

/// `condition, words` becomes `!(condition), words`.
fn with_negated_condition(arguments: &Group) -> Group {
    let tokens: Vec<TokenTree> = arguments.stream().into_iter().collect();
    let end = tokens.iter().position(|token| is(token, ',')).unwrap_or(tokens.len());
    let condition = Group::new(Delimiter::Parenthesis, tokens[..end].iter().cloned().collect());
    let mut negated = vec![TokenTree::Punct(Punct::new('!', Spacing::Alone)), TokenTree::Group(condition)];
    negated.extend(tokens[end..].iter().cloned());
    let mut group = Group::new(arguments.delimiter(), negated.into_iter().collect());
    group.set_span(Span::call_site());
    group
}

fn is(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == mark)
}
