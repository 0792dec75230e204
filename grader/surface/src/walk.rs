//! Walks the public items of a crate through its source: modules, re-exports and globs, over several crates where one shows what
//! others have.

use crate::condition::Conditions;
use crate::model::{Content, Implementation, Item, Kind, Krate, Path, What as Named, within};
use crate::public::{Public, TRAITS, What};
use crate::read;
use quote::ToTokens;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use syn::visit_mut::{self, VisitMut};

/// The crates whose source is at hand.
#[derive(Default)]
pub struct World {
    crates: BTreeMap<String, Krate>,
}

/// Where something is defined: a crate, a module, a name.
type Place = (String, Path, String);

/// What a path leads to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Found {
    Module(String, Path),
    Item(Place),
    /// In a crate that is not at hand: the path as it is written.
    Elsewhere(Path),
}

impl World {
    /// Adds the crate of that name, whose first file is `root`, as it is compiled with these features.
    pub fn add(&mut self, name: &str, root: PathBuf, features: BTreeSet<String>) {
        self.crates.insert(name.to_owned(), read::krate(&root, Conditions { features }));
    }

    /// Macros whose calls stand in the place of items and are not understood, by crate.
    #[must_use]
    pub fn skipped(&self) -> BTreeSet<String> {
        let all = self.crates.iter();
        all.flat_map(|(name, of)| of.skipped.iter().map(move |called| format!("{name}: {called}!"))).collect()
    }

    /// All that is public in a crate.
    ///
    /// # Panics
    /// If it was not added.
    #[must_use]
    pub fn public(&self, name: &str) -> Vec<Public> {
        assert!(self.crates.contains_key(name), "{name} is not at hand");
        let mut walk = Walk { world: self, public: Vec::new(), types: BTreeMap::new(), visited: BTreeSet::new() };
        walk.module(name, &Vec::new(), name);
        walk.implementations();
        walk.public.sort_by_key(ToString::to_string);
        walk.public.dedup();
        walk.public
    }

    fn resolve(&self, krate: &str, module: &Path, path: &[String], depth: usize) -> Vec<Found> {
        let Some((first, rest)) = path.split_first() else {
            return vec![Found::Module(krate.to_owned(), module.clone())];
        };
        let parent = || module[..module.len().saturating_sub(1)].to_vec();
        let starts = match first.as_str() {
            "crate" => vec![Found::Module(krate.to_owned(), Vec::new())],
            "self" => vec![Found::Module(krate.to_owned(), module.clone())],
            "super" => vec![Found::Module(krate.to_owned(), parent())],
            _ => {
                let local = self.named(krate, module, first, depth);
                match self.crates.contains_key(first) {
                    _ if !local.is_empty() => local,
                    true => vec![Found::Module(first.clone(), Vec::new())],
                    false => vec![Found::Elsewhere(vec![first.clone()])],
                }
            }
        };
        let mut found = starts;
        for name in rest {
            let next = found.iter().flat_map(|from| match from {
                Found::Module(krate, module) if name == "super" => {
                    vec![Found::Module(krate.clone(), module[..module.len().saturating_sub(1)].to_vec())]
                }
                Found::Module(krate, module) => self.named(krate, module, name, depth),
                Found::Item(_) => Vec::new(),
                Found::Elsewhere(path) => vec![Found::Elsewhere(within(path, name))],
            });
            found = next.collect();
        }
        found.sort();
        found.dedup();
        found
    }

    /// What has that name in a module, privately or not.
    fn named(&self, krate: &str, module: &Path, name: &str, depth: usize) -> Vec<Found> {
        let Some(content) = self.crates.get(krate).and_then(|krate| krate.modules.get(module)) else {
            return Vec::new();
        };
        if depth > 20 {
            return Vec::new();
        }
        let mut found = Vec::new();
        for known in content.names.iter().filter(|known| known.name == name) {
            match &known.what {
                Named::Module => found.push(Found::Module(krate.to_owned(), within(module, name))),
                Named::Item(_) => found.push(Found::Item((krate.to_owned(), module.clone(), name.to_owned()))),
                Named::Use(path) => found.extend(self.used(krate, module, name, path, depth)),
            }
        }
        if found.is_empty() {
            for (path, _) in &content.globs {
                for from in self.resolve(krate, module, path, depth + 1) {
                    if let Found::Module(krate, inner) = from {
                        found.extend(self.named(&krate, &inner, name, depth + 1));
                    }
                }
            }
        }
        found
    }

