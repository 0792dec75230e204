//! What the names in a crate's source can stand for, as far as its own `use` declarations and items tell.
//!
//! A path is followed through scopes (blocks and modules), renames, globs and re-exports, back to a path that begins with another crate's
//! name. Where it is not certain which of two things a name means, both count: who forbids something wants to know whether it can
//! be meant. Only an item of the crate in the same scope as a glob, or in one nearer to the name, is certain to be what is meant.

use std::collections::{BTreeMap, BTreeSet, HashSet};

/// No more ways are followed for one path. Nobody writes what has so many.
const MOST_WAYS: usize = 20_000;

/// A path grows by no more names than this while it is followed: `use a::a` would make it longer for ever.
const LONGEST_DETOUR: usize = 16;

/// Types and modules have other names than functions and constants: one does not hide the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Namespace {
    /// Types, traits, modules.
    Types,
    /// Functions, constants, statics, constructors.
    Values,
    /// It cannot be told from what is around the name.
    Either,
}

/// A scope, by its place in [`Names`].
pub(crate) type ScopeId = usize;

/// A block or a module, and the names that its items and `use` declarations give.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    /// The scope whose names can be used in this one, too; a module has none.
    around: Option<ScopeId>,
    /// The names of the modules that lead to it.
    module: Vec<String>,
    types: BTreeSet<String>,
    values: BTreeSet<String>,
    bound: BTreeMap<String, Vec<Vec<String>>>,
    globs: Vec<Vec<String>>,
}

/// The scopes of a crate.
#[derive(Debug, Default)]
pub(crate) struct Names {
    scopes: Vec<Scope>,
    /// The scopes of each module: more than one where it is declared twice.
    modules: BTreeMap<Vec<String>, Vec<ScopeId>>,
    /// The crates that need no declaration, and so can begin a path.
    crates: BTreeSet<String>,
    /// Every name that an item or a `use` gives, wherever.
    given: BTreeSet<String>,
    /// What the `use` declarations in macros bring in. Nobody knows where the macro is called.
    anywhere: Scope,
}

/// Where a path can lead.
#[derive(Debug, Default)]
pub(crate) struct Meanings {
    /// The paths that begin outside of the crate, or at a name that nobody declares.
    pub(crate) outside: Vec<Vec<String>>,
    /// There are more ways than were followed.
    pub(crate) too_many: bool,
}

/// A path to be followed: from a scope as if it were written there, or among the names of one scope only.
type Way = (ScopeId, Vec<String>, bool);

impl Names {
    /// No names yet. A path can begin with one of these crates.
    pub(crate) fn new(crates: BTreeSet<String>) -> Names {
        Names { crates, ..Names::default() }
    }

    /// The crates that a path can begin with.
    pub(crate) fn crates(&self) -> &BTreeSet<String> {
        &self.crates
    }

    /// A new module.
    pub(crate) fn module(&mut self, path: Vec<String>) -> ScopeId {
        self.modules.entry(path.clone()).or_default().push(self.scopes.len());
        self.scopes.push(Scope { module: path, ..Scope::default() });
        self.scopes.len() - 1
    }

    /// A new block in another scope.
    pub(crate) fn block(&mut self, around: ScopeId) -> ScopeId {
        let module = self.scopes[around].module.clone();
        self.scopes.push(Scope { around: Some(around), module, ..Scope::default() });
        self.scopes.len() - 1
    }

    /// The names of the modules that lead to a scope.
    pub(crate) fn module_of(&self, scope: ScopeId) -> &[String] {
        &self.scopes[scope].module
    }

    /// An item of the crate.
    pub(crate) fn declare(&mut self, scope: ScopeId, name: String, namespace: Namespace) {
        self.given.insert(name.clone());
        let scope = &mut self.scopes[scope];
        if namespace != Namespace::Values {
            scope.types.insert(name.clone());
        }
        if namespace != Namespace::Types {
            scope.values.insert(name);
        }
    }

