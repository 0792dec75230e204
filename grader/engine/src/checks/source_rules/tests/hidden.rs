//! What tries to get past the rules: by how it is spelled, where it stands, what else has its name, and what a macro makes of it.

use super::*;

/// Demands that the source is rejected for this, and tells whether it may be compiled.
fn is_found(subject: &str, text: &str) -> bool {
    let judged = judged("std::sync::RwLock", &[], text);
    let subjects: Vec<&str> = judged.report.findings.iter().map(|finding| finding.subject.as_str()).collect();
    assert_eq!(judged.report.outcome, Outcome::Failed, "{text}");
    assert!(subjects.contains(&subject), "{text}: {subjects:?}");
    judged.is_closed
}

#[test]
fn what_reads_other_files_is_found_and_not_compiled() {
    for (subject, text) in [
        ("path", "#[r#path = \"/etc/passwd\"] mod stolen; pub use stolen::*;"),
        ("path", "#![allow(dead_code)]\n#[cfg_attr(all(), r#path = \"x\")] mod y;"),
        ("path", "fn f() { #[path = \"x\"] mod y; }"),
        ("path", "mod a { #[r#path = \"x\"] mod y; }"),
        ("path", "macro_rules! m { () => { #[path = \"x\"] mod y; } } m!();"),
        ("path", "macro_rules! m { ($a:ident) => { #[$a = \"x\"] mod y {} } } m!(path);"),
        ("path", "macro_rules! m { ($($t:tt)*) => { $($t)* } } m!(#[path = \"x\"] mod y {});"),
        ("path", "macro_rules! m { ($($t:tt),*) => { $($t)* } } m!(#, [path = \"x\"], mod, y, ;);"),
        ("mod in a macro", "macro_rules! m { () => { mod y; } } m!();"),
        ("mod in a macro", "macro_rules! m { ($a:ident) => { pub(crate) mod $a; } } m!(y);"),
        ("include_str", "use std::include_str as inc; const _: &str = inc!(\"/proc/self/fd/2\");"),
        (
            "include_str",
            "use std::include_str as inc; const TEXT: &str = inc!(\"x\"); const _: () = panic!(\"{}\", TEXT);",
        ),
        ("include_str", "mod a { pub use std::include_str as b; } const _: &str = a::b!(\"x\");"),
        ("include_str", "use ::std::{r#include_str as inc};"),
        ("include_str", "use {::std::include_str as inc};"),
        ("include_str", "#[deprecated = include_str!(\"x\")] pub fn f() {}"),
        ("include_str", "#[deprecated(note = include_str!(\"x\"))] pub fn f() {}"),
        ("include_str", "#[doc = include_str!(\"x\")] pub struct S;"),
        ("include_str", "#![doc = include_str!(\"x\")]"),
        ("include_str", "struct S { #[doc = include_str!(\"x\")] a: u8 }"),
        ("include_str", "enum E { #[doc = include_str!(\"x\")] A }"),
        ("include_str", "trait T { #[doc = include_str!(\"x\")] fn f(); }"),
        (
            "include_str",
            "fn f(#[doc = include_str!(\"x\")] a: u8) { match a { #[doc = include_str!(\"x\")] _ => {} } }",
        ),
        ("include_str", "#[must_use = include_str!(\"x\")] extern crate std;"),
        ("include_str", "#[cfg_attr(all(), doc = include_str!(\"x\"))] use std::io;"),
        ("include_str", "macro_rules! m { ($a:ident) => { $a!(\"x\") } } const _: &str = m!(include_str);"),
        ("include_str", "macro_rules! m { ($($t:tt),*) => { $($t)* } } const _: &str = m!(include_str, !, (\"x\"));"),
        ("include_str", "const _: &str = std::include_str!(\"x\");"),
        ("include_str", "const _: &str = r#include_str!(\"x\");"),
        ("include_str", "fn f() { println!(\"{}\", { const X: &str = include_str!(\"x\"); X }); }"),
        ("include_bytes", "const _: &[u8] = ::core::include_bytes!(\"x\");"),
        ("include", "include!(\"x\");"),
        ("include", "fn f() { r#include! { \"x\" } }"),
        ("include", "macro_rules! m { ($a:ident) => { $a!(\"x\"); } } m!(include);"),
        ("env", "use std::env as e; const _: &str = e!(\"PATH\");"),
        ("option_env", "const _: Option<&str> = std::option_env!(\"PATH\");"),
        ("global_asm", "use std::arch::global_asm as g; g!(\".incbin \\\"x\\\"\");"),
        ("link", "#[link(name = \"x\")] unsafe extern \"C\" {}"),
    ] {
        assert!(!is_found(subject, text), "{text}: is compiled");
    }
}

