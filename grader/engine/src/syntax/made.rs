//! What is made where: the name of the field, variable or static that a call's value is made for. A counterexample that says
//! `lock state` is read at once; `lock mutex#2` is not.

use crate::syntax;
use std::collections::BTreeMap;
use std::path::Path;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Expr, ExprCall, FieldValue, ItemConst, ItemStatic, Local, Member, Pat};

/// No more files of a submission than this are read for names.
const MOST_FILES: usize = 64;

/// Names by place: file, line and column, both from 1.
pub(crate) type Names = BTreeMap<(String, u32, u32), String>;

/// The names in a root file and the files beside and below it. What cannot be read or parsed has none.
pub(crate) fn names(root: &Path) -> Names {
    let mut names = Names::new();
    let Some(folder) = root.parent() else { return names };
    let files = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().flatten();
    for entry in files.filter(|entry| entry.path().extension().is_some_and(|end| end == "rs")).take(MOST_FILES) {
        let Ok(text) = std::fs::read_to_string(entry.path()) else { continue };
        let file = entry.path().display().to_string();
        let found = syntax::on_a_deep_stack(|| {
            let mut calls = Calls::default();
            if let Ok(file) = syntax::parse(&text) {
                calls.visit_file(&file);
            }
            Ok(calls.found)
        });
        names.extend(
            found.unwrap_or_default().into_iter().map(|(line, column, name)| ((file.clone(), line, column), name)),
        );
    }
    names
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
            Member::Named(name) => Some(name.to_string()),
            Member::Unnamed(_) => None,
        };
        self.within(name, |calls| visit::visit_field_value(calls, field));
    }

    fn visit_local(&mut self, local: &'ast Local) {
        fn name(pattern: &Pat) -> Option<String> {
            match pattern {
                Pat::Ident(ident) => Some(ident.ident.to_string()),
                Pat::Type(typed) => name(&typed.pat),
                _ => None,
            }
        }
        self.within(name(&local.pat), |calls| visit::visit_local(calls, local));
    }

    fn visit_item_static(&mut self, item: &'ast ItemStatic) {
        self.within(Some(item.ident.to_string()), |calls| visit::visit_item_static(calls, item));
    }

    fn visit_item_const(&mut self, item: &'ast ItemConst) {
        self.within(Some(item.ident.to_string()), |calls| visit::visit_item_const(calls, item));
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
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("lib.rs");
        std::fs::write(&root, text).unwrap();
        let names = names(&root);
        let name = |line, column| names.get(&(root.display().to_string(), line, column)).map(String::as_str);
        assert_eq!(name(1, 25), Some("ALL"));
        assert_eq!(name(3, 16), Some("gate"));
        assert_eq!(name(3, 25), Some("gate"));
        assert_eq!(name(4, 16), Some("state"));
        assert_eq!(name(4, 42), Some("inner"));
    }
}
