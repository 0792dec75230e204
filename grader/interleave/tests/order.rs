//! The files of each crate have an order: no file imports one that imports it back, directly or through others.
//!
//! A file imports another one if a path in it (in a `use` or anywhere else) begins with `crate`, `super`, `self` or a child module,
//! and leads to an item or a module there: `super::wait::Wait` is an import of `wait.rs`, `super::Wait` one of the parent, also if
//! the parent only passes the name on. So a child of a module that passes its items on does not import that module.
//!
//! This is a scan of the text, not of the program. No import is: a call of a method, the declaration of a module (`mod wait;`), a macro
//! that is used by its bare name, a visibility (`pub(in crate::engine)`), and a path from `$crate`, which is resolved where
//! the macro is used.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write;
use std::fs;
use std::path::Path;

/// A module: the names that lead to it from the root of the crate.
type Module = Vec<String>;

/// A crate as text: the name and the content of each file, with `/` between folders.
type Sources = BTreeMap<String, String>;

/// For each file, the files that it imports, with the line of the first import.
type Imports<'a> = BTreeMap<&'a str, BTreeMap<&'a str, usize>>;

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Name(String),
    /// `::`
    Colons,
    Other(char),
}

#[test]
fn interleave_has_an_order() {
    assert_order("src");
}

#[test]
fn tokio_has_an_order() {
    assert_order("tokio/src");
}

#[test]
fn crossbeam_has_an_order() {
    assert_order("crossbeam/src");
}

#[test]
fn a_circle_is_found() {
    let sources = made_up([
        ("lib.rs", "mod a;\nmod b;\npub use a::{Thing, other};"),
        ("a.rs", "// The first.\nuse std::fmt;\nuse crate::b::{deep::Deep, Item};"),
        ("b/mod.rs", "pub mod deep;\nmod inner;\n\npub use inner::Item;"),
        ("b/deep.rs", "pub struct Deep;"),
        ("b/inner.rs", "fn item() { let text = \"two\nlines\"; 'a: loop {} } fn f() { super::super::a::other() }"),
    ]);
    let circle = circle(&imports(&sources)).expect("there is one");
    assert_eq!(circle, "  a.rs:3 imports b/mod.rs\n  b/mod.rs:4 imports b/inner.rs\n  b/inner.rs:2 imports a.rs\n");
}

#[test]
fn a_child_that_takes_a_name_from_its_parent_imports_the_parent() {
    let parent = ("a.rs", "mod child;\npub use child::Child;\npub use std::fmt::Result;");
    let circle_with = |child| circle(&imports(&made_up([parent, ("a/child.rs", child)])));
    assert_eq!(circle_with("use std::fmt::Result;\npub struct Child;"), None);
    let message = "  a.rs:2 imports a/child.rs\n  a/child.rs:1 imports a.rs\n";
    assert_eq!(circle_with("use super::Result;\npub struct Child;").as_deref(), Some(message));
    assert_eq!(circle_with("use crate::a::{self, Result};\npub struct Child;").as_deref(), Some(message));
    assert_eq!(circle_with("pub struct Child(super::Result);").as_deref(), Some(message));
}

#[test]
fn what_only_looks_like_an_import_is_none() {
    let sources = made_up([
        ("lib.rs", "mod a;\nmod b;"),
        ("a.rs", "use crate::b::Item;\nmod within { use super::super::b::Item; use super::local; }\nfn local() {}"),
        (
            "b.rs",
            "//! See [`a`](crate::a).\npub(in crate::a) struct Item;\nconst TEXT: &str = \"crate::a \\\" crate::a\";\n\
             #[macro_export]\nmacro_rules! item { () => { $crate::a::local() }; }\nconst QUOTE: char = '\"';\n\
             /* crate::a /* within */ crate::a */ const RAW: &str = r#\"crate::a \" crate::a\"#;\nstruct Last(std::fmt::Error);",
        ),
    ]);
    let imports = imports(&sources);
    assert_eq!(imports["a.rs"], BTreeMap::from([("b.rs", 1)]));
    assert_eq!(imports["b.rs"], BTreeMap::new());
    // Nothing of that hides what comes after it.
    let hidden = sources["b.rs"].clone() + "type After = crate::a::After;";
    let sources = made_up([("lib.rs", ""), ("a.rs", ""), ("b.rs", &hidden)]);
    assert_eq!(crate::imports(&sources)["b.rs"].keys().collect::<Vec<_>>(), [&"a.rs"]);
}

