//! Which tier a machine gets, and what a program can do there: for whoever runs the tests, for an ordinary user, and where new
//! namespaces are forbidden. Nothing is compiled, so that it can be done by a user who cannot read the compiler.
//!
//! The work is done by one test that is ignored otherwise. It is started once more for each case: as another user, in a folder that
//! this user owns, with or without the right to make namespaces.

use engine::run::confine::canary::Escape;
use engine::run::confine::{Access, Confinement, Plan, Quota, Tier, launcher};
use engine::run::processes;
use seccompiler::{BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompRule};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

/// The folder that the work is done in: it holds the launcher. Set by who starts the work.
const FOLDER: &str = "TIERS_FOLDER";

/// An ordinary user: Debian and systemd give this number to nobody.
const USER: u32 = 64_321;

/// Much longer than a program takes that ends at once.
const AGES: Duration = Duration::from_secs(60);

/// Threads and processes that a program may start here.
const TASKS: u64 = 50;

/// What a tier lets a program do.
fn allowed(tier: Tier) -> &'static [Escape] {
    match tier {
        Tier::A => &[],
        Tier::B => &[Escape::Trace, Escape::Start],
        Tier::C => &[Escape::Signal, Escape::AbstractSocket],
        Tier::D => &[
            Escape::Read,
            Escape::Write,
            Escape::System,
            Escape::Memory,
            Escape::Network,
            Escape::AbstractSocket,
            Escape::Signal,
            Escape::Trace,
            Escape::Start,
        ],
    }
}

#[test]
#[ignore = "the other tests start it, each as another user"]
fn every_tier_holds_what_it_promises() {
    let own = tempfile::tempdir().unwrap();
    let folder = std::env::var_os(FOLDER).map_or_else(|| own.path().to_owned(), PathBuf::from);
    let program = if folder == own.path() { env!("CARGO_BIN_EXE_launcher").into() } else { folder.join("launcher") };
    launcher::use_other(&program);
    // Whoever uses a machine has more threads than a program may start; most wait, as these do.
    let (end, ended) = mpsc::channel::<()>();
    let ended = Arc::new(Mutex::new(ended));
    for _ in 0..2 * TASKS {
        let ended = ended.clone();
        std::thread::spawn(move || ended.lock().is_ok_and(|ended| ended.recv().is_ok()));
    }
    for best in Tier::ALL {
        let confinement = Confinement::find(&program, &folder, &program, best).unwrap();
        let tier = confinement.tier;
        println!("at best {}: {}", best.letter(), confinement.describe());
        assert!(tier >= best, "{confinement:?}");
        let escapes = confinement.escapes(&folder, &program).unwrap();
        assert!(escapes.iter().all(|escape| allowed(tier).contains(escape)), "{tier:?}: {escapes:?}");
        if tier == Tier::D {
            // Otherwise the canary would show nothing.
            for could in [Escape::Read, Escape::System, Escape::Network, Escape::Start] {
                assert!(escapes.contains(&could), "not even tier D lets it: {could:?} of {escapes:?}");
            }
        }
        shell_gets_nowhere(&confinement, &folder);
    }
    drop(end);
}

/// A program that reads, writes and leaves a process behind, in the words of a shell.
fn shell_gets_nowhere(confinement: &Confinement, folder: &Path) {
    let tier = confinement.tier;
    let (secret, mount_point) = (folder.join("secret"), folder.join("shells-root"));
    std::fs::write(&secret, "secret").unwrap();
    std::fs::create_dir_all(&mount_point).unwrap();
    let secret_path = secret.display();
    let script = format!(
        "echo began; cat {secret_path} /etc/passwd; (echo changed > {secret_path}) 2>&1; (echo new > {}/new) 2>&1; \
         (while :; do sleep 1000; done) >/dev/null 2>&1 & echo ended",
        folder.display()
    );
    let reads = ["/usr", "/bin", "/lib", "/lib64", "/etc/ld.so.cache"].map(PathBuf::from);
    let plan = Plan {
        program: "/bin/sh".into(),
        arguments: vec!["-c".into(), script.into()],
        environment: vec![("PATH".into(), "/usr/bin:/bin".into())],
        mount_point: mount_point.clone(),
        access: Access { reads: reads.into(), processes: true, strict: true, ..Access::default() },
        quota: Quota { memory: 256 << 20, tasks: TASKS, scratch: 1 << 20, ..Quota::default() },
        ..Plan::default()
    };
    let begun = Instant::now();
    let mut process = confinement.start(&plan, Stdio::piped(), Stdio::null()).unwrap();
    let mut text = String::new();
    process.child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    process.wait().unwrap();
    processes::reap_strays(process.run());
    assert!(begun.elapsed() < AGES, "{tier:?}: it took {:?}", begun.elapsed());
    assert!(text.starts_with("began\n") && text.ends_with("ended\n"), "{tier:?}: {text}");
    let left = processes::descendants_of(std::process::id());
    assert!(left.is_empty(), "{tier:?}: {left:?} were left behind");
    let held = tier < Tier::D;
    assert_eq!(!text.contains("root:") && !text.contains("secret\n"), held, "{tier:?}: {text}");
    // Of root, a program is another user in each tier, who owns nothing.
    let held = held || current_user() == 0;
    assert_eq!(std::fs::read_to_string(&secret).unwrap() == "secret", held, "{tier:?}");
    assert_eq!(!folder.join("new").exists(), held, "{tier:?}");
    let _ = std::fs::remove_file(folder.join("new"));
    std::fs::remove_dir(&mount_point).unwrap();
}

