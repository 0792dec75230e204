//! The attributes of hidden tests.
//!
//! Each turns an ordinary function into a `#[test]` whose body is handed to `harness`. The body's tokens are passed on as they are:
//! errors, navigation and formatting work as in any function. Where the grader compiles (`cfg(graded)`), the same body becomes an
//! entry in a section of the binary instead (`probe::entries`), a function without the test's name.
//! Arguments (`#[fact(seconds = 30)]`) are read by the grader from the source; here they decide nothing but `panics` and `negated`.

mod twin;

use proc_macro::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};

/// A named fact about the learner's code. The first paragraph of its doc comment is the sentence shown to the learner;
/// a paragraph that begins with `Next:` is the advice.
///
/// Arguments: `seconds = N` (the time limit, 10 by default), `panics` (threads may panic: the fact is about panics),
/// `alone` (never beside another fact), `negated` (the body ends in an assertion that right code always meets: the grader also runs
/// a twin that demands the opposite, and believes no program that reports both).
#[proc_macro_attribute]
pub fn fact(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let flags = flags(arguments);
    let panics = flags.iter().any(|flag| flag == "panics");
    rewrite(item, &flags, |name, _, body| {
        let call = format!(
            "::harness::run::fact(concat!(module_path!(), \"::\", {name:?}), {name:?}, {panics}, move || {body})"
        );
        let graded = format!("::harness::run::fact(\"\", \"\", {panics}, move || {body})");
        Forms { test: call, graded }
    })
}

/// A small story over the learner's API that must come out well along every schedule. `cargo test` runs it once, on real
/// threads; the grader explores it. Its doc comment is read like that of a [`macro@fact`].
///
/// Arguments: `panics` (threads may panic), `leftovers` (threads may still wait at the end), `no_spurious` (no wait ends
/// without a reason), `weak_memory` (atomics may return old values, as the memory model allows), `negated` (as for a fact).
#[proc_macro_attribute]
pub fn scenario(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let flags = flags(arguments);
    rewrite(item, &flags, |name, _, body| {
        let scenario =
            |path: &str| format!("fn story() {body} ::harness::run::scenario({path}, file!(), &{flags:?}, story)");
        Forms { test: scenario(&format!("concat!(module_path!(), \"::\", {name:?})")), graded: scenario("\"\"") }
    })
}

/// Programs that are generated from a specification, each explored like a scenario: `fn name() { Machine }`, where `Machine` is a
/// value whose type is a `Specification`. The doc comment is read like that of a [`macro@fact`].
///
/// Argument: which programs. `one_thread`: calls one after another; `small`: all of a few calls that meet; `random`: of more threads,
/// made at random. The twin of such a test demands that a program's history is *not* explained.
#[proc_macro_attribute]
pub fn programs(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let flags = flags(arguments);
    let call = |path: &str, flags: &[String], body: &str| {
        format!("::harness::run::programs({path}, file!(), &{flags:?}, {body})")
    };
    let opposite = [&flags[..], &["!".to_owned()]].concat();
    let twin =
        |name: &str, body: &str| Some(Twin { entry: twin_entry(name), graded: Some(call("\"\"", &opposite, body)) });
    let new = |name: &str, _: &str, body: &str| Forms {
        test: call(&format!("concat!(module_path!(), \"::\", {name:?})"), &flags, body),
        graded: call("\"\"", &flags, body),
    };
    rewrite_as(item, own_entry, twin, new)
}

/// A small program over the learner's API that returns its text; the text is compared with the committed snapshot
/// (`snapshots/transcript__NAME.snap`): by `insta` under `cargo test`, by the grader when it grades.
#[proc_macro_attribute]
pub fn transcript(_arguments: TokenStream, item: TokenStream) -> TokenStream {
    rewrite(item, &[], |name, _, body| {
        let text = format!("let text = || -> ::std::string::String {body};");
        Forms {
            test: format!(
                "{text}
                 ::harness::run::fact(concat!(module_path!(), \"::\", {name:?}), {name:?}, false, move || {{
                     ::insta::with_settings!({{ prepend_module_to_snapshot => false }}, {{
                         ::insta::assert_snapshot!(\"transcript__{name}\", text());
                     }});
                 }});"
            ),
            graded: format!("{text} ::harness::run::transcript(text);"),
        }
    })
}

/// Work whose duration is compared with the reference's: `fn name(n: u64) -> u64` does `n` rounds and returns a
/// checksum, which must be the same as the reference's. The grader picks `n`; `cargo test` runs it once.
///
/// Argument: `cpu` (CPU time of the process is compared; for single-threaded work) or `wall` (the default).
#[proc_macro_attribute]
pub fn workload(_arguments: TokenStream, item: TokenStream) -> TokenStream {
    rewrite(item, &[], |_, parameters, body| {
        let parameter = parameters.split(':').next().unwrap_or("_").trim().to_owned();
        let call = format!("::harness::run::workload(|{parameter}: u64| -> u64 {body})");
        Forms { test: call.clone(), graded: call }
    })
}

