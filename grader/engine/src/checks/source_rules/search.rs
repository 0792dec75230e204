//! Looks for one rule in the syntax tree of one file.

use super::files::{Parsed, for_tests_only};
use super::rules::Rule;
use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// Looks for one rule in one file.
pub(super) struct Search<'a> {
    pub(super) file: &'a Parsed,
    pub(super) rule: Rule<'a>,
    pub(super) allow: &'a [String],
    pub(super) found: Vec<Span>,
}

impl Search<'_> {
    /// `absolute`: written in a `use` of a crate's name, or with a leading `::`, so that no local name can be meant.
    fn path(&mut self, parts: &[String], absolute: bool, span: Span) {
        let Rule::Path(forbidden) = self.rule else { return };
        let local = parts.first().is_some_and(|first| self.file.names.own.contains(first));
        // A crate's name alone is a variable, a field or a module of the submission's.
        if !forbidden.contains("::") && !absolute && (parts.len() < 2 || local) {
            return;
        }
        let forbidden_parts: Vec<&str> = forbidden.split("::").collect();
        let hit = self.file.names.meanings(parts).iter().any(|meaning| {
            let begins =
                meaning.len() >= forbidden_parts.len() && meaning.iter().zip(&forbidden_parts).all(|(a, b)| a == b);
            begins && !self.allowed(meaning)
        });
        if hit {
            self.found.push(span);
        }
    }

    /// A name alone, used as a function: one of the prelude, such as `size_of`, is nowhere imported.
    fn function(&mut self, name: &str, span: Span) {
        let Rule::Path(forbidden) = self.rule else { return };
        let in_prelude = forbidden.strip_prefix("std::mem::") == Some(name);
        if in_prelude && !self.file.names.own.contains(name) && !self.file.names.binds(name) {
            self.found.push(span);
        }
    }

    /// Whether a path is below one that the exercise allows, or on the way to it.
    fn allowed(&self, meaning: &[String]) -> bool {
        self.allow.iter().any(|allowed| allowed.split("::").zip(meaning).all(|(a, b)| a == b))
    }

    /// Paths, methods and macros in the tokens of a macro.
    fn tokens(&mut self, tokens: TokenStream) {
        let all: Vec<TokenTree> = tokens.into_iter().collect();
        let punct =
            |index: usize, sign: char| matches!(all.get(index), Some(TokenTree::Punct(p)) if p.as_char() == sign);
        let mut index = 0;
        while index < all.len() {
            match &all[index] {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Ident(first) => {
                    let method = index > 0 && punct(index - 1, '.');
                    let mut parts = vec![first.to_string()];
                    while punct(index + 1, ':') && punct(index + 2, ':') {
                        let Some(TokenTree::Ident(next)) = all.get(index + 3) else { break };
                        parts.push(next.to_string());
                        index += 3;
                    }
                    let last = parts.last().cloned().unwrap_or_default();
                    match self.rule {
                        Rule::Method(name) if (method || parts.len() > 1) && last == name => {
                            self.found.push(first.span())
                        }
                        Rule::Macro(name) if punct(index + 1, '!') && last == name => self.found.push(first.span()),
                        Rule::Path(_) if !method => {
                            self.path(&parts, false, first.span());
                            let called = matches!(
                                all.get(index + 1),
                                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis
                            );
                            if parts.len() == 1 && (called || punct(index + 1, ':') && punct(index + 2, ':')) {
                                self.function(&last, first.span());
                            }
                        }
                        _ => {}
                    }
                }
                _ => {}
            }
            index += 1;
        }
    }

    fn use_tree(&mut self, prefix: &[String], absolute: bool, tree: &syn::UseTree) {
        let with = |name: &syn::Ident| [prefix, &[name.to_string()]].concat();
        match tree {
            syn::UseTree::Path(path) => self.use_tree(&with(&path.ident), absolute, &path.tree),
            syn::UseTree::Name(name) if name.ident == "self" => self.path(prefix, absolute, name.ident.span()),
            syn::UseTree::Name(name) => self.path(&with(&name.ident), absolute, name.ident.span()),
            syn::UseTree::Rename(rename) if rename.ident == "self" => self.path(prefix, absolute, rename.ident.span()),
            syn::UseTree::Rename(rename) => self.path(&with(&rename.ident), absolute, rename.ident.span()),
            syn::UseTree::Glob(glob) => self.path(prefix, absolute, glob.star_token.spans[0]),
            syn::UseTree::Group(group) => group.items.iter().for_each(|tree| self.use_tree(prefix, absolute, tree)),
        }
    }
}