    /// `use a::a` looks for the first `a` among what is not this import.
    fn used(&self, krate: &str, module: &Path, name: &str, path: &Path, depth: usize) -> Vec<Found> {
        if path.first().is_some_and(|first| first == name) {
            let child: Path = within(module, name);
            if self.crates[krate].modules.contains_key(&child) {
                return self.resolve(krate, &child, &path[1..], depth + 1);
            }
            return match self.crates.contains_key(name) {
                true => self.resolve(name, &Vec::new(), &path[1..], depth + 1),
                false => vec![Found::Elsewhere(path.clone())],
            };
        }
        self.resolve(krate, module, path, depth + 1)
    }

    fn is_public(&self, krate: &str, module: &Path) -> bool {
        let Some((name, parent)) = module.split_last() else { return true };
        let content = self.crates.get(krate).and_then(|krate| krate.modules.get(parent));
        let mut names = content.into_iter().flat_map(|content| &content.names);
        names.any(|known| known.name == *name && known.public && matches!(known.what, Named::Module))
    }

    fn items(&self, place: &Place) -> impl Iterator<Item = &Item> {
        let (krate, module, name) = place;
        let content = self.crates.get(krate).and_then(|krate| krate.modules.get(module));
        content.into_iter().flat_map(|content| &content.names).filter_map(move |known| match &known.what {
            Named::Item(item) if known.name == *name => Some(item),
            _ => None,
        })
    }
}

struct Walk<'a> {
    world: &'a World,
    public: Vec<Public>,
    /// Public types, with the shortest path under which each is found, and the number of its parameters.
    types: BTreeMap<Place, (String, usize)>,
    visited: BTreeSet<(String, Path, String)>,
}

impl Walk<'_> {
    fn add(&mut self, path: String, what: What) {
        self.public.push(Public { path, what });
    }

    /// A public module, found as `shown`.
    fn module(&mut self, krate: &str, module: &Path, shown: &str) {
        // A module may show one that shows it.
        if shown.split("::").count() > 8 || !self.visited.insert((krate.to_owned(), module.clone(), shown.to_owned())) {
            return;
        }
        let Some(content) = self.world.crates.get(krate).and_then(|krate| krate.modules.get(module)) else { return };
        for known in content.names.iter().filter(|known| known.public) {
            let shown = format!("{shown}::{}", known.name);
            match &known.what {
                Named::Module => {
                    self.add(shown.clone(), What::Importable);
                    self.module(krate, &within(module, &known.name), &shown);
                }
                Named::Item(item) => {
                    self.item(&(krate.to_owned(), module.clone(), known.name.clone()), item, &shown);
                }
                Named::Use(path) => {
                    for found in self.world.used(krate, module, &known.name, path, 0) {
                        self.found(found, &shown);
                    }
                }
            }
        }
        for (path, _) in content.globs.iter().filter(|(_, public)| *public) {
            for found in self.world.resolve(krate, module, path, 0) {
                if let Found::Module(krate, module) = found {
                    self.module(&krate, &module, shown);
                }
            }
        }
    }

    fn found(&mut self, found: Found, shown: &str) {
        match found {
            Found::Module(krate, module) if self.world.is_public(&krate, &module) => {
                self.add(shown.to_owned(), What::Importable);
                self.module(&krate, &module, shown);
            }
            Found::Module(..) => {}
            Found::Item(place) => {
                for item in self.world.items(&place) {
                    self.item(&place, item, shown);
                }
            }
            Found::Elsewhere(_) => self.add(shown.to_owned(), What::Importable),
        }
    }

    fn item(&mut self, place: &Place, item: &Item, shown: &str) {
        match item {
            Item::Function(signature) => self.add(shown.to_owned(), What::Function(signature.clone())),
            Item::Other => self.add(shown.to_owned(), What::Importable),
            Item::Type { parameters, variants, fields } => {
                self.add(shown.to_owned(), What::Importable);
                for variant in variants {
                    self.add(format!("{shown}::{variant}"), What::Importable);
                }
                for field in fields {
                    self.add(format!("{shown}::{field}"), What::Field(*parameters));
                }
                let known = self.types.entry(place.clone()).or_insert_with(|| (shown.to_owned(), *parameters));
                if shown.len() < known.0.len() {
                    known.0 = shown.to_owned();
                }
            }
        }
    }

    /// What public types have.
    fn implementations(&mut self) {
        let world = self.world;
        for (name, krate) in &world.crates {
            for implementation in &krate.implementations {
                let module = &implementation.module;
                let of = world.resolve(name, module, &implementation.of, 0).into_iter().find_map(|found| match found {
                    Found::Item(place) => self.types.get(&place).cloned(),
                    _ => None,
                });
                let Some((of, parameters)) = of else { continue };
                match &implementation.kind {
                    Kind::Inherent(contents) => self.contents(contents, &of, parameters),
                    Kind::Trait(of_trait, arguments) => {
                        let Some((_, path)) = TRAITS.iter().find(|(known, _)| known == of_trait) else { continue };
                        if let Some(arguments) = self.written(name, implementation, arguments) {
                            self.add(of.clone(), What::Trait(parameters, format!("{path}{arguments}")));
                        }
                    }
                }
            }
        }
    }

    fn contents(&mut self, contents: &[Content], of: &str, parameters: usize) {
        for content in contents {
            match content {
                Content::Method(method, signature) => {
                    self.add(format!("{of}::{method}"), What::Method(signature.clone(), parameters));
                }
                Content::Constant(constant) => self.add(format!("{of}::{constant}"), What::Constant(parameters)),
            }
        }
    }

    /// The arguments of a trait, so that they mean the same elsewhere. `None` if one of them is not public.
    fn written(&self, krate: &str, of: &Implementation, arguments: &[syn::Type]) -> Option<String> {
        let (module, parameters) = (&of.module, &of.parameters);
        let mut writer = Writer { walk: self, krate, module, parameters, is_public: true };
        let written: Vec<String> = arguments.iter().map(|argument| writer.argument(argument)).collect();
        let text = if written.is_empty() { String::new() } else { format!("<{}>", written.join(", ")) };
        writer.is_public.then_some(text)
    }
}

