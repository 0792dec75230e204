//! Small changes of a source, each of which a check should notice.
//!
//! The operators are those of common mutation tools (a body replaced, a condition decided, an operator or a small number
//! off by one, a statement left out), and those that Bradbury, Cordy and Dingel give for concurrent code ("Mutation Operators
//! for Concurrent Java", 2006): a notification left out or sent to one instead of all, a wait that is not looked at again,
//! a memory ordering weakened. A literal above 2 is taken for a matter of tuning, and not changed; neither is
//! anything inside of a macro call, of `#[cfg(test)]`, or of an `impl Debug`.

use crate::syntax;
use crate::trouble::{Context, Trouble};
use proc_macro2::Span;
use std::collections::BTreeMap;
use std::ops::Range;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{
    Attribute, BinOp, Block, Expr, ExprBinary, ExprIf, ExprLit, ExprMethodCall, ExprPath, ExprUnary, ExprWhile,
    ImplItemFn, ItemFn, ItemImpl, ItemMod, Lit, PatGuard, ReturnType, Stmt, TraitItemFn, Type, UnOp,
};

/// The largest number that is taken for logic.
const LARGEST: u64 = 2;

/// More characters of the code are not shown in a mutant's name.
const SHOWN: usize = 60;

/// One small change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mutant {
    /// Where it is and what it does, without a line number: it keeps its name when something above it changes.
    pub name: String,
    /// The line, from 1.
    pub line: usize,
    range: Range<usize>,
    with: String,
}

impl Mutant {
    /// The source with this change.
    pub fn apply(&self, text: &str) -> String {
        format!("{}{}{}", &text[..self.range.start], self.with, &text[self.range.end..])
    }
}

/// All mutants of a source, in its order.
///
/// # Errors
/// If it is not valid Rust.
pub fn of(text: &str) -> Result<Vec<Mutant>, Trouble> {
    let mut found = syntax::on_a_deep_stack(|| {
        let file = syntax::parse(text).usage("cannot read the source to be mutated")?;
        let mut finder = Finder { text, within: Vec::new(), found: Vec::new() };
        finder.visit_file(&file);
        Ok(finder.found)
    })?;
    found.sort_by_key(|mutant| (mutant.range.start, mutant.range.end));
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for mutant in &mut found {
        let times = seen.entry(mutant.name.clone()).or_default();
        *times += 1;
        if *times > 1 {
            mutant.name = format!("{} ({times})", mutant.name);
        }
    }
    Ok(found)
}

struct Finder<'a> {
    text: &'a str,
    /// Types and functions around the place.
    within: Vec<String>,
    found: Vec<Mutant>,
}

