//! What is known of a crate's source: its modules, what is named in them, and implementations.

use std::collections::BTreeMap;

/// A path within a crate, from its root.
pub(crate) type Path = Vec<String>;

/// The path of what has that name in a module.
pub(crate) fn within(module: &[String], name: &str) -> Path {
    module.iter().cloned().chain([name.to_owned()]).collect()
}

/// The modules of a crate, by their paths, and all implementations.
#[derive(Default)]
pub(crate) struct Krate {
    pub(crate) modules: BTreeMap<Path, Module>,
    pub(crate) implementations: Vec<Implementation>,
    /// Macros whose calls stand in the place of items and are not understood.
    pub(crate) skipped: Vec<String>,
}

#[derive(Debug, Default)]
pub(crate) struct Module {
    pub(crate) names: Vec<Name>,
    /// What is imported whole, and whether for everybody.
    pub(crate) globs: Vec<(Path, bool)>,
}

/// A name in a module.
#[derive(Debug)]
pub(crate) struct Name {
    pub(crate) name: String,
    /// For everybody, and in the documentation.
    pub(crate) public: bool,
    pub(crate) what: What,
}

#[derive(Debug)]
pub(crate) enum What {
    /// A module of that path.
    Module,
    /// Another name for something.
    Use(Path),
    Item(Item),
}

/// An item that is no module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A type, with the number of its parameters that are not lifetimes.
    Type {
        /// How many type and const parameters it has.
        parameters: usize,
        /// The names of its variants.
        variants: Vec<String>,
        /// The names of its public fields.
        fields: Vec<String>,
    },
    /// A function.
    Function(Signature),
    /// Whatever can only be imported: a trait, a constant, an alias, a macro.
    Other,
}

/// How a function is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// How many arguments it has, `self` among them.
    pub arguments: usize,
    /// Whether calling it is unsafe.
    pub is_unsafe: bool,
    /// Whether it is awaited, as its declaration says: `async fn`, or `impl Future` for a result.
    pub is_awaited: bool,
}

/// What a type has.
#[derive(Debug)]
pub(crate) enum Content {
    Method(String, Signature),
    Constant(String),
}

pub(crate) struct Implementation {
    /// Where it stands.
    pub(crate) module: Path,
    /// For which type, as it is written there.
    pub(crate) of: Path,
    /// The type parameters of the implementation.
    pub(crate) parameters: Vec<String>,
    pub(crate) kind: Kind,
}

pub(crate) enum Kind {
    Inherent(Vec<Content>),
    /// The last name of a trait, and its arguments.
    Trait(String, Vec<syn::Type>),
}
