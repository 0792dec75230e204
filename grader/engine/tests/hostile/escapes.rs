//! What a confined program must not be able to do is tried, in each tier that confines.

use crate::grading::{GRADER, hostile, lab, made};
use engine::grading::{Extent, Grader};
use engine::run::confine::{Confinement, Tier, launcher};
use engine::submission::Source;
use std::net::TcpListener;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use verdict::{Check, Origin, Report, Verdict};

/// A grader that confines no better than this.
pub(crate) fn grader_of(best: Tier) -> Grader {
    // It also says what is started as a launcher.
    let (folder, compiler) = (&GRADER.workspace.target, &GRADER.toolchain.rustc);
    let launcher = launcher::launcher().unwrap();
    let confinement = Confinement::find(&launcher, folder, compiler, best).unwrap();
    Grader { confinement, ..GRADER.clone() }
}

fn behaviour(grader: &Grader, text: &str) -> Report {
    let (_folder, path) = made("lib.rs", text.as_bytes());
    let source = Source::file(Origin::Submitted, &path).unwrap();
    let mut exercise = lab(60);
    // What can be done with other processes is tried, too.
    exercise.config.behaviour.processes = true;
    grader.grade(&exercise, &source, Extent::Checks(&[Check::Behaviour]), &|_| {}).unwrap()
}

#[test]
fn nothing_outside_can_be_reached_in_any_tier_that_confines() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let name = format!("grader-escapes-{}", std::process::id());
    let _socket = UnixListener::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
    let text = std::fs::read_to_string(hostile("tries_to_get_out")).unwrap();
    let text = text
        .replace("GRADER_ID", &std::process::id().to_string())
        .replace("SECRET_FILE", secret.to_str().unwrap())
        .replace("OUTER_FOLDER", folder.path().to_str().unwrap())
        .replace("TCP_PORT", &listener.local_addr().unwrap().to_string())
        .replace("ABSTRACT_SOCKET", &name);
    for best in [Tier::A, Tier::C] {
        std::fs::write(&secret, "secret").unwrap();
        let grader = grader_of(best);
        let tier = grader.confinement.tier;
        if tier > Tier::C {
            eprintln!("not tested: {}", grader.confinement.describe());
            continue;
        }
        let report = behaviour(&grader, &text);
        assert_eq!(report.verdict, Verdict::Accepted, "{tier:?}: {report:#?}");
        assert_eq!(report.confinement, tier);
        assert_eq!(std::fs::read_to_string(&secret).unwrap(), "secret", "{tier:?}");
        let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["secret"], "{tier:?}");
    }
}

#[test]
fn tier_b_accepts_the_reference_and_keeps_files_processes_and_network_apart() {
    let grader = grader_of(Tier::B);
    if grader.confinement.tier != Tier::B {
        eprintln!("not tested: {}", grader.confinement.describe());
        return;
    }
    let source = Source::reference(&lab(60)).unwrap();
    let report = grader.grade(&lab(60), &source, Extent::Checks(&[Check::Behaviour]), &|_| {}).unwrap();
    assert_eq!((report.verdict, report.confinement), (Verdict::Accepted, Tier::B), "{report:#?}");
    // An attack that reads, writes, signals and connects gets nowhere.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "unsafe extern \"C\" {{ fn kill(id: i32, signal: i32) -> i32; }}
        pub fn work() -> u32 {{
            assert!(std::fs::read(\"/etc/passwd\").is_err() && std::fs::write({:?}, \"x\").is_err());
            assert!(std::net::TcpStream::connect({:?}).is_err());
            // SAFETY: a plain call; the signal 0 only asks.
            assert!(unsafe {{ kill({}, 0) }} != 0);
            42
        }}
        pub fn rest() -> u32 {{ 7 }}",
        folder.path().join("new"),
        listener.local_addr().unwrap().to_string(),
        std::process::id()
    );
    let report = behaviour(&grader, &text);
    assert_eq!(report.verdict, Verdict::Accepted, "{report:#?}");
    assert_eq!(behaviour(&grader_of(Tier::D), &text).verdict, Verdict::Rejected);
}

#[test]
fn without_confinement_the_same_program_gets_out() {
    // Otherwise the test above would show nothing.
    let grader = grader_of(Tier::D);
    let report = behaviour(
        &grader,
        "pub fn work() -> u32 { assert!(std::fs::read(\"/etc/passwd\").is_err()); 42 } pub fn rest() -> u32 { 7 }",
    );
    assert_eq!((report.verdict, report.confinement), (Verdict::Rejected, Tier::D), "{report:#?}");
}

#[test]
fn what_is_written_is_gone_with_the_process() {
    let name = format!("grader-leaves-{}", std::process::id());
    let text = format!(
        "pub fn work() -> u32 {{ for folder in [\"/tmp\", \"/dev/shm\", \".\"] {{
            let _ = std::fs::write(format!(\"{{folder}}/{name}\"), [1; 4096]);
        }} 42 }} pub fn rest() -> u32 {{ 7 }}"
    );
    for best in [Tier::A, Tier::C] {
        let report = behaviour(&grader_of(best), &text);
        assert_eq!(report.verdict, Verdict::Accepted, "{report:#?}");
        for folder in ["/tmp", "/dev/shm", "."] {
            assert!(!std::path::Path::new(folder).join(&name).exists(), "{best:?}: {folder}/{name} was left");
        }
        assert!(
            walkdir::WalkDir::new(GRADER.workspace.target.join("runs"))
                .into_iter()
                .flatten()
                .all(|entry| *entry.file_name() != *name)
        );
    }
}

#[test]
fn a_flood_of_processes_files_or_bytes_meets_its_limit() {
    let text = r#"
        unsafe extern "C" { fn fork() -> i32; fn _exit(code: i32) -> !; fn waitpid(id: i32, status: *mut i32, options: i32) -> i32; fn kill(id: i32, signal: i32) -> i32; }
        pub fn work() -> u32 {
            let mut children = Vec::new();
            for _ in 0..3000 {
                // SAFETY: the child only waits to be killed.
                let id = unsafe { fork() };
                if id == 0 { loop { std::thread::sleep(std::time::Duration::from_secs(100)); } }
                if id < 0 { break; }
                children.push(id);
            }
            let started = children.len();
            // SAFETY: children of this process that have not been waited for.
            for id in children { unsafe { kill(id, 9); waitpid(id, std::ptr::null_mut(), 0); } }
            let _ = _exit as usize;
            assert!(started < 2000, "{started} processes were started");
            let megabyte = vec![1_u8; 1 << 20];
            let written = (0..500).take_while(|number| std::fs::write(format!("/tmp/{number}"), &megabyte).is_ok()).count();
            assert!(written < 200, "{written} MiB were written");
            42
        }
        pub fn rest() -> u32 { 7 }"#;
    for best in [Tier::A, Tier::C] {
        let report = behaviour(&grader_of(best), text);
        assert_eq!(report.verdict, Verdict::Accepted, "{report:#?}");
    }
}

#[test]
fn every_way_to_confine_is_tried_out_and_the_better_one_is_taken() {
    let found = grader_of(Tier::A).confinement;
    assert!(found.refused.iter().all(|(tier, why)| *tier <= found.tier && !why.is_empty()), "{found:?}");
    let least = grader_of(Tier::D).confinement;
    assert_eq!(least.tier, Tier::D);
}