    /// A name that a `use` brings in; in no scope if the `use` stands in a macro.
    pub(crate) fn bind(&mut self, scope: Option<ScopeId>, name: String, path: Vec<String>) {
        self.given.insert(name.clone());
        let scope = scope.map_or(&mut self.anywhere, |scope| &mut self.scopes[scope]);
        // `use std;` binds a name to itself.
        if path.len() > 1 || path.first() != Some(&name) {
            scope.bound.entry(name).or_default().push(path);
        }
    }

    /// A module that a `use …::*` brings in whole.
    pub(crate) fn bind_all(&mut self, scope: Option<ScopeId>, path: Vec<String>) {
        scope.map_or(&mut self.anywhere, |scope| &mut self.scopes[scope]).globs.push(path);
    }

    /// Whether an item of the crate, or a `use`, in this scope or around it gives this name to a function.
    pub(crate) fn has_function(&self, scope: ScopeId, name: &str) -> bool {
        self.around(scope).any(|scope| {
            let scope = &self.scopes[scope];
            scope.values.contains(name) || scope.bound.contains_key(name)
        })
    }

    /// Whether an item of the crate or a `use` gives this name, wherever.
    pub(crate) fn is_given(&self, name: &str) -> bool {
        self.given.contains(name)
    }

    fn around(&self, scope: ScopeId) -> impl Iterator<Item = ScopeId> {
        std::iter::successors(Some(scope), |scope| self.scopes[*scope].around)
    }

    /// Everything outside of the crate that a path can stand for. `absolute`: it begins with `::`, so with a crate's name.
    pub(crate) fn meanings(&self, scope: ScopeId, path: &[String], absolute: bool, namespace: Namespace) -> Meanings {
        let mut meanings = Meanings::default();
        if path.is_empty() {
            return meanings;
        }
        if absolute {
            meanings.outside.push(path.to_vec());
            return meanings;
        }
        let longest = path.len() + LONGEST_DETOUR;
        let mut seen: HashSet<Way> = HashSet::new();
        let mut ways: Vec<Way> = vec![(scope, path.to_vec(), true)];
        while let Some((scope, path, written)) = ways.pop() {
            if path.is_empty() || path.len() > longest || !seen.insert((scope, path.clone(), written)) {
                continue;
            }
            if seen.len() > MOST_WAYS {
                meanings.too_many = true;
                return meanings;
            }
            if !written {
                if !self.follow(scope, &path, namespace, &mut ways) {
                    meanings.outside.push(path);
                }
                continue;
            }
            if let Some((modules, rest)) = self.rooted(scope, &path) {
                if modules.is_empty() {
                    meanings.outside.push(rest.clone());
                }
                ways.extend(modules.into_iter().map(|module| (module, rest.clone(), false)));
                continue;
            }
            // What no item and no `use` is called is the crate. Globs of other crates bring in no crates.
            if self.crates.contains(&path[0]) && !self.given.contains(&path[0]) {
                meanings.outside.push(path);
                continue;
            }
            let certain = self.around(scope).any(|scope| self.follow(scope, &path, namespace, &mut ways));
            // Whoever calls something `std` may mean the crate all the same.
            if !certain || path[0] == "std" {
                meanings.outside.push(path);
            }
        }
        meanings
    }

    /// Follows a path whose first name is one of this scope. Whether it is certain that it is one.
    fn follow(&self, scope: ScopeId, path: &[String], namespace: Namespace, ways: &mut Vec<Way>) -> bool {
        let (first, rest) = (&path[0], &path[1..]);
        let here = &self.scopes[scope];
        // What others follow is a module or a type.
        let namespace = if rest.is_empty() { namespace } else { Namespace::Types };
        let own = match namespace {
            Namespace::Types => here.types.contains(first),
            Namespace::Values => here.values.contains(first),
            Namespace::Either => here.types.contains(first) && here.values.contains(first),
        };
        let inner = [&here.module[..], std::slice::from_ref(first)].concat();
        if own && let Some(modules) = self.modules.get(&inner) {
            ways.extend(modules.iter().map(|module| (*module, rest.to_vec(), false)));
        }
        if !own || namespace == Namespace::Either {
            for from in [here, &self.anywhere] {
                for path in from.bound.get(first).into_iter().flatten() {
                    ways.push((scope, [&path[..], rest].concat(), true));
                }
                for glob in &from.globs {
                    ways.push((scope, [&glob[..], path].concat(), true));
                }
            }
        }
        own
    }

