//! `curriculum.md`: the sections of the article in their order. A line of its tables is a section; a link makes it an
//! exercise that exists.

use crate::trouble::{Trouble, read};
use crate::workspace::Workspace;

/// One section of the article.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// `3.4`.
    pub number: String,
    /// What it is about.
    pub title: String,
    /// The folder of its exercise, if it stands.
    pub folder: Option<String>,
    /// Minutes and difficulty, if the row ends with them.
    pub effort: Option<(u32, u8)>,
}

/// Reads the sections.
///
/// # Errors
/// If the file cannot be read.
pub fn sections(workspace: &Workspace) -> Result<Vec<Section>, Trouble> {
    Ok(parse(&read(&workspace.root.join("curriculum.md"))?))
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

/// A section is a table row whose first cell is a number with a point: `| 3.4 | [title](exercises/34_slug) | … |`.
fn parse(text: &str) -> Vec<Section> {
    let rows = text.lines().filter_map(|line| {
        let mut cells = line.strip_prefix('|')?.split('|').map(str::trim);
        let mut last = cells.clone().rev().skip(1);
        let number = cells.next()?;
        let (chapter, section) = number.split_once('.')?;
        if chapter.parse::<u8>().is_err() || section.parse::<u8>().is_err() {
            return None;
        }
        let cell = cells.next()?;
        let link = cell.split_once("](exercises/").and_then(|(_, rest)| rest.split_once(')')).map(|(path, _)| path);
        let title = cell.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or(cell, |(title, _)| title);
        let folder = link.map(|path| path.split('/').next().unwrap_or(path).to_owned());
        let (difficulty, minutes) = (last.next()?.parse().ok(), last.next().and_then(|cell| cell.parse().ok()));
        Some(Section { number: number.to_owned(), title: title.to_owned(), folder, effort: minutes.zip(difficulty) })
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_the_tables_are_sections() {
        let text = "# Way\n\n| § | exercise | trains |\n|---|---|---|\n| 1.1 | [The GIL](exercises/11_gil/README.md) | x | 60 | 3 |\n\
                    | 1.2 | Its cost | coming |\n";
        let section = |number: &str, title: &str, folder: Option<&str>, effort| Section {
            number: number.into(),
            title: title.into(),
            folder: folder.map(String::from),
            effort,
        };
        let expected =
            [section("1.1", "The GIL", Some("11_gil"), Some((60, 3))), section("1.2", "Its cost", None, None)];
        assert_eq!(parse(text), expected);
    }
}
