//! What the submission's own macros could put together of the words that they are given.
//!
//! A macro can lay words beside each other that stand apart in the source: `std`, `::` and `fs` make `std::fs`. It cannot make a
//! word. So all words of own macros, of their definitions and their calls, are looked at together: where a path's beginning is handed
//! over alone, and the rest of a forbidden path is among the words, it can come about.

use super::found::{Collected, Found, MacroUse, What, Word};
use super::rules::Rule;
use crate::syntax::names::Namespace;
use std::collections::BTreeSet;

/// Words that are common names of variables and modules, too: alone they say nothing.
const COMMON: [&str; 5] = ["path", "feature", "link", "used", "test"];

/// What own macros could make, for each rule that it would break.
pub(super) fn possible(collected: &Collected, rules: &[(Rule<'_>, &str)]) -> Vec<Found> {
    let own: BTreeSet<&str> =
        collected.macros.iter().filter(|each| each.is_definition).map(|each| each.name.as_str()).collect();
    let uses: Vec<&MacroUse> = collected.macros.iter().filter(|each| own.contains(each.name.as_str())).collect();
    let all: BTreeSet<&str> = uses.iter().flat_map(|each| &each.words).map(|word| word.name.as_str()).collect();
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for each in &uses {
        for word in each.words.iter().filter(|word| word.bare) {
            // Once per scope is enough: the same word means the same there.
            if seen.insert((each.scope, word.name.as_str())) {
                let made = of_word(collected, each, word, &all, rules);
                let at = |what| Found { file: each.file, span: word.span, scope: each.scope, what };
                found.extend(made.into_iter().map(at));
            }
        }
    }
    found
}

fn of_word(
    collected: &Collected,
    each: &MacroUse,
    word: &Word,
    all: &BTreeSet<&str>,
    rules: &[(Rule<'_>, &str)],
) -> Vec<What> {
    let mut made = Vec::new();
    let known = collected.names.crates().contains(&word.name);
    if known {
        made.push(What::Crate(word.name.clone()));
    }
    let meanings =
        collected.names.meanings(each.scope, std::slice::from_ref(&word.name), false, Namespace::Types).outside;
    let leads = meanings.iter().filter(|meaning| meaning.len() > 1 || known);
    for meaning in leads {
        for (rule, _) in rules {
            let Rule::Path(forbidden) = rule else { continue };
            let parts: Vec<&str> = forbidden.split("::").collect();
            let begins = parts.len() > meaning.len() && parts.iter().zip(meaning).all(|(a, b)| a == b);
            if begins && parts[meaning.len()..].iter().all(|part| all.contains(part)) {
                let words = parts[meaning.len()..].iter().map(ToString::to_string).collect();
                made.push(What::Possible { from: meaning.join("::"), words });
            }
        }
    }
    for (rule, _) in rules {
        match *rule {
            Rule::Macro(name) if name == word.name => made.push(What::Macro(word.name.clone())),
            Rule::Attribute(name) if name == word.name => {
                let with = if name == "path" { "mod" } else { "extern" };
                if !COMMON.contains(&name) || all.contains(with) {
                    made.push(What::Attribute(word.name.clone()));
                }
            }
            _ => {}
        }
    }
    if word.name == "cfg" {
        made.push(What::Condition);
    }
    made
}
