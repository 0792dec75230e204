//! What is linked is looked into: object code that runs by itself, takes somebody's place or goes past std is found by
//! `compile::objects` alone, with no rule for the source in its way; what honest code is compiled to is not. Nothing is run.

use engine::compile::compiler::{self, Output, Unit};
use engine::compile::kit::{Kit, Mode};
use engine::compile::objects::{self, Allowance};
use engine::compile::read::Own;
use engine::compile::toolchain::Toolchain;
use engine::exercise::catalog::Exercise;
use engine::home::workspace::Workspace;
use engine::run::confine::{Confinement, Tier, launcher};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{LazyLock, Mutex};

const ALL: [Mode; 3] = [Mode::Judge, Mode::Explore, Mode::Time];

/// What compiles submissions here: the clone's own kits, in folders of its own.
struct Desk {
    workspace: Workspace,
    toolchain: Toolchain,
    confinement: Confinement,
    folder: tempfile::TempDir,
    /// Tests run side by side; a kit is asked for once.
    kits: Mutex<BTreeMap<String, Kit>>,
}

static DESK: LazyLock<Desk> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("this is a clone");
    let workspace = Workspace::at(&root);
    let folder = tempfile::tempdir().expect("there is room for a folder");
    launcher::use_other(env!("CARGO_BIN_EXE_launcher").as_ref());
    let toolchain = Toolchain::find(&root, folder.path()).expect("there is a compiler");
    let program = launcher::launcher().expect("there is a launcher");
    let confinement =
        Confinement::find(&program, folder.path(), &toolchain.rustc, Tier::A).expect("it can be confined");
    Desk { workspace, toolchain, confinement, folder, kits: Mutex::default() }
});

impl Desk {
    fn exercise(&self, name: &str) -> Exercise {
        Exercise::read(&self.workspace, name).expect("the exercise is in order")
    }

    fn kit(&self, exercise: &Exercise, mode: Mode) -> Kit {
        let key = format!("{} {}", exercise.folder, mode.name());
        let mut kits = self.kits.lock().unwrap();
        let built =
            || Kit::of(&self.workspace, &self.toolchain, exercise, mode, &|_| {}).expect("the kit can be built");
        kits.entry(key).or_insert_with(built).clone()
    }

    /// What is found in a submission to an exercise. `crates` are those that it is compiled with.
    fn found(&self, exercise: &Exercise, text: &str, mode: Mode, crates: Vec<String>) -> Vec<String> {
        let kit = self.kit(exercise, mode);
        let folder = tempfile::tempdir_in(self.folder.path()).unwrap();
        let source = folder.path().join("source");
        std::fs::create_dir(&source).unwrap();
        let root = source.join("lib.rs");
        std::fs::write(&root, text).unwrap();
        let own = Own {
            folder: source,
            shown_as: "/submission".into(),
            files: vec![root.clone()],
            environment: false,
            list: folder.path().join("subject.d"),
        };
        let unit = Unit {
            root: &root,
            name: "subject",
            output: Output::Library,
            mode,
            kit: &kit,
            crates: crates.clone(),
            others: Vec::new(),
            allow_unsafe: true,
            ours: false,
            folder: folder.path(),
            confinement: &self.confinement,
            mount_point: &folder.path().join("root"),
            reads: Vec::new(),
            own: Some(&own),
            from: Path::new("/"),
            incremental: false,
            chosen: None,
            can_wait: false,
            one_of_many: false,
        };
        let compiled = compiler::compile(&self.toolchain, &unit, &mut || {}).unwrap();
        let errors: Vec<_> = compiled.errors().filter_map(|error| error.rendered.as_deref()).collect();
        assert!(compiled.success, "{text}: {}", errors.concat());
        let crates = kit.crates_behind(&crates);
        let functions = &exercise.config.submission.c_functions;
        let found = objects::violations(&compiled.artifact, Allowance { crates: &crates, functions, mode }).unwrap();
        found.into_iter().map(|violation| format!("{}; {}", violation.what, violation.next)).collect()
    }
}

/// The crates that a submission is compiled with.
fn crates(exercise: &Exercise, mode: Mode) -> Vec<String> {
    let mut crates = exercise.config.submission.crates.clone();
    crates.extend((mode == Mode::Explore).then(|| "std".to_owned()));
    crates
}

/// What is found in a submission to `32_mutex`, where `unsafe` is allowed.
fn found(text: &str, mode: Mode) -> Vec<String> {
    let exercise = DESK.exercise("32_mutex");
    DESK.found(&exercise, text, mode, crates(&exercise, mode))
}