impl<'a> Finder<'a> {
    fn code(&self, span: Span) -> &'a str {
        &self.text[span.byte_range()]
    }

    /// Replaces a place; `what` is said of it.
    fn change(&mut self, span: Span, with: impl Into<String>, what: &str) {
        let (range, with) = (span.byte_range(), with.into());
        if self.text[range.clone()] == with {
            return;
        }
        let name = format!("{}: {what}", self.within.join("::"));
        self.found.push(Mutant { name, line: span.start().line, range, with });
    }

    /// Replaces one expression by another.
    fn replace(&mut self, span: Span, with: &str) {
        let what = format!("`{}` as `{}`", short(self.code(span)), short(with));
        self.change(span, with, &what);
    }

    /// Takes something away.
    fn remove(&mut self, span: Span) {
        let what = format!("without `{}`", short(self.code(span)));
        self.change(span, "", &what);
    }

    /// Replaces a whole body by values of its type.
    fn body(&mut self, output: &ReturnType, block: &Block) {
        if block.stmts.is_empty() {
            return;
        }
        for value in values(output) {
            let what = if value.is_empty() { "without a body".into() } else { format!("`{value}` as its body") };
            self.change(block.span(), format!("{{ {value} }}"), &what);
        }
    }

    /// A condition that is always, or never, met. One with `let` in it cannot be replaced.
    fn decide(&mut self, condition: &Expr, values: &[&str]) {
        if !binds(condition) {
            for value in values {
                self.replace(condition.span(), value);
            }
        }
    }

    fn inside(&mut self, name: String, visit: impl FnOnce(&mut Self)) {
        self.within.push(name);
        visit(self);
        self.within.pop();
    }
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        if !for_tests(&item.attrs) {
            self.inside(item.ident.to_string(), |finder| visit::visit_item_mod(finder, item));
        }
    }

    fn visit_item_impl(&mut self, item: &'ast ItemImpl) {
        let of = item.trait_.as_ref().and_then(|(path, _)| path.segments.last());
        if of.is_some_and(|of| of.ident == "Debug") {
            return;
        }
        let name = match &*item.self_ty {
            Type::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()),
            _ => None,
        };
        self.inside(name.unwrap_or_else(|| "impl".into()), |finder| visit::visit_item_impl(finder, item));
    }

    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        if !for_tests(&item.attrs) {
            self.inside(item.sig.ident.to_string(), |finder| {
                finder.body(&item.sig.output, &item.block);
                visit::visit_block(finder, &item.block);
            });
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        self.inside(item.sig.ident.to_string(), |finder| {
            finder.body(&item.sig.output, &item.block);
            visit::visit_block(finder, &item.block);
        });
    }

    fn visit_trait_item_fn(&mut self, item: &'ast TraitItemFn) {
        let Some(block) = &item.default else { return };
        self.inside(item.sig.ident.to_string(), |finder| {
            finder.body(&item.sig.output, block);
            visit::visit_block(finder, block);
        });
    }

    fn visit_stmt(&mut self, statement: &'ast Stmt) {
        match statement {
            Stmt::Expr(expression, Some(_)) if acts(expression) => self.remove(statement.span()),
            Stmt::Macro(_) => self.remove(statement.span()),
            _ => {}
        }
        visit::visit_stmt(self, statement);
    }

    fn visit_expr_if(&mut self, expression: &'ast ExprIf) {
        self.decide(&expression.cond, &["true", "false"]);
        visit::visit_expr_if(self, expression);
    }

    fn visit_expr_while(&mut self, expression: &'ast ExprWhile) {
        self.decide(&expression.cond, &["false"]);
        let what = format!("`while {}` only once", short(self.code(expression.cond.span())));
        self.change(expression.while_token.span, "if", &what);
        visit::visit_expr_while(self, expression);
    }

    fn visit_pat_guard(&mut self, pattern: &'ast PatGuard) {
        self.decide(&pattern.guard, &["true", "false"]);
        visit::visit_pat_guard(self, pattern);
    }

    fn visit_expr_binary(&mut self, expression: &'ast ExprBinary) {
        let joins = matches!(expression.op, BinOp::And(_)) && (binds(&expression.left) || binds(&expression.right));
        for other in others(&expression.op).iter().filter(|_| !joins) {
            let span = expression.op.span();
            let (left, right) = (self.code(expression.left.span()), self.code(expression.right.span()));
            let whole = self.code(expression.span());
            let what = format!("`{}` as `{}`", short(whole), short(&format!("{left} {other} {right}")));
            self.change(span, *other, &what);
        }
        visit::visit_expr_binary(self, expression);
    }

    fn visit_expr_unary(&mut self, expression: &'ast ExprUnary) {
        if matches!(expression.op, UnOp::Not(_) | UnOp::Neg(_)) {
            let inner = self.code(expression.expr.span());
            self.replace(expression.span(), inner);
        }
        visit::visit_expr_unary(self, expression);
    }

    fn visit_expr_lit(&mut self, expression: &'ast ExprLit) {
        match &expression.lit {
            Lit::Bool(value) => self.replace(expression.span(), if value.value { "false" } else { "true" }),
            Lit::Int(number) => {
                let suffix = number.suffix();
                match number.base10_parse::<u64>() {
                    Ok(0) => self.replace(expression.span(), &format!("1{suffix}")),
                    Ok(value) if value <= LARGEST => {
                        self.replace(expression.span(), &format!("{}{suffix}", value - 1));
                        self.replace(expression.span(), &format!("{}{suffix}", value + 1));
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }

    fn visit_expr_path(&mut self, expression: &'ast ExprPath) {
        let segments = &expression.path.segments;
        let ordering = segments.iter().rev().nth(1).is_some_and(|parent| parent.ident == "Ordering");
        if let Some(last) = segments.last().filter(|_| ordering || segments.len() == 1) {
            let weaker: &[&str] = match last.ident.to_string().as_str() {
                "Acquire" | "Release" | "SeqCst" => &["Relaxed"],
                "AcqRel" => &["Acquire", "Release"],
                _ => &[],
            };
            for weaker in weaker {
                // The statement says which access it is.
                let what = format!("{} as {weaker}", last.ident);
                let path = if ordering { format!("Ordering::{weaker}") } else { (*weaker).to_owned() };
                let with = if segments.len() > 2 { format!("std::sync::atomic::{path}") } else { path };
                self.change(expression.span(), with, &what);
            }
        }
        visit::visit_expr_path(self, expression);
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        let other = match call.method.to_string().as_str() {
            "notify_all" => "notify_one",
            "min" => "max",
            "max" => "min",
            "pop_front" => "pop_back",
            "pop_back" => "pop_front",
            "push_front" => "push_back",
            "push_back" => "push_front",
            "is_some" => "is_none",
            "is_none" => "is_some",
            "is_ok" => "is_err",
            "is_err" => "is_ok",
            _ => "",
        };
        if !other.is_empty() {
            let what = format!("`{}` with `{other}`", short(self.code(call.span())));
            self.change(call.method.span(), other, &what);
        }
        visit::visit_expr_method_call(self, call);
    }
}

/// Whether an expression, as a statement, does something that can be left out.
fn acts(expression: &Expr) -> bool {
    match expression {
        Expr::Call(_) | Expr::MethodCall(_) | Expr::Assign(_) | Expr::Macro(_) => true,
        Expr::Return(_) | Expr::Break(_) | Expr::Continue(_) => true,
        Expr::Binary(binary) => others_assign(&binary.op),
        Expr::Await(inner) => acts(&inner.base),
        Expr::Try(inner) => acts(&inner.expr),
        _ => false,
    }
}

fn others_assign(operator: &BinOp) -> bool {
    matches!(operator, BinOp::AddAssign(_) | BinOp::SubAssign(_) | BinOp::MulAssign(_) | BinOp::DivAssign(_))
        || matches!(operator, BinOp::BitAndAssign(_) | BinOp::BitOrAssign(_) | BinOp::BitXorAssign(_))
}

/// What could be mistaken for an operator.
fn others(operator: &BinOp) -> &'static [&'static str] {
    match operator {
        BinOp::Eq(_) => &["!="],
        BinOp::Ne(_) => &["=="],
        BinOp::Lt(_) => &["<=", ">"],
        BinOp::Le(_) => &["<", ">"],
        BinOp::Gt(_) => &[">=", "<"],
        BinOp::Ge(_) => &[">", "<"],
        BinOp::And(_) => &["||"],
        BinOp::Or(_) => &["&&"],
        BinOp::Add(_) => &["-"],
        BinOp::Sub(_) => &["+"],
        BinOp::Mul(_) => &["+"],
        BinOp::Div(_) | BinOp::Rem(_) => &["*"],
        BinOp::BitAnd(_) => &["|"],
        BinOp::BitOr(_) => &["&"],
        BinOp::AddAssign(_) => &["-="],
        BinOp::SubAssign(_) => &["+="],
        BinOp::MulAssign(_) => &["+="],
        _ => &[],
    }
}

/// Whether a condition binds names that its body uses.
fn binds(condition: &Expr) -> bool {
    match condition {
        Expr::Let(_) => true,
        Expr::Binary(binary) => binds(&binary.left) || binds(&binary.right),
        Expr::Paren(inner) => binds(&inner.expr),
        _ => false,
    }
}

/// Values that a function of this type may be reduced to. What does not compile is not viable, and counts for nothing.
fn values(output: &ReturnType) -> Vec<&'static str> {
    let ReturnType::Type(_, output) = output else { return vec![""] };
    let last = match &**output {
        Type::Tuple(tuple) if tuple.elems.is_empty() => return vec![""],
        Type::Path(path) => path.path.segments.last(),
        Type::ImplTrait(_) | Type::Never(_) | Type::Reference(_) => return Vec::new(),
        _ => None,
    };
    let Some(last) = last else { return vec!["Default::default()"] };
    let unit = matches!(&last.arguments, syn::PathArguments::AngleBracketed(list)
        if matches!(list.args.first(), Some(syn::GenericArgument::Type(Type::Tuple(tuple))) if tuple.elems.is_empty()));
    match (last.ident.to_string().as_str(), unit) {
        ("bool", _) => vec!["true", "false"],
        ("u8" | "u16" | "u32" | "u64" | "usize" | "i8" | "i16" | "i32" | "i64" | "isize", _) => vec!["0", "1"],
        ("Option", _) => vec!["None"],
        ("Result" | "LockResult", true) => vec!["Ok(())"],
        ("Result" | "LockResult", false) => vec!["Ok(Default::default())"],
        ("Poll", true) => vec!["std::task::Poll::Pending", "std::task::Poll::Ready(())"],
        ("Poll", false) => vec!["std::task::Poll::Pending"],
        ("Self", _) => Vec::new(),
        _ => vec!["Default::default()"],
    }
}

fn for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("test")
            || attribute.path().is_ident("cfg")
                && attribute.parse_args::<syn::Ident>().is_ok_and(|argument| argument == "test")
    })
}

