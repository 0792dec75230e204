//! Source rules: what an exercise forbids, found in the syntax tree, however it is imported or renamed.
//!
//! A path is followed through `use` declarations (groups, renames, globs) back to where it begins. Tokens inside macro calls
//! and macro definitions are searched for paths, too. Code under `#[cfg(test)]` is not compiled when grading and not
//! looked at. Names are not resolved as the compiler does it: this finds what people write, and what tries to hide a
//! little; the sandbox is what must hold against the rest.

use crate::exercise::config::{Allowed, Forbid};
use crate::submission::Source;
use crate::syntax;
use crate::syntax::names::Names;
use crate::trouble::Trouble;
use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use std::path::{Path, PathBuf};
use std::time::Instant;
use syn::visit::{self, Visit};
use verdict::{Check, CheckReport, Event, Evidence, Finding, Kind, Location};

/// What holds for every exercise, unless its `allow` lifts it.
const EVERYWHERE: &[(Rule<'static>, &str)] = &[
    (Rule::Path("std::process"), "a submission starts and ends no process"),
    (Rule::Path("std::env"), "a submission does not look at how it is run"),
    (Rule::Path("std::fs"), "a submission has nothing to do with files"),
    (Rule::Path("std::net"), "a submission has nothing to do with the network"),
    (Rule::Path("std::os"), "a submission is written in portable std"),
    (Rule::Path("std::io::stdin"), "a submission has no input"),
    (Rule::Path("std::panic::set_hook"), "the panic hook belongs to the program, not to a library"),
    (Rule::Path("std::panic::take_hook"), "the panic hook belongs to the program, not to a library"),
    (Rule::Path("std::any::type_name"), "code must not depend on the names of types"),
    (Rule::Path("std::any::type_name_of_val"), "code must not depend on the names of types"),
    (Rule::Path("std::mem::size_of"), "code must not depend on how types are laid out"),
    (Rule::Path("std::mem::size_of_val"), "code must not depend on how types are laid out"),
    (Rule::Path("std::mem::align_of"), "code must not depend on how types are laid out"),
    (Rule::Path("std::mem::align_of_val"), "code must not depend on how types are laid out"),
    (Rule::Path("std::alloc"), "code must not depend on how types are laid out"),
    (Rule::Path("std::panic::Location"), "code must not depend on where it is called"),
    (Rule::Path("std::backtrace"), "code must not depend on where it is called"),
    (Rule::Path("core"), "write std::… instead"),
    (Rule::Path("alloc"), "write std::… instead"),
    (Rule::Macro("include"), "a submission is its own files and nothing else"),
    (Rule::Macro("include_str"), "a submission is its own files and nothing else"),
    (Rule::Macro("include_bytes"), "a submission is its own files and nothing else"),
    (Rule::Macro("env"), "a submission does not look at how it is built"),
    (Rule::Macro("option_env"), "a submission does not look at how it is built"),
    (Rule::Macro("asm"), "inline assembly cannot be judged"),
    (Rule::Macro("global_asm"), "inline assembly cannot be judged"),
    (Rule::Macro("naked_asm"), "inline assembly cannot be judged"),
    (Rule::Attribute("path"), "a module is where its name says"),
    (Rule::Attribute("no_mangle"), "a submission exports no symbols"),
    (Rule::Attribute("export_name"), "a submission exports no symbols"),
    (Rule::Attribute("link_section"), "a submission places nothing in sections"),
    (Rule::Attribute("global_allocator"), "the allocator belongs to the program, not to a library"),
    (Rule::Attribute("feature"), "a submission is written in stable Rust"),
    (Rule::Extern, "a submission calls no foreign functions"),
];

/// One thing that is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule<'a> {
    Path(&'a str),
    Method(&'a str),
    Macro(&'a str),
    Attribute(&'a str),
    Extern,
}

impl Rule<'_> {
    fn subject(self) -> String {
        match self {
            Rule::Path(name) | Rule::Method(name) | Rule::Macro(name) | Rule::Attribute(name) => name.to_owned(),
            Rule::Extern => "extern".to_owned(),
        }
    }

    fn shown(self) -> String {
        match self {
            Rule::Path(name) => format!("`{name}`"),
            Rule::Method(name) => format!("`.{name}()`"),
            Rule::Macro(name) => format!("`{name}!`"),
            Rule::Attribute(name) => format!("`#[{name}]`"),
            Rule::Extern => "an `extern` block".to_owned(),
        }
    }
}

/// What reading the submission's source gave.
pub enum Read {
    /// It was judged. The paths are its files.
    Judged(CheckReport, Vec<PathBuf>),
    /// It is not valid Rust; the compiler will say it better.
    NotRust,
}

/// Reads the submission's files against the rules.
///
/// # Errors
/// If the root file cannot be read.
pub fn check(
    source: &Source,
    shown: &(dyn Fn(&Path) -> String + Sync),
    forbid: &[Forbid],
    allowed: &Allowed,
    of: u32,
    watch: &(dyn Fn(Event) + Sync),
) -> Result<Read, Trouble> {
    syntax::on_a_deep_stack(|| read(source, shown, forbid, allowed, of, watch))
}

fn read(
    source: &Source,
    shown: &dyn Fn(&Path) -> String,
    forbid: &[Forbid],
    allowed: &Allowed,
    of: u32,
    watch: &(dyn Fn(Event) + Sync),
) -> Result<Read, Trouble> {
    let begun = Instant::now();
    watch(Event::Started { check: Check::SourceRules, items: 0 });
    let everywhere = EVERYWHERE.iter().filter(|(rule, _)| !allowed.allow.contains(&rule.subject())).copied();
    let own = forbid.iter().filter_map(|each| {
        let rule = match each {
            Forbid { path: Some(name), .. } => Rule::Path(name),
            Forbid { method: Some(name), .. } => Rule::Method(name),
            Forbid { r#macro: Some(name), .. } => Rule::Macro(name),
            _ => return None,
        };
        Some((rule, each.reason.as_str()))
    });
    let rules: Vec<(Rule<'_>, &str)> = everywhere.chain(own).collect();
    let Some(files) = files(&source.root)? else { return Ok(Read::NotRust) };
    let mut findings = Vec::new();
    for (rule, reason) in &rules {
        let mut places: Vec<Location> = Vec::new();
        for (path, file) in &files {
            let mut search = Search { file, rule: *rule, allow: &allowed.allow, found: Vec::new() };
            search.visit_file(&file.syntax);
            places.extend(search.found.iter().map(|span| Location {
                file: shown(path),
                line: span.start().line as u32,
                column: Some(span.start().column as u32 + 1),
            }));
        }
        places.sort();
        places.dedup();
        if let Some(first) = places.first() {
            findings.push(finding(*rule, reason, first.clone(), &places[1..]));
        }
    }
    let evidence = Evidence::Source { files: files.len(), rules: rules.len() };
    let millis = begun.elapsed().as_millis() as u64;
    let report = CheckReport::from_items(Check::SourceRules, of, evidence, Vec::new(), findings, millis);
    Ok(Read::Judged(report, files.into_iter().map(|(path, _)| path).collect()))
}

fn finding(rule: Rule<'_>, reason: &str, location: Location, more: &[Location]) -> Finding {
    let lines = more.iter().map(|place| place.line.to_string()).collect::<Vec<_>>().join(", ");
    Finding {
        check: Check::SourceRules,
        kind: Kind::Forbidden,
        subject: rule.subject(),
        message: format!("{} is not allowed here: {reason}", rule.shown()),
        expected: None,
        seen: (!more.is_empty()).then(|| format!("also in line {lines}")),
        location: Some(location),
        detail: None,
        threads: Vec::new(),
        interleaving: None,
        next_step: None,
    }
}

/// One parsed file, and what its names stand for.
struct Parsed {
    syntax: syn::File,
    names: Names,
}

/// The root file and the files of its modules, parsed; `None` if one is not valid Rust.
fn files(root: &Path) -> Result<Option<Vec<(PathBuf, Parsed)>>, Trouble> {
    let mut files = Vec::new();
    let folder = root.parent().unwrap_or(Path::new("")).to_owned();
    let mut waiting = vec![(root.to_owned(), folder)];
    while let Some((path, folder)) = waiting.pop() {
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            // Not text: the compiler will say it better.
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData => return Ok(None),
            Err(error) if path == root => {
                return Err(Trouble::Usage(format!("cannot read {}: {error}", path.display())));
            }
            Err(_) => continue,
        };
        let Ok(syntax) = syntax::parse(&text) else { return Ok(None) };
        modules(&syntax.items, &folder, &mut waiting);
        let mut names = Names::default();
        names.visit_file(&syntax);
        let parsed = Parsed { syntax, names };
        files.push((path, parsed));
    }
    Ok(Some(files))
}

/// The files of modules without a body, where Rust looks for them.
fn modules(items: &[syn::Item], folder: &Path, waiting: &mut Vec<(PathBuf, PathBuf)>) {
    for item in items {
        let syn::Item::Mod(module) = item else { continue };
        if for_tests_only(&module.attrs) {
            continue;
        }
        let name = module.ident.to_string();
        let inner = folder.join(&name);
        match &module.content {
            Some((_, items)) => modules(items, &inner, waiting),
            None => {
                let candidates = [folder.join(format!("{name}.rs")), inner.join("mod.rs")];
                waiting.extend(candidates.into_iter().find(|path| path.is_file()).map(|path| (path, inner)));
            }
        }
    }
}

fn for_tests_only(attributes: &[syn::Attribute]) -> bool {
    let is_test = |attribute: &syn::Attribute| {
        attribute.path().is_ident("cfg") && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
    };
    attributes.iter().any(is_test)
}

/// Looks for one rule in one file.
struct Search<'a> {
    file: &'a Parsed,
    rule: Rule<'a>,
    allow: &'a [String],
    found: Vec<Span>,
}

impl Search<'_> {
    /// `absolute`: written in a `use` of a crate's name, or with a leading `::`, so that no local name can be meant.
    fn path(&mut self, parts: &[String], absolute: bool, span: Span) {
        let Rule::Path(forbidden) = self.rule else { return };
        let local = parts.first().is_some_and(|first| self.file.names.own.contains(first));
        // A crate's name alone is a variable, a field or a module of the submission's.
        if !forbidden.contains("::") && !absolute && (parts.len() < 2 || local) {
            return;
        }
        let forbidden_parts: Vec<&str> = forbidden.split("::").collect();
        let hit = self.file.names.meanings(parts).iter().any(|meaning| {
            let begins =
                meaning.len() >= forbidden_parts.len() && meaning.iter().zip(&forbidden_parts).all(|(a, b)| a == b);
            begins && !self.allowed(meaning)
        });
        if hit {
            self.found.push(span);
        }
    }

    /// A name alone, used as a function: one of the prelude, such as `size_of`, is nowhere imported.
    fn function(&mut self, name: &str, span: Span) {
        let Rule::Path(forbidden) = self.rule else { return };
        let in_prelude = forbidden.strip_prefix("std::mem::") == Some(name);
        if in_prelude && !self.file.names.own.contains(name) && !self.file.names.binds(name) {
            self.found.push(span);
        }
    }

    /// Whether a path is below one that the exercise allows, or on the way to it.
    fn allowed(&self, meaning: &[String]) -> bool {
        self.allow.iter().any(|allowed| allowed.split("::").zip(meaning).all(|(a, b)| a == b))
    }

    /// Paths, methods and macros in the tokens of a macro.
    fn tokens(&mut self, tokens: TokenStream) {
        let all: Vec<TokenTree> = tokens.into_iter().collect();
        let punct =
            |index: usize, sign: char| matches!(all.get(index), Some(TokenTree::Punct(p)) if p.as_char() == sign);
        let mut index = 0;
        while index < all.len() {
            match &all[index] {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Ident(first) => {
                    let method = index > 0 && punct(index - 1, '.');
                    let mut parts = vec![first.to_string()];
                    while punct(index + 1, ':') && punct(index + 2, ':') {
                        let Some(TokenTree::Ident(next)) = all.get(index + 3) else { break };
                        parts.push(next.to_string());
                        index += 3;
                    }
                    let last = parts.last().cloned().unwrap_or_default();
                    match self.rule {
                        Rule::Method(name) if (method || parts.len() > 1) && last == name => {
                            self.found.push(first.span())
                        }
                        Rule::Macro(name) if punct(index + 1, '!') && last == name => self.found.push(first.span()),
                        Rule::Path(_) if !method => {
                            self.path(&parts, false, first.span());
                            let called = matches!(
                                all.get(index + 1),
                                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis
                            );
                            if parts.len() == 1 && (called || punct(index + 1, ':') && punct(index + 2, ':')) {
                                self.function(&last, first.span());
                            }
                        }
                        _ => {}
                    }
                }
                _ => {}
            }
            index += 1;
        }
    }

    fn use_tree(&mut self, prefix: &[String], absolute: bool, tree: &syn::UseTree) {
        let with = |name: &syn::Ident| [prefix, &[name.to_string()]].concat();
        match tree {
            syn::UseTree::Path(path) => self.use_tree(&with(&path.ident), absolute, &path.tree),
            syn::UseTree::Name(name) if name.ident == "self" => self.path(prefix, absolute, name.ident.span()),
            syn::UseTree::Name(name) => self.path(&with(&name.ident), absolute, name.ident.span()),
            syn::UseTree::Rename(rename) if rename.ident == "self" => self.path(prefix, absolute, rename.ident.span()),
            syn::UseTree::Rename(rename) => self.path(&with(&rename.ident), absolute, rename.ident.span()),
            syn::UseTree::Glob(glob) => self.path(prefix, absolute, glob.star_token.spans[0]),
            syn::UseTree::Group(group) => group.items.iter().for_each(|tree| self.use_tree(prefix, absolute, tree)),
        }
    }
}

impl<'ast> Visit<'ast> for Search<'_> {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        let attributes = match item {
            syn::Item::Mod(item) => &item.attrs,
            syn::Item::Fn(item) => &item.attrs,
            syn::Item::Use(item) => &item.attrs,
            syn::Item::Impl(item) => &item.attrs,
            syn::Item::Struct(item) => &item.attrs,
            _ => &Vec::new(),
        };
        if !for_tests_only(attributes) {
            visit::visit_item(self, item);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let parts: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if let (Some(first), true) = (path.segments.first(), parts.len() > 1 || path.leading_colon.is_none()) {
            self.path(&parts, path.leading_colon.is_some(), first.ident.span());
            if let Rule::Method(name) = self.rule
                && parts.len() > 1
                && parts.last().is_some_and(|last| last == name)
                && parts[0] != "Self"
                && !self.file.names.own.contains(&parts[0])
            {
                self.found.push(first.ident.span());
            }
        }
        visit::visit_path(self, path);
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let local = item.leading_colon.is_none()
            && first_of(&item.tree).is_some_and(|first| self.file.names.own.contains(&first));
        self.use_tree(&[], !local, &item.tree);
    }

    fn visit_item_extern_crate(&mut self, item: &'ast syn::ItemExternCrate) {
        self.path(&[item.ident.to_string()], true, item.ident.span());
    }

    fn visit_expr_path(&mut self, path: &'ast syn::ExprPath) {
        // With its type arguments written out it is no variable.
        if let (1, Some(only)) = (path.path.segments.len(), path.path.segments.first())
            && !only.arguments.is_none()
        {
            self.function(&only.ident.to_string(), only.ident.span());
        }
        visit::visit_expr_path(self, path);
    }

    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        if let syn::Expr::Path(path) = &*call.func
            && let Some(name) = path.path.get_ident()
        {
            self.function(&name.to_string(), name.span());
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        if let Rule::Method(name) = self.rule
            && call.method == name
        {
            self.found.push(call.method.span());
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        if let (Rule::Macro(name), Some(last)) = (self.rule, call.path.segments.last())
            && last.ident == name
        {
            self.found.push(last.ident.span());
        }
        self.tokens(call.tokens.clone());
        visit::visit_macro(self, call);
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        // `#[cfg_attr(…, path = "…")]` and `#[unsafe(no_mangle)]` hide the name one level down.
        let Rule::Attribute(name) = self.rule else { return };
        let nested = ["cfg_attr", "unsafe"].iter().any(|each| attribute.path().is_ident(each));
        let inside = nested && attribute.meta.require_list().is_ok_and(|list| mentions(list.tokens.clone(), name));
        if attribute.path().is_ident(name) || inside {
            self.found.extend(attribute.path().segments.first().map(|segment| segment.ident.span()));
        }
    }

    fn visit_item_foreign_mod(&mut self, item: &'ast syn::ItemForeignMod) {
        if self.rule == Rule::Extern {
            self.found.push(item.abi.extern_token.span);
        }
    }
}

/// The first name of a `use`.
fn first_of(tree: &syn::UseTree) -> Option<String> {
    match tree {
        syn::UseTree::Path(path) => Some(path.ident.to_string()),
        syn::UseTree::Name(name) => Some(name.ident.to_string()),
        syn::UseTree::Rename(rename) => Some(rename.ident.to_string()),
        syn::UseTree::Glob(_) | syn::UseTree::Group(_) => None,
    }
}

fn mentions(tokens: TokenStream, name: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == name,
        TokenTree::Group(group) => mentions(group.stream(), name),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use verdict::{Origin, Outcome};

    fn lines_found(forbid: &str, allow: &[&str], text: &str) -> Vec<(String, u32)> {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("lib.rs");
        std::fs::write(&root, text).unwrap();
        let forbid = Forbid { path: Some(forbid.into()), method: None, r#macro: None, reason: "because".into() };
        let allowed = Allowed { allow: allow.iter().map(ToString::to_string).collect(), ..Allowed::default() };
        let source = Source::file(Origin::Learner, &root).unwrap();
        match check(&source, &|path| path.display().to_string(), &[forbid], &allowed, 10, &|_| {}).unwrap() {
            Read::Judged(report, _) => {
                assert_eq!(report.findings.is_empty(), report.outcome == Outcome::Passed);
                report.findings.into_iter().map(|f| (f.subject, f.location.unwrap().line)).collect()
            }
            Read::NotRust => panic!("not Rust: {text}"),
        }
    }

    #[test]
    fn a_forbidden_type_is_found_however_it_is_named() {
        for text in [
            "use std::sync::RwLock;",
            "use std::sync::{Mutex, RwLock as L};",
            "use std::sync; fn f(_: sync::RwLock<u8>) {}",
            "use std::sync::{self as s}; type L = s::RwLock<u8>;",
            "use std as s; type L = s::sync::RwLock<u8>;",
            "use std::sync::*; type L = RwLock<u8>;",
            "use std::*; type L = sync::RwLock<u8>;",
            "type L = ::std::sync::RwLock<u8>;",
            "use ::std::sync::RwLock;",
            "mod a { pub use std::sync as b; } use a::b; type L = crate::a::b::RwLock<u8>; use std::sync as b2; type M = b2::RwLock<u8>;",
            "macro_rules! m { () => { std::sync::RwLock::new(1) } }",
            "fn f() { vec![std::sync::RwLock::new(1)]; }",
            "fn f() { let _ = <std::sync::RwLock<u8>>::new(1); }",
            "use std::sync::RwLockReadGuard as _; use std::sync::RwLock as _;",
            "extern crate std as s; type L = s::sync::RwLock<u8>;",
        ] {
            let found = lines_found("std::sync::RwLock", &[], text);
            assert!(
                found.iter().any(|(subject, line)| subject == "std::sync::RwLock" && *line == 1),
                "{text}: {found:?}"
            );
        }
    }

    #[test]
    fn a_type_of_that_name_of_ones_own_is_no_fault() {
        for text in [
            "pub struct RwLock<T>(T); use std::sync::*; fn f(_: RwLock<u8>) {}",
            "use std::sync::Mutex; pub struct RwLock<T>(Mutex<T>); impl<T> RwLock<T> { fn sleep() {} }",
            "#[cfg(test)] mod tests { use std::sync::RwLock; }",
            "/// std::sync::RwLock\n// std::sync::RwLock\nconst S: &str = \"std::sync::RwLock\";",
            "use std::sync::RwLockReadGuard;",
        ] {
            assert_eq!(lines_found("std::sync::RwLock", &[], text), [], "{text}");
        }
    }

    #[test]
    fn a_crates_name_alone_is_not_the_crate() {
        for text in [
            "fn f(core: u8) -> u8 { let alloc = core; println!(\"{}\", alloc); alloc }",
            "mod core { pub fn f() {} } use core::f; fn g() { core::f(); f() }",
        ] {
            assert_eq!(lines_found("x", &[], text), [], "{text}");
        }
        let hidden = "mod core { pub use ::core::*; } type L = core::sync::atomic::AtomicBool;";
        assert_eq!(lines_found("x", &[], hidden), [("core".to_owned(), 1)]);
    }

    #[test]
    fn rules_that_hold_everywhere_hold() {
        for (subject, text) in [
            ("std::process", "fn f() { std::process::exit(0) }"),
            ("std::process", "use std::process::Command;"),
            ("include_str", "const S: &str = include_str!(\"/etc/passwd\");"),
            ("include_str", "fn f() { println!(\"{}\", include_str!(\"x\")); }"),
            ("path", "#[path = \"/etc/passwd\"] mod x;"),
            ("path", "#[cfg_attr(all(), path = \"/etc/passwd\")] mod x;"),
            ("no_mangle", "#[unsafe(no_mangle)] pub fn f() {}"),
            ("extern", "unsafe extern \"C\" { fn getpid() -> i32; }"),
            ("core", "use core::sync::atomic::AtomicBool;"),
            ("alloc", "extern crate alloc; fn f(_: alloc::sync::Arc<u8>) {}"),
            ("std::mem::size_of", "const N: usize = size_of::<u8>();"),
            ("std::mem::size_of", "const N: usize = std::mem::size_of::<u8>();"),
            ("std::mem::size_of", "fn f() { assert_eq!(size_of::<u8>(), 1) }"),
            ("std::mem::size_of_val", "fn f() -> usize { size_of_val(&1) }"),
            ("std::mem::size_of_val", "fn f() { println!(\"{}\", size_of_val(&1)); }"),
            ("std::mem::align_of", "use std::mem; fn f() -> usize { mem::align_of::<u8>() }"),
            ("std::mem::align_of_val", "fn f() -> Option<usize> { Some(&1).map(std::mem::align_of_val::<i32>) }"),
            ("std::alloc", "use std::alloc::Layout;"),
            ("std::panic::Location", "use std::panic; fn f() { panic::Location::caller(); }"),
            ("std::backtrace", "use std::backtrace::Backtrace;"),
            ("std::any::type_name", "use std::any::*; fn f() -> &'static str { type_name::<u8>() }"),
            ("std::panic::set_hook", "use std::panic; fn f() { panic::set_hook(Box::new(|_| {})) }"),
        ] {
            let found = lines_found("std::sync::RwLock", &[], text);
            assert!(found.iter().any(|(each, _)| each == subject), "{text}: {found:?}");
        }
    }

    #[test]
    fn a_name_like_one_of_the_preludes_is_no_fault() {
        for text in [
            "fn size_of(_: u8) -> u8 { 0 } fn f() -> u8 { size_of(1) }",
            "mod a { pub fn size_of_val(_: &u8) {} } use a::size_of_val; fn f() { size_of_val(&1) }",
            "struct S { size_of: u8 } impl S { fn align_of(&self) -> u8 { self.size_of } }",
            "fn f(size_of: u8) -> u8 { let align_of = size_of; println!(\"{}\", align_of); align_of }",
            "use std::mem; fn f(a: &mut u8) -> u8 { mem::take(a) }",
        ] {
            assert_eq!(lines_found("x", &[], text), [], "{text}");
        }
    }

    #[test]
    fn an_exercise_can_lift_a_rule_in_part() {
        let text = "use std::os::unix::net::UnixStream;";
        assert_eq!(lines_found("x", &["std::os::unix::net"], text), []);
        let text = "use std::os::fd::OwnedFd;";
        assert_eq!(lines_found("x", &["std::os::unix::net"], text).len(), 1);
    }

    #[test]
    fn every_file_of_the_crate_is_read() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("a")).unwrap();
        std::fs::write(folder.path().join("lib.rs"), "mod a;").unwrap();
        std::fs::write(folder.path().join("a.rs"), "mod b;").unwrap();
        std::fs::write(folder.path().join("a/b.rs"), "\nuse std::fs;").unwrap();
        let source = Source::file(Origin::Learner, &folder.path().join("lib.rs")).unwrap();
        let read = check(&source, &|path| path.display().to_string(), &[], &Allowed::default(), 10, &|_| {}).unwrap();
        let Read::Judged(report, files) = read else { panic!("not Rust") };
        assert_eq!(files.len(), 3);
        let place = report.findings[0].location.clone().unwrap();
        assert!(place.file.ends_with("a/b.rs") && place.line == 2, "{place:?}");
    }
}
