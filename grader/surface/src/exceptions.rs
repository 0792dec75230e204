//! What a stand-in lacks on purpose: paths, each with a reason.

use crate::probe::Comparison;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Reasons, by the paths that they are given for.
#[derive(Debug)]
pub struct Exceptions(BTreeMap<String, String>);

impl Exceptions {
    /// Reads a list: TOML, the path of an item and a reason. A reason holds for all that is below the path.
    ///
    /// # Panics
    /// If it is none.
    #[must_use]
    pub fn read(text: &str) -> Exceptions {
        Exceptions(toml::from_str(text).unwrap_or_else(|error| panic!("{error}")))
    }

    fn of(&self, item: &str) -> Option<&str> {
        let holds = |path: &str| {
            item.strip_prefix(path)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with("::") || rest.starts_with(": "))
        };
        self.0.keys().map(String::as_str).find(|path| holds(path))
    }

    /// What lacks without a reason, and reasons for what does not lack: one a line, empty if all is well.
    #[must_use]
    pub fn complaints(&self, comparison: &Comparison) -> String {
        let mut text = String::new();
        let mut used = BTreeSet::new();
        let unknown = comparison.unknown.iter().map(|item| (item, "no line of Rust is found that asks for it"));
        let missing = comparison.missing.iter().map(|(item, said)| (item, said.as_str()));
        for (item, said) in missing.chain(unknown) {
            match self.of(&item.to_string()) {
                Some(path) => _ = used.insert(path),
                None => writeln!(text, "{item} ({said})").expect("a string takes everything"),
            }
        }
        for path in self.0.keys().filter(|path| !used.contains(path.as_str())) {
            writeln!(text, "{path} has a reason to lack, but does not").expect("a string takes everything");
        }
        text
    }
}
