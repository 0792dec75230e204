//! What the hidden tests of an exercise are, read from their own source: names, statements, limits.
//!
//! The list of facts is the grader's own, made before anything of the submission runs: a fact without a result is one
//! that failed.

use crate::syntax;
use crate::trouble::{Context, Trouble, read};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use syn::{Attribute, Expr, Item, ItemFn, Lit, Meta};
use verdict::Check;

/// One kind of hidden tests: a file `NAME.rs` beside `checks.toml`, or a folder `NAME` whose `mod.rs` declares its modules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Module {
    /// Facts.
    Behaviour,
    /// Scenarios.
    Schedules,
    /// Generated programs, and the specification that they come from.
    Specification,
    /// Transcripts.
    Transcript,
    /// Workloads.
    Timing,
}

impl Module {
    /// All kinds.
    pub const ALL: [Module; 5] =
        [Module::Behaviour, Module::Schedules, Module::Specification, Module::Transcript, Module::Timing];

    /// Those whose tests are explored.
    pub const EXPLORED: [Module; 2] = [Module::Schedules, Module::Specification];

    /// The name of the file without its ending; also of the module in the test binary.
    pub const fn name(self) -> &'static str {
        match self {
            Module::Behaviour => "behaviour",
            Module::Schedules => "schedules",
            Module::Specification => "specification",
            Module::Transcript => "transcript",
            Module::Timing => "timing",
        }
    }

    /// The attribute that its tests carry.
    const fn attribute(self) -> &'static str {
        match self {
            Module::Behaviour => "fact",
            Module::Schedules => "scenario",
            Module::Specification => "programs",
            Module::Transcript => "transcript",
            Module::Timing => "workload",
        }
    }

    /// The check that runs its tests.
    pub const fn check(self) -> Check {
        match self {
            Module::Behaviour => Check::Behaviour,
            Module::Schedules | Module::Specification => Check::Schedules,
            Module::Transcript => Check::Transcript,
            Module::Timing => Check::Timing,
        }
    }

    /// The hidden tests of several kinds.
    ///
    /// # Errors
    /// As [`Module::tests`].
    pub fn tests_of(modules: &[Module], tests: &Path) -> Result<Vec<Hidden>, Trouble> {
        let mut all = Vec::new();
        for module in modules {
            all.extend(module.tests(tests)?);
        }
        Ok(all)
    }

    /// Its root file among the tests of an exercise, if the exercise has such tests.
    pub fn root(self, tests: &Path) -> Option<PathBuf> {
        let places = [tests.join(format!("{}.rs", self.name())), tests.join(self.name()).join("mod.rs")];
        places.into_iter().find(|place| place.is_file())
    }

    /// Its hidden tests, in the order of the source; those of a folder in the order in which `mod.rs` declares its modules.
    ///
    /// # Errors
    /// If a file is not valid Rust, a declared module is missing, a function lacks its statement, or two have the same name.
    pub fn tests(self, tests: &Path) -> Result<Vec<Hidden>, Trouble> {
        let Some(root) = self.root(tests) else { return Ok(Vec::new()) };
        let (mut found, modules) = self.of_file(&root, self.name())?;
        for module in modules {
            let file = root.with_file_name(format!("{module}.rs"));
            found.extend(self.of_file(&file, &format!("{}::{module}", self.name()))?.0);
        }
        let mut names = BTreeSet::new();
        match found.iter().find(|each| !names.insert(&each.name)) {
            Some(twice) => Err(Trouble::Usage(format!(
                "{}: two {}s have the name {}; give one of them another",
                root.display(),
                self.attribute(),
                twice.name
            ))),
            None => Ok(found),
        }
    }

    /// The tests of one file, and the modules that it declares.
    fn of_file(self, path: &Path, module: &str) -> Result<(Vec<Hidden>, Vec<String>), Trouble> {
        let text = read(path)?;
        // The file is ours and nests little; but what the parser remembers of texts (their lines and columns) goes only with its
        // thread.
        syntax::on_a_deep_stack(|| {
            let file = syn::parse_file(&text).usage(path.display())?;
            let (mut found, mut modules) = (Vec::new(), Vec::new());
            for item in &file.items {
                match item {
                    Item::Fn(function) => {
                        if let Some(mark) = marked(function, self.attribute()) {
                            found.push(hidden(path, &file, function, mark, module)?);
                        }
                    }
                    Item::Mod(declared) if declared.content.is_none() => modules.push(declared.ident.to_string()),
                    _ => {}
                }
            }
            Ok((found, modules))
        })
    }
}

