//! `author mutate`: what the checks do not notice is named, unless it is explained, and an explanation must be true.

use crate::replica::Replica;

const HARMLESS: &str = "Latch::new: `Default::default()` as its body";
const SURVIVORS: &str = "tests/12_latch/survivors.toml";

fn explained(mutant: &str) -> String {
    format!("[[survivor]]\nmutant = \"{mutant}\"\nreason = \"the body says the same\"\n")
}

#[test]
fn a_change_that_no_check_notices_is_named_with_its_place() {
    let replica = Replica::new();
    let listed = replica.run(&["author", "mutate", "latch", "--list"]).code(0);
    let listed = listed.says(&["12_latch:21: Latch::open: without `self.opened.notify_all();`"]);
    let ran = replica.run(&["author", "mutate", "latch"]).code(1);
    let ran = ran.says(&[
        &format!("{} mutants", listed.out.lines().count()),
        &format!("✗ survives: solutions/12_latch/src/lib.rs:14: {HARMLESS}"),
        // A hole: no scenario looks whether the latch was open when the wait was over.
        "✗ survives: solutions/12_latch/src/lib.rs:27: Latch::wait: `while !*open` only once",
        "schedules 1",
        "2 without an explanation",
    ]);
    assert_eq!(ran.out.matches("survives").count(), 2, "{}", ran.out);
}

#[test]
fn an_explanation_stands_in_for_a_check_and_is_held_against_what_happens() {
    let replica = Replica::new();
    replica.write(SURVIVORS, &explained(HARMLESS));
    let ran = replica.run(&["author", "mutate", "latch", "--only", "new"]).code(0);
    ran.says(&[&format!("explained: {HARMLESS}: the body says the same"), "0 of 1 viable mutants caught"]);
    let caught = "Latch::open: without a body";
    replica.write(SURVIVORS, &explained(caught));
    let ran = replica.run(&["author", "mutate", "latch", "--only", "open: without a body", "--every"]).code(1);
    ran.says(&[
        &format!("{caught}: behaviour — an_open_latch_lets_pass"),
        &format!("survivors.toml explains what does not survive: {caught}"),
    ]);
    replica.write(SURVIVORS, "[[survivor]]\nmutant = \"without a reason\"\n");
    replica.run(&["author", "mutate", "latch"]).code(2).complains(&["survivors.toml", "reason"]);
}
