//! `curriculum.md`: the sections of the article in their order. A line of its tables is a section; a link makes it an
//! exercise that exists.

use crate::home::workspace::Workspace;
use crate::trouble::{Trouble, read};

/// One section of the article.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    /// `3.4`.
    pub number: String,
    /// What it is about.
    pub title: String,
    /// The folder of its exercise, if it stands.
    pub folder: Option<String>,
    /// What its row says under `Minutes`, `Difficulty`, `Lines` and `Checks`.
    pub figures: Figures,
}

/// What a row says of its exercise in numbers; each is checked by `author verify`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// How long it takes.
    pub minutes: Option<u32>,
    /// From 1 to 5.
    pub difficulty: Option<u32>,
    /// Lines of code in the reference: see [`code_lines`].
    pub lines: Option<u32>,
    /// Hidden checks: facts, scenarios, cases, transcripts and workloads.
    pub checks: Option<u32>,
}

impl Figures {
    /// The figures that differ from what is true, each as a sentence.
    pub fn differences(&self, truth: &Figures) -> Vec<String> {
        let of = |figures: &Figures| [figures.minutes, figures.difficulty, figures.lines, figures.checks];
        let names = ["minutes", "difficulty", "lines of code in the reference", "hidden checks"];
        let pairs = names.into_iter().zip(of(self).into_iter().zip(of(truth)));
        let wrong = pairs.filter_map(|(name, (said, is))| Some((name, said.filter(|said| Some(*said) != is)?, is?)));
        wrong.map(|(name, said, is)| format!("{name}: curriculum.md says {said}, it is {is}")).collect()
    }
}

/// A way through some of the exercises that fits into a stated time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Its heading, without the time.
    pub title: String,
    /// The time it promises to fit into.
    pub minutes: u32,
    /// The folders of its exercises, in their order.
    pub folders: Vec<String>,
}

/// Lines of a Rust file that are neither empty nor only a `//` comment.
pub fn code_lines(text: &str) -> u32 {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")).count() as u32
}

/// Reads the sections.
///
/// # Errors
/// If the file cannot be read.
pub fn sections(workspace: &Workspace) -> Result<Vec<Section>, Trouble> {
    Ok(parse(&read(&workspace.content.join("curriculum.md"))?))
}

/// Reads the shorter ways: headings of the third level that end with `(120 minutes)`, each with a list of links.
///
/// # Errors
/// If the file cannot be read.
pub fn routes(workspace: &Workspace) -> Result<Vec<Route>, Trouble> {
    Ok(parse_routes(&read(&workspace.content.join("curriculum.md"))?))
}

/// Puts the folder names of exercises into the order of the curriculum; those it does not name come last.
///
/// # Errors
/// If the curriculum cannot be read.
pub fn in_order(workspace: &Workspace, mut folders: Vec<String>) -> Result<Vec<String>, Trouble> {
    let sections = sections(workspace)?;
    let place = |folder: &String| sections.iter().position(|section| section.folder.as_ref() == Some(folder));
    folders.sort_by_key(|folder| (place(folder).unwrap_or(usize::MAX), folder.clone()));
    Ok(folders)
}

/// A section is a table row whose first cell is a number with a point: `| 3.4 | [title](exercises/34_slug) | … |`. The
/// table's head tells which of its other cells are figures.
fn parse(text: &str) -> Vec<Section> {
    let mut sections = Vec::new();
    let mut head: Vec<&str> = Vec::new();
    for line in text.lines() {
        let Some(row) = line.strip_prefix('|') else {
            head.clear();
            continue;
        };
        let cells: Vec<&str> = row.trim_end_matches('|').split('|').map(str::trim).collect();
        if head.is_empty() {
            head = cells;
            continue;
        }
        let is_number =
            |(chapter, section): (&str, &str)| chapter.parse::<u8>().is_ok() && section.parse::<u8>().is_ok();
        let [number, cell, ..] = cells[..] else { continue };
        if !number.split_once('.').is_some_and(is_number) {
            continue;
        }
        let figure = |name: &str| {
            let at = head.iter().position(|column| *column == name)?;
            cells.get(at)?.parse().ok()
        };
        let title = cell.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or(cell, |(title, _)| title);
        sections.push(Section {
            number: number.to_owned(),
            title: title.to_owned(),
            folder: linked(cell).next(),
            figures: Figures {
                minutes: figure("Minutes"),
                difficulty: figure("Difficulty"),
                lines: figure("Lines"),
                checks: figure("Checks"),
            },
        });
    }
    sections
}

/// The folders that `[title](exercises/FOLDER…)` links, in their order.
fn linked(text: &str) -> impl Iterator<Item = String> {
    let links = text.split("](exercises/").skip(1).filter_map(|rest| rest.split_once(')'));
    links.filter_map(|(path, _)| path.split('/').next().map(String::from))
}

fn parse_routes(text: &str) -> Vec<Route> {
    let mut routes: Vec<Route> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        if line.starts_with('#') {
            let parts =
                line.strip_prefix("### ").and_then(|heading| heading.strip_suffix(" minutes)")?.split_once(" ("));
            let route = parts.and_then(|(title, minutes)| Some((title.to_owned(), minutes.parse().ok()?)));
            inside = route.is_some();
            routes.extend(route.map(|(title, minutes)| Route { title, minutes, folders: Vec::new() }));
        } else if let (true, Some(route)) = (inside, routes.last_mut()) {
            route.folders.extend(linked(line));
        }
    }
    routes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_the_tables_are_sections() {
        let text = "# Way\n\n| § | Exercise | Trains | Minutes | Difficulty | Checks |\n|---|---|---|---|---|---|\n\
                    | 1.1 | [The GIL](exercises/11_gil/README.md) | x | 60 | 3 | 51 |\n| 1.2 | Its cost | coming |\n";
        let expected = [
            Section {
                number: "1.1".into(),
                title: "The GIL".into(),
                folder: Some("11_gil".into()),
                figures: Figures { minutes: Some(60), difficulty: Some(3), lines: None, checks: Some(51) },
            },
            Section { number: "1.2".into(), title: "Its cost".into(), ..Section::default() },
        ];
        assert_eq!(parse(text), expected);
    }

    #[test]
    fn figures_that_are_said_must_be_true_ones() {
        let said = Figures { minutes: Some(60), checks: Some(50), ..Figures::default() };
        let truth = Figures { minutes: Some(60), difficulty: Some(3), lines: Some(200), checks: Some(51) };
        assert_eq!(said.differences(&truth), ["hidden checks: curriculum.md says 50, it is 51"]);
    }

    #[test]
    fn a_route_is_a_heading_with_a_time_and_the_links_below_it() {
        let text = "### An evening (120 minutes)\n\nwords\n\n1. [The GIL](exercises/11_gil/README.md), [cells](exercises/13_cells): why\n\n## Other\n\n\
                    - [Its cost](exercises/12_cost/README.md)\n";
        let expected =
            [Route { title: "An evening".into(), minutes: 120, folders: vec!["11_gil".into(), "13_cells".into()] }];
        assert_eq!(parse_routes(text), expected);
    }

    #[test]
    fn comments_and_empty_lines_are_no_code() {
        assert_eq!(code_lines("//! About.\n\nfn f() { // here\n    // there\n}\n"), 2);
    }
}
