//! Parses source that must not be trusted. The parser calls itself for whatever nests, and so does everything that walks
//! its tree; an overflow of the stack would be the end of the grader. So the nesting is measured first, without recursion,
//! and the work is done on a stack that holds what passes.

use crate::trouble::Trouble;
use proc_macro2::{Delimiter, LexError, Span, TokenStream, TokenTree};
use std::fmt;
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

/// Why a file could not be read, and in which line, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    /// It has no tokens: a bracket is not closed, a literal is none.
    NoTokens(u32),
    /// Its tokens are not Rust, as far as the parser knows Rust.
    NotRust(u32, String),
    /// It begins with `#!`, as scripts do: the compiler leaves that line out, and tokens cannot be told from it.
    Script,
    /// It nests deeper than the parser can follow.
    TooDeep(u32),
}

impl Unread {
    /// The line, from 1.
    pub(crate) fn line(&self) -> u32 {
        match self {
            Unread::NoTokens(line) | Unread::NotRust(line, _) | Unread::TooDeep(line) => *line,
            Unread::Script => 1,
        }
    }
}

impl fmt::Display for Unread {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unread::NoTokens(_) => formatter.write_str("a bracket or a literal is broken"),
            Unread::Script => formatter.write_str("its first line is one for scripts"),
            Unread::NotRust(_, what) => formatter.write_str(what),
            Unread::TooDeep(_) => write!(formatter, "what begins here nests deeper than {DEEPEST} levels"),
        }
    }
}

/// Parses a file. To be called [`on_a_deep_stack`].
///
/// # Errors
/// If it is not valid Rust, or nests beyond all measure.
pub(crate) fn parse(text: &str) -> Result<syn::File, Unread> {
    if text.trim_start_matches('\u{feff}').strip_prefix("#!").is_some_and(|rest| !rest.starts_with('[')) {
        return Err(Unread::Script);
    }
    let line = |span: Span| u32::try_from(span.start().line).unwrap_or(u32::MAX);
    let tokens: TokenStream = text.parse().map_err(|error: LexError| Unread::NoTokens(line(error.span())))?;
    if let Some(span) = too_deep(tokens) {
        return Err(Unread::TooDeep(line(span)));
    }
    syn::parse_file(text).map_err(|error| Unread::NotRust(line(error.span()), error.to_string()))
}

/// Where tokens begin to nest deeper than is parsed.
fn too_deep(tokens: TokenStream) -> Option<Span> {
    let (depth, place) = deepest(tokens);
    place.filter(|_| depth > DEEPEST)
}

/// A bound on how deep a syntax tree of these tokens can be, and the outermost item in which it is reached. Groups nest; what is not
/// separated by `;`, by `,` or by the end of a block may nest, too (`!!!x`, `a = b = c`, `A<A<A<…`, `else if … else if …`).
fn deepest(tokens: TokenStream) -> (usize, Option<Span>) {
    let (mut deepest, mut place) = (0, None);
    // Where the item of the file begins that is being looked at, and whether the next token begins another one.
    let (mut begins, mut ended) = (None, true);
    let mut lists = vec![List::new(tokens, 0)];
    while let Some(last) = lists.last_mut() {
        let Some(token) = last.tokens.next() else {
            lists.pop();
            continue;
        };
        last.depth += 1;
        let depth = last.depth;
        let separates = last.separates(&token);
        if separates {
            last.depth = last.level();
        }
        if lists.len() == 1 {
            begins = if ended { Some(token.span()) } else { begins };
            ended = separates;
        }
        if depth > deepest {
            (deepest, place) = (depth, begins);
        }
        if let TokenTree::Group(group) = token {
            lists.push(List::new(group.stream(), depth));
        }
    }
    (deepest, place)
}

