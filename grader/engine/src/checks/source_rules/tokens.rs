//! Looks through tokens that no parser has given a form: what stands in macros and attributes, and what the parser hands over as it is.
//!
//! Without recursion: tokens may nest deeper than any stack holds.

use super::found::{Collected, Found, MacroUse, What, Word};
use super::uses::{self, Use};
use crate::syntax::name;
use crate::syntax::names::{Namespace, ScopeId};
use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};

/// Where the tokens stand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) file: usize,
    pub(super) scope: ScopeId,
    /// Whether a macro may do something else with them than they say.
    pub(super) in_macro: bool,
}

/// What kind of tokens these are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Code,
    /// What stands in the brackets of an attribute.
    Attribute,
}

/// The tokens of one group, to be looked at by index.
struct List(Vec<TokenTree>);

impl List {
    fn is(&self, index: usize, sign: char) -> bool {
        matches!(self.0.get(index), Some(TokenTree::Punct(punct)) if punct.as_char() == sign)
    }

    /// `::` begins here.
    fn is_separator(&self, index: usize) -> bool {
        self.is(index, ':') && self.is(index + 1, ':')
    }

    fn word(&self, index: usize) -> Option<String> {
        match self.0.get(index) {
            Some(TokenTree::Ident(ident)) => Some(name(ident)),
            _ => None,
        }
    }

    fn group(&self, index: usize, delimiter: Delimiter) -> Option<TokenStream> {
        match self.0.get(index) {
            Some(TokenTree::Group(group)) if group.delimiter() == delimiter => Some(group.stream()),
            _ => None,
        }
    }

    fn any_group(&self, index: usize) -> Option<TokenStream> {
        match self.0.get(index) {
            Some(TokenTree::Group(group)) => Some(group.stream()),
            _ => None,
        }
    }

    fn before(&self, index: usize, sign: char) -> bool {
        index > 0 && self.is(index - 1, sign)
    }
}

/// Looks through the tokens of code.
pub(super) fn code(collected: &mut Collected, place: Place, tokens: TokenStream) {
    walk(collected, place, tokens, Form::Code);
}

/// Looks through an attribute: what stands in its brackets.
pub(super) fn attribute(collected: &mut Collected, place: Place, tokens: TokenStream) {
    walk(collected, place, tokens, Form::Attribute);
}

fn walk(collected: &mut Collected, place: Place, tokens: TokenStream, form: Form) {
    let mut waiting = vec![(tokens, form)];
    while let Some((tokens, form)) = waiting.pop() {
        let list = List(tokens.into_iter().collect());
        let mut walk = Walk { collected: &mut *collected, place, list: &list };
        if form == Form::Attribute {
            walk.attribute();
        }
        let mut index = 0;
        while let Some(token) = list.0.get(index) {
            match token {
                TokenTree::Group(group) => {
                    let brackets = group.delimiter() == Delimiter::Bracket;
                    let hash =
                        list.before(index, '#') || list.before(index, '!') && index > 1 && list.is(index - 2, '#');
                    let form = if brackets && hash { Form::Attribute } else { Form::Code };
                    waiting.push((group.stream(), form));
                    index += 1;
                }
                TokenTree::Ident(_) => index = walk.word(index, &mut waiting),
                _ => index += 1,
            }
        }
    }
}

struct Walk<'a> {
    collected: &'a mut Collected,
    place: Place,
    list: &'a List,
}