#[test]
fn an_exported_macro_is_in_its_file() {
    let sources = made_up([
        ("lib.rs", "mod a;\nmod b;\npub use a::Thing;"),
        ("a.rs", "pub use crate::say;"),
        ("b.rs", "#[macro_export]\nmacro_rules! say { () => {}; }"),
    ]);
    assert_eq!(imports(&sources)["a.rs"], BTreeMap::from([("b.rs", 1)]));
}

fn made_up<const COUNT: usize>(files: [(&str, &str); COUNT]) -> Sources {
    files.map(|(file, text)| (file.to_owned(), text.to_owned())).into()
}

/// # Panics
/// If files of the crate import each other in a circle. The message names them.
fn assert_order(folder: &str) {
    let mut sources = Sources::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), "", &mut sources);
    assert!(sources.contains_key("lib.rs"), "{folder} is not the source of a crate");
    let imports = imports(&sources);
    assert!(imports.values().any(|imported| !imported.is_empty()), "no imports are found in {folder}");
    let circle = circle(&imports);
    assert!(circle.is_none(), "files in {folder} import each other in a circle:\n{}", circle.unwrap_or_default());
}

fn read(folder: &Path, prefix: &str, sources: &mut Sources) {
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the folder can be read").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("source files have plain names");
        if path.is_dir() {
            read(&path, &format!("{prefix}{name}/"), sources);
        } else if name.ends_with(".rs") {
            sources.insert(format!("{prefix}{name}"), fs::read_to_string(&path).expect("the file can be read"));
        }
    }
}

/// The module that a file is: `a/b.rs` and `a/b/mod.rs` are `a::b`.
fn module_of(file: &str) -> Module {
    let stem = file.trim_end_matches(".rs");
    let stem = stem.strip_suffix("/mod").unwrap_or(stem);
    if stem == "lib" { Module::new() } else { stem.split('/').map(str::to_owned).collect() }
}

fn imports(sources: &Sources) -> Imports<'_> {
    let mut files: BTreeMap<Module, &str> = sources.keys().map(|file| (module_of(file), file.as_str())).collect();
    let tokens: BTreeMap<&str, _> = sources.iter().map(|(file, text)| (file.as_str(), tokens(text))).collect();
    for (file, tokens) in &tokens {
        // An exported macro is at the root of the crate, wherever it is written.
        for exported in exported_macros(tokens) {
            files.insert(vec![exported], file);
        }
    }
    let imports = tokens.iter().map(|(file, tokens)| {
        let mut imported = BTreeMap::new();
        for (path, line) in paths(tokens, &module_of(file), &files) {
            // The longest beginning of the path that is a file; the rest is an item in it.
            let to = (0..=path.len()).rev().find_map(|length| files.get(&path[..length]));
            if let Some(to) = to.filter(|to| *to != file) {
                imported.entry(*to).or_insert(line);
            }
        }
        (*file, imported)
    });
    imports.collect()
}

