//! What is public: an item, by the path under which others find it.

pub use crate::model::{Item, Signature};
use std::fmt;

/// Something public.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Public {
    /// From the crate's name on: `tokio::sync::Mutex`, of a method `tokio::sync::Mutex::lock`.
    pub path: String,
    /// What it is.
    pub what: What,
}

/// What a public thing is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// It can be imported.
    Importable,
    /// A function outside of types.
    Function(Signature),
    /// A function of a type that has so many parameters.
    Method(Signature, usize),
    /// A constant of a type that has so many parameters.
    Constant(usize),
    /// A field of a type that has so many parameters.
    Field(usize),
    /// A trait that a type with so many parameters has. In the trait, `?` stands for what the parameters are.
    Trait(usize, String),
}

impl fmt::Display for Public {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.path)?;
        match &self.what {
            What::Trait(_, of) => write!(formatter, ": {of}"),
            _ => Ok(()),
        }
    }
}

impl Public {
    /// The path of the type that this belongs to.
    #[must_use]
    pub fn owner(&self) -> &str {
        match &self.what {
            What::Trait(..) => &self.path,
            _ => self.path.rsplit_once("::").map_or("", |(owner, _)| owner),
        }
    }
}

/// Traits whose implementation somebody may rely on, by the name under which they are known, with their paths.
pub(crate) const TRAITS: &[(&str, &str)] = &[
    ("AsFd", "::std::os::fd::AsFd"),
    ("AsMut", "::core::convert::AsMut"),
    ("AsRawFd", "::std::os::fd::AsRawFd"),
    ("AsRef", "::core::convert::AsRef"),
    ("Clone", "::core::clone::Clone"),
    ("Copy", "::core::marker::Copy"),
    ("Debug", "::core::fmt::Debug"),
    ("Default", "::core::default::Default"),
    ("Deref", "::core::ops::Deref"),
    ("DerefMut", "::core::ops::DerefMut"),
    ("Display", "::core::fmt::Display"),
    ("DoubleEndedIterator", "::core::iter::DoubleEndedIterator"),
    ("Eq", "::core::cmp::Eq"),
    ("Error", "::core::error::Error"),
    ("ExactSizeIterator", "::core::iter::ExactSizeIterator"),
    ("Extend", "::core::iter::Extend"),
    ("From", "::core::convert::From"),
    ("FromRawFd", "::std::os::fd::FromRawFd"),
    ("FromIterator", "::core::iter::FromIterator"),
    ("FusedIterator", "::core::iter::FusedIterator"),
    ("Future", "::core::future::Future"),
    ("Hash", "::core::hash::Hash"),
    ("IntoIterator", "::core::iter::IntoIterator"),
    ("IntoRawFd", "::std::os::fd::IntoRawFd"),
    ("Iterator", "::core::iter::Iterator"),
    ("Ord", "::core::cmp::Ord"),
    ("PartialEq", "::core::cmp::PartialEq"),
    ("PartialOrd", "::core::cmp::PartialOrd"),
    ("Read", "::std::io::Read"),
    ("Write", "::std::io::Write"),
    ("Add", "::core::ops::Add"),
    ("AddAssign", "::core::ops::AddAssign"),
    ("Sub", "::core::ops::Sub"),
    ("SubAssign", "::core::ops::SubAssign"),
];
