//! The corpus of attacks: `fixtures/attacks/FAMILY/NAME.rs`, each a submission to the lab whose header says what must become of it in
//! which tier. Whatever the verdict, above tier D nothing of the machine is read or changed, and nothing is left running.

mod header;

use crate::escapes::grader_of;
use crate::grading::{assert_nothing_is_left, lab, made};
use engine::exercise::catalog::Exercise;
use engine::grading::{Extent, Grader};
use engine::run::confine::Tier;
use engine::submission::Source;
use header::{Attack, Expectation, Rules};
use std::collections::BTreeMap;
use std::net::TcpListener;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex};
use std::time::{Duration, Instant};
use verdict::{Origin, Report, Verdict};

/// What an attack may be about. Each family is a folder and a test.
const FAMILIES: [&str; 7] = ["reading", "rules", "builds", "forging", "machine", "flooding", "compiler"];

/// Much longer than any attack takes, on any machine; much shorter than what would hang the grader.
const AGES: Duration = Duration::from_secs(240);

/// What stands in a file that no submission may read.
const SECRET: &str = "s3cret_words_of_the_machine";

/// What the rules must not forbid, or the submission would not be compiled and run: it is the rest that must hold.
const LIFTED: [&str; 10] = [
    "include",
    "include_str",
    "include_bytes",
    "path",
    "a whole crate",
    "mod in a macro",
    "core",
    "global_asm",
    "cfg",
    "std::any::type_name",
];

/// One grader for each tier that an attack is graded in.
static GRADERS: LazyLock<BTreeMap<Tier, Grader>> =
    LazyLock::new(|| Tier::ALL.into_iter().map(|tier| (tier, grader_of(tier))).collect());

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/attacks")
}

fn attacks(family: &str) -> Vec<(String, Attack)> {
    let entries = std::fs::read_dir(corpus().join(family)).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let read = |path: PathBuf| {
        let name = format!("{family}/{}", path.file_name().unwrap().to_string_lossy());
        assert!(name.ends_with(".rs"), "{name} is no attack");
        let attack = Attack::read(&std::fs::read_to_string(&path).unwrap());
        (name.clone(), attack.unwrap_or_else(|wrong| panic!("{name}: {wrong}")))
    };
    paths.into_iter().map(read).collect()
}

/// What an attack can be after: a file, the folder that it lies in, a port, a socket.
struct Prey {
    folder: tempfile::TempDir,
    port: TcpListener,
    socket: String,
    _listening: UnixListener,
}