impl Walk<'_> {
    fn found(&mut self, span: Span, what: What) {
        let Place { file, scope, .. } = self.place;
        self.collected.found.push(Found { file, span, scope, what });
    }

    /// Looks at the word at this index, and returns the index of what comes after it.
    fn word(&mut self, index: usize, waiting: &mut Vec<(TokenStream, Form)>) -> usize {
        let list = self.list;
        let (Some(word), span) = (list.word(index), list.0[index].span()) else { return index + 1 };
        let after_dot = list.before(index, '.') && !(index > 1 && list.is(index - 2, '.'));
        match word.as_str() {
            // `use<'a>` is a bound.
            "use" if !after_dot && !list.is(index + 1, '<') => return self.import(index, waiting),
            "extern" => {
                if list.word(index + 1).as_deref() == Some("crate") {
                    return self.extern_crate(index);
                }
                let block = (index + 1..index + 5).any(|next| list.group(next, Delimiter::Brace).is_some());
                let function = (index + 1..index + 3).any(|next| list.word(next).as_deref() == Some("fn"));
                if block && !function || self.place.in_macro {
                    self.found(span, What::Extern);
                }
                return index + 1;
            }
            "mod" if self.place.in_macro && (index + 2..index + 4).any(|end| list.is(end, ';')) => {
                self.found(span, What::ModuleInMacro);
            }
            _ => {}
        }
        self.path(index, word, span, after_dot)
    }

    fn path(&mut self, index: usize, first: String, span: Span, after_dot: bool) -> usize {
        let list = self.list;
        let is_fragment = list.before(index, '$') && first != "crate";
        let mut parts = vec![first];
        let mut last = index;
        while list.is_separator(last + 1) {
            match list.word(last + 3) {
                Some(next) => parts.push(next),
                None if list.is(last + 3, '$') && !is_fragment => {
                    self.found(span, What::Composed(parts.clone()));
                    break;
                }
                None => break,
            }
            last += 3;
        }
        let name = parts.last().cloned().unwrap_or_default();
        if list.is(last + 1, '!') && !list.is(last + 2, '=') {
            self.call(&name, span, last + 2);
        }
        if after_dot || parts.len() > 1 {
            self.found(span, What::Method(name.clone()));
        }
        if !after_dot && !is_fragment {
            let called = list.group(last + 1, Delimiter::Parenthesis).is_some();
            let namespace = if called { Namespace::Values } else { Namespace::Either };
            if parts.len() == 1 && (called || list.is_separator(last + 1)) {
                self.found(span, What::Called(name));
            }
            self.found(span, What::Path { parts, absolute: false, namespace });
        }
        last + 1
    }

    /// A macro's call or definition, with what stands at this index.
    fn call(&mut self, name: &str, span: Span, index: usize) {
        self.found(span, What::Macro(name.to_owned()));
        let defined = (name == "macro_rules").then(|| self.list.word(index)).flatten();
        let given = self.list.any_group(index + usize::from(defined.is_some())).unwrap_or_default();
        record(self.collected, self.place, name, defined, given);
    }

    fn import(&mut self, index: usize, waiting: &mut Vec<(TokenStream, Form)>) -> usize {
        let list = self.list;
        let end = (index..list.0.len()).find(|end| list.is(*end, ';')).unwrap_or(list.0.len());
        let tree = &list.0[index + 1..end];
        let span = list.0[index].span();
        let public =
            index > 0 && (list.word(index - 1).as_deref() == Some("pub") || list.any_group(index - 1).is_some());
        match uses::of(tree) {
            Ok(all) => {
                for each in all {
                    imported(self.collected, self.place, &each, public);
                }
                end
            }
            Err(known) => {
                self.found(span, What::Composed(known));
                // It may be no `use` at all: then it holds other things.
                waiting.extend(tree.iter().filter_map(|token| match token {
                    TokenTree::Group(group) => Some((group.stream(), Form::Code)),
                    _ => None,
                }));
                index + 1
            }
        }
    }

    fn extern_crate(&mut self, index: usize) -> usize {
        let list = self.list;
        let Some(of) = list.word(index + 2) else {
            self.found(list.0[index].span(), What::Composed(Vec::new()));
            return index + 2;
        };
        let rename = (list.word(index + 3).as_deref() == Some("as")).then(|| list.word(index + 4)).flatten();
        let public =
            index > 0 && (list.word(index - 1).as_deref() == Some("pub") || list.any_group(index - 1).is_some());
        extern_crate(self.collected, self.place, &of, rename, public, list.0[index + 2].span());
        index + 3
    }

    /// What stands in the brackets of an attribute.
    fn attribute(&mut self) {
        let list = self.list;
        let mut last = 0;
        while list.is_separator(last + 1) {
            last += 3;
        }
        let Some(name) = list.word(last) else { return };
        let span = list.0[0].span();
        let given = list.any_group(last + 1).unwrap_or_default();
        match name.as_str() {
            "cfg" if !is_for_tests(given.clone()) => self.found(span, What::Condition),
            // They hold other attributes.
            "cfg_attr" | "unsafe" => {
                for word in words(given) {
                    self.found(span, What::Attribute(word.name));
                }
            }
            _ => {}
        }
        self.found(span, What::Attribute(name));
    }
}

