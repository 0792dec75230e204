//! The attributes of hidden tests.
//!
//! Each turns an ordinary function into a `#[test]` whose body is handed to `harness`, which knows whether a grader is
//! listening. The body's tokens are passed on as they are: errors, navigation and formatting work as in any function.
//! Arguments (`#[fact(seconds = 30)]`) are read by the grader from the source; here they decide nothing but `panics`.

use proc_macro::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};

/// A named fact about the learner's code. The first paragraph of its doc comment is the sentence shown to the learner;
/// a paragraph that begins with `Next:` is the advice.
///
/// Arguments: `seconds = N` (the time limit, 10 by default), `panics` (threads may panic: the fact is about panics),
/// `alone` (never beside another fact).
#[proc_macro_attribute]
pub fn fact(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let panics =
        arguments.into_iter().any(|token| matches!(&token, TokenTree::Ident(ident) if ident.to_string() == "panics"));
    rewrite(item, |name, _, body| {
        format!("::harness::run::fact(concat!(module_path!(), \"::\", {name:?}), {name:?}, {panics}, move || {body})")
    })
}

/// A small story over the learner's API that must come out well along every schedule. `cargo test` runs it once, on real
/// threads; the grader explores it. Its doc comment is read like that of a [`macro@fact`].
///
/// Arguments: `panics` (threads may panic), `leftovers` (threads may still wait at the end), `no_spurious` (no wait ends
/// without a reason), `weak_memory` (atomics may return old values, as the memory model allows).
#[proc_macro_attribute]
pub fn scenario(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let flags: Vec<String> = arguments
        .into_iter()
        .filter_map(|token| match token {
            TokenTree::Ident(ident) => Some(ident.to_string()),
            _ => None,
        })
        .collect();
    rewrite(item, |name, _, body| {
        format!(
            "fn story() {body} ::harness::run::scenario(concat!(module_path!(), \"::\", {name:?}), file!(), &{flags:?}, story)"
        )
    })
}

/// A small program over the learner's API that returns its text; the text is compared with the committed snapshot
/// (`snapshots/transcript__NAME.snap`): by `insta` under `cargo test`, by the grader when it grades.
#[proc_macro_attribute]
pub fn transcript(_arguments: TokenStream, item: TokenStream) -> TokenStream {
    rewrite(item, |name, _, body| {
        format!(
            "let text = || -> ::std::string::String {body};
             #[cfg(graded)] ::harness::run::transcript({name:?}, text);
             #[cfg(not(graded))] ::harness::run::fact(concat!(module_path!(), \"::\", {name:?}), {name:?}, false, move || {{
                 ::insta::with_settings!({{ prepend_module_to_snapshot => false }}, {{
                     ::insta::assert_snapshot!(\"transcript__{name}\", text());
                 }});
             }});"
        )
    })
}

/// Work whose duration is compared with the reference's: `fn name(n: u64) -> u64` does `n` rounds and returns a
/// checksum, which must be the same as the reference's. The grader picks `n`; `cargo test` runs it once.
///
/// Argument: `cpu` (CPU time of the process is compared; for single-threaded work) or `wall` (the default).
#[proc_macro_attribute]
pub fn workload(_arguments: TokenStream, item: TokenStream) -> TokenStream {
    rewrite(item, |name, parameters, body| {
        let parameter = parameters.split(':').next().unwrap_or("_").trim().to_owned();
        format!("::harness::run::workload({name:?}, |{parameter}: u64| -> u64 {body})")
    })
}

/// The other process of a test: `fn name(stream: UnixStream)` runs in a new process that `harness::start_peer("name")`
/// started, with its end of the stream. It is not a test of its own.
#[proc_macro_attribute]
pub fn peer(_arguments: TokenStream, item: TokenStream) -> TokenStream {
    let new =
        |name: &str, parameters: &str, body: &str| format!("::harness::run::peer({name:?}, |{parameters}| {body})");
    // Any test may start it.
    rewrite_as(item, |_| "#[test]".into(), new)
}

/// Makes a test. Where the grader has chosen another one to be compiled alone, it is not there.
fn rewrite(item: TokenStream, new: impl Fn(&str, &str, &str) -> String) -> TokenStream {
    rewrite_as(item, |name| format!("#[cfg(any(not(chosen), chosen = {name:?}))] #[test]"), new)
}

/// Replaces `fn name(parameters) -> T { body }` by `#[attributes] fn name() { new }`, keeping attributes and docs.
fn rewrite_as(
    item: TokenStream,
    attributes: impl Fn(&str) -> String,
    new: impl Fn(&str, &str, &str) -> String,
) -> TokenStream {
    const PLACE: &str = "__body_of_the_hidden_test__";
    let tokens: Vec<TokenTree> = item.into_iter().collect();
    let found = tokens.iter().position(|token| matches!(token, TokenTree::Ident(ident) if ident.to_string() == "fn"));
    let (Some(at), Some(TokenTree::Group(body))) = (found, tokens.last()) else {
        return error("this attribute belongs on a function with a body");
    };
    let (Some(TokenTree::Ident(name)), Some(TokenTree::Group(parameters))) = (tokens.get(at + 1), tokens.get(at + 2))
    else {
        return error("this attribute belongs on a function without generics");
    };
    let text = new(&name.to_string(), &parameters.stream().to_string(), PLACE);
    let new: TokenStream = text.parse().expect("our own template is valid Rust");
    let new = put(new, PLACE, body);
    let mut result: TokenStream = attributes(&name.to_string()).parse().expect("an attribute is valid Rust");
    result.extend(tokens[..at].iter().cloned());
    result.extend([TokenTree::Ident(Ident::new("fn", Span::call_site())), TokenTree::Ident(name.clone())]);
    result.extend([
        TokenTree::Group(Group::new(Delimiter::Parenthesis, TokenStream::new())),
        TokenTree::Group(Group::new(Delimiter::Brace, new)),
    ]);
    result
}

/// Puts the original body, with its spans, where the template has `place`.
fn put(template: TokenStream, place: &str, body: &Group) -> TokenStream {
    template
        .into_iter()
        .map(|token| match token {
            TokenTree::Ident(ident) if ident.to_string() == place => TokenTree::Group(body.clone()),
            TokenTree::Group(group) => {
                TokenTree::Group(Group::new(group.delimiter(), put(group.stream(), place, body)))
            }
            other => other,
        })
        .collect()
}

fn error(message: &str) -> TokenStream {
    format!("compile_error!({message:?});").parse().expect("a macro call is valid Rust")
}
