//! What stands in the source that a rule can be about, with its place.

use crate::syntax::names::{Names, Namespace, ScopeId};
use proc_macro2::Span;

/// One thing in one place.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// The file, by its place among the submission's files.
    pub(super) file: usize,
    pub(super) span: Span,
    pub(super) scope: ScopeId,
    pub(super) what: What,
}

/// What there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// A path; `absolute` if it begins with `::`.
    Path { parts: Vec<String>, absolute: bool, namespace: Namespace },
    /// A name alone that is called like a function.
    Called(String),
    /// A method, by name.
    Method(String),
    /// A path that may name a method of a type: `Type::method`.
    Associated(Vec<String>),
    /// A macro: called, or given another name.
    Macro(String),
    /// An attribute, or what may become one.
    Attribute(String),
    /// A condition on how the crate is built, other than `test`.
    Condition,
    /// An `extern` block.
    Extern,
    /// A whole crate under a name that the source chooses, or all its modules at once.
    Crate(String),
    /// `mod x;` in a macro.
    ModuleInMacro,
    /// A path that goes on with what a macro is given: `std::$name`. Empty if all of it may be given.
    Composed(Vec<String>),
    /// A path that an own macro could put together of the words it is given: the words that lead to it.
    Possible { from: String, words: Vec<String> },
}

/// A word in the definition of a macro, or in what a macro is given.
#[derive(Clone, Debug)]
pub(super) struct Word {
    pub(super) name: String,
    /// Whether it stands alone: no `::` in front of it or behind it, unless with a fragment.
    pub(super) bare: bool,
    pub(super) span: Span,
}

/// A macro's definition or call.
#[derive(Clone, Debug)]
pub(super) struct MacroUse {
    pub(super) name: String,
    pub(super) is_definition: bool,
    pub(super) file: usize,
    pub(super) scope: ScopeId,
    pub(super) words: Vec<Word>,
}

/// Everything that was found in the files of a submission.
#[derive(Debug)]
pub(super) struct Collected {
    pub(super) names: Names,
    pub(super) found: Vec<Found>,
    pub(super) macros: Vec<MacroUse>,
}