impl Prey {
    fn new() -> Prey {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let folder = tempfile::tempdir().unwrap();
        // Nothing but confinement stands in the way, whoever a program becomes.
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        let secret = folder.path().join("secret");
        std::fs::write(&secret, SECRET).unwrap();
        std::fs::set_permissions(secret, std::fs::Permissions::from_mode(0o666)).unwrap();
        let socket = format!("attacks-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let listening = UnixListener::bind_addr(&SocketAddr::from_abstract_name(&socket).unwrap()).unwrap();
        Prey { folder, port: TcpListener::bind("127.0.0.1:0").unwrap(), socket, _listening: listening }
    }

    /// The text of an attack, with its names for what it is after replaced.
    fn named_in(&self, text: &str) -> String {
        text.replace("GRADER_ID", &std::process::id().to_string())
            .replace("SECRET_FILE", self.folder.path().join("secret").to_str().unwrap())
            .replace("OUTER_FOLDER", self.folder.path().to_str().unwrap())
            .replace("TCP_PORT", &self.port.local_addr().unwrap().to_string())
            .replace("ABSTRACT_SOCKET", &self.socket)
    }

    /// What has become of it, if anything has.
    fn harm(&self) -> Option<String> {
        let text = std::fs::read_to_string(self.folder.path().join("secret"));
        let entries = std::fs::read_dir(self.folder.path()).unwrap().flatten().map(|entry| entry.file_name());
        let names: Vec<_> = entries.collect();
        if names != ["secret"] {
            return Some(format!("in the folder there are {names:?}"));
        }
        text.map_or(true, |text| text != SECRET).then(|| "the file was changed".to_owned())
    }
}

fn exercise(attack: &Attack) -> Exercise {
    let mut exercise = lab(attack.seconds.unwrap_or(60));
    let allow = &mut exercise.config.submission.allow;
    match attack.rules {
        Rules::Every => allow.clear(),
        Rules::None => allow.extend(LIFTED.map(str::to_owned)),
        Rules::ObjectCode => {
            allow.extend(LIFTED.map(str::to_owned));
            allow.retain(|each| each != "extern");
        }
    }
    exercise
}

/// Grades an attack in one tier. Returns what is not as its header says.
fn wrong(attack: &Attack, tier: Tier, expected: &Expectation) -> Option<String> {
    let grader = &GRADERS[&tier];
    if grader.confinement.tier != tier {
        eprintln!("not tested in tier {}: {}", tier.letter(), grader.confinement.describe());
        return None;
    }
    let prey = Prey::new();
    let (_folder, path) = made("lib.rs", prey.named_in(&attack.text).as_bytes());
    let source = Source::file(Origin::Submitted, &path).unwrap();
    let begun = Instant::now();
    let one = attack.fact.as_ref().map(|fact| Extent::One(attack.checks[0], fact));
    let extent = one.unwrap_or(Extent::Checks(&attack.checks));
    let report = match grader.grade(&exercise(attack), &source, extent, &|_| {}) {
        Ok(report) => report,
        Err(trouble) => return Some(format!("could not be graded: {trouble}")),
    };
    let took = begun.elapsed();
    assert_nothing_is_left();
    let shown = format!("{report:#?}");
    if !is_as_expected(&report, expected) || report.confinement != tier {
        return Some(format!("is not: {expected}\n{shown}"));
    }
    if took > AGES {
        return Some(format!("took {took:?}"));
    }
    // As JSON has it, with what JSON would hide.
    let text = serde_json::to_string(&report).unwrap();
    if text.contains("\\u001b") || text.chars().any(|character| character.is_control() || character == '\u{202e}') {
        return Some(format!("puts control characters into the report: {shown}"));
    }
    if tier == Tier::D && attack.rules != Rules::Every {
        return None;
    }
    let told = text.contains(SECRET).then(|| format!("tells what it has read: {shown}"));
    told.or_else(|| prey.harm())
}

fn is_as_expected(report: &Report, expected: &Expectation) -> bool {
    let Some((check, kind, about)) = &expected.because else { return report.verdict == expected.verdict };
    let findings = report.checks.iter().flat_map(|each| &each.findings);
    let says_so = findings.filter(|finding| finding.check == *check && finding.kind == *kind).any(|finding| {
        let words = [Some(&finding.message), finding.seen.as_ref(), finding.detail.as_ref()];
        about.as_ref().is_none_or(|about| {
            finding.subject == *about || words.into_iter().flatten().any(|words| words.contains(about.as_str()))
        })
    });
    report.verdict == expected.verdict && says_so
}

/// Grades every attack of a family in each tier that its header names.
fn family(name: &str) {
    let attacks = attacks(name);
    let all: Vec<_> =
        attacks.iter().flat_map(|(name, attack)| attack.tiers.iter().map(move |it| (name, attack, it))).collect();
    let (next, wrongs) = (AtomicU64::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((name, attack, (tier, expected))) =
                    all.get(next.fetch_add(1, Ordering::Relaxed) as usize)
                {
                    if let Some(wrong) = wrong(attack, **tier, expected) {
                        wrongs.lock().unwrap().push(format!("{name} in tier {}: {wrong}", tier.letter()));
                    }
                }
            });
        }
    });
    let wrongs = wrongs.into_inner().unwrap();
    assert!(wrongs.is_empty(), "{} of {}:\n{}", wrongs.len(), all.len(), wrongs.join("\n"));
}

#[test]
fn nothing_is_read_at_compile_time() {
    family("reading");
}

#[test]
fn what_a_rule_forbids_is_not_reached() {
    family("rules");
}

#[test]
fn builds_are_not_told_apart() {
    family("builds");
}

#[test]
fn nothing_runs_around_the_harness_and_no_report_is_forged() {
    family("forging");
}

#[test]
fn nothing_of_the_machine_is_read_written_killed_or_outlived() {
    family("machine");
}

#[test]
fn neither_screen_nor_inputs_are_flooded() {
    family("flooding");
}

#[test]
fn the_compiler_comes_to_an_end() {
    family("compiler");
}

#[test]
fn the_corpus_is_whole() {
    let mut folders: Vec<_> =
        std::fs::read_dir(corpus()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let mut families = FAMILIES.map(str::to_owned).to_vec();
    folders.sort();
    families.sort();
    assert_eq!(folders, families);
    let all: Vec<_> = FAMILIES.iter().flat_map(|family| attacks(family)).collect();
    assert!(all.len() >= 80, "there are {} attacks", all.len());
    let text = |attack: &Attack| (attack.rules as u8, attack.text.split_once("\n\n").unwrap().1.to_owned());
    let mut texts: Vec<_> = all.iter().map(|(_, attack)| text(attack)).collect();
    texts.sort_unstable();
    texts.dedup();
    assert_eq!(texts.len(), all.len(), "an attack is there twice");
    for (name, attack) in &all {
        // In the upper tiers, and where it can be seen that it works at all.
        for tier in [Tier::A, Tier::C] {
            let expected = attack.tiers.get(&tier).unwrap_or_else(|| panic!("{name} is not graded in tier {tier:?}"));
            let fails_below = attack.tiers.get(&Tier::D).is_some_and(|below| below.verdict != expected.verdict);
            let is_harmless = expected.verdict == Verdict::Accepted && !fails_below;
            assert!(!is_harmless || attack.is_held_anyway, "{name}: nothing shows that it does anything in tier D");
        }
    }
}