#[test]
fn a_forbidden_path_is_found_however_it_is_hidden() {
    let own = "mod fs { pub fn write(_: &str, _: &str) -> Result<(), ()> { Ok(()) } } ";
    for (subject, text) in [
        ("a whole crate", "fn f() { use std::*; let _ = fs::write(\"a\", \"b\"); }"),
        ("std::fs", "fn f() { use std::*; let _ = fs::write(\"a\", \"b\"); }"),
        ("a whole crate", "fn f() { use {::std::*}; let _ = fs::write(\"a\", \"b\"); }"),
        ("std::fs", "fn f() { use {::std::*}; let _ = fs::write(\"a\", \"b\"); }"),
        ("std::fs", "use {::std::fs as files}; fn f() { let _ = files::write(\"a\", \"b\"); }"),
        ("std::fs", "fn f() { use {::std::{r#fs::write as w}}; let _ = w(\"a\", \"b\"); }"),
        ("std::fs", "fn f() { let _ = std::r#fs::write(\"a\", \"b\"); }"),
        ("std::fs", "fn f() { let _ = r#std::fs::write(\"a\", \"b\"); }"),
        ("std::fs", "mod a { fn f() { let _ = crate::std::fs::write(\"a\", \"b\"); } }"),
        ("a whole crate", "use std::{self as s}; fn f() { let _ = s::fs::write(\"a\", \"b\"); }"),
        ("std::fs", "use std::{self as s}; fn f() { let _ = s::fs::write(\"a\", \"b\"); }"),
        ("a whole crate", "mod a { pub use std; } fn f() { let _ = a::std::fs::write(\"a\", \"b\"); }"),
        ("a whole crate", "mod a { pub use std as s; } fn f() { let _ = a::s::fs::write(\"a\", \"b\"); }"),
        ("std::fs", "mod a { pub use std as s; } fn f() { let _ = a::s::fs::write(\"a\", \"b\"); }"),
        ("std::fs", "mod a { pub use ::std::*; } use a::*; fn f() { let _ = fs::write(\"a\", \"b\"); }"),
        ("a whole crate", "extern crate std as s; fn f() { let _ = s::fs::write(\"a\", \"b\"); }"),
        ("a whole crate", "pub extern crate std; fn f() {}"),
        ("a whole crate", "mod std { pub use ::std::*; } fn f() {}"),
        ("std::fs", "mod std { pub mod fs { pub fn write() {} } } fn f() { std::fs::write() }"),
        (
            "a composed path",
            "macro_rules! m { ($a:ident) => { std::$a::write(\"a\", \"b\") } } fn f() { let _ = m!(fs); }",
        ),
        ("a composed path", "macro_rules! m { ($a:tt) => { use ::std::$a as x; } } m!(fs);"),
        ("a composed path", "macro_rules! m { ($($t:tt)*) => { use $($t)*; } } m!(std::io);"),
        (
            "a whole crate",
            "macro_rules! call { ($m:ident $f:ident $($t:tt)*) => { { use std::*; $m::$f($($t)*) } } } fn f() { let _ = call!(fs write \"a\", \"b\"); }",
        ),
        (
            "std::fs",
            "macro_rules! m { ($a:ident $b:ident) => { $a::$b::write(\"a\", \"b\") } } fn f() { let _ = m!(std fs); }",
        ),
        (
            "std::fs",
            "macro_rules! m { ($($t:tt),*) => { $($t)* } } fn f() { let _ = m!(std, ::, fs, ::, write, (\"a\", \"b\")); }",
        ),
        (
            "std::fs",
            "macro_rules! m { ($a:path) => { { use $a as x; x(\"a\", \"b\") } } } fn f() { let _ = m!(std::fs::write); }",
        ),
        ("std::sync::RwLock", "use std::sync as s; mod a { pub struct RwLock; } fn f(_: s::RwLock<u8>) {}"),
        ("std::sync::RwLock", "pub struct RwLock; fn f() { use std::sync::*; let _ = RwLock::new(1); }"),
        ("std::sync::RwLock", "fn RwLock() {} use std::sync::*; type L = RwLock<u8>;"),
        ("std::sync::RwLock", "mod a { pub use std::sync::*; } type L = a::RwLock<u8>;"),
        (
            "std::sync::RwLock",
            "mod a { pub use std::sync::*; } mod b { pub use super::a::*; pub struct Mutex; } use b::*; type L = RwLock<u8>;",
        ),
        (
            "std::sync::RwLock",
            "mod a { pub use std::sync::RwLockReadGuard; pub use std::sync as c; } type L = crate::a::c::RwLock<u8>;",
        ),
        ("a composed path", "macro_rules! m { ($a:ident) => { std::sync::$a::new(1) } } fn f() { m!(RwLock); }"),
        (
            "std::sync::RwLock",
            "use std::sync; macro_rules! m { ($a:ident, $b:ident) => { $a::$b::new(1) } } fn f() { m!(sync, RwLock); }",
        ),
        ("std::mem::size_of", "fn f() -> usize { r#size_of::<u8>() }"),
        ("std::mem::size_of", "mod a { pub fn size_of() {} } fn f() -> usize { size_of::<u8>() }"),
        ("global_allocator", "use std::prelude::v1::global_allocator as g; #[g] static A: u8 = 1;"),
    ] {
        // What is forbidden is run all the same: it is what must hold against it.
        is_found(subject, text);
        // An own module of that name helps none of them: some of these then mean it, and are found for how they come to it.
        let with_own = judged("std::sync::RwLock", &[], &text.replace("fn f()", &format!("{own}fn f()")));
        assert_eq!(with_own.report.outcome, Outcome::Failed, "{text}");
    }
}

