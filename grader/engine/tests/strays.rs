//! What a killed launcher leaves behind is waited for, whatever order it comes in: process 1 of a namespace ends only after all others in
//! it have been waited for.

use engine::run::confine::{Access, Confinement, Plan, Quota, Tier, launcher};
use engine::run::processes;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// The exit code of a test that found no namespaces.
const NO_NAMESPACES: i32 = 3;

/// Much longer than it takes.
const AGES: Duration = Duration::from_secs(60);

#[test]
#[ignore = "the other test starts it"]
fn a_namespace_is_left_behind() {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_launcher"));
    launcher::use_other(&program);
    let folder = tempfile::tempdir().unwrap();
    let confinement = Confinement::find(&program, folder.path(), &program, Tier::A).unwrap();
    let mount_point = folder.path().join("root");
    std::fs::create_dir(&mount_point).unwrap();
    let reads = ["/usr", "/bin", "/lib", "/lib64", "/etc/ld.so.cache"].map(PathBuf::from);
    let plan = Plan {
        program: "/bin/sleep".into(),
        arguments: vec!["1000".into()],
        mount_point,
        access: Access { reads: reads.into(), ..Access::default() },
        quota: Quota { scratch: 1 << 20, ..Quota::default() },
        ..Plan::default()
    };
    let process = confinement.start(&plan, Stdio::null(), Stdio::null()).unwrap();
    let code = if confinement.tier <= Tier::B { 0 } else { NO_NAMESPACES };
    drop(folder);
    // SAFETY: plain calls; the process is a child of this one. Nothing of this program is to be tidied up.
    unsafe {
        libc::kill(process.id() as i32, libc::SIGKILL);
        libc::_exit(code);
    }
}

#[test]
fn what_a_killed_launcher_leaves_is_waited_for_in_any_order() {
    // SAFETY: a plain call. What the program below leaves behind comes to this one, as a stray comes to the grader.
    assert_eq!(unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1) }, 0);
    let mut program = Command::new(std::env::current_exe().unwrap());
    program.args(["--ignored", "--exact", "a_namespace_is_left_behind"]).stdout(Stdio::null());
    let status = program.status().unwrap();
    if status.code() == Some(NO_NAMESPACES) {
        eprintln!("not tested: this machine allows no namespaces");
    } else {
        assert_eq!(status.code(), Some(0));
    }
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        processes::reap_strays(0);
        tell.send(())
    });
    told.recv_timeout(AGES).expect("whoever tidies up waits for ever");
    let left = processes::descendants_of(std::process::id());
    assert!(left.is_empty(), "{left:?} were left behind");
}
