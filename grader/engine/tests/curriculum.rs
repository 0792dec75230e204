//! What `curriculum.md` promises of the way as a whole. What it says of single exercises is checked by `author verify`.

use engine::exercise::curriculum;
use engine::exercise::{catalog, notes};
use engine::home::workspace::Workspace;
use std::path::Path;

fn workspace() -> Workspace {
    Workspace::at(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
}

#[test]
fn every_section_of_the_article_has_an_exercise_and_every_exercise_a_section() {
    let sections = curriculum::sections(&workspace()).unwrap();
    let article = [
        "1.1", "1.2", "1.3", "2.1", "2.2", "2.3", "2.4", "2.5", "3.1", "3.2", "3.3", "3.4", "4.1", "4.2", "4.3", "5.1",
        "5.2", "5.3",
    ];
    for number in article {
        let stands = |section: &&curriculum::Section| section.number == number && section.folder.is_some();
        assert!(sections.iter().any(|section| stands(&section)), "{number} has no exercise");
    }
    let linked: Vec<_> = sections.iter().filter_map(|section| section.folder.clone()).collect();
    let mut folders = catalog::folders(&workspace()).unwrap();
    folders.retain(|folder| !linked.contains(folder));
    assert!(folders.is_empty(), "curriculum.md does not link {folders:?}");
}

#[test]
fn every_route_fits_into_its_time_and_leads_to_what_there_is() {
    let exercises = catalog::all(&workspace()).unwrap();
    let routes = curriculum::routes(&workspace()).unwrap();
    assert_eq!(routes.len(), 3, "an evening, a weekend, and the interview that is tomorrow");
    for route in routes {
        let minutes = |folder: &String| {
            let exercise = exercises.iter().find(|exercise| exercise.folder == *folder);
            exercise.unwrap_or_else(|| panic!("{}: there is no {folder}", route.title)).config.minutes
        };
        let sum: u32 = route.folders.iter().map(minutes).sum();
        assert!(!route.folders.is_empty(), "{} leads nowhere", route.title);
        assert!(sum <= route.minutes, "{} takes {sum} minutes, not {}", route.title, route.minutes);
    }
}

#[test]
fn the_questions_below_the_tables_are_answered_in_the_notes() {
    let text = std::fs::read_to_string(workspace().root.join("curriculum.md")).unwrap();
    let exercises = catalog::all(&workspace()).unwrap();
    let questions = text.lines().filter_map(|line| line.strip_prefix("- ")?.strip_suffix(')')?.rsplit_once(" ("));
    let mut count = 0;
    for (question, number) in questions {
        let answered = exercises.iter().filter(|exercise| exercise.config.section == number).any(|exercise| {
            let text = std::fs::read_to_string(exercise.notes()).unwrap();
            let part = notes::section(&text, "## Follow-up questions").unwrap_or_default();
            notes::headings(part, 3).iter().any(|heading| heading.trim() == question)
        });
        assert!(answered, "no notes of section {number} answer: {question}");
        count += 1;
    }
    assert!(count >= exercises.len(), "only {count} questions for {} exercises", exercises.len());
}