#[test]
fn what_tells_builds_apart_is_found() {
    for (subject, text) in [
        ("cfg", "fn f() { #[cfg(debug_assertions)] { g() } } fn g() {}"),
        ("cfg", "fn f() -> bool { cfg!(debug_assertions) }"),
        ("cfg", "fn f() -> bool { std::cfg!(overflow_checks) }"),
        ("cfg", "fn f() -> bool { cfg!(not(debug_assertions)) }"),
        ("cfg", "fn f() -> bool { cfg!(all(test, debug_assertions)) }"),
        ("cfg", "use std::cfg as c; fn f() -> bool { c!(debug_assertions) }"),
        ("cfg", "#[cfg(any())] mod std {} fn f() {}"),
        ("cfg", "#[r#cfg(panic = \"unwind\")] fn f() {}"),
        ("cfg", "#[cfg(target_feature = \"sse2\")] fn f() {}"),
        ("cfg", "struct S { #[cfg(debug_assertions)] a: u8 }"),
        ("cfg", "fn f(x: u8) { match x { #[cfg(debug_assertions)] 1 => {} _ => {} } }"),
        ("cfg", "macro_rules! m { () => { #[cfg(debug_assertions)] fn f() {} } } m!();"),
        ("cfg", "macro_rules! m { ($a:ident) => { cfg!($a) } } fn f() -> bool { m!(debug_assertions) }"),
        ("cfg", "macro_rules! m { ($a:ident $b:ident) => { $a!($b) } } fn f() -> bool { m!(cfg debug_assertions) }"),
        ("cfg_attr", "#[cfg_attr(debug_assertions, inline)] fn f() {}"),
        ("target_feature", "#[target_feature(enable = \"avx2\")] fn f() {}"),
    ] {
        is_found(subject, text);
    }
    assert_eq!(lines_found("x", &["cfg"], "#[cfg(debug_assertions)] fn f() {}"), []);
}

