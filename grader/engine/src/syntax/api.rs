//! The public API of a crate, read from its source: to tell a learner what is missing, and to see that starter and reference
//! agree.

use crate::syntax;
use crate::trouble::{Context, Trouble, read};
use std::collections::BTreeSet;
use std::path::Path;
use syn::{Fields, ImplItem, Item, TraitItem, Type, Visibility};

/// The public items of a crate's root file, one signature each, without documentation, bodies and private fields.
///
/// Implementations of `Drop`, and unsafe ones (`unsafe impl Sync`), are left out: they belong to how a thing is built, and
/// can be what the learner is asked for.
///
/// # Errors
/// If the file is not valid Rust.
pub(crate) fn of(path: &Path) -> Result<BTreeSet<String>, Trouble> {
    of_text(&read(path)?, path)
}

/// The same for a file that was read already; `path` is for the message.
///
/// # Errors
/// If the text is not valid Rust.
pub(crate) fn of_text(text: &str, path: &Path) -> Result<BTreeSet<String>, Trouble> {
    syntax::on_a_deep_stack(|| {
        let file = syntax::parse(text).usage(path.display())?;
        let mut items = BTreeSet::new();
        collect(&file.items, "", &mut items);
        Ok(items)
    })
}

fn collect(all: &[Item], prefix: &str, items: &mut BTreeSet<String>) {
    let types: BTreeSet<String> = all.iter().filter_map(public_type).collect();
    for item in all {
        match item {
            Item::Fn(function) if public(&function.vis) => add(items, prefix, &signature(&function.sig)),
            Item::Struct(item) if public(&item.vis) => {
                add(items, prefix, &format!("struct {} {}", item.ident, generics(&item.generics)));
                if let Fields::Named(fields) = &item.fields {
                    for field in fields.named.iter().filter(|field| public(&field.vis)) {
                        let name = field.ident.as_ref().map(ToString::to_string).unwrap_or_default();
                        add(items, prefix, &format!("{}.{name}: {}", item.ident, text(&field.ty)));
                    }
                }
            }
            Item::Enum(item) if public(&item.vis) => {
                add(items, prefix, &format!("enum {} {}", item.ident, generics(&item.generics)));
                for variant in &item.variants {
                    let fields = text(&variant.fields);
                    add(items, prefix, &format!("{}::{}{fields}", item.ident, variant.ident));
                }
            }
            Item::Trait(item) if public(&item.vis) => {
                add(items, prefix, &format!("trait {} {}", item.ident, generics(&item.generics)));
                for each in &item.items {
                    if let TraitItem::Fn(function) = each {
                        add(items, prefix, &format!("{}::{}", item.ident, signature(&function.sig)));
                    }
                }
            }
            Item::Type(item) if public(&item.vis) => {
                add(items, prefix, &format!("type {} {} = {}", item.ident, generics(&item.generics), text(&item.ty)));
            }
            Item::Const(item) if public(&item.vis) => {
                add(items, prefix, &format!("const {}: {}", item.ident, text(&item.ty)));
            }
            Item::Static(item) if public(&item.vis) => {
                add(items, prefix, &format!("static {}: {}", item.ident, text(&item.ty)));
            }
            Item::Mod(item) if public(&item.vis) => {
                if let Some((_, inner)) = &item.content {
                    collect(inner, &format!("{prefix}{}::", item.ident), items);
                }
            }
            Item::Impl(item) => implementation(item, prefix, &types, items),
            _ => {}
        }
    }
}

fn public_type(item: &Item) -> Option<String> {
    match item {
        Item::Struct(item) if public(&item.vis) => Some(item.ident.to_string()),
        Item::Enum(item) if public(&item.vis) => Some(item.ident.to_string()),
        _ => None,
    }
}

