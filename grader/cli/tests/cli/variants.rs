//! Variants as patches: they are graded like any file, edited as whole sources, and carried over when a reference changes.

use crate::replica::Replica;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

const REFERENCE: &str = "solutions/12_latch/src/lib.rs";
const PATCH: &str = "tests/12_latch/rejected/tells_nobody.patch";

/// Opening tells nobody, as a patch.
fn tells_nobody(replica: &Replica) {
    variant(replica, "tells_nobody", "behaviour — a_waiter_goes_on_when_it_opens", |source| {
        source.replace("        self.opened.notify_all();\n", "")
    });
}

/// A new rejected variant: the reference, changed by `edit`.
fn variant(replica: &Replica, name: &str, caught_by: &str, edit: impl Fn(&str) -> String) {
    let file = replica.path("edited.rs");
    let shown = file.to_str().unwrap();
    let written = replica.run(&["author", "variant", "latch", name, "--new", "--output", shown]).code(0);
    written.says(&[&format!("author variant latch {name} --new --input {shown}")]);
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.starts_with("//! caught-by: behaviour — name_of_the_fact\n"), "{text}");
    let text =
        edit(&text.replace("behaviour — name_of_the_fact", caught_by).replace("What is wrong with it.", "Wrong."));
    fs::write(&file, text).unwrap();
    replica.run(&["author", "variant", "latch", name, "--new", "--input", shown]).code(0).says(&["changed lines"]);
}

/// Makes a repository of the replica, with everything in it committed.
fn committed(replica: &Replica) {
    fs::write(replica.path(".gitignore"), "/target\n/.grader\n/edited.rs\n").unwrap();
    for arguments in [&["init", "--quiet"][..], &["add", "."], &["commit", "--quiet", "--message", "all of it"]] {
        git(replica, arguments);
    }
}

