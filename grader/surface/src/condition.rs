//! Conditions of compilation: which of them hold for the crates that an exercise is built with.

use std::collections::BTreeSet;
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, ExprLit, Lit, Meta, Token};

/// What holds: features, and otherwise Linux on x86-64, without anything unstable.
#[derive(Clone, Debug, Default)]
pub(crate) struct Conditions {
    pub(crate) features: BTreeSet<String>,
}

impl Conditions {
    /// Whether an item with these attributes is compiled.
    pub(crate) fn keep(&self, attributes: &[Attribute]) -> bool {
        let conditions = attributes.iter().filter(|attribute| attribute.path().is_ident("cfg"));
        conditions.filter_map(|attribute| attribute.parse_args::<Meta>().ok()).all(|meta| self.holds(&meta))
    }

    pub(crate) fn holds(&self, meta: &Meta) -> bool {
        match meta {
            Meta::Path(path) => path.is_ident("unix") || path.is_ident("panic") || path.is_ident("debug_assertions"),
            Meta::NameValue(pair) => {
                let Expr::Lit(ExprLit { lit: Lit::Str(value), .. }) = &pair.value else { return false };
                let name = pair.path.get_ident().map(ToString::to_string).unwrap_or_default();
                match (name.as_str(), value.value().as_str()) {
                    ("feature", feature) => self.features.contains(feature),
                    ("target_os", value) => value == "linux",
                    ("target_family", value) => value == "unix",
                    ("target_arch", value) => value == "x86_64",
                    ("target_pointer_width", value) => value == "64",
                    ("target_has_atomic", value) => ["8", "16", "32", "64", "ptr"].contains(&value),
                    ("panic", value) => value == "unwind",
                    _ => false,
                }
            }
            Meta::List(list) => {
                let Ok(parts) = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated) else {
                    return false;
                };
                if list.path.is_ident("not") {
                    parts.iter().all(|part| !self.holds(part))
                } else if list.path.is_ident("any") {
                    parts.iter().any(|part| self.holds(part))
                } else {
                    list.path.is_ident("all") && parts.iter().all(|part| self.holds(part))
                }
            }
        }
    }
}

/// Whether the item is left out of the documentation, and not for being a name of former times: who has learned that may use it.
pub(crate) fn is_hidden(attributes: &[Attribute]) -> bool {
    let docs = attributes.iter().filter(|attribute| attribute.path().is_ident("doc"));
    let hidden =
        docs.filter_map(|attribute| attribute.parse_args::<Meta>().ok()).any(|meta| meta.path().is_ident("hidden"));
    hidden && !attributes.iter().any(|attribute| attribute.path().is_ident("deprecated"))
}
