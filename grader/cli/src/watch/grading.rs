//! One grading, in a process of its own that tells what happens line by line.

use super::Message;
use engine::run::processes::{self, End, Process};
use engine::trouble::Trouble;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::Sender;
use std::time::Duration;

/// A grading that is told to stop does so within a few milliseconds; one that does not is killed.
const PATIENCE: Duration = Duration::from_secs(1);

/// A grading on its way.
#[derive(Debug)]
pub(crate) struct Grading {
    process: Process,
}

impl Grading {
    /// Starts grading the learner's own file. Everything that is told carries `number`.
    ///
    /// # Errors
    /// If the process cannot be started.
    pub(crate) fn start(root: &Path, exercise: &str, number: u64, to: &Sender<Message>) -> Result<Grading, Trouble> {
        let trouble = |error: std::io::Error| Trouble::Ours(format!("cannot start a grading: {error}"));
        let mut command = Command::new(std::env::current_exe().map_err(trouble)?);
        command.args(["check", exercise, "--format", "events", "--color", "never"]).current_dir(root);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = processes::spawn(&mut command).map_err(trouble)?;
        let (stdout, mut stderr) = (process.child.stdout.take(), process.child.stderr.take());
        let to = to.clone();
        std::thread::spawn(move || {
            let words = std::thread::spawn(move || {
                let mut text = String::new();
                let _ = stderr.as_mut().map(|stderr| stderr.read_to_string(&mut text));
                text
            });
            for line in BufReader::new(stdout.into_iter().next()?).lines() {
                let Ok(event) = serde_json::from_str(&line.ok()?) else { continue };
                to.send(Message::Step(number, Box::new(event))).ok()?;
            }
            to.send(Message::Closed(number, words.join().unwrap_or_default())).ok()
        });
        Ok(Grading { process })
    }

    /// Waits for the end of a grading that has closed its output.
    pub(crate) fn wait(mut self) -> Option<i32> {
        match self.process.wait() {
            Ok(End::Exited(code)) => Some(code),
            _ => None,
        }
    }

    /// Ends the grading, and everything that it has started, before this returns.
    pub(crate) fn cancel(mut self) {
        let _ = self.process.end_soon(PATIENCE);
        processes::reap_strays(self.process.run());
    }
}
