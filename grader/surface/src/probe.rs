//! Asks the compiler whether items are there: each is a line of a program of its own.

use crate::public::{Public, Signature, What};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

/// What the parameters of a type may be, and those of a trait that it has: a value, a function, a future, a cell, a pointer.
/// Implementations have bounds, and the first line that fits is taken.
const ARGUMENTS: [(&str, &str); 6] = [
    ("u8", "u8"),
    ("u8", "::core::future::Ready<u8>"),
    ("fn() -> u8", "fn() -> u8"),
    ("::core::future::Ready<u8>", "::core::future::Ready<u8>"),
    ("::core::cell::Cell<u8>", "::core::cell::Cell<u8>"),
    ("::core::pin::Pin<::std::boxed::Box<u8>>", "u8"),
];

/// The compiler says with these that it does not know *which* of several things is meant: so there is one.
const THERE: [&str; 5] = ["E0034", "E0282", "E0283", "E0284", "E0790"];

/// The compiler, with some crates at hand.
#[derive(Debug)]
pub struct Compiler {
    /// Names, and the libraries that are meant by them.
    pub crates: Vec<(String, PathBuf)>,
    /// Where what they depend on lies.
    pub dependencies: PathBuf,
    /// Where to put the program.
    pub scratch: PathBuf,
}

/// What a comparison came to.
#[derive(Debug)]
pub struct Comparison {
    /// What the original has.
    pub asked: Vec<Public>,
    /// Of which no line was found that compiles with the original.
    pub unknown: Vec<Public>,
    /// What the stand-in does not have, and what the compiler says to that.
    pub missing: Vec<(Public, String)>,
}

/// Asks for all items, of the original and of the stand-in.
#[must_use]
pub fn compare(items: Vec<Public>, original: &Compiler, stand_in: &Compiler) -> Comparison {
    let (there, unknown) = lines(items, original);
    let (asked, lines): (Vec<Public>, Vec<String>) = there.into_iter().unzip();
    let failures = stand_in.failures(&lines);
    let missing = failures.into_iter().map(|(index, said)| (asked[index].clone(), said)).collect();
    Comparison { asked, unknown, missing }
}

/// Those of the items that a program can use.
#[must_use]
pub fn stable(items: Vec<Public>, original: &Compiler) -> Vec<Public> {
    let (mut there, _) = lines(items, original);
    there.sort_by_key(|(item, _)| item.to_string());
    there.into_iter().map(|(item, _)| item).collect()
}

/// The items with lines that compile with the original, and those of which there is none.
fn lines(items: Vec<Public>, original: &Compiler) -> (Vec<(Public, String)>, Vec<Public>) {
    let mut unknown = items;
    let mut there = Vec::new();
    for argument in ARGUMENTS {
        let tried: Vec<String> = unknown.iter().map(|item| line(item, argument)).collect();
        let failures = original.failures(&tried);
        let mut rest = Vec::new();
        for (index, (item, line)) in unknown.into_iter().zip(tried).enumerate() {
            match failures.contains_key(&index) {
                true => rest.push(item),
                false => there.push((item, line)),
            }
        }
        unknown = rest;
    }
    (there, unknown)
}

/// A function or an import that compiles if the item is there. It has no name yet: `NAME` stands for it.
fn line(item: &Public, (argument, of_trait): (&str, &str)) -> String {
    let with = |parameters: &usize, argument: &str| match parameters {
        0 => String::new(),
        count => format!("<{}>", vec![argument; *count].join(", ")),
    };
    let (path, owner) = (&item.path, item.owner());
    let name = path.rsplit("::").next().unwrap_or_default();
    match &item.what {
        What::Importable => format!("use ::{path} as NAME;"),
        What::Function(signature) => called(signature, &format!("::{path}")),
        What::Method(signature, parameters) => {
            called(signature, &format!("<::{owner}{}>::{name}", with(parameters, "_")))
        }
        What::Constant(parameters) => format!("fn NAME() {{ let _ = <::{owner}{}>::{name}; }}", with(parameters, "_")),
        What::Field(parameters) => {
            format!("fn NAME(of: ::{owner}{}) {{ let _ = &of.{name}; }}", with(parameters, argument))
        }
        What::Trait(parameters, of) => {
            let of = of.replace('?', of_trait);
            format!("fn NAME() {{ fn has<T: {of}>() {{}} has::<::{owner}{}>() }}", with(parameters, argument))
        }
    }
}

/// Takes a function for one of that signature.
fn called(signature: &Signature, function: &str) -> String {
    let types: Vec<String> = (0..signature.arguments).map(|number| format!("A{number}")).collect();
    let bound = if signature.is_awaited { ": ::core::future::Future" } else { "" };
    let of = if signature.is_unsafe { "unsafe fn" } else { "fn" };
    let (types, parameters) = (types.join(", "), [&types[..], &[format!("R{bound}")]].concat().join(", "));
    format!("fn NAME() {{ fn takes<{parameters}>(_: {of}({types}) -> R) {{}} takes({function}) }}")
}

impl Compiler {
    /// Which of the lines do not compile, and why.
    ///
    /// # Panics
    /// If the compiler cannot be run, or complains of something else.
    #[must_use]
    pub fn failures(&self, lines: &[String]) -> BTreeMap<usize, String> {
        let mut failures = BTreeMap::new();
        // Errors of an early phase hide those of a later one: what has failed is left out, until nothing new fails.
        loop {
            let mut text = "#![allow(warnings)]\n".to_owned();
            for (index, line) in lines.iter().enumerate() {
                let line = if failures.contains_key(&index) { "" } else { line };
                text += &format!("{}\n", line.replace("NAME", &format!("p{index}")));
            }
            let before = failures.len();
            failures.extend(self.compile(&text));
            if failures.len() == before {
                return failures;
            }
        }
    }

    fn compile(&self, text: &str) -> BTreeMap<usize, String> {
        std::fs::create_dir_all(&self.scratch).expect("the folder for temporary files can be made");
        let file = self.scratch.join("probe.rs");
        std::fs::write(&file, text).expect("a temporary file can be written");
        let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
        rustc.args(["--edition=2024", "--crate-type=lib", "--emit=metadata", "--error-format=json", "--out-dir"]);
        rustc.arg(&self.scratch).arg("-L").arg(format!("dependency={}", self.dependencies.display()));
        for (name, library) in &self.crates {
            rustc.arg("--extern").arg(format!("{name}={}", library.display()));
        }
        let output = rustc.arg(&file).output().unwrap_or_else(|error| panic!("{rustc:?}: {error}"));
        let said = String::from_utf8_lossy(&output.stderr);
        let messages = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let mut failures = BTreeMap::new();
        for message in messages.filter(|message| message["level"] == "error") {
            let code = message["code"]["code"].as_str().unwrap_or_default();
            let spans = message["spans"].as_array().into_iter().flatten();
            let place = spans.filter(|span| span["is_primary"] == true).find_map(|span| span["line_start"].as_u64());
            let text = message["message"].as_str().unwrap_or_default();
            match place {
                _ if THERE.contains(&code) || text.starts_with("aborting due to") => {}
                // The first line is not about an item.
                Some(line) if line > 1 => _ = failures.insert(line as usize - 2, format!("{code} {text}")),
                _ => panic!("{rustc:?}: {text}"),
            }
        }
        failures
    }
}