fn git(replica: &Replica, arguments: &[&str]) -> String {
    let who = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org"];
    let output = Command::new("git").current_dir(replica.root()).args(who).args(arguments).output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn edit_reference(replica: &Replica, from: &str, to: &str) {
    let text = replica.read(REFERENCE);
    assert!(text.contains(from), "{from}");
    replica.write(REFERENCE, &text.replace(from, to));
}

#[test]
fn a_patch_is_graded_like_any_submission_and_shows_the_lines_of_what_it_makes() {
    let replica = Replica::new();
    variant(&replica, "breaks", "behaviour — an_open_latch_lets_pass", |source| {
        source.replace("        while !*open {", "        assert!(*open);\n        while !*open {")
    });
    let patch = replica.read("tests/12_latch/rejected/breaks.patch");
    assert!(patch.starts_with("caught-by: behaviour — an_open_latch_lets_pass\nWrong.\n\n--- a/solutions/12_latch/"));
    assert!(patch.contains("\n@@ ") && patch.contains("\n+        assert!(*open);\n"), "{patch}");
    let ran = replica.run(&["check", "latch", "--submission", "tests/12_latch/rejected/breaks.patch"]).code(1);
    let ran = ran.says(&["tests/12_latch/rejected/breaks.patch\n", "variants/tests/12_latch/rejected/breaks/lib.rs:"]);
    let line = replica.read(REFERENCE).lines().position(|line| line.contains("while !*open")).unwrap() + 1;
    ran.says(&[&format!("breaks/lib.rs:{line}")]);
}

#[test]
fn one_variant_is_verified_alone_and_what_catches_it_instead_is_said() {
    let replica = Replica::new();
    tells_nobody(&replica);
    let alone = replica.run(&["author", "verify", "latch", "rejected/tells_nobody"]).code(0);
    alone.says(&["✓ 12_latch  0 accepted, 1 rejected variants", "1 exercises, 1 gradings, 0 problems"]);
    replica.run(&["author", "verify", PATCH]).code(0).says(&["1 gradings, 0 problems"]);
    let text = replica.read(PATCH).replace("a_waiter_goes_on_when_it_opens", "an_open_latch_lets_pass");
    replica.write(PATCH, &text);
    let wrong = replica.run(&["author", "verify", PATCH]).code(1);
    wrong.says(&[
        "must be caught by behaviour — an_open_latch_lets_pass, but what was found is",
        "behaviour — a_waiter_goes_on_when_it_opens",
        "name in its first line what does catch it",
    ]);
    replica.write(PATCH, &text.replace("an_open_latch_lets_pass", "no_such_fact"));
    replica.run(&["author", "verify", PATCH]).code(1).says(&["the exercise has no check of this name"]);
    let unknown = replica.run(&["author", "verify", "latch", "rejected/tells_noboby"]).code(2);
    unknown.complains(&["has no variant 'rejected/tells_noboby'; did you mean rejected/tells_nobody?"]).in_one_line();
    replica.run(&["author", "verify", "rejected/x"]).code(2).complains(&["name its exercise before it"]).in_one_line();
}

#[test]
fn what_differs_from_a_revision_is_verified_and_nothing_else() {
    let replica = Replica::new();
    tells_nobody(&replica);
    committed(&replica);
    replica.run(&["author", "verify", "--changed"]).code(0).says(&["nothing differs"]);
    replica.write(PATCH, &replica.read(PATCH).replace("Wrong.", "Opening tells nobody."));
    variant(&replica, "tells_one", "schedules — opening_reaches_everybody", |source| {
        source.replace("notify_all", "notify_one")
    });
    let ran = replica.run(&["author", "verify", "--changed", "HEAD"]).code(0);
    ran.says(&["✓ 12_latch  0 accepted, 2 rejected variants", "2 gradings"]);
    replica.run(&["author", "verify", "--changed", "no-such-revision"]).code(2).complains(&["no-such-revision"]);
}

#[test]
fn a_patch_that_does_not_fit_is_named_and_rebase_carries_it_over() {
    let replica = Replica::new();
    tells_nobody(&replica);
    variant(&replica, "tells_one", "schedules — opening_reaches_everybody", |source| {
        source.replace("notify_all", "notify_one")
    });
    committed(&replica);
    let before = replica.read(PATCH);
    // The lines move, and one comes in between that both patches have around their change.
    edit_reference(&replica, "use std::sync", "use std::fmt as _;\nuse std::sync");
    edit_reference(&replica, "    /// Opens it, for good.", "    /// Opens it, for good. It cannot be shut again.");
    let ran = replica.run(&["author", "verify", "latch", "rejected/tells_nobody"]).code(1);
    ran.says(&["tells_nobody.patch does not fit solutions/12_latch/src/lib.rs any more: hunk @@ -", "author rebase"]);
    let ran = replica.run(&["author", "rebase", "latch"]).code(0);
    ran.says(&["2 patches, 0 fit as they are, 2 carried over, 0 to do by hand", "author verify latch"]);
    let after = replica.read(PATCH);
    assert_ne!(before, after);
    assert!(after.starts_with("caught-by: behaviour — a_waiter_goes_on_when_it_opens\nWrong.\n\n"), "{after}");
    replica.run(&["author", "verify", "latch", "rejected/tells_nobody", "rejected/tells_one"]).code(0);
    replica.run(&["author", "rebase", "latch"]).code(0).says(&["2 fit as they are"]);
    // Now both change the same line.
    git(&replica, &["add", "."]);
    git(&replica, &["commit", "--quiet", "--message", "a reference"]);
    edit_reference(&replica, "self.opened.notify_all();", "self.opened.notify_all(); // everybody");
    let ran = replica.run(&["author", "rebase", "latch"]).code(1);
    let ran =
        ran.says(&["0 carried over, 2 to do by hand", "tells_one.patch: both changed the same lines", "notify_one"]);
    ran.says(&["<<<<<<< the file as it is now\n", ">>>>>>> the variant\n", "by hand: "]);
    assert_eq!(replica.read(PATCH), after, "what conflicts is left as it is");
    let ran = replica.run(&["author", "rebase", "latch", "--from", "HEAD~9"]).code(1);
    ran.says(&["--from names another revision"]);
}

#[test]
fn a_variant_is_edited_as_a_whole_source() {
    let replica = Replica::new();
    tells_nobody(&replica);
    let editor = |script: &str| {
        let path = replica.path("target/editor.sh");
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        let mut command = replica.grader(&["author", "variant", "latch", "tells_nobody"]);
        command.env("EDITOR", &path).env_remove("VISUAL");
        crate::replica::Ran::of(&mut command)
    };
    let before = replica.read(PATCH);
    editor("true").code(0).says(&["nothing was changed"]);
    assert_eq!(replica.read(PATCH), before);
    editor("sed -i 's/Wrong\\./Opening tells nobody./; s/for good\\./for ever./' \"$1\"")
        .code(0)
        .says(&["3 changed lines"]);
    let after = replica.read(PATCH);
    assert!(
        after.contains("\nOpening tells nobody.\n") && after.contains("\n+    /// Opens it, for ever.\n"),
        "{after}"
    );
    editor("sed -i '/above: the header/d' \"$1\"")
        .code(2)
        .complains(&["is gone", "what you wrote is in"])
        .in_one_line();
    editor("exit 3").code(2).complains(&["ended with exit status: 3"]).in_one_line();
    assert_eq!(replica.read(PATCH), after);
    // With a design of its own it becomes a file.
    editor("for i in $(seq 90); do echo \"// line $i\" >> \"$1\"; done")
        .code(0)
        .says(&["a whole file, since 93 lines"]);
    assert!(!replica.path(PATCH).exists());
    let whole = replica.read("tests/12_latch/rejected/tells_nobody.rs");
    assert!(whole.starts_with("//! caught-by: behaviour — a_waiter_goes_on_when_it_opens\n"), "{whole}");
    replica.run(&["author", "verify", "latch", "rejected/tells_nobody"]).code(0);
}

#[test]
fn what_cannot_be_a_variant_is_refused_in_one_line() {
    let replica = Replica::new();
    tells_nobody(&replica);
    let refused = |arguments: &[&str], words: &str| {
        replica.run(&[&["author", "variant", "latch"], arguments].concat()).code(2).complains(&[words]).in_one_line();
    };
    refused(&["tells_nobody", "--new"], "tells_nobody.patch exists; leave --new out to edit it");
    refused(&["Tells Nobody", "--new"], "is no name for a variant");
    refused(&["wrong/x", "--new"], "a variant is rejected/NAME or accepted/NAME");
    refused(&["x", "--new", "--of", "accepted/none"], "there is no tests/12_latch/accepted/none.rs");
    refused(&["x"], "has no variant 'x'");
    refused(&["tells_nobody", "--input", "no-such-file"], "cannot read no-such-file");
    replica.write(PATCH, "caught-by: behaviour — x\n\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n");
    refused(&["tells_nobody"], "the diff cannot be read");
}

#[test]
fn a_patch_from_elsewhere_is_no_submission_and_changes_nothing_but_references() {
    let replica = Replica::new();
    tells_nobody(&replica);
    fs::copy(replica.path(PATCH), replica.path("handed_in.patch")).unwrap();
    let ran = replica.run(&["check", "latch", "--submission", "handed_in.patch"]).code(2);
    ran.complains(&["a patch is graded only if it is a variant of this clone"]).in_one_line();
    for of in ["tests/../handed_in.patch", "curriculum.md", "solutions/../src/lib.rs"] {
        replica.write(PATCH, &format!("caught-by: behaviour — x\n\n--- a/{of}\n+++ b/{of}\n@@ -1 +1 @@\n-a\n+b\n"));
        let ran = replica.run(&["check", "latch", "--submission", PATCH]).code(2);
        ran.complains(&["which is neither a reference nor an accepted variant"]).in_one_line();
    }
}

#[test]
fn in_a_clone_the_starter_comes_from_git_whatever_has_been_committed_since() {
    let file = "exercises/12_latch/src/lib.rs";
    let replica = Replica::new();
    fs::remove_dir_all(replica.path("starters")).unwrap();
    committed(&replica);
    let starter = replica.read(file);
    let id = git(&replica, &["hash-object", file]);
    replica.solve();
    git(&replica, &["commit", "--quiet", "--all", "--message", "solved"]);
    let settings = "tests/12_latch/checks.toml";
    let without = replica.run(&["reset", "latch", "--yes"]).code(2);
    without.complains(&["checks.toml does not say which file is the starter", "write `starter = \""]).in_one_line();
    let text = replica.read(settings);
    replica.write(settings, &format!("starter = \"{}\"\n{text}", id.trim()));
    replica.run(&["reset", "latch", "--yes"]).code(0).says(&["is the starter again"]);
    assert_eq!(replica.read(file), starter);
    replica.write(settings, &format!("starter = \"{}\"\n{text}", "0".repeat(40)));
    let gone = replica.run(&["reset", "latch", "--yes"]).code(2);
    gone.complains(&["Git does not have the starter 0000"]).in_one_line();
}
