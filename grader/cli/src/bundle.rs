//! What this grader carries inside.

use engine::home::carried::Bundle;
use engine::home::library::{self, Library};
use engine::trouble::Trouble;
use std::path::Path;

/// Exercises, hidden tests and references, packed by the build script; empty but in a release build.
static BUNDLE: Bundle = Bundle {
    archive: include_bytes!(concat!(env!("OUT_DIR"), "/bundle.tar.gz")),
    manifest: include_str!(concat!(env!("OUT_DIR"), "/bundle.sha256")),
    version: env!("GRADER_BUNDLE"),
};

/// The library of this grader, unpacked if need be.
pub(crate) fn library() -> Result<Library, Trouble> {
    if BUNDLE.archive.is_empty() {
        return Library::of_clone(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."));
    }
    Library::unpack(BUNDLE, &library::home()?)
}