fn implementation(item: &syn::ItemImpl, prefix: &str, types: &BTreeSet<String>, items: &mut BTreeSet<String>) {
    let Type::Path(of) = &*item.self_ty else { return };
    let Some(name) = of.path.segments.last().map(|segment| segment.ident.to_string()) else { return };
    if !types.contains(&name) {
        return;
    }
    if let Some((of_trait, _)) = &item.trait_ {
        let last = of_trait.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
        if item.unsafety.is_none() && !["Drop", "UnwindSafe", "RefUnwindSafe"].contains(&last.as_str()) {
            add(items, prefix, &format!("impl {} for {}", text(&of_trait.segments.last()), text(&item.self_ty)));
        }
        return;
    }
    for each in &item.items {
        match each {
            ImplItem::Fn(function) if public(&function.vis) => {
                add(items, prefix, &format!("{name}::{}", signature(&function.sig)));
            }
            ImplItem::Const(constant) if public(&constant.vis) => {
                add(items, prefix, &format!("{name}::const {}: {}", constant.ident, text(&constant.ty)));
            }
            _ => {}
        }
    }
}

fn public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn add(items: &mut BTreeSet<String>, prefix: &str, signature: &str) {
    items.insert(format!("{prefix}{}", tidy(signature)));
}

/// The signature with plain argument names: patterns (`mut value`, `_value`) are the body's business.
fn signature(signature: &syn::Signature) -> String {
    let mut signature = signature.clone();
    for argument in &mut signature.inputs {
        match argument {
            syn::FnArg::Typed(typed) => {
                if let syn::Pat::Ident(pattern) = &mut *typed.pat {
                    pattern.mutability = None;
                    let plain = pattern.ident.to_string().trim_start_matches('_').to_owned();
                    pattern.ident = syn::Ident::new(if plain.is_empty() { "_0" } else { &plain }, pattern.ident.span());
                }
            }
            syn::FnArg::Receiver(receiver) if matches!(receiver.kind, syn::ReceiverKind::Value) => {
                receiver.mutability = None;
            }
            syn::FnArg::Receiver(_) => {}
        }
    }
    text(&signature)
}

fn generics(generics: &syn::Generics) -> String {
    format!("{} {}", text(generics), text(&generics.where_clause))
}

fn text(tokens: &impl quote::ToTokens) -> String {
    tokens.to_token_stream().to_string()
}

/// Token streams print with a space between all tokens; this is nearer to how people write.
fn tidy(signature: &str) -> String {
    let mut text = signature.split_whitespace().collect::<Vec<_>>().join(" ");
    for (from, to) in [
        (" :: ", "::"),
        (" ,", ","),
        (" : ", ": "),
        ("& ", "&"),
        (" <", "<"),
        ("< ", "<"),
        (" >", ">"),
        (" (", "("),
        ("( ", "("),
        (" )", ")"),
        (" ;", ";"),
        ("- >", "->"),
        ("->", " -> "),
        ("  ", " "),
        ("' ", "'"),
        (",)", ")"),
        (",>", ">"),
        (" .", "."),
    ] {
        text = text.replace(from, to);
    }
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn api(source: &str) -> Vec<String> {
        let mut items = BTreeSet::new();
        collect(&syn::parse_file(source).unwrap().items, "", &mut items);
        items.into_iter().collect()
    }

    #[test]
    fn signatures_are_kept_and_bodies_are_not() {
        let starter = "pub struct Lock<T> { private: T } impl<T> Lock<T> { /// Docs.\n pub fn get(&self, mut x: u8) -> &T { todo!() } }";
        let reference = "pub struct Lock<T> { other: T } impl<T> Lock<T> { pub fn get(&self, _x: u8) -> &T { &self.other } fn own() {} }
                         impl<T> Drop for Lock<T> { fn drop(&mut self) {} }";
        assert_eq!(api(starter), api(reference));
        assert_eq!(api(starter), ["Lock::fn get(&self, x: u8) -> &T", "struct Lock<T>"]);
    }

    #[test]
    fn another_bound_is_another_api() {
        assert_ne!(api("pub fn f<T: Send>(x: T) {}"), api("pub fn f<T>(x: T) {}"));
        assert_ne!(api("pub struct A; impl Clone for A {}"), api("pub struct A;"));
    }
}
