//! Which rules something in the source breaks.

use super::found::{Collected, Found, What};
use super::rules::Rule;
use crate::syntax::names::{Meanings, Namespace};

/// The rules, and what the exercise allows of what they forbid.
pub(super) struct Judge<'a> {
    pub(super) collected: &'a Collected,
    pub(super) rules: &'a [(Rule<'a>, &'a str)],
    pub(super) allow: &'a [String],
}

impl Judge<'_> {
    /// The rules that it breaks, by their place in the list.
    pub(super) fn broken_by(&self, found: &Found) -> Vec<usize> {
        let meanings = self.meanings(found);
        let breaks = |rule: &Rule<'_>| self.breaks(*rule, found, &meanings);
        let broken = self.rules.iter().enumerate().filter(|(_, (rule, _))| breaks(rule));
        broken.map(|(index, _)| index).collect()
    }

    /// Of what a path can stand for, what is in another crate: all that a rule about a path forbids.
    fn meanings(&self, found: &Found) -> Meanings {
        let names = &self.collected.names;
        let mut meanings = match &found.what {
            What::Path { parts, absolute, namespace } => names.meanings(found.scope, parts, *absolute, *namespace),
            What::Composed(parts) => names.meanings(found.scope, parts, false, Namespace::Types),
            What::Associated(parts) => {
                return names.meanings(found.scope, &parts[..parts.len() - 1], false, Namespace::Types);
            }
            _ => Meanings::default(),
        };
        meanings.outside.retain(|path| names.crates().contains(&path[0]));
        meanings
    }

    fn breaks(&self, rule: Rule<'_>, found: &Found, meanings: &Meanings) -> bool {
        match (rule, &found.what) {
            (Rule::Path(forbidden), What::Path { absolute, .. }) => {
                meanings.too_many || meanings.outside.iter().any(|path| self.is_below(path, forbidden, *absolute))
            }
            (Rule::Path(forbidden), What::Called(name)) => {
                // One of the prelude, such as `size_of`, is nowhere imported.
                let in_prelude = forbidden.strip_prefix("std::mem::") == Some(name.as_str());
                in_prelude && !self.collected.names.has_function(found.scope, name)
            }
            (Rule::Path(forbidden), What::Possible { from, words }) => {
                forbidden == [std::slice::from_ref(from), words].concat().join("::")
            }
            (Rule::Composed, What::Composed(parts)) => {
                parts.is_empty() || meanings.too_many || meanings.outside.iter().any(|path| self.may_lead_astray(path))
            }
            (Rule::Method(name), What::Method(found)) => name == found,
            (Rule::Method(name), What::Associated(parts)) => {
                // The crate's own types may have methods of that name.
                let names = &self.collected.names;
                let is_own = |path: &Vec<String>| names.is_given(&path[0]) && !names.crates().contains(&path[0]);
                let own = parts[0] == "Self" || meanings.outside.iter().all(is_own);
                parts.last().is_some_and(|last| last == name) && !own
            }
            (Rule::Macro(name), What::Macro(found)) => name == found,
            (Rule::Attribute(name), What::Attribute(found)) => name == found,
            (Rule::Condition, What::Condition) | (Rule::Extern, What::Extern) | (Rule::Crate, What::Crate(_)) => true,
            (Rule::ModuleInMacro, What::ModuleInMacro) => true,
            _ => false,
        }
    }

    /// Whether a path is a forbidden one, or below it.
    fn is_below(&self, path: &[String], forbidden: &str, absolute: bool) -> bool {
        // A crate's name alone is a variable, a field or a module of the submission's.
        if !forbidden.contains("::") && path.len() < 2 && !absolute {
            return false;
        }
        let mut given = path.iter();
        forbidden.split("::").all(|part| given.next().is_some_and(|given| given == part)) && !self.allowed(path)
    }

    /// Whether a path is below one that the exercise allows, or on the way to it.
    fn allowed(&self, path: &[String]) -> bool {
        self.allow.iter().any(|allowed| allowed.split("::").zip(path).all(|(a, b)| a == b))
    }

    /// Whether a path that begins so can become a forbidden one.
    fn may_lead_astray(&self, path: &[String]) -> bool {
        let wholly_allowed = self.allow.iter().any(|allowed| {
            let allowed: Vec<&str> = allowed.split("::").collect();
            allowed.len() <= path.len() && allowed.iter().zip(path).all(|(a, b)| a == b)
        });
        let forbidden = self.rules.iter().filter_map(|(rule, _)| match rule {
            Rule::Path(forbidden) => Some(*forbidden),
            _ => None,
        });
        let mut leads = forbidden.map(|forbidden| forbidden.split("::").zip(path).all(|(a, b)| a == b));
        !wholly_allowed && leads.any(|leads| leads)
    }
}
