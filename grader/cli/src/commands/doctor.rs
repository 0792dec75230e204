//! `doctor`: whether this machine has what is needed.

use super::Desk;
use crate::exit_code::ExitCode;
use crate::render::prose;
use crate::screen::{Screen, paint, text_style};
use anstyle::{AnsiColor, Style};
use engine::setup::doctor::{self, State};
use engine::trouble::Trouble;

pub(crate) fn run(screen: &Screen) -> Result<ExitCode, Trouble> {
    let desk = Desk::open(screen)?;
    let symptoms = doctor::examine(&desk.workspace);
    let mut text = String::new();
    for symptom in &symptoms {
        let (sign, style) = match symptom.state {
            State::Well => ("✓", text_style(AnsiColor::Green)),
            State::Costs => ("!", text_style(AnsiColor::Yellow)),
            State::Missing => ("✗", text_style(AnsiColor::Red).bold()),
        };
        let sign = if screen.colour { paint(style, sign) } else { sign.to_owned() };
        text.push_str(&format!("{sign} {:<9} {}\n", symptom.name, symptom.found));
        if !symptom.cost.is_empty() {
            for line in prose::fill(&symptom.cost, screen.width - 12).lines() {
                text.push_str(&format!("            {line}\n"));
            }
        }
    }
    let bold = |text: &str| if screen.colour { paint(Style::new().bold(), text) } else { text.to_owned() };
    let worst = |state: State| symptoms.iter().any(|symptom| symptom.state == state);
    let workspace = &desk.workspace;
    let kind = if workspace.is_learners() { "a workspace of your own" } else { "a clone" };
    text.push_str(&format!("\nworkspace: {} ({kind})\n", workspace.root.display()));
    if workspace.is_learners() {
        text.push_str(&format!("hidden tests: {}\n", workspace.content.display()));
    }
    text.push_str(&format!("built so far: {} MiB in {}\n", doctor::built(workspace), workspace.target.display()));
    let (verdict, code) = match (worst(State::Missing), worst(State::Costs)) {
        (true, _) => ("something that grading needs is missing (✗)", ExitCode::Ours),
        (false, true) => ("everything works; what is marked ! costs something", ExitCode::Success),
        (false, false) => ("everything is there", ExitCode::Success),
    };
    text.push_str(&format!("\n{}\n", bold(verdict)));
    screen.print(&text);
    Ok(code)
}