/// The names, colons and signs of a source text, with their lines; without comments, literals and lifetimes.
fn tokens(text: &str) -> Vec<(Token, usize)> {
    let letters: Vec<char> = text.chars().collect();
    let at = |index: usize| letters.get(index).copied().unwrap_or('\0');
    let (mut tokens, mut index, mut line) = (Vec::new(), 0, 1);
    while index < letters.len() {
        let start = index;
        let letter = letters[index];
        if letter == '/' && at(index + 1) == '/' {
            while index < letters.len() && at(index) != '\n' {
                index += 1;
            }
        } else if letter == '/' && at(index + 1) == '*' {
            let mut open = 0;
            while index < letters.len() {
                match (at(index), at(index + 1)) {
                    ('/', '*') => open += 1,
                    ('*', '/') => open -= 1,
                    _ => {
                        index += 1;
                        continue;
                    }
                }
                index += 2;
                if open == 0 {
                    break;
                }
            }
        } else if let Some(hashes) = raw_string(&letters[index..]) {
            let end: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
            index += letters[index..].iter().position(|letter| *letter == '"').unwrap_or(0) + 1;
            while index < letters.len() && !letters[index..].starts_with(&end) {
                index += 1;
            }
            index += end.len();
        } else if letter == '"' {
            index += 1;
            while index < letters.len() && at(index) != '"' {
                index += if at(index) == '\\' { 2 } else { 1 };
            }
            index += 1;
        } else if letter == '\'' {
            // 'a' and '\n' are characters, 'a is a lifetime.
            index += 1;
            if at(index) == '\\' || at(index + 1) == '\'' {
                index += if at(index) == '\\' { 2 } else { 1 };
                while index < letters.len() && at(index) != '\'' {
                    index += 1;
                }
                index += 1;
            } else {
                while at(index).is_alphanumeric() || at(index) == '_' {
                    index += 1;
                }
            }
        } else if letter.is_alphanumeric() || letter == '_' {
            while at(index).is_alphanumeric() || at(index) == '_' {
                index += 1;
            }
            tokens.push((Token::Name(letters[start..index].iter().collect()), line));
        } else if letter == ':' && at(index + 1) == ':' {
            index += 2;
            tokens.push((Token::Colons, line));
        } else {
            index += 1;
            if !letter.is_whitespace() {
                tokens.push((Token::Other(letter), line));
            }
        }
        line += letters[start..index.min(letters.len())].iter().filter(|letter| **letter == '\n').count();
    }
    tokens
}

/// How many hashes a raw string has (`r#"…"#`), if one begins here.
fn raw_string(letters: &[char]) -> Option<usize> {
    let rest = letters.strip_prefix(&['r']).or_else(|| letters.strip_prefix(&['b', 'r']))?;
    let hashes = rest.iter().take_while(|letter| **letter == '#').count();
    (rest.get(hashes) == Some(&'"')).then_some(hashes)
}

fn name(tokens: &[(Token, usize)], index: usize) -> Option<&str> {
    match tokens.get(index) {
        Some((Token::Name(name), _)) => Some(name),
        _ => None,
    }
}

fn is(tokens: &[(Token, usize)], index: usize, sign: char) -> bool {
    matches!(tokens.get(index), Some((Token::Other(other), _)) if *other == sign)
}

fn exported_macros(tokens: &[(Token, usize)]) -> Vec<String> {
    let mut exported = Vec::new();
    let mut export = false;
    for index in 0..tokens.len() {
        match name(tokens, index) {
            Some("macro_export") => export = true,
            Some("macro_rules") if std::mem::take(&mut export) => {
                exported.extend(name(tokens, index + 2).map(str::to_owned));
            }
            _ => {}
        }
    }
    exported
}

