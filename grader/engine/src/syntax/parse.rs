//! Parses source that must not be trusted. The parser calls itself for whatever nests, and so does everything that walks
//! its tree; an overflow of the stack would be the end of the grader. So the nesting is measured first, without recursion,
//! and the work is done on a stack that holds what passes.

use crate::trouble::Trouble;
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::iter::Peekable;

/// The deepest nesting that is parsed. A token can nest at most one level deeper than the one before it.
const DEEPEST: usize = 4000;

/// Bytes of stack: 25 KiB are the most that one level was measured to take, in a debug build.
const STACK: usize = 256 << 20;

/// Runs `work`, which parses or walks a parsed file, where there is enough stack for it.
///
/// # Errors
/// If the system refuses a thread.
///
/// # Panics
/// If `work` does.
pub(crate) fn on_a_deep_stack<T: Send>(work: impl FnOnce() -> Result<T, Trouble> + Send) -> Result<T, Trouble> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("parser".into()).stack_size(STACK).spawn_scoped(scope, work);
        let thread = thread.map_err(|error| Trouble::Ours(format!("cannot start a thread to parse in: {error}")))?;
        thread.join().unwrap_or_else(|payload| std::panic::resume_unwind(payload))
    })
}

/// Parses a file. To be called [`on_a_deep_stack`].
///
/// # Errors
/// If it is not valid Rust, or nests beyond all measure.
pub(crate) fn parse(text: &str) -> Result<syn::File, String> {
    let tokens: TokenStream = text.parse().map_err(|error: proc_macro2::LexError| error.to_string())?;
    if deepest(tokens) > DEEPEST {
        return Err("an expression or type is nested too deeply to be read".into());
    }
    syn::parse_file(text).map_err(|error| error.to_string())
}

/// A bound on how deep a syntax tree of these tokens can be. Groups nest; what is not separated by `;` or by the end of a
/// block may nest, too (`!!!x`, `a = b = c`, `A<A<A<…`, `else if … else if …`).
fn deepest(tokens: TokenStream) -> usize {
    let list = |tokens: TokenStream, base: usize| List { tokens: tokens.into_iter().peekable(), base, depth: base };
    let mut deepest = 0;
    let mut lists = vec![list(tokens, 0)];
    while let Some(last) = lists.last_mut() {
        let Some(token) = last.tokens.next() else {
            lists.pop();
            continue;
        };
        last.depth += 1;
        let depth = last.depth;
        deepest = deepest.max(depth);
        if last.separates(&token) {
            last.depth = last.base;
        }
        if let TokenTree::Group(group) = token {
            lists.push(list(group.stream(), depth));
        }
    }
    deepest
}

/// The tokens of one group that are still to come.
struct List {
    tokens: Peekable<proc_macro2::token_stream::IntoIter>,
    /// The depth of the group.
    base: usize,
    /// The depth that the tokens so far may have reached.
    depth: usize,
}

impl List {
    /// Whether what follows `token` cannot belong to a tree with what stands before it.
    fn separates(&mut self, token: &TokenTree) -> bool {
        match token {
            TokenTree::Punct(punct) => punct.as_char() == ';',
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => match self.tokens.peek() {
                Some(TokenTree::Ident(next)) => next != "else" && next != "as",
                Some(TokenTree::Punct(next)) => next.as_char() == '#',
                _ => false,
            },
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chains_and_groups_are_deep_and_sequences_are_not() {
        let depth = |text: &str| deepest(text.parse().unwrap());
        for chain in ["!", "x = ", "A<", "|| ", "1 + ", "if x {} else ", "A<{ 1 }, "] {
            assert!(depth(&chain.repeat(1000)) >= 1000, "{chain}");
        }
        assert!(depth(&format!("{}x{}", "(".repeat(1000), ")".repeat(1000))) >= 1000);
        for sequence in
            ["fn f(x: u32) -> u32 { x + 1 } ", "let x = 1; ", "#[test] fn f() {} ", "if x { 1 } else { 2 } "]
        {
            assert!(depth(&sequence.repeat(1000)) < 20, "{sequence}");
        }
    }

    #[test]
    fn the_deepest_that_is_parsed_fits_on_the_stack() {
        for (open, close) in [("(", ")"), ("[", "]"), ("{", "}"), ("!", ""), ("|| ", ""), ("x = ", "")] {
            let tokens = open.parse::<TokenStream>().map_or(1, |tokens| tokens.into_iter().count());
            let times = (DEEPEST - 20) / tokens;
            let text = format!("fn f() {{ {}x{} }}", open.repeat(times), close.repeat(times));
            assert!(on_a_deep_stack(|| Ok(parse(&text).is_ok())).unwrap(), "{open}");
            let text = format!("fn f() {{ {}x{} }}", open.repeat(DEEPEST), close.repeat(DEEPEST));
            assert!(on_a_deep_stack(|| Ok(parse(&text).is_err())).unwrap(), "{open}");
        }
    }
}