#[track_caller]
fn assert_found(text: &str, mode: Mode, expected: &[&str]) {
    let found = found(text, mode);
    for expected in expected {
        assert!(found.iter().any(|each| each.contains(expected)), "no {expected} in {mode:?} of {text}: {found:#?}");
    }
}

#[test]
fn sections_that_run_or_are_gathered_are_found_in_every_build() {
    let sections = [".init_array", ".fini_array.5", ".preinit_array", ".ctors", ".dtors.9", ".init", "hidden_tests"];
    let place = |section: &str| {
        format!(
            "m! {{ #[used] #[unsafe(link_section = {section:?})] static C: extern \"C\" fn() = {{ extern \"C\" fn f() {{}} f }}; }}"
        )
    };
    let modules =
        sections.iter().enumerate().map(|(number, section)| format!("mod m{number} {{ {} }}", place(section)));
    let text = format!("macro_rules! m {{ ($($t:tt)*) => {{ $($t)* }} }} {}", modules.collect::<String>());
    for mode in ALL {
        assert_found(&text, mode, &sections);
    }
}

#[test]
fn names_that_take_the_place_of_others_are_found_in_every_build() {
    // The last two are names that the compiler makes, of functions that are not the submission's.
    for name in [
        "malloc",
        "memcpy",
        "main",
        "rust_eh_personality",
        "_ZN3std2io5stdio6_print17h0123456789abcdefE",
        "_RNvNtNtCsjrHSEGnQ3l9_3std2io5stdio6__print",
    ] {
        let text = format!("#[unsafe(export_name = {name:?})] pub extern \"C\" fn f(_: usize) -> usize {{ 0 }}");
        for mode in ALL {
            assert_found(&text, mode, &["takes the place of another function"]);
        }
    }
    assert_found("#[unsafe(no_mangle)] pub extern \"C\" fn getpid() -> i32 { 1 }", Mode::Judge, &["`getpid`"]);
    let allocator = "use std::alloc::*; struct A; #[global_allocator] static MINE: A = A; unsafe impl GlobalAlloc for A { \
        unsafe fn alloc(&self, _: Layout) -> *mut u8 { std::ptr::null_mut() } unsafe fn dealloc(&self, _: *mut u8, _: Layout) {} }";
    for mode in [Mode::Judge, Mode::Time] {
        assert_found(allocator, mode, &["__rust_alloc", "__rust_dealloc"]);
    }
}

#[test]
fn calls_past_std_are_found_and_their_caller_is_named() {
    let functions =
        ["kill", "syscall", "prctl", "ptrace", "dlsym", "close", "_exit", "__open64_2", "_Unwind_ForcedUnwind"];
    let call = |function: &str| {
        format!(
            "unsafe extern \"C\" {{ fn {function}(a: usize) -> usize; }} pub fn with_{function}() -> usize {{ unsafe {{ {function}(1) }} }}"
        )
    };
    let text: String = functions.into_iter().map(call).collect();
    for mode in [Mode::Judge, Mode::Explore] {
        let found = found(&text, mode);
        for function in functions {
            let (name, caller) = (format!("`{function}`"), format!("in `subject::with_{function}`"));
            assert!(
                found.iter().any(|each| each.contains(&name) && each.contains(&caller)),
                "no {name} {caller} in {mode:?}: {found:#?}"
            );
        }
    }
    let renamed = "unsafe extern \"C\" { #[link_name = \"syscall\"] fn add(a: i64, ...) -> i64; } \
                   pub static TABLE: [unsafe extern \"C\" fn(i64, ...) -> i64; 1] = [add];";
    assert_found(renamed, Mode::Judge, &["`syscall`"]);
    // A function of the harness, by the name that the compiler gives it.
    let harness =
        "unsafe extern \"Rust\" { #[link_name = \"_RNvCs1_7harness6report\"] fn f(); } pub fn g() { unsafe { f() } }";
    assert_found(harness, Mode::Judge, &["crate `harness`"]);
}

#[test]
fn assembly_is_found_by_what_it_leaves() {
    for (assembly, expected) in [
        (".globl getpid\ngetpid: ret", "`getpid`"),
        // Two ways to have a symbol without a section.
        (".globl getpid\n.set getpid, 0x1000", "`getpid`"),
        (".comm environ, 8, 8", "`environ`"),
        (".globl chosen\n.type chosen, @gnu_indirect_function\nchosen: ret", "`chosen`"),
        // A harmless name; the type is what the linker goes by.
        (".section .data.x, \"aw\", @init_array\n.quad 0\n.text", ".data.x"),
        (".section .text.x, \"axR\", @progbits\nret\n.text", ".text.x"),
        (".section .deplibs, \"MS\", @llvm_dependent_libraries, 1\n.asciz \"m\"\n.text", ".deplibs"),
        ("call kill", "`kill`"),
    ] {
        let text = format!("std::arch::global_asm!({assembly:?}); pub fn f() {{}}");
        for mode in [Mode::Judge, Mode::Time] {
            assert_found(&text, mode, &[expected]);
        }
    }
}

