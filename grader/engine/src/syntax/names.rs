//! What the names in a source file stand for, as far as its own `use` declarations tell.

use std::collections::{BTreeMap, BTreeSet};
use syn::visit::{self, Visit};

/// What the names of a file stand for.
#[derive(Default)]
pub(crate) struct Names {
    /// Each name that a `use` brings in, and the path it stands for.
    bound: BTreeMap<String, Vec<Vec<String>>>,
    /// The modules that a `use …::*` brings in whole.
    globs: Vec<Vec<String>>,
    /// The names of items of the file itself; they win over globs.
    pub(crate) own: BTreeSet<String>,
}

impl Names {
    fn tree(&mut self, prefix: &[String], tree: &syn::UseTree) {
        let with = |name: &syn::Ident| [prefix, &[name.to_string()]].concat();
        match tree {
            syn::UseTree::Path(path) => self.tree(&with(&path.ident), &path.tree),
            syn::UseTree::Name(name) if name.ident == "self" => {
                self.bind(prefix.last().cloned().unwrap_or_default(), prefix.to_vec());
            }
            syn::UseTree::Name(name) => self.bind(name.ident.to_string(), with(&name.ident)),
            syn::UseTree::Rename(rename) if rename.ident == "self" => {
                self.bind(rename.rename.to_string(), prefix.to_vec())
            }
            syn::UseTree::Rename(rename) => self.bind(rename.rename.to_string(), with(&rename.ident)),
            syn::UseTree::Glob(_) => self.globs.push(prefix.to_vec()),
            syn::UseTree::Group(group) => group.items.iter().for_each(|tree| self.tree(prefix, tree)),
        }
    }

    fn bind(&mut self, name: String, path: Vec<String>) {
        // `use std;` binds a name to itself.
        if path.len() > 1 || path.first() != Some(&name) {
            self.bound.entry(name).or_default().push(path);
        }
    }
}

impl<'ast> Visit<'ast> for Names {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        let own = match item {
            syn::Item::Struct(item) => Some(&item.ident),
            syn::Item::Enum(item) => Some(&item.ident),
            syn::Item::Trait(item) => Some(&item.ident),
            syn::Item::Type(item) => Some(&item.ident),
            syn::Item::Fn(item) => Some(&item.sig.ident),
            syn::Item::Mod(item) => Some(&item.ident),
            _ => None,
        };
        self.own.extend(own.map(ToString::to_string));
        visit::visit_item(self, item);
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.tree(&[], &item.tree);
    }

    fn visit_item_extern_crate(&mut self, item: &'ast syn::ItemExternCrate) {
        if let Some((_, rename)) = &item.rename {
            self.bind(rename.to_string(), vec![item.ident.to_string()]);
        }
    }
}

impl Names {
    /// Whether a `use` brings in this name.
    pub(crate) fn binds(&self, name: &str) -> bool {
        self.bound.contains_key(name)
    }

    /// Everything that a path can stand for, followed back through the file's `use` declarations.
    pub(crate) fn meanings(&self, path: &[String]) -> Vec<Vec<String>> {
        let path = without_prefix(path);
        let Some(first) = path.first() else { return Vec::new() };
        let mut meanings = vec![path.clone()];
        let mut index = 0;
        // Following a rename of a rename ends: a meaning that is known already is not followed again.
        while index < meanings.len() && meanings.len() < 64 {
            let meaning = meanings[index].clone();
            for replacement in self.bound.get(&meaning[0]).into_iter().flatten() {
                let replacement = without_prefix(replacement);
                let longer = [&replacement[..], &meaning[1..]].concat();
                if !longer.is_empty() && !meanings.contains(&longer) {
                    meanings.push(longer);
                }
            }
            index += 1;
        }
        if !self.own.contains(first) && !self.bound.contains_key(first) {
            for glob in &self.globs {
                let base =
                    if glob.is_empty() { continue } else { self.bound.get(&glob[0]).and_then(|all| all.first()) };
                let whole = base.map_or_else(|| glob.clone(), |base| [&base[..], &glob[1..]].concat());
                meanings.push([&whole[..], &path[..]].concat());
            }
        }
        meanings
    }
}

/// The path without the words that only say where in the crate it begins.
fn without_prefix(path: &[String]) -> Vec<String> {
    path.iter().skip_while(|part| ["self", "super", "crate"].contains(&part.as_str())).cloned().collect()
}
