//! What a user names with `--submission`, as something to grade.

use super::source::Source;
use super::variant::{PATCH, Variant};
use crate::exercise::manifest::files_ending;
use crate::home::workspace::Workspace;
use crate::trouble::{Context, Trouble};
use std::path::Path;
use verdict::Origin;

/// What the user named: a crate's folder, a folder of `.rs` files, one `.rs` file, or the patch of a variant.
///
/// # Errors
/// If there is no such file or folder, or it is not clear which file is the root.
pub fn submitted(workspace: &Workspace, path: &Path) -> Result<Source, Trouble> {
    let wrong = |what: &str| Err(Trouble::Usage(format!("{}: {what}", path.display())));
    let there = |path: &Path| std::fs::symlink_metadata(path).is_ok();
    // A file that is a link, or no regular file, is for who reads it to refuse.
    if there(path) && !path.is_dir() {
        if path.extension().is_some_and(|ending| ending == PATCH) {
            let path = path.canonicalize().usage(format_args!("cannot find {}", path.display()))?;
            // A patch changes a reference. From a stranger it would be the reference.
            if !path.starts_with(workspace.content.join("tests")) {
                return wrong("a patch is graded only if it is a variant of this clone, below tests/");
            }
            return Variant::read(Origin::Submitted, &path)?.source(workspace);
        }
        if path.extension().is_none_or(|ending| ending != "rs") {
            return wrong("a submission is a crate's folder, a folder of .rs files, or one .rs file");
        }
        return Source::file(Origin::Submitted, path);
    }
    if !path.is_dir() {
        return wrong("there is no such file or folder");
    }
    if path.join("src").is_symlink() {
        return wrong("src is a symbolic link, and may leave the submission; put a real folder in its place");
    }
    for root in ["src/lib.rs", "lib.rs"] {
        if there(&path.join(root)) {
            return Source::file(Origin::Submitted, &path.join(root));
        }
    }
    match files_ending(path, &["rs"])?.as_slice() {
        [one] => Source::file(Origin::Submitted, one),
        [] => wrong("there is no .rs file in this folder; the crate's root is src/lib.rs or lib.rs"),
        several => {
            let names = several.iter().filter_map(|file| file.file_name()?.to_str()).collect::<Vec<_>>().join(", ");
            wrong(&format!("there is no lib.rs, so it is not clear which of {names} is the crate's root"))
        }
    }
}