impl<'ast> Visit<'ast> for Search<'_> {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        let attributes = match item {
            syn::Item::Mod(item) => &item.attrs,
            syn::Item::Fn(item) => &item.attrs,
            syn::Item::Use(item) => &item.attrs,
            syn::Item::Impl(item) => &item.attrs,
            syn::Item::Struct(item) => &item.attrs,
            _ => &Vec::new(),
        };
        if !for_tests_only(attributes) {
            visit::visit_item(self, item);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let parts: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if let (Some(first), true) = (path.segments.first(), parts.len() > 1 || path.leading_colon.is_none()) {
            self.path(&parts, path.leading_colon.is_some(), first.ident.span());
            if let Rule::Method(name) = self.rule
                && parts.len() > 1
                && parts.last().is_some_and(|last| last == name)
                && parts[0] != "Self"
                && !self.file.names.own.contains(&parts[0])
            {
                self.found.push(first.ident.span());
            }
        }
        visit::visit_path(self, path);
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let local = item.leading_colon.is_none()
            && first_of(&item.tree).is_some_and(|first| self.file.names.own.contains(&first));
        self.use_tree(&[], !local, &item.tree);
    }

    fn visit_item_extern_crate(&mut self, item: &'ast syn::ItemExternCrate) {
        self.path(&[item.ident.to_string()], true, item.ident.span());
    }

    fn visit_expr_path(&mut self, path: &'ast syn::ExprPath) {
        // With its type arguments written out it is no variable.
        if let (1, Some(only)) = (path.path.segments.len(), path.path.segments.first())
            && !only.arguments.is_none()
        {
            self.function(&only.ident.to_string(), only.ident.span());
        }
        visit::visit_expr_path(self, path);
    }

    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        if let syn::Expr::Path(path) = &*call.func
            && let Some(name) = path.path.get_ident()
        {
            self.function(&name.to_string(), name.span());
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        if let Rule::Method(name) = self.rule
            && call.method == name
        {
            self.found.push(call.method.span());
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        if let (Rule::Macro(name), Some(last)) = (self.rule, call.path.segments.last())
            && last.ident == name
        {
            self.found.push(last.ident.span());
        }
        self.tokens(call.tokens.clone());
        visit::visit_macro(self, call);
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        // `#[cfg_attr(…, path = "…")]` and `#[unsafe(no_mangle)]` hide the name one level down.
        let Rule::Attribute(name) = self.rule else { return };
        let nested = ["cfg_attr", "unsafe"].iter().any(|each| attribute.path().is_ident(each));
        let inside = nested && attribute.meta.require_list().is_ok_and(|list| mentions(list.tokens.clone(), name));
        if attribute.path().is_ident(name) || inside {
            self.found.extend(attribute.path().segments.first().map(|segment| segment.ident.span()));
        }
    }

    fn visit_item_foreign_mod(&mut self, item: &'ast syn::ItemForeignMod) {
        if self.rule == Rule::Extern {
            self.found.push(item.abi.extern_token.span);
        }
    }
}

/// The first name of a `use`.
fn first_of(tree: &syn::UseTree) -> Option<String> {
    match tree {
        syn::UseTree::Path(path) => Some(path.ident.to_string()),
        syn::UseTree::Name(name) => Some(name.ident.to_string()),
        syn::UseTree::Rename(rename) => Some(rename.ident.to_string()),
        syn::UseTree::Glob(_) | syn::UseTree::Group(_) => None,
    }
}

fn mentions(tokens: TokenStream, name: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == name,
        TokenTree::Group(group) => mentions(group.stream(), name),
        _ => false,
    })
}
