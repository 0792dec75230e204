//! Collects from the syntax tree of a file what rules can be about, and what its names stand for.
//!
//! Names are compared as the compiler compares them, without `r#`. What the parser gives no form to (macros, attributes, syntax that it
//! only carries along) is looked through as tokens.

use super::found::{Collected, Found, What};
use super::tokens::{self, Place};
use super::uses;
use crate::syntax::name;
use crate::syntax::names::{Namespace, ScopeId};
use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::visit::{self, Visit};

/// Collects from one file, a module of the crate.
pub(super) fn file(collected: &mut Collected, file: usize, module: Vec<String>, syntax: &syn::File) {
    let scope = collected.names.module(module);
    let mut search = Search { collected, file, scope, namespace: Namespace::Types };
    if !for_tests_only(&syntax.attrs) {
        search.visit_file(syntax);
    }
}

struct Search<'a> {
    collected: &'a mut Collected,
    file: usize,
    scope: ScopeId,
    /// What the next path names.
    namespace: Namespace,
}

impl Search<'_> {
    fn place(&self, in_macro: bool) -> Place {
        Place { file: self.file, scope: self.scope, in_macro }
    }

    fn found(&mut self, span: Span, what: What) {
        self.collected.found.push(Found { file: self.file, span, scope: self.scope, what });
    }

    fn within(&mut self, scope: ScopeId, visit: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.scope, scope);
        visit(self);
        self.scope = outer;
    }

    fn declare(&mut self, ident: &syn::Ident, namespace: Namespace) {
        self.collected.names.declare(self.scope, name(ident), namespace);
    }
}

