//! The files of a submission: its root and the modules that it declares, parsed.

use crate::syntax;
use crate::syntax::names::Names;
use crate::trouble::Trouble;
use std::path::{Path, PathBuf};
use syn::visit::Visit;

/// One parsed file, and what its names stand for.
pub(super) struct Parsed {
    pub(super) syntax: syn::File,
    pub(super) names: Names,
}

/// The root file and the files of its modules, parsed; `None` if one is not valid Rust.
pub(super) fn files(root: &Path) -> Result<Option<Vec<(PathBuf, Parsed)>>, Trouble> {
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

pub(super) fn for_tests_only(attributes: &[syn::Attribute]) -> bool {
    let is_test = |attribute: &syn::Attribute| {
        attribute.path().is_ident("cfg") && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
    };
    attributes.iter().any(is_test)
}