/// Does the work again, as another user if `user` says so. Returns which tier is got where the best is wanted, and all that was said.
fn work(user: Option<u32>, namespaces: bool) -> (Tier, String) {
    let folder = tempfile::tempdir().unwrap();
    // The programs of a build may lie where only their owner can read.
    let [program, launcher] = ["tests", "launcher"].map(|name| folder.path().join(name));
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    std::fs::copy(env!("CARGO_BIN_EXE_launcher"), &launcher).unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let owner = user.unwrap_or_else(current_user);
    std::os::unix::fs::chown(folder.path(), Some(owner), Some(owner)).unwrap();
    let mut command = Command::new(&program);
    command.args(["--ignored", "--exact", "--nocapture", "every_tier_holds_what_it_promises"]);
    command.current_dir(folder.path()).env_clear().env(FOLDER, folder.path()).env("TMPDIR", folder.path());
    if let Some(user) = user {
        // Other groups are given up with it.
        command.uid(user).gid(user);
    }
    if !namespaces {
        let filter = no_namespaces();
        // SAFETY: nothing is allocated that another thread could hold a lock for: the filter is there already.
        unsafe {
            command.pre_exec(move || seccompiler::apply_filter(&filter).map_err(io::Error::other));
        }
    }
    let output = command.output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    println!("{said}");
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    assert_eq!(std::fs::metadata(folder.path().join("secret")).unwrap().uid(), owner, "{said}");
    let best = said.lines().find_map(|line| line.split_once("at best A: tier ")).expect("the work says its tier");
    let tier = Tier::ALL.into_iter().find(|tier| best.1.starts_with(tier.letter())).expect("there is such a tier");
    (tier, said)
}

fn current_user() -> u32 {
    std::fs::metadata("/proc/self").unwrap().uid()
}

/// Forbids new namespaces, as many containers do.
fn no_namespaces() -> BpfProgram {
    let flags = [
        libc::CLONE_NEWUSER,
        libc::CLONE_NEWNS,
        libc::CLONE_NEWPID,
        libc::CLONE_NEWNET,
        libc::CLONE_NEWIPC,
        libc::CLONE_NEWUTS,
        libc::CLONE_NEWCGROUP,
    ];
    let with = |flag: libc::c_int| {
        let operator = SeccompCmpOp::MaskedEq(flag as u64);
        let condition = SeccompCondition::new(0, SeccompCmpArgLen::Dword, operator, flag as u64).unwrap();
        SeccompRule::new(vec![condition]).unwrap()
    };
    let rules = [libc::SYS_unshare, libc::SYS_clone].map(|call| (call, flags.map(with).to_vec()));
    let architecture = std::env::consts::ARCH.try_into().unwrap();
    let refused = SeccompAction::Errno(libc::EPERM as u32);
    let filter = seccompiler::SeccompFilter::new(rules.into(), SeccompAction::Allow, refused, architecture).unwrap();
    filter.try_into().unwrap()
}

/// Whether the system lets this user make a user namespace in which something can be mounted.
fn has_user_namespaces(user: Option<u32>) -> bool {
    let mut command = Command::new("/bin/true");
    if let Some(user) = user {
        command.uid(user).gid(user);
    }
    // SAFETY: plain calls, with texts that end with a zero byte.
    unsafe {
        command.pre_exec(|| {
            let none = std::ptr::null();
            let flags = libc::MS_REC | libc::MS_PRIVATE;
            if libc::unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWNS) == -1
                || libc::mount(c"none".as_ptr(), c"/".as_ptr(), none, flags, none.cast()) == -1
            {
                return Err(io::Error::last_os_error());
            }
            Ok(())
        });
    }
    command.status().is_ok_and(|status| status.success())
}

#[test]
fn who_runs_the_tests_is_confined() {
    let (tier, said) = work(None, true);
    // As well as any user: root needs no user namespace, and everybody else has what an ordinary user has.
    assert!(tier <= Tier::B || !has_user_namespaces(None), "{said}");
}

#[test]
fn an_ordinary_user_is_confined_in_a_user_namespace() {
    let user = (current_user() == 0).then_some(USER);
    let (tier, said) = work(user, true);
    if has_user_namespaces(user) {
        assert!(tier <= Tier::B, "{said}");
    } else {
        eprintln!("user namespaces are forbidden here, so tier C was tested in their place");
        assert!(tier >= Tier::C, "{said}");
    }
}

#[test]
fn without_namespaces_there_is_tier_c_and_it_is_said_why() {
    let users = if current_user() == 0 { vec![None, Some(USER)] } else { vec![None] };
    for user in users {
        let (tier, said) = work(user, false);
        assert!(tier >= Tier::C, "{said}");
        for better in ["tier A: ", "tier B: "] {
            assert!(said.contains(&format!("{better}cannot enter new namespaces")), "{said}");
        }
        // Landlock and the filter are there, or not, with and without namespaces alike.
        let expected = if matches!(work(user, true).0, Tier::A | Tier::C) { Tier::C } else { Tier::D };
        assert_eq!(tier, expected, "{said}");
    }
}
