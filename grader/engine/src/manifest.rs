//! What the hidden tests of an exercise are, read from their own source: names, statements, limits.
//!
//! The list of facts is the grader's own, made before anything of the submission runs: a fact without a result is one
//! that failed.

use crate::syntax;
use crate::trouble::{Context, Trouble, read};
use std::path::{Path, PathBuf};
use syn::{Attribute, Expr, Item, ItemFn, Lit, Meta};

/// A fact of `behaviour.rs`, or a transcript, or a workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hidden {
    /// The function's name.
    pub name: String,
    /// One sentence, true of correct code.
    pub statement: String,
    /// The advice that goes with it.
    pub next_step: Option<String>,
    /// The time limit in seconds, if it has one of its own.
    pub seconds: Option<u64>,
    /// Other arguments of the attribute: `panics`, `alone`, `cpu`.
    pub flags: Vec<String>,
}

impl Hidden {
    /// Whether the attribute has this argument.
    pub fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|each| each == flag)
    }
}

/// Reads the functions that carry `attribute` from a hidden test file; none if there is no such file.
///
/// # Errors
/// If the file is not valid Rust, or a function lacks its statement.
pub fn functions(path: &Path, attribute: &str) -> Result<Vec<Hidden>, Trouble> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = read(path)?;
    // The file is ours and nests little; but what the parser remembers of texts (their lines and columns) goes only with its
    // thread.
    syntax::on_a_deep_stack(|| {
        let file = syn::parse_file(&text).usage(path.display())?;
        let functions = file.items.iter().filter_map(|item| match item {
            Item::Fn(function) => marked(function, attribute).map(|mark| (function, mark)),
            _ => None,
        });
        functions.map(|(function, mark)| hidden(path, &file, function, mark)).collect()
    })
}

fn marked<'a>(function: &'a ItemFn, attribute: &str) -> Option<&'a Attribute> {
    let is_it = |each: &&Attribute| each.path().segments.last().is_some_and(|segment| segment.ident == attribute);
    function.attrs.iter().find(is_it)
}

fn hidden(path: &Path, file: &syn::File, function: &ItemFn, mark: &Attribute) -> Result<Hidden, Trouble> {
    let name = function.sig.ident.to_string();
    let paragraphs = paragraphs(&function.attrs);
    // A file with one program in it may say at its head what it is.
    let statement = paragraphs.first().cloned().or_else(|| self::paragraphs(&file.attrs).into_iter().next());
    let statement = statement.ok_or_else(|| {
        Trouble::Usage(format!("{}: {name} has no doc comment; its first paragraph is the statement", path.display()))
    })?;
    let next_step = paragraphs.iter().find_map(|text| text.strip_prefix("Next:")).map(|text| text.trim().to_owned());
    let (mut seconds, mut flags) = (None, Vec::new());
    if let Meta::List(_) = mark.meta {
        let read = mark.parse_nested_meta(|argument| {
            if argument.path.is_ident("seconds") {
                let number: syn::LitInt = argument.value()?.parse()?;
                seconds = Some(number.base10_parse()?);
            } else if let Some(flag) = argument.path.get_ident() {
                flags.push(flag.to_string());
            }
            Ok(())
        });
        read.usage(format_args!("{}: the attribute of {name}", path.display()))?;
    }
    Ok(Hidden { name, statement, next_step, seconds, flags })
}

/// The paragraphs of a doc comment, each on one line.
fn paragraphs(attributes: &[Attribute]) -> Vec<String> {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => Some(text.value().trim().to_owned()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    });
    let lines: Vec<String> = lines.collect();
    let paragraphs = lines.split(String::is_empty).filter(|lines| !lines.is_empty());
    paragraphs.map(|lines| lines.join(" ")).collect()
}

/// A small program that must, or must not, compile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// The file's name without its ending.
    pub name: String,
    /// The file.
    pub path: PathBuf,
    /// Its first line.
    pub statement: String,
    /// The errors it must give: line and code. Empty: it must compile.
    pub refused: Vec<(u32, String)>,
}

/// Reads the cases of a folder, in the order of their names; none if there is no such folder.
///
/// # Errors
/// If a case lacks its statement, or a case of `compile_fail` its marker.
pub fn cases(folder: &Path, must_fail: bool) -> Result<Vec<Case>, Trouble> {
    let mut cases = Vec::new();
    for path in rust_files(folder)? {
        let text = read(&path)?;
        let wrong = |what: &str| Trouble::Usage(format!("{}: {what}", path.display()));
        let statement = text.lines().next().and_then(|line| line.strip_prefix("//!")).map(str::trim);
        let statement = statement.ok_or_else(|| wrong("the first line must be `//!` and the statement"))?.to_owned();
        let refused: Vec<(u32, String)> = (1..)
            .zip(text.lines())
            .filter_map(|(number, line)| Some((number, line.split_once("//~")?.1.trim().to_owned())))
            .collect();
        if must_fail == refused.is_empty() {
            return Err(wrong(if must_fail {
                "a case of compile_fail needs a marker `//~ CODE` on the line that must be refused"
            } else {
                "a case of compile_pass must have no marker"
            }));
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        cases.push(Case { name, path, statement, refused });
    }
    Ok(cases)
}

/// The `.rs` files directly in a folder, sorted; none if there is no such folder.
///
/// # Errors
/// If the folder cannot be read.
pub fn rust_files(folder: &Path) -> Result<Vec<PathBuf>, Trouble> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    for entry in walkdir::WalkDir::new(folder).max_depth(1).sort_by_file_name() {
        let entry = entry.usage(format_args!("cannot read the folder {}", folder.display()))?;
        if entry.file_type().is_file() && entry.path().extension().is_some_and(|ending| ending == "rs") {
            files.push(entry.into_path());
        }
    }
    Ok(files)
}
