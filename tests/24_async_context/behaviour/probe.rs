//! The resources of the stories, which do what they are told, and the log that they write.

use harness::Log;
use std::future::pending;
use std::panic::panic_any;
use std::pin::Pin;
use std::time::Duration;
use subject::{AsyncResource, Ending};
use tokio::time::sleep;

pub(super) const SECOND: Duration = Duration::from_secs(1);
pub(super) const NOTHING: [&str; 0] = [];

/// What a body does that does nothing else.
pub(super) fn says_body(log: &Log) -> Result<(), String> {
    log.line("body");
    Ok(())
}

/// When in the course of the unwinding things are dropped is left open.
pub(super) fn without_drops(log: &Log) -> Vec<String> {
    log.read().into_iter().filter(|line| !line.starts_with("drop")).collect()
}

pub(super) fn count(log: &Log, prefix: &str) -> usize {
    log.read().iter().filter(|line| line.starts_with(prefix)).count()
}

/// Says that it is dropped.
pub(super) struct Local(pub(super) &'static str, pub(super) Log);

impl Drop for Local {
    fn drop(&mut self) {
        self.1.line(format!("drop {}", self.0));
    }
}

/// What happens in an enter or an exit.
#[derive(Clone, Copy)]
pub(super) enum Step {
    Done,
    /// After a second.
    Wait,
    Never,
    Fail,
    Panic(u8),
}

impl Step {
    async fn happen(self, log: &Log, begin: &str, end: &str) -> Result<(), String> {
        match self {
            Step::Done => {}
            Step::Wait => {
                sleep(SECOND).await;
                log.line(end);
            }
            Step::Never => pending().await,
            Step::Fail => return Err(format!("{begin} fails")),
            Step::Panic(payload) => panic_any(payload),
        }
        Ok(())
    }
}

/// A resource that does in `enter` and `exit` what it is told to, and says so.
pub(super) struct Probe {
    pub(super) name: &'static str,
    pub(super) log: Log,
    pub(super) enter: Step,
    pub(super) exit: Step,
    pub(super) _dropped: Local,
}

impl Probe {
    pub(super) fn new(name: &'static str, log: &Log) -> Self {
        Probe { name, log: log.clone(), enter: Step::Done, exit: Step::Done, _dropped: Local(name, log.clone()) }
    }
}

impl AsyncResource for Probe {
    type Error = String;

    async fn enter(&mut self) -> Result<(), String> {
        let name = self.name;
        self.log.line(format!("enter {name}"));
        self.enter.happen(&self.log, &format!("enter {name}"), &format!("entered {name}")).await
    }

    async fn exit(&mut self, ending: Ending) -> Result<(), String> {
        exit(self.name, &self.log, self.exit)(ending).await
    }
}

/// An exit as a closure.
pub(super) fn exit(name: &'static str, log: &Log, step: Step) -> impl FnOnce(Ending) -> Exiting + Send + use<> {
    let log = log.clone();
    move |ending| {
        Box::pin(async move {
            log.line(format!("exit {name}: {ending:?}"));
            step.happen(&log, &format!("exit {name}"), &format!("left {name}")).await
        })
    }
}

pub(super) type Exiting = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;
