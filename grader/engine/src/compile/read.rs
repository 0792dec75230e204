//! What the compiler read to compile a submission, from the list that it writes (`--emit=dep-info`): it must be the submission's own files
//! and nothing else.
//!
//! The compiler writes the list once macros are expanded, before it checks types or evaluates constants, also where the expansion
//! found errors. If it stops in the parser of the root file there is no list, and nothing that could have been read: only an
//! expanded macro or the file of a module leads to another file.

use crate::compile::objects::Violation;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The files that may be read, and the list of those that were.
#[derive(Clone, Debug)]
pub struct Own {
    /// The folder of the copies that are compiled.
    pub folder: PathBuf,
    /// The folder in which the user has the files. The compiler writes it in the place of `folder`, in all that it says and makes.
    pub shown_as: PathBuf,
    /// The copies.
    pub files: Vec<PathBuf>,
    /// Whether the environment may be looked at.
    pub environment: bool,
    /// Where the compiler writes the list.
    pub list: PathBuf,
}

/// Something that a submission has no business with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Foreign {
    /// A file or variable that was read to compile it, as the submission names it.
    Read(String),
    /// What its object code holds.
    Linked(Violation),
}

impl Own {
    /// What was read and is not the submission's own, as the submission names it; empty if there is no list.
    pub(super) fn foreign(&self) -> BTreeSet<Foreign> {
        // A name that is no text is nobody's file: it stays different from all of ours.
        let list = std::fs::read(&self.list).unwrap_or_default();
        self.foreign_in(&String::from_utf8_lossy(&list)).into_iter().map(Foreign::Read).collect()
    }

    fn foreign_in(&self, list: &str) -> BTreeSet<String> {
        let mut foreign = BTreeSet::new();
        for line in list.lines() {
            if let Some(variable) = line.strip_prefix("# env-dep:") {
                let name = variable.split('=').next().unwrap_or_default();
                if !self.environment {
                    foreign.insert(format!("the environment variable {name}"));
                }
            } else if let Some(file) = line.strip_suffix(':') {
                // Each file that was read has a line of its own, in which spaces are escaped.
                let file = PathBuf::from(file.replace("\\ ", " "));
                if !self.files.contains(&file) {
                    foreign.insert(self.as_named(&file));
                }
            }
        }
        foreign
    }

    /// A path as the submission could write it, without where its copy lies.
    fn as_named(&self, file: &Path) -> String {
        file.strip_prefix(&self.folder).unwrap_or(file).display().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::compiler::{self, Compiled, Output, Unit};
    use crate::compile::kit::{Kit, Mode};
    use crate::compile::toolchain::Toolchain;
    use crate::run::confine::launcher::launcher;
    use crate::run::confine::{Confinement, Tier};

    /// Compiles a copy of a source that the user has somewhere else.
    fn compiled(folder: &Path, text: &str) -> Compiled {
        let copy = folder.join("source");
        let root = copy.join("lib.rs");
        crate::trouble::write(&root, text).unwrap();
        let kit = serde_json::json!({ "key": "", "libraries": {}, "folder": folder, "closures": {} });
        let kit: Kit = serde_json::from_value(kit).unwrap();
        let own = Own {
            folder: copy,
            shown_as: "/home/learner/src".into(),
            files: vec![root.clone()],
            environment: false,
            list: folder.join("subject.d"),
        };
        let toolchain = Toolchain::find(Path::new("/"), folder).unwrap();
        let confinement = Confinement::find(&launcher().unwrap(), folder, &toolchain.rustc, Tier::A).unwrap();
        let unit = Unit {
            root: &root,
            name: "subject",
            output: Output::Library,
            mode: Mode::Judge,
            kit: &kit,
            crates: Vec::new(),
            others: Vec::new(),
            allow_unsafe: false,
            ours: false,
            folder,
            confinement: &confinement,
            mount_point: &folder.join("root"),
            reads: Vec::new(),
            own: Some(&own),
            from: Path::new("/"),
            incremental: false,
            chosen: None,
            can_wait: false,
            one_of_many: false,
        };
        compiler::compile(&toolchain, &unit, &mut || {}).unwrap()
    }

    #[test]
    fn the_same_source_compiles_to_the_same_library_wherever_its_copy_lies() {
        // What is compiled incrementally against the library is compiled anew if it changes.
        let library = || {
            let folder = tempfile::tempdir().unwrap();
            let compiled = compiled(folder.path(), "pub fn f(x: Option<u8>) -> u8 { x.expect(file!()) }");
            assert!(compiled.success, "{compiled:?}");
            std::fs::read(compiled.artifact).unwrap()
        };
        let (one, other) = (library(), library());
        assert!(one == other, "two libraries of one source differ");
        let path = b"/home/learner/src/lib.rs";
        assert!(one.windows(path.len()).any(|bytes| bytes == path), "the user's path is not in it");
    }

    #[test]
    fn a_compilation_that_reads_another_file_says_nothing() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("secret"), "s3cret").unwrap();
        let text = "const _: () = panic!(\"{}\", include_str!(\"../secret\"));";
        let compiled = compiled(folder.path(), text);
        assert!(!compiled.success && compiled.diagnostics.is_empty(), "{compiled:?}");
        assert_eq!(compiled.foreign, [Foreign::Read("../secret".to_owned())].into());
    }

    #[test]
    fn only_what_is_not_ones_own_is_foreign() {
        let own = Own {
            folder: "/run/a b".into(),
            shown_as: "/home/x".into(),
            files: vec!["/run/a b/lib.rs".into(), "/run/a b/m.rs".into()],
            environment: false,
            list: PathBuf::new(),
        };
        let list = "/run/subject.d: /run/a\\ b/lib.rs /run/a\\ b/m.rs\n\n/run/a\\ b/lib.rs:\n/run/a\\ b/m.rs:\n";
        assert_eq!(own.foreign_in(list), BTreeSet::new());
        let list = format!("{list}/etc/passwd:\n/run/a\\ b/../../x.rs:\n\n# env-dep:HOME=/root\n# env-dep:NONE\n");
        let foreign: Vec<String> = own.foreign_in(&list).into_iter().collect();
        assert_eq!(
            foreign,
            ["../../x.rs", "/etc/passwd", "the environment variable HOME", "the environment variable NONE"]
        );
        assert_eq!(Own { environment: true, ..own }.foreign_in(&list).len(), 2);
    }
}
