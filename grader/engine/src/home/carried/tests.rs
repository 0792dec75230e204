//! A small bundle, unpacked, and what somebody may do to it.

use super::*;
use crate::home::library::Library;
use flate2::{Compression, write::GzEncoder};

/// A bundle of these files, as the build script packs them.
pub(crate) fn bundle(version: &'static str, files: &[(&str, &str)]) -> Bundle {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    let mut manifest = String::new();
    for (path, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, path, text.as_bytes()).unwrap();
        let hash: String = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
        manifest.push_str(&format!("{hash}  {path}\n"));
    }
    let archive = archive.into_inner().unwrap().finish().unwrap();
    Bundle { archive: archive.leak(), manifest: manifest.leak(), version }
}

const FILES: [(&str, &str); 8] = [
    ("Cargo.toml", "[workspace]"),
    ("grader/harness/src/lib.rs", "//! harness"),
    ("exercises/22_gather/README.md", "brief"),
    ("solutions/22_gather/src/lib.rs", "//! reference"),
    ("starters/22_gather.rs", "todo!()"),
    ("tests/22_gather/behaviour.rs", "#[fact] fn a() {}"),
    ("tests/22_gather/compile_fail/a.rs", "//! a"),
    ("tests/32_mutex/behaviour.rs", "#[fact] fn b() {}"),
];

struct Unpacked {
    home: tempfile::TempDir,
    library: Library,
}

impl Unpacked {
    fn new() -> Unpacked {
        let home = tempfile::tempdir().unwrap();
        let library = Library::unpack(bundle("1", &FILES), home.path()).unwrap();
        Unpacked { home, library }
    }

    fn carried(&self) -> &Carried {
        self.library.carried.as_deref().unwrap()
    }

    fn path(&self, path: &str) -> PathBuf {
        self.library.content.join(path)
    }

    fn differs(&self, exercise: Option<&str>) -> Option<String> {
        self.carried().difference(exercise).map(|difference| difference.to_string())
    }
}

#[test]
fn what_was_unpacked_is_what_is_carried() {
    let unpacked = Unpacked::new();
    assert_eq!(unpacked.carried().len(), FILES.len());
    assert_eq!(unpacked.differs(None), None);
    for exercise in ["22_gather", "32_mutex"] {
        unpacked.carried().insist(exercise).unwrap();
    }
}

#[test]
fn every_file_that_a_grading_rests_on_is_looked_at_and_no_other() {
    for (path, _) in FILES {
        let unpacked = Unpacked::new();
        fs::write(unpacked.path(path), "something else").unwrap();
        let changed = Some(format!("{path} was changed"));
        assert_eq!(unpacked.differs(None), changed);
        assert_eq!(unpacked.differs(Some("22_gather")), changed.clone().filter(|_| !path.contains("32_mutex")));
        assert_eq!(unpacked.differs(Some("32_mutex")), changed.filter(|_| !path.contains("22_gather")));
    }
}

#[test]
fn a_file_that_is_gone_linked_or_new_differs_too() {
    let difference = |change: &dyn Fn(&Unpacked)| {
        let unpacked = Unpacked::new();
        change(&unpacked);
        unpacked.differs(Some("22_gather"))
    };
    let tests = "tests/22_gather/behaviour.rs";
    assert_eq!(difference(&|it| fs::remove_file(it.path(tests)).unwrap()), Some(format!("{tests} is missing")));
    // The same text now, and another one as soon as it has been looked at.
    let linked = difference(&|it| {
        let elsewhere = it.home.path().join("elsewhere");
        fs::rename(it.path(tests), &elsewhere).unwrap();
        std::os::unix::fs::symlink(elsewhere, it.path(tests)).unwrap();
    });
    assert_eq!(linked, Some(format!("{tests} is no regular file any more")));
    for stray in ["grader/harness/build.rs", "tests/22_gather/behaviour/mod.rs", ".cargo/config.toml", "build.rs"] {
        let found = difference(&|it| {
            fs::create_dir_all(it.path(stray).parent().unwrap()).unwrap();
            fs::write(it.path(stray), "").unwrap();
        });
        assert_eq!(found, Some(format!("{stray} does not belong there")));
    }
    assert_eq!(difference(&|it| fs::write(it.path("tests/32_mutex/schedules.rs"), "").unwrap()), None);
}

#[test]
fn what_differs_is_told_once_and_everything_is_unpacked_anew_also_while_others_use_it() {
    let unpacked = Unpacked::new();
    // As a `watch` that goes on beside it.
    let other = Library::unpack(bundle("1", &FILES), unpacked.home.path()).unwrap();
    let kit = unpacked.library.target.join("kits/judge");
    fs::create_dir_all(&kit).unwrap();
    fs::write(unpacked.path("tests/22_gather/behaviour.rs"), "fn a() {}").unwrap();
    fs::write(unpacked.path("tests/22_gather/extra.rs"), "").unwrap();
    unpacked.carried().insist("32_mutex").unwrap();
    let Err(Trouble::Ours(text)) = unpacked.carried().insist("22_gather") else { panic!("nothing was noticed") };
    for words in
        ["tests/22_gather/behaviour.rs was changed in ", "nothing was graded", "unpacked anew", "run the command again"]
    {
        assert!(text.contains(words), "no '{words}' in {text}");
    }
    assert_eq!(text.lines().count(), 1);
    assert_eq!(unpacked.differs(None), None);
    assert!(!kit.exists(), "what was built from it is still there");
    assert_eq!(
        fs::read_dir(unpacked.home.path().join("1"))
            .unwrap()
            .filter(|entry| { entry.as_ref().unwrap().file_name().to_string_lossy().starts_with("content.") })
            .count(),
        0
    );
    other.carried.unwrap().insist("22_gather").unwrap();
}

#[test]
fn what_cannot_be_unpacked_anew_is_said_with_the_folder_to_remove() {
    let unpacked = Unpacked::new();
    fs::write(unpacked.path("Cargo.toml"), "").unwrap();
    let broken = Bundle { archive: b"nothing", ..bundle("1", &FILES) };
    let carried = Carried::new(broken, &unpacked.home.path().join("1")).unwrap();
    let Err(Trouble::Ours(text)) = carried.insist("22_gather") else { panic!("nothing was noticed") };
    let folder = format!("remove the folder {} and run", unpacked.home.path().join("1").display());
    assert!(text.contains("Cargo.toml was changed") && text.contains(&folder), "{text}");
    // What is there stays, changed as it is.
    assert!(unpacked.path("tests/22_gather/behaviour.rs").exists());
}

#[test]
fn a_list_that_is_none_is_our_fault() {
    for manifest in ["00  a", "no hash", &format!("{}  a", "x".repeat(64))] {
        let bundle = Bundle { archive: b"", manifest: manifest.to_owned().leak(), version: "1" };
        assert!(matches!(Carried::new(bundle, Path::new("/nowhere")), Err(Trouble::Ours(_))), "{manifest}");
    }
}