impl<'ast> Visit<'ast> for Search<'_> {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        if for_tests_only(attributes(item)) {
            return;
        }
        match item {
            syn::Item::Struct(item) if matches!(item.fields, syn::Fields::Named(_)) => {
                self.declare(&item.ident, Namespace::Types);
            }
            // Their constructors are values.
            syn::Item::Struct(item) => self.declare(&item.ident, Namespace::Either),
            syn::Item::Enum(item) => self.declare(&item.ident, Namespace::Types),
            syn::Item::Union(item) => self.declare(&item.ident, Namespace::Types),
            syn::Item::Trait(item) => self.declare(&item.ident, Namespace::Types),
            syn::Item::Type(item) => self.declare(&item.ident, Namespace::Types),
            syn::Item::Mod(item) => self.declare(&item.ident, Namespace::Types),
            syn::Item::Fn(item) => self.declare(&item.sig.ident, Namespace::Values),
            syn::Item::Const(item) => self.declare(&item.ident, Namespace::Values),
            syn::Item::Static(item) => self.declare(&item.ident, Namespace::Values),
            _ => {}
        }
        visit::visit_item(self, item);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        item.attrs.iter().for_each(|attribute| self.visit_attribute(attribute));
        if let Some((_, items)) = &item.content {
            let inner = [self.collected.names.module_of(self.scope), &[name(&item.ident)]].concat();
            let scope = self.collected.names.module(inner);
            self.within(scope, |search| items.iter().for_each(|item| search.visit_item(item)));
        }
    }

    fn visit_block(&mut self, block: &'ast syn::Block) {
        let scope = self.collected.names.block(self.scope);
        self.within(scope, |search| visit::visit_block(search, block));
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let namespace = std::mem::replace(&mut self.namespace, Namespace::Types);
        if let Some(first) = path.segments.first() {
            let parts: Vec<String> = path.segments.iter().map(|segment| name(&segment.ident)).collect();
            let (span, absolute) = (first.ident.span(), path.leading_colon.is_some());
            if parts.len() > 1 {
                self.found(span, What::Associated(parts.clone()));
            }
            self.found(span, What::Path { parts, absolute, namespace });
        }
        visit::visit_path(self, path);
    }

    fn visit_expr_path(&mut self, path: &'ast syn::ExprPath) {
        // With its type arguments written out it is no variable.
        if let (1, Some(only)) = (path.path.segments.len(), path.path.segments.first())
            && !only.arguments.is_none()
        {
            self.found(only.ident.span(), What::Called(name(&only.ident)));
        }
        path.attrs.iter().for_each(|attribute| self.visit_attribute(attribute));
        if let Some(of) = &path.qself {
            self.visit_qself(of);
        }
        self.namespace = Namespace::Values;
        self.visit_path(&path.path);
    }

    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        if let syn::Expr::Path(path) = &*call.func
            && let Some(only) = path.path.get_ident()
        {
            self.found(only.span(), What::Called(name(only)));
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.found(call.method.span(), What::Method(name(&call.method)));
        visit::visit_expr_method_call(self, call);
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        item.attrs.iter().for_each(|attribute| self.visit_attribute(attribute));
        let mut tree = TokenStream::new();
        item.leading_colon.to_tokens(&mut tree);
        item.tree.to_tokens(&mut tree);
        let tree: Vec<TokenTree> = tree.into_iter().collect();
        let public = !matches!(item.vis, syn::Visibility::Inherited);
        // What the parser takes as a `use` is one.
        for each in uses::of(&tree).unwrap_or_default() {
            tokens::imported(self.collected, self.place(false), &each, public);
        }
    }

    fn visit_item_extern_crate(&mut self, item: &'ast syn::ItemExternCrate) {
        item.attrs.iter().for_each(|attribute| self.visit_attribute(attribute));
        let rename = item.rename.as_ref().map(|(_, rename)| name(rename));
        let (of, public) = (name(&item.ident), !matches!(item.vis, syn::Visibility::Inherited));
        tokens::extern_crate(self.collected, self.place(false), &of, rename, public, item.ident.span());
    }

    fn visit_item_foreign_mod(&mut self, item: &'ast syn::ItemForeignMod) {
        self.found(item.abi.extern_token.span, What::Extern);
        visit::visit_item_foreign_mod(self, item);
    }

    fn visit_item_macro(&mut self, item: &'ast syn::ItemMacro) {
        item.attrs.iter().for_each(|attribute| self.visit_attribute(attribute));
        self.macro_call(&item.mac, item.ident.as_ref().map(name));
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.macro_call(call, None);
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        tokens::attribute(self.collected, self.place(false), attribute.meta.to_token_stream());
    }

    /// Syntax that the parser only carries along.
    fn visit_token_stream(&mut self, tokens: &'ast TokenStream) {
        tokens::code(self.collected, self.place(false), tokens.clone());
    }
}

impl Search<'_> {
    fn macro_call(&mut self, call: &syn::Macro, defined: Option<String>) {
        self.visit_path(&call.path);
        if let Some(last) = call.path.segments.last() {
            let called = name(&last.ident);
            self.found(last.ident.span(), What::Macro(called.clone()));
            tokens::record(self.collected, self.place(true), &called, defined, call.tokens.clone());
        }
        tokens::code(self.collected, self.place(true), call.tokens.clone());
    }
}

/// Whether what has these attributes is left out when grading.
fn for_tests_only(attributes: &[syn::Attribute]) -> bool {
    let is_test = |attribute: &syn::Attribute| {
        attribute.path().is_ident("cfg") && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
    };
    attributes.iter().any(is_test)
}

fn attributes(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Const(item) => &item.attrs,
        syn::Item::Enum(item) => &item.attrs,
        syn::Item::ExternCrate(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::ForeignMod(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Macro(item) => &item.attrs,
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Static(item) => &item.attrs,
        syn::Item::Struct(item) => &item.attrs,
        syn::Item::Trait(item) => &item.attrs,
        syn::Item::TraitAlias(item) => &item.attrs,
        syn::Item::Type(item) => &item.attrs,
        syn::Item::Union(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        _ => &[],
    }
}
