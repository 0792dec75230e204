//! Reads Rust source that must not be trusted: parsing within limits, what names stand for, the public API, what is made where.
//!
//! Uses nothing but `trouble`. Knows nothing of exercises, and opens no file of a submission: it is given their text.

pub(crate) mod api;
pub(crate) mod made;
pub(crate) mod modules;
pub(crate) mod names;
mod parse;

pub(crate) use parse::{Unread, on_a_deep_stack, parse};
use syn::ext::IdentExt;

/// A name as the compiler compares it: `r#path` is `path`.
pub(crate) fn name(ident: &syn::Ident) -> String {
    ident.unraw().to_string()
}