#[test]
fn the_c_library_is_open_as_far_as_the_exercise_says() {
    let exercise = DESK.exercise("43_shared_memory");
    let found = |text: &str, mode| DESK.found(&exercise, text, mode, crates(&exercise, mode));
    for mode in [Mode::Judge, Mode::Time] {
        let killed = found("pub fn harm() -> i32 { unsafe { libc::kill(libc::getppid(), 9) } }", mode);
        assert!(killed.iter().any(|each| each.contains("`kill`")), "{mode:?}: {killed:#?}");
        assert!(killed.iter().any(|each| each.contains("`getppid`")), "{mode:?}: {killed:#?}");
        let mapped = found("pub unsafe fn f(m: *mut libc::c_void) -> i32 { unsafe { libc::munmap(m, 8) } }", mode);
        assert_eq!(mapped, Vec::<String>::new(), "{mode:?}");
    }
}

#[test]
fn what_uses_the_real_std_cannot_be_explored() {
    let exercise = DESK.exercise("32_mutex");
    for (text, expected) in [
        ("pub fn f() { std::thread::spawn(|| {}).join().unwrap() }", "std::thread"),
        ("pub fn f() { std::thread::sleep(std::time::Duration::from_secs(1)) }", "std::thread"),
        ("pub fn f(m: &std::sync::Mutex<Vec<u8>>) { m.lock().unwrap().clear() }", "std::sys::sync"),
        ("pub fn f(c: &std::sync::Condvar) { c.notify_all() }", "std::sync"),
        ("pub fn f() -> std::time::Instant { std::time::Instant::now() }", "std::time"),
        ("pub fn f() -> bool { std::net::TcpListener::bind(\"127.0.0.1:1\").is_ok() }", "std::net"),
        ("pub fn f() { let _ = std::fs::read(\"/etc/passwd\"); }", "std::fs"),
        ("pub fn f() { let _ = std::process::Command::new(\"x\").spawn(); }", "std::process"),
        ("pub fn f() -> bool { std::env::var(\"X\").is_ok() }", "std::env"),
        // As a value, which somebody else may call.
        ("pub static NOW: fn() -> std::time::Instant = std::time::Instant::now;", "std::time"),
    ] {
        // Without the stand-in among its crates, its std is the real one.
        let found = DESK.found(&exercise, text, Mode::Explore, Vec::new());
        assert!(
            found.iter().any(|each| each.contains("of the real std") && each.contains(expected)),
            "{text}: {found:#?}"
        );
        assert_eq!(DESK.found(&exercise, text, Mode::Judge, Vec::new()), Vec::<String>::new(), "{text}");
    }
    // The stand-in has the real `Path`, and it asks the real file system.
    for method in ["exists", "is_dir", "read_link", "canonicalize", "metadata"] {
        let text = format!("pub fn told() {{ let _ = std::path::Path::new(\"/proc/self/exe\").{method}(); }}");
        assert_found(&text, Mode::Explore, &["of the real std"]);
    }
}

#[test]
fn references_are_not_found() {
    for name in ["22_gather", "32_mutex", "43_shared_memory", "53_producer_consumer_threads"] {
        let exercise = DESK.exercise(name);
        let text = std::fs::read_to_string(exercise.solution.join("src/lib.rs")).unwrap();
        for mode in ALL.into_iter().filter(|mode| *mode != Mode::Explore || name != "43_shared_memory") {
            let found = DESK.found(&exercise, &text, mode, crates(&exercise, mode));
            assert_eq!(found, Vec::<String>::new(), "{name} {mode:?}");
        }
    }
}

#[test]
fn honest_code_is_not_found() {
    let fixture = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/linked").join(name);
        std::fs::read_to_string(path).unwrap()
    };
    for mode in ALL {
        assert_eq!(found(&fixture("everywhere.rs"), mode), Vec::<String>::new(), "{mode:?}");
    }
    for mode in [Mode::Judge, Mode::Time] {
        assert_eq!(found(&fixture("outside.rs"), mode), Vec::<String>::new(), "{mode:?}");
    }
    assert_eq!(found(&fixture("explored.rs"), Mode::Explore), Vec::<String>::new());
}