/// All paths of a file that begin in its crate, from the root, with their lines.
fn paths(tokens: &[(Token, usize)], module: &[String], files: &BTreeMap<Module, &str>) -> Vec<(Vec<String>, usize)> {
    let mut paths = Vec::new();
    // The module at this place, and at which depth of braces each module within the file began.
    let mut here = module.to_vec();
    let (mut depth, mut begun) = (0, Vec::new());
    let mut index = 0;
    while index < tokens.len() {
        let inner = (name(tokens, index) == Some("mod") && is(tokens, index + 2, '{')).then(|| name(tokens, index + 1));
        if let Some(Some(inner)) = inner {
            here.push(inner.to_owned());
            begun.push(depth);
            depth += 1;
            index += 3;
            continue;
        }
        if is(tokens, index, '{') {
            depth += 1;
        } else if is(tokens, index, '}') {
            depth -= 1;
            if begun.last() == Some(&depth) {
                begun.pop();
                here.pop();
            }
        }
        // `a::b` goes on at `b`, `$crate` leads elsewhere, `(in crate::a)` only says where something is visible.
        let before = |back| index.checked_sub(back).map(|index| &tokens[index].0);
        let visibility = before(1) == Some(&Token::Name("in".to_owned())) && before(2) == Some(&Token::Other('('));
        let continues = matches!(before(1), Some(Token::Colons | Token::Other('$'))) || visibility;
        let begins = !continues && tokens.get(index + 1).is_some_and(|next| next.0 == Token::Colons);
        let from = if begins { name(tokens, index).and_then(|first| from(first, &here, files)) } else { None };
        match from {
            Some(from) => index = follow(tokens, index + 1, from, &mut paths),
            None => index += 1,
        }
    }
    paths
}

/// Where the first name of a path leads, if into this crate.
fn from(first: &str, here: &[String], files: &BTreeMap<Module, &str>) -> Option<Module> {
    let child = [here, &[first.to_owned()]].concat();
    match first {
        "crate" => Some(Module::new()),
        "self" => Some(here.to_vec()),
        "super" => Some(here[..here.len().saturating_sub(1)].to_vec()),
        _ => files.contains_key(&child).then_some(child),
    }
}

/// Follows a path, of which `path` is behind, through all its groups. Returns the index after it.
fn follow(
    tokens: &[(Token, usize)],
    mut index: usize,
    mut path: Vec<String>,
    paths: &mut Vec<(Vec<String>, usize)>,
) -> usize {
    let line = tokens[index - 1].1;
    while tokens.get(index).is_some_and(|token| token.0 == Token::Colons) {
        index += 1;
        if is(tokens, index, '{') {
            index += 1;
            while index < tokens.len() && !is(tokens, index, '}') {
                // Each element of the group, which may be a path with a group of its own. `as` and a new name come to nothing.
                let Some(next) = name(tokens, index) else {
                    index += 1;
                    continue;
                };
                let element = if next == "self" { path.clone() } else { [&path[..], &[next.to_owned()]].concat() };
                index = follow(tokens, index + 1, element, paths);
                while index < tokens.len() && !is(tokens, index, ',') && !is(tokens, index, '}') {
                    index += 1;
                }
            }
            return index + 1;
        }
        match name(tokens, index) {
            Some("super") => _ = path.pop(),
            Some(next) => path.push(next.to_owned()),
            // `*`, or the arguments of a generic function.
            None => break,
        }
        index += 1;
    }
    paths.push((path, line));
    index
}

/// A shortest circle of imports, one a line.
fn circle(imports: &Imports<'_>) -> Option<String> {
    let shortest = imports.keys().filter_map(|file| way_back(imports, file)).min_by_key(Vec::len)?;
    let mut text = String::new();
    for (index, from) in shortest.iter().enumerate() {
        let to = shortest[(index + 1) % shortest.len()];
        writeln!(text, "  {from}:{} imports {to}", imports[from][to]).expect("a string takes everything");
    }
    Some(text)
}

/// The shortest way over imports from a file back to itself: the files on it.
fn way_back<'a>(imports: &Imports<'a>, file: &'a str) -> Option<Vec<&'a str>> {
    let mut before: BTreeMap<&str, &str> = BTreeMap::new();
    let mut waiting = VecDeque::from([file]);
    while let Some(from) = waiting.pop_front() {
        for to in imports[from].keys() {
            if before.contains_key(to) {
                continue;
            }
            before.insert(to, from);
            if *to == file {
                let mut way = vec![before[file]];
                while way[way.len() - 1] != file {
                    way.push(before[way[way.len() - 1]]);
                }
                way.reverse();
                return Some(way);
            }
            waiting.push_back(to);
        }
    }
    None
}
