//! The files that a new exercise begins with.

use crate::exercise::catalog::slug_of;
use crate::trouble::Trouble;
use std::path::{Path, PathBuf};

/// Files a new exercise begins with: the path below the workspace, and the text.
///
/// # Errors
/// If the name is no name for an exercise, or it exists already.
pub fn skeleton(root: &Path, folder: &str) -> Result<Vec<(PathBuf, String)>, Trouble> {
    let slug = slug_of(folder).filter(|slug| slug.starts_with(|first: char| first.is_ascii_lowercase()));
    let Some(slug) = slug else {
        return Err(Trouble::Usage(format!(
            "'{folder}' is no name for an exercise: two digits, '_', a name in snake case"
        )));
    };
    if let Some(tree) =
        ["exercises", "solutions", "tests"].into_iter().find(|tree| root.join(tree).join(folder).exists())
    {
        return Err(Trouble::Usage(format!("{tree}/{folder} exists already; nothing was written")));
    }
    let section = format!("{}.{}", &folder[..1], &folder[1..2]);
    let fill = |text: &str| text.replace("{folder}", folder).replace("{slug}", slug).replace("{section}", &section);
    const FILES: [(&str, &str); 20] = [
        ("exercises/{folder}/Cargo.toml", include_str!("skeleton/exercise.toml")),
        ("exercises/{folder}/README.md", include_str!("skeleton/brief.md")),
        ("exercises/{folder}/src/lib.rs", include_str!("skeleton/starter.rs.txt")),
        ("solutions/{folder}/Cargo.toml", include_str!("skeleton/solution.toml")),
        ("solutions/{folder}/src/lib.rs", include_str!("skeleton/reference.rs.txt")),
        ("solutions/{folder}/NOTES.md", include_str!("skeleton/notes.md")),
        ("tests/{folder}/Cargo.toml", include_str!("skeleton/tests.toml")),
        ("tests/{folder}/checks.toml", include_str!("skeleton/checks.toml")),
        ("tests/{folder}/behaviour.rs", include_str!("skeleton/behaviour.rs.txt")),
        ("tests/{folder}/schedules.rs", include_str!("skeleton/schedules.rs.txt")),
        ("tests/{folder}/transcript.rs", include_str!("skeleton/transcript.rs.txt")),
        ("tests/{folder}/timing.rs", include_str!("skeleton/timing.rs.txt")),
        ("tests/{folder}/hidden.rs", include_str!("skeleton/hidden.rs.txt")),
        ("tests/{folder}/compile_fail/an_answer_is_no_text.rs", include_str!("skeleton/compile_fail.rs.txt")),
        ("tests/{folder}/compile_fail/an_answer_is_no_text.stderr", include_str!("skeleton/compile_fail.stderr")),
        ("tests/{folder}/compile_pass/an_answer_is_a_number.rs", include_str!("skeleton/compile_pass.rs.txt")),
        ("tests/{folder}/snapshots/transcript__transcript.snap", include_str!("skeleton/transcript.snap")),
        ("tests/{folder}/accepted/worked_out.rs", include_str!("skeleton/accepted.rs.txt")),
        ("tests/{folder}/rejected/off_by_one.rs", include_str!("skeleton/rejected.rs.txt")),
        ("tests/{folder}/rejected/announced_too_early.rs", include_str!("skeleton/rejected_schedule.rs.txt")),
    ];
    Ok(FILES.iter().map(|(path, text)| (PathBuf::from(fill(path)), fill(text))).collect())
}
