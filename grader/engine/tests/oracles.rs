//! What the exercises claim of the article's Python is asked of Python itself, where there is one.

use engine::author::written::oracle;
use engine::exercise::catalog;
use engine::home::workspace::Workspace;
use std::path::Path;

#[test]
fn every_snippet_of_the_article_prints_its_snapshot_on_real_python() {
    let workspace = Workspace::at(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."));
    let exercises = catalog::all(&workspace).unwrap();
    let with_a_snippet = exercises.iter().filter(|exercise| exercise.tests.join("oracle.py").exists());
    assert!(with_a_snippet.count() >= 3, "the snippets are gone");
    let wrong =
        exercises.iter().filter_map(|exercise| Some(format!("{}: {}", exercise.folder, oracle(exercise).unwrap()?)));
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "mend oracle.py or the transcript:\n{}", wrong.join("\n"));
}
