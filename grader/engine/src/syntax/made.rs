//! What is made where: the name of the field, variable or static that a call's value is made for. A counterexample that says
//! `lock state` is read at once; `lock mutex#2` is not.

use crate::syntax;
use std::collections::BTreeMap;
use std::path::Path;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Expr, ExprCall, FieldValue, ItemConst, ItemStatic, Local, Member, Pat};

/// Names by place: file, line and column, both from 1.
pub(crate) type Names = BTreeMap<(String, u32, u32), String>;

/// The names in the files of a submission, given as path and text. What cannot be parsed has none.
pub(crate) fn names<'a>(files: impl Iterator<Item = (&'a Path, &'a str)>) -> Names {
    let files: Vec<_> = files.collect();
    let found = syntax::on_a_deep_stack(|| {
        let mut names = Names::new();
        for (path, text) in files {
            let mut calls = Calls::default();
            if let Ok(file) = syntax::parse(text) {
                calls.visit_file(&file);
            }
            let file = path.display().to_string();
            names.extend(calls.found.into_iter().map(|(line, column, name)| ((file.clone(), line, column), name)));
        }
        Ok(names)
    });
    found.unwrap_or_default()
}

#[derive(Default)]
struct Calls {
    /// What the expression being visited is for.
    name: Option<String>,
    found: Vec<(u32, u32, String)>,
}

impl Calls {
    fn within(&mut self, name: Option<String>, visit: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.name, name);
        visit(self);
        self.name = outer;
    }
}

impl<'ast> Visit<'ast> for Calls {
    fn visit_field_value(&mut self, field: &'ast FieldValue) {
        let name = match &field.member {
            Member::Named(name) => Some(syntax::name(name)),
            Member::Unnamed(_) => None,
        };
        self.within(name, |calls| visit::visit_field_value(calls, field));
    }

    fn visit_local(&mut self, local: &'ast Local) {
        fn name(pattern: &Pat) -> Option<String> {
            match pattern {
                Pat::Ident(ident) => Some(syntax::name(&ident.ident)),
                Pat::Type(typed) => name(&typed.pat),
                _ => None,
            }
        }
        self.within(name(&local.pat), |calls| visit::visit_local(calls, local));
    }

    fn visit_item_static(&mut self, item: &'ast ItemStatic) {
        self.within(Some(syntax::name(&item.ident)), |calls| visit::visit_item_static(calls, item));
    }

    fn visit_item_const(&mut self, item: &'ast ItemConst) {
        self.within(Some(syntax::name(&item.ident)), |calls| visit::visit_item_const(calls, item));
    }

    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        if let (Some(name), Expr::Path(_)) = (&self.name, &*call.func) {
            let start = call.span().start();
            self.found.push((start.line as u32, start.column as u32 + 1, name.clone()));
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_closure(&mut self, closure: &'ast syn::ExprClosure) {
        self.within(None, |calls| visit::visit_expr_closure(calls, closure));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_variables_and_statics_name_what_is_made_for_them() {
        let text = "static ALL: Mutex<u8> = Mutex::new(0);\nfn f() -> S {\n    let gate = Arc::new(Condvar::new());\n    \
                    S { state: Mutex::new(State { inner: Cell::new(1) }), gate }\n}\n";
        let names = names([(Path::new("lib.rs"), text)].into_iter());
        let name = |line, column| names.get(&("lib.rs".to_owned(), line, column)).map(String::as_str);
        assert_eq!(name(1, 25), Some("ALL"));
        assert_eq!(name(3, 16), Some("gate"));
        assert_eq!(name(3, 25), Some("gate"));
        assert_eq!(name(4, 16), Some("state"));
        assert_eq!(name(4, 42), Some("inner"));
    }
}