#[test]
fn what_binds_to_the_program_is_found() {
    for (subject, text) in [
        ("extern", "macro_rules! m { () => { extern \"C\" { fn getpid() -> i32; } } } m!();"),
        ("extern", "macro_rules! m { ($($t:tt)*) => { unsafe extern \"C\" { $($t)* } } } m!(fn getpid() -> i32;);"),
        ("link_section", "#[unsafe(r#link_section = \".init_array\")] static S: u8 = 1;"),
        ("no_mangle", "macro_rules! m { () => { #[unsafe(no_mangle)] pub fn f() {} } } m!();"),
        ("no_mangle", "macro_rules! m { ($a:ident) => { #[$a] pub fn f() {} } } m!(no_mangle);"),
        ("export_name", "impl S { #[export_name = \"x\"] pub fn f() {} } struct S;"),
    ] {
        is_found(subject, text);
    }
}

#[test]
fn what_is_too_deep_to_be_read_is_rejected_and_the_rest_is_judged() {
    let deep = format!("pub const X: u8 = {}1{};\n", "(".repeat(5000), ")".repeat(5000));
    let report = judged("x", &[], &format!("\n{deep}fn f() {{ std::fs::write(\"a\", \"b\"); include_str!(\"x\") }}"));
    let subjects: Vec<_> =
        report.report.findings.iter().map(|f| (f.subject.as_str(), f.location.as_ref().unwrap().line)).collect();
    assert_eq!(subjects, [("unread", 2), ("std::fs", 3), ("include_str", 3)]);
    assert!(!report.is_closed);
    // However deep it is.
    for times in [5000, 200_000] {
        assert!(is_found("unread", &format!("pub const X: bool = {}true;", "!".repeat(times))));
        assert!(is_found("unread", &format!("pub const X: u8 = {}1{};", "[".repeat(times), "]".repeat(times))));
    }
}

#[test]
fn what_the_parser_cannot_read_is_a_finding_once_the_compiler_can() {
    let judged = judged("x", &[], "fn f() {}\nfn g(=) {}");
    assert!(matches!(judged.report.outcome, Outcome::NotRun(_)) && judged.is_closed, "{judged:?}");
    let report = judged.compiled();
    assert_eq!((report.outcome, report.findings[0].location.as_ref().unwrap().line), (Outcome::Failed, 2));
}

#[test]
fn a_broken_file_that_could_read_another_one_is_not_compiled() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("lib.rs"), "mod a; compile_error!(a::x!());").unwrap();
    std::fs::write(folder.path().join("a.rs"), "fn f( {}\nmacro_rules! x { () => { include_str!(\"x\") } }").unwrap();
    let judged = judged_in(folder.path(), &[], &[]);
    assert!(!judged.is_closed);
    let place = judged.report.findings[0].location.clone().unwrap();
    assert!(place.file.ends_with("a.rs") && place.line == 2, "{place:?}");
}

#[test]
fn a_line_for_scripts_hides_nothing() {
    let text = "#!/* a comment for who reads tokens, and none for the compiler\nfn f() { include_str!(\"x\") }\n// */";
    assert!(!is_found("include_str", text));
    let harmless = judged("x", &[], "#!/usr/bin/env rust\nfn f() {}");
    assert!(harmless.is_closed && matches!(harmless.report.outcome, Outcome::NotRun(_)));
    assert_eq!(harmless.compiled().outcome, Outcome::Failed);
}

#[test]
fn a_link_in_the_place_of_a_module_is_a_finding_at_its_declaration() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("lib.rs"), "\nmod a;").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", folder.path().join("a.rs")).unwrap();
    let judged = judged_in(folder.path(), &[], &[]);
    let finding = &judged.report.findings[0];
    assert!(
        finding.message.ends_with("a.rs is a symbolic link, not a file; put a real file in its place"),
        "{finding:?}"
    );
    assert_eq!(finding.location.as_ref().unwrap().line, 2);
    assert!(!judged.is_closed && !finding.message.contains("passwd"));
}