/// Whether a condition says nothing but `test` or `not(test)`.
pub(super) fn is_for_tests(condition: TokenStream) -> bool {
    let text = condition.to_string();
    let text: String = text.split_whitespace().collect();
    ["test", "not(test)", "test,", "not(test),"].contains(&text.as_str())
}

/// Notes what a macro is given, or what its definition holds, and the conditions that `cfg!` asks for.
pub(super) fn record(collected: &mut Collected, place: Place, name: &str, defined: Option<String>, given: TokenStream) {
    let words = words(given.clone());
    if name == "cfg"
        && !is_for_tests(given)
        && let Some(first) = words.first()
    {
        let Place { file, scope, .. } = place;
        collected.found.push(Found { file, span: first.span, scope, what: What::Condition });
    }
    let is_definition = defined.is_some();
    let name = defined.unwrap_or_else(|| name.to_owned());
    collected.macros.push(MacroUse { name, is_definition, file: place.file, scope: place.scope, words });
}

/// All words in tokens, however deep.
fn words(tokens: TokenStream) -> Vec<Word> {
    let mut words = Vec::new();
    let mut waiting = vec![tokens];
    while let Some(tokens) = waiting.pop() {
        let list = List(tokens.into_iter().collect());
        for (index, token) in list.0.iter().enumerate() {
            match token {
                TokenTree::Group(group) => waiting.push(group.stream()),
                TokenTree::Ident(ident) => {
                    let follows = index > 1 && list.is_separator(index - 2) && !(index > 2 && list.is(index - 3, '$'));
                    let leads = list.is_separator(index + 1) && !list.is(index + 3, '$');
                    let bare = !follows && !leads && !list.before(index, '.');
                    words.push(Word { name: name(ident), bare, span: ident.span() });
                }
                _ => {}
            }
        }
    }
    words
}

/// What one `use` brings in.
pub(super) fn imported(collected: &mut Collected, place: Place, each: &Use, public: bool) {
    let Place { file, scope, in_macro } = place;
    let mut found = |what: What| collected.found.push(Found { file, span: each.span, scope, what });
    let Some(last) = each.path.last() else { return };
    let renamed = each.name.as_ref().is_some_and(|name| name != last);
    let is_crate = each.path.len() == 1 && (each.absolute || collected.names.crates().contains(last));
    if is_crate && (each.glob || renamed || public || last == "std") {
        found(What::Crate(last.clone()));
    }
    if renamed && last == "cfg" {
        found(What::Condition);
    } else if renamed {
        found(What::Macro(last.clone()));
    }
    // An attribute that is a macro, so that it can have another name.
    if last == "global_allocator" {
        found(What::Attribute(last.clone()));
    }
    found(What::Path { parts: each.path.clone(), absolute: each.absolute, namespace: Namespace::Either });
    let scope = (!in_macro).then_some(scope);
    match &each.name {
        _ if each.glob => collected.names.bind_all(scope, each.path.clone()),
        Some(name) => collected.names.bind(scope, name.clone(), each.path.clone()),
        None => {}
    }
}

/// An `extern crate`.
pub(super) fn extern_crate(
    collected: &mut Collected,
    place: Place,
    of: &str,
    rename: Option<String>,
    public: bool,
    span: Span,
) {
    let Place { file, scope, in_macro } = place;
    let mut found = |what: What| collected.found.push(Found { file, span, scope, what });
    let path = if of == "self" { "crate" } else { of };
    if of != "self" {
        found(What::Path { parts: vec![of.to_owned()], absolute: true, namespace: Namespace::Types });
        if public || rename.as_ref().is_some_and(|rename| rename != of && rename != "_") {
            found(What::Crate(of.to_owned()));
        }
    }
    if let Some(rename) = rename {
        collected.names.bind((!in_macro).then_some(scope), rename, vec![path.to_owned()]);
    }
}
