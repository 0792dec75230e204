//! `grader/report.schema.json` describes what `check --format json` prints: all of it, and nothing else.

use crate::replica::{Replica, workspace};
use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::{Value, json};

/// The compiled schema.
struct Schema(Schemas, SchemaIndex);

impl Schema {
    fn read() -> Schema {
        let text = std::fs::read_to_string(workspace().join("grader/report.schema.json")).unwrap();
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.add_resource("report.schema.json", serde_json::from_str(&text).unwrap()).unwrap();
        let index = compiler.compile("report.schema.json", &mut schemas).unwrap();
        Schema(schemas, index)
    }

    #[track_caller]
    fn takes(&self, document: &Value) {
        if let Err(error) = self.0.validate(document, self.1) {
            panic!("{error:#}\n{document:#}");
        }
    }

    fn refuses(&self, document: &Value) -> bool {
        self.0.validate(document, self.1).is_err()
    }
}

/// Grades and parses; every exit code that stands for a verdict will do.
fn graded(replica: &Replica, arguments: &[&str]) -> Value {
    let ran = replica.run(&[&["check", "--format", "json"], arguments].concat());
    assert!(matches!(ran.code, Some(0 | 1 | 3 | 4)), "{ran:?}");
    serde_json::from_str(&ran.out).unwrap()
}

#[test]
fn reports_of_every_verdict_follow_the_schema() {
    let (schema, replica) = (Schema::read(), Replica::new());
    // Together these have every field that there is.
    let starter = graded(&replica, &["latch"]);
    schema.takes(&starter);
    assert_eq!(starter["reports"][0]["verdict"], "rejected");
    replica.submit("deadlock");
    let deadlock = graded(&replica, &["latch", "--only", "behaviour"]);
    schema.takes(&deadlock);
    let finding = &deadlock["reports"][0]["checks"][0]["findings"][0];
    assert_eq!(finding["kind"], "deadlock");
    assert!(finding["threads"].as_array().is_some_and(|threads| !threads.is_empty()), "{finding:#}");
    replica.write("exercises/12_latch/src/lib.rs", "pub struct Latch {");
    let broken = graded(&replica, &["latch"]);
    schema.takes(&broken);
    assert_eq!(broken["reports"][0]["verdict"], "unbuildable");
    assert!(broken.to_string().contains(r#""outcome":{"because":"#), "{broken:#}");
    replica.solve();
    let several = graded(&replica, &["latch", "latch_again", "--only", "build,timing"]);
    schema.takes(&several);
    assert_eq!(several["reports"].as_array().map(Vec::len), Some(2));
    // The starter of the second one panics in its workload; the reference is measured.
    let measured = graded(&replica, &["latch_again", "--submission", "solutions/12_latch", "--only", "timing"]);
    schema.takes(&measured);
    assert_eq!(measured["reports"][0]["checks"][0]["evidence"]["workloads"][0]["workload"], "many_pass");
}

#[test]
fn reports_of_a_real_exercise_follow_the_schema() {
    let (schema, replica) = (Schema::read(), Replica::with_a_real_exercise());
    let checks = "--only=source_rules,build,compile_fail,behaviour,schedules,transcript";
    let starter = graded(&replica, &["read_write_lock", checks]);
    schema.takes(&starter);
    let reference = graded(&replica, &["read_write_lock", checks, "--submission", "solutions/34_read_write_lock"]);
    schema.takes(&reference);
    assert_eq!(reference["reports"][0]["verdict"], "accepted");
}

#[test]
fn the_schema_lets_nothing_through_that_it_does_not_describe() {
    let (schema, replica) = (Schema::read(), Replica::new());
    replica.submit("looks_too_early");
    let document = graded(&replica, &["latch"]);
    schema.takes(&document);
    assert!(document.to_string().contains(r#""interleaving":{"#), "{document:#}");
    // One field more than there is, and one less, in every object of the document.
    for place in objects(&document, String::new()) {
        let mut more = document.clone();
        more.pointer_mut(&place).unwrap()["surprise"] = json!(1);
        assert!(schema.refuses(&more), "a surprise in '{place}' is let through");
        let object = document.pointer(&place).unwrap().as_object().unwrap();
        for field in object.keys().filter(|field| !OPTIONAL.contains(&field.as_str())) {
            let mut less = document.clone();
            less.pointer_mut(&place).unwrap().as_object_mut().unwrap().remove(field);
            assert!(schema.refuses(&less), "'{place}' without {field} is let through");
        }
        // And no text where there is a word from a closed set or a number.
        // What kinds of objects there are is open.
        let open = |field: &str| PROSE.contains(&field) || field == "kind" && place.contains("/objects/");
        for field in object.keys().filter(|field| !open(field)) {
            let mut other = document.clone();
            other.pointer_mut(&place).unwrap()[field] = json!("nonsense");
            assert!(schema.refuses(&other), "nonsense in {field} of '{place}' is let through");
        }
    }
}

/// Fields that a finding or a location may lack.
const OPTIONAL: [&str; 14] = [
    "expected",
    "seen",
    "location",
    "detail",
    "threads",
    "interleaving",
    "next_step",
    "column",
    "object",
    "call",
    "made",
    "holder",
    "exhausted_preemptions",
    "programs",
];

/// Fields that hold any text.
const PROSE: [&str; 21] = [
    "operation",
    "function",
    "scenario",
    "grader",
    "section",
    "title",
    "path",
    "because",
    "compiler",
    "name",
    "statement",
    "subject",
    "message",
    "expected",
    "seen",
    "file",
    "detail",
    "next_step",
    "thread",
    "doing",
    "workload",
];

/// The places of all objects in a document.
fn objects(value: &Value, place: String) -> Vec<String> {
    match value {
        Value::Object(fields) => {
            let below = fields.iter().flat_map(|(name, value)| objects(value, format!("{place}/{name}")));
            std::iter::once(place.clone()).chain(below).collect()
        }
        Value::Array(items) => {
            items.iter().enumerate().flat_map(|(index, item)| objects(item, format!("{place}/{index}"))).collect()
        }
        _ => Vec::new(),
    }
}