/// The other process of a test: `fn name(stream: UnixStream)` runs in a new process that `harness::start_peer("name")`
/// started, with its end of the stream. It is not a test of its own.
#[proc_macro_attribute]
pub fn peer(_arguments: TokenStream, item: TokenStream) -> TokenStream {
    let new = |name: &str, parameters: &str, body: &str| Forms {
        test: format!("::harness::run::peer({name:?}, |{parameters}| {body})"),
        graded: format!("::harness::run::play(|{parameters}| {body})"),
    };
    // Any test may start it, by its name alone.
    let entry = |name: &str| Entry { number: format!("number({name:?})"), kind: "PEER", condition: String::new() };
    rewrite_as(item, entry, |_, _| None, new)
}

/// What a hidden test is under `cargo test`, and where the grader compiles: bodies of functions.
struct Forms {
    test: String,
    graded: String,
}

/// The same test with the opposite demand.
struct Twin {
    entry: Entry,
    /// What it does, if that is not what the test does with a body whose last demand is turned around.
    graded: Option<String>,
}

/// How the grader finds a hidden test in the binary.
struct Entry {
    /// An expression for its number, of the functions of `probe::entries`.
    number: String,
    kind: &'static str,
    /// An attribute that says when it is there.
    condition: String,
}

/// The names among an attribute's arguments.
fn flags(arguments: TokenStream) -> Vec<String> {
    let names = arguments.into_iter().filter_map(|token| match token {
        TokenTree::Ident(ident) => Some(ident.to_string()),
        _ => None,
    });
    names.collect()
}

/// Makes a test. Where the grader has chosen another one to be compiled alone, it is not there; where it has chosen any, no twin
/// is.
fn rewrite(item: TokenStream, flags: &[String], new: impl Fn(&str, &str, &str) -> Forms) -> TokenStream {
    let is_negated = flags.iter().any(|flag| flag == "negated");
    let twin = |name: &str, _: &str| is_negated.then(|| Twin { entry: twin_entry(name), graded: None });
    rewrite_as(item, own_entry, twin, new)
}

/// The entry of a test.
fn own_entry(name: &str) -> Entry {
    test_entry(name, "", format!("#[cfg(any(not(chosen), chosen = {name:?}))]"))
}

/// The entry of its twin.
fn twin_entry(name: &str) -> Entry {
    test_entry(name, "!", "#[cfg(not(chosen))]".into())
}

fn test_entry(name: &str, mark: &str, condition: String) -> Entry {
    Entry {
        number: format!("number_within_crate(concat!(module_path!(), \"::\", {name:?}, {mark:?}))"),
        kind: "TEST",
        condition,
    }
}

/// Replaces `fn name(parameters) -> T { body }` by `#[test] fn name() { … }`, keeping attributes and docs, and by an entry; by a
/// second one if it has a twin.
fn rewrite_as(
    item: TokenStream,
    entry: impl Fn(&str) -> Entry,
    twin: impl Fn(&str, &str) -> Option<Twin>,
    new: impl Fn(&str, &str, &str) -> Forms,
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
    let forms = new(&name.to_string(), &parameters.stream().to_string(), PLACE);
    let filled = |text: &str, body: &Group| put(text.parse().expect("our own template is valid Rust"), PLACE, body);
    let template = |text: &str| filled(text, body);
    let mut result = template("#[cfg(not(graded))] #[test]");
    result.extend(tokens[..at].iter().cloned());
    result.extend([TokenTree::Ident(Ident::new("fn", Span::call_site())), TokenTree::Ident(name.clone())]);
    result.extend([
        TokenTree::Group(Group::new(Delimiter::Parenthesis, TokenStream::new())),
        TokenTree::Group(Group::new(Delimiter::Brace, template(&forms.test))),
    ]);
    let text_of = |Entry { number, kind, condition }: Entry, graded: &str| {
        format!(
            "#[cfg(graded)] {condition}
             const _: () = {{
                 fn story() {{ {graded} }}
                 #[used]
                 #[unsafe(link_section = \"hidden_tests\")]
                 static ENTRY: ::harness::run::Entry = ::harness::run::Entry {{
                     number: ::harness::run::{number},
                     kind: ::harness::run::{kind},
                     run: story,
                 }};
             }};"
        )
    };
    result.extend(template(&text_of(entry(&name.to_string()), &forms.graded)));
    match twin(&name.to_string(), PLACE) {
        None => {}
        Some(Twin { entry, graded: Some(graded) }) => result.extend(template(&text_of(entry, &graded))),
        Some(Twin { entry, graded: None }) => {
            let Some(negated) = twin::negated(body) else {
                return error(
                    "`negated` needs a body that ends in expect!, expect_eq!, expect_ne!, assert!, assert_eq! or assert_ne!: \
                     end it in one, or take `negated` off",
                );
            };
            result.extend(filled(&text_of(entry, &forms.graded), &negated));
        }
    }
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