    /// For a path that says where in the crate it begins (`crate::`, `self::`, `super::`): the modules, and what follows.
    fn rooted(&self, scope: ScopeId, path: &[String]) -> Option<(Vec<ScopeId>, Vec<String>)> {
        let mut module = self.scopes[scope].module.clone();
        let mut rest = path;
        while let [first, others @ ..] = rest {
            match first.as_str() {
                "crate" => module.clear(),
                "self" => {}
                "super" => drop(module.pop()),
                _ => break,
            }
            rest = others;
        }
        (rest.len() < path.len()).then(|| (self.modules.get(&module).cloned().unwrap_or_default(), rest.to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Vec<String> {
        text.split("::").map(str::to_owned).collect()
    }

    fn meant(names: &Names, scope: ScopeId, text: &str) -> Vec<String> {
        let found = names.meanings(scope, &path(text), false, Namespace::Types);
        assert!(!found.too_many);
        let mut found: Vec<String> = found.outside.iter().map(|path| path.join("::")).collect();
        found.sort();
        found
    }

    #[test]
    fn a_name_is_followed_through_modules_renames_and_globs() {
        let mut names = Names::new(["std".to_owned()].into());
        let root = names.module(Vec::new());
        let a = names.module(path("a"));
        names.declare(root, "a".into(), Namespace::Types);
        names.bind(Some(a), "s".into(), path("std::sync"));
        names.bind_all(Some(root), path("a"));
        for (scope, text) in [(root, "a::s::Mutex"), (root, "s::Mutex"), (a, "super::a::s::Mutex"), (a, "s::Mutex")] {
            assert!(meant(&names, scope, text).contains(&"std::sync::Mutex".to_owned()), "{text}");
        }
        // Nothing of the root is known in the module.
        assert_eq!(meant(&names, a, "a::s::Mutex"), ["a::s::Mutex"]);
    }

    #[test]
    fn an_item_hides_what_a_glob_around_it_brings_and_none_that_is_nearer() {
        let mut names = Names::new(["std".to_owned()].into());
        let root = names.module(Vec::new());
        names.declare(root, "Mutex".into(), Namespace::Types);
        names.bind_all(Some(root), path("std::sync"));
        assert!(meant(&names, root, "Mutex").is_empty());
        let block = names.block(root);
        names.bind_all(Some(block), path("std::sync"));
        assert_eq!(meant(&names, block, "Mutex"), ["std::sync::Mutex"]);
        // A function of that name hides no type.
        names.declare(block, "RwLock".into(), Namespace::Values);
        assert!(meant(&names, block, "RwLock").contains(&"std::sync::RwLock".to_owned()));
    }

    #[test]
    fn what_leads_round_in_a_circle_comes_to_an_end() {
        let mut names = Names::new(["std".to_owned()].into());
        let root = names.module(Vec::new());
        let [a, b] = ["a", "b"].map(|name| {
            names.declare(root, name.into(), Namespace::Types);
            names.module(path(name))
        });
        names.bind_all(Some(a), path("crate::b"));
        names.bind_all(Some(b), path("crate::a"));
        names.bind_all(Some(a), path("std::sync"));
        names.bind(Some(root), "x".into(), path("x::x"));
        assert!(meant(&names, root, "b::RwLock").contains(&"std::sync::RwLock".to_owned()));
        // A path that only grows leads nowhere.
        assert!(meant(&names, root, "y::z").contains(&"y::z".to_owned()));
    }
}