/// Code on one line, not too long.
fn short(code: &str) -> String {
    let line = code.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        of(text).unwrap().into_iter().map(|mutant| mutant.name).collect()
    }

    #[test]
    fn what_a_wait_can_lack_is_left_out() {
        let text = "impl Bell { fn wait(&self) {
            let mut rung = self.rung.lock().unwrap();
            while !*rung { rung = self.bell.wait(rung).unwrap(); }
            *rung = false;
            self.bell.notify_all();
        } }";
        let expected = [
            "Bell::wait: without a body",
            "Bell::wait: `while !*rung` only once",
            "Bell::wait: `!*rung` as `false`",
            "Bell::wait: `!*rung` as `*rung`",
            "Bell::wait: without `rung = self.bell.wait(rung).unwrap();`",
            "Bell::wait: without `*rung = false;`",
            "Bell::wait: `false` as `true`",
            "Bell::wait: without `self.bell.notify_all();`",
            "Bell::wait: `self.bell.notify_all()` with `notify_one`",
        ];
        let mut found = names(text);
        found.sort();
        let mut expected = expected.map(str::to_owned).to_vec();
        expected.sort();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_mutant_changes_one_place_and_nothing_else() {
        let text = "fn open(&self) -> bool { self.state.load(Ordering::Acquire) < 3 }";
        let texts: Vec<String> = of(text).unwrap().iter().map(|mutant| mutant.apply(text)).collect();
        let with = |body: &str| format!("fn open(&self) -> bool {{ {body} }}");
        assert_eq!(
            texts.iter().collect::<std::collections::BTreeSet<_>>(),
            [
                with("true"),
                with("false"),
                with("self.state.load(Ordering::Relaxed) < 3"),
                with("self.state.load(Ordering::Acquire) <= 3"),
                with("self.state.load(Ordering::Acquire) > 3"),
            ]
            .iter()
            .collect()
        );
    }

    #[test]
    fn names_tell_equal_changes_apart_and_tests_are_left_alone() {
        let text = "fn f() { g(); g(); } #[cfg(test)] mod tests { fn h() { g(); } } #[test] fn t() { g(); }";
        assert_eq!(names(text), ["f: without a body", "f: without `g();`", "f: without `g();` (2)"]);
    }

    #[test]
    fn a_let_in_a_condition_stays() {
        let found = names("fn f(x: Option<u64>) { if let Some(y) = x && y == 4 { g(y); } }");
        assert_eq!(found, ["f: without a body", "f: `y == 4` as `y != 4`", "f: without `g(y);`"]);
    }
}