/// `alloc` is no crate that everybody has.
fn as_std(path: &Path) -> String {
    let path = path.join("::");
    path.strip_prefix("alloc::").map_or(path.clone(), |rest| format!("std::{rest}"))
}

/// Writes types so that they mean the same elsewhere.
struct Writer<'a, 'b> {
    walk: &'a Walk<'b>,
    krate: &'a str,
    module: &'a Path,
    parameters: &'a [String],
    /// Whether all that was written is public.
    is_public: bool,
}

impl Writer<'_, '_> {
    fn argument(&mut self, of: &syn::Type) -> String {
        let mut of = of.clone();
        self.visit_type_mut(&mut of);
        of.to_token_stream().to_string().replace(PARAMETER, "?")
    }
}

/// What is written for a parameter until the text is made.
const PARAMETER: &str = "__PARAMETER";

impl VisitMut for Writer<'_, '_> {
    fn visit_path_mut(&mut self, path: &mut syn::Path) {
        visit_mut::visit_path_mut(self, path);
        let names: Path = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if let [only] = &names[..]
            && self.parameters.contains(only)
        {
            *path = syn::parse_str(PARAMETER).expect("a name is a path");
            return;
        }
        let found = self.walk.world.resolve(self.krate, self.module, &names, 0);
        let known = found.iter().find_map(|found| match found {
            Found::Item(place) => self.walk.types.get(place).map(|(shown, _)| shown.clone()),
            // What the prelude has is known everywhere.
            Found::Elsewhere(path) => (path.len() > 1).then(|| as_std(path)),
            Found::Module(..) => None,
        });
        self.is_public &= known.is_some() || !found.iter().any(|found| matches!(found, Found::Item(_)));
        if let Some(shown) = known
            && let Ok(mut elsewhere) = syn::parse_str::<syn::Path>(&format!("::{shown}"))
            && let (Some(last), Some(before)) = (elsewhere.segments.last_mut(), path.segments.last())
        {
            last.arguments = before.arguments.clone();
            *path = elsewhere;
        }
    }

    fn visit_lifetime_mut(&mut self, lifetime: &mut syn::Lifetime) {
        lifetime.ident = syn::Ident::new("static", lifetime.ident.span());
    }
}