/// The tokens of one group that are still to come.
struct List {
    tokens: Peekable<proc_macro2::token_stream::IntoIter>,
    /// The depth of the group.
    base: usize,
    /// The depth that the tokens so far may have reached.
    depth: usize,
    /// The depths of the `<` that may be open: what stands between them nests in what stands before.
    open: Vec<usize>,
    /// Whether a comma may stand between the arguments of a closure, whose body would nest in it.
    in_closure: bool,
    /// Whether the last token was a `-` or `=`: a `>` after it is an arrow.
    may_be_arrow: bool,
}

impl List {
    fn new(tokens: TokenStream, base: usize) -> List {
        let tokens = tokens.into_iter().peekable();
        List { tokens, base, depth: base, open: Vec::new(), in_closure: false, may_be_arrow: false }
    }

    /// The depth at which the next element of the list begins.
    fn level(&self) -> usize {
        self.open.last().copied().unwrap_or(self.base)
    }

    /// A statement or an item has ended: what seemed to be open was not.
    fn ends(&mut self) -> bool {
        self.open.clear();
        self.in_closure = false;
        true
    }

    /// Whether what follows `token` cannot belong to a tree with what stands before it.
    fn separates(&mut self, token: &TokenTree) -> bool {
        let arrow = std::mem::take(&mut self.may_be_arrow);
        match token {
            TokenTree::Punct(punct) => match punct.as_char() {
                ';' => self.ends(),
                ',' => !self.in_closure,
                '<' => {
                    self.open.push(self.depth);
                    false
                }
                '>' if !arrow => {
                    self.open.pop();
                    false
                }
                '|' => {
                    self.in_closure = true;
                    false
                }
                sign => {
                    self.may_be_arrow = matches!(sign, '-' | '=');
                    false
                }
            },
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                let is_end = match self.tokens.peek() {
                    Some(TokenTree::Ident(next)) => next != "else" && next != "as",
                    Some(TokenTree::Punct(next)) => next.as_char() == '#',
                    _ => false,
                };
                is_end && self.ends()
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chains_and_groups_are_deep_and_sequences_are_not() {
        let depth = |text: &str| deepest(text.parse().unwrap()).0;
        for chain in
            ["!", "x = ", "A<", "|| ", "1 + ", "if x {} else ", "A<{ 1 }, ", "|x, y| ", "A<B, ", "Fn() -> A<B, "]
        {
            assert!(depth(&chain.repeat(1000)) >= 1000, "{chain}");
        }
        assert!(depth(&format!("{}x{}", "(".repeat(1000), ")".repeat(1000))) >= 1000);
        for sequence in [
            "fn f(x: u32) -> u32 { x + 1 } ",
            "let x = 1; ",
            "#[test] fn f() {} ",
            "if x { 1 } else { 2 } ",
            "1, ",
            "A { b: 1, c: f(2, 3) }, ",
            "A::<B>::c(1), ",
            "x: HashMap<u8, Vec<u8>>, ",
            "Some(x) => 1, ",
        ] {
            assert!(depth(&sequence.repeat(1000)) < 20, "{sequence}");
        }
    }

    #[test]
    fn what_is_too_deep_has_a_place() {
        let text = format!("fn f() {{}}\n\nfn g() {{ {}x{} }}\nfn h() {{}}", "(".repeat(9000), ")".repeat(9000));
        assert_eq!(parse(&text).err(), Some(Unread::TooDeep(3)));
        assert_eq!(parse("fn f() {}\nfn g( {}").err(), Some(Unread::NoTokens(2)));
        assert_eq!(parse("#!/bin/x /*\nfn f() {}\n// */").err(), Some(Unread::Script));
        assert!(parse("#![allow(dead_code)]\nfn f() {}").is_ok());
        assert!(matches!(parse("fn f() {}\nfn g(=) {}").err(), Some(Unread::NotRust(2, _))));
    }

    #[test]
    fn a_long_table_is_not_deep() {
        let text = format!("const TABLE: [u8; 30000] = [{}];", "1,".repeat(30_000));
        assert!(on_a_deep_stack(|| Ok(parse(&text).is_ok())).unwrap());
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