/// A fact, a scenario, a transcript or a workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hidden {
    /// The function's name.
    pub name: String,
    /// Its path in the test binary, `behaviour::order::a_waiting_writer_is_not_overtaken`.
    pub path: String,
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

fn marked<'a>(function: &'a ItemFn, attribute: &str) -> Option<&'a Attribute> {
    let is_it = |each: &&Attribute| each.path().segments.last().is_some_and(|segment| segment.ident == attribute);
    function.attrs.iter().find(is_it)
}

fn hidden(path: &Path, file: &syn::File, function: &ItemFn, mark: &Attribute, module: &str) -> Result<Hidden, Trouble> {
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
    if mark.path().segments.last().is_some_and(|segment| segment.ident == Module::Specification.attribute()) {
        // Each has a twin.
        flags.push("negated".to_owned());
    }
    Ok(Hidden { path: format!("{module}::{name}"), name, statement, next_step, seconds, flags })
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
    for path in files_ending(folder, &["rs"])? {
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

/// The files directly in a folder that have one of these endings, sorted by name; none if there is no such folder.
///
/// # Errors
/// If the folder cannot be read.
pub fn files_ending(folder: &Path, endings: &[&str]) -> Result<Vec<PathBuf>, Trouble> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    for entry in walkdir::WalkDir::new(folder).max_depth(1).sort_by_file_name() {
        let entry = entry.usage(format_args!("cannot read the folder {}", folder.display()))?;
        let ending = entry.path().extension().and_then(|ending| ending.to_str());
        if entry.file_type().is_file() && ending.is_some_and(|ending| endings.contains(&ending)) {
            files.push(entry.into_path());
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exercise(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        folder
    }

    #[test]
    fn facts_of_a_folder_are_found_in_the_order_of_its_modules() {
        let tests = exercise(&[
            ("behaviour/mod.rs", "//! All.\nmod order;\n\nmod ends;\n"),
            ("behaviour/ends.rs", "/// It ends.\n#[fact]\nfn it_ends() {}\n"),
            ("behaviour/order.rs", "/// First.\n///\n/// Next: look.\n#[fact(panics, seconds = 3)]\nfn first() {}\n"),
        ]);
        let facts = Module::Behaviour.tests(tests.path()).unwrap();
        let paths: Vec<&str> = facts.iter().map(|fact| fact.path.as_str()).collect();
        assert_eq!(paths, ["behaviour::order::first", "behaviour::ends::it_ends"]);
        assert_eq!(
            (facts[0].seconds, facts[0].has("panics"), facts[0].next_step.as_deref()),
            (Some(3), true, Some("look."))
        );
        assert_eq!(Module::Schedules.tests(tests.path()).unwrap(), []);
    }

    #[test]
    fn a_missing_module_and_a_name_used_twice_are_said() {
        let fact = "/// It holds.\n#[fact]\nfn it_holds() {}\n";
        let missing = exercise(&[("behaviour/mod.rs", "mod gone;\n")]);
        let error = Module::Behaviour.tests(missing.path()).unwrap_err().to_string();
        assert!(error.contains("cannot read") && error.contains("behaviour/gone.rs"), "{error}");
        let twice = exercise(&[("behaviour/mod.rs", &format!("mod more;\n{fact}")), ("behaviour/more.rs", fact)]);
        let error = Module::Behaviour.tests(twice.path()).unwrap_err().to_string();
        assert!(error.contains("two facts have the name it_holds"), "{error}");
    }
}
