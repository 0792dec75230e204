//! `checks.toml`: what is checked in one exercise, and with how much weight.

use crate::trouble::{Context, Trouble, read};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use verdict::Check;

/// The whole file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The exercise's title, one line.
    pub title: String,
    /// The section of the article.
    pub section: String,
    /// How long a learner takes.
    pub minutes: u32,
    /// From 1 to 5.
    pub difficulty: u8,
    /// What it trains.
    pub topics: Vec<String>,
    /// The starter's blob id in Git (`git hash-object exercises/NN_slug/src/lib.rs`); see [`super::starter`].
    pub starter: Option<String>,
    /// Points per check. A check without points is not part of the exercise (but `build` always is).
    pub points: BTreeMap<Check, u32>,
    /// What a submission may use.
    #[serde(default)]
    pub submission: Allowed,
    /// What it may not, on top of what holds everywhere.
    #[serde(default)]
    pub forbid: Vec<Forbid>,
    /// Limits for every fact.
    #[serde(default)]
    pub behaviour: FactLimits,
    /// The effort for every scenario, and for single ones by name.
    #[serde(default)]
    pub schedules: Schedules,
    /// Limits per workload.
    #[serde(default)]
    pub timing: BTreeMap<String, TimingLimit>,
}

/// What a submission may use.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Allowed {
    /// Crates beside std.
    pub crates: Vec<String>,
    /// Whether `unsafe` may be written.
    pub r#unsafe: bool,
    /// The functions of the C library that it may call, where `libc` is among the crates.
    pub c_functions: Vec<String>,
    /// Paths that a rule which holds everywhere would forbid.
    pub allow: Vec<String>,
}

/// One thing that is forbidden: exactly one of `path`, `method`, `macro`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forbid {
    /// A path and everything below it, `std::sync::RwLock`.
    pub path: Option<String>,
    /// A method, by name.
    pub method: Option<String>,
    /// A macro, by name.
    pub r#macro: Option<String>,
    /// Why, for the learner.
    pub reason: String,
}

impl Forbid {
    /// What is forbidden, in one word; the name that a finding has.
    pub fn subject(&self) -> &str {
        [&self.path, &self.method, &self.r#macro].into_iter().flatten().next().map_or("", String::as_str)
    }
}

/// What a process that runs one fact may use.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FactLimits {
    /// Wall time in seconds.
    pub seconds: u64,
    /// Private memory in MiB.
    pub memory_mib: u64,
    /// Whether it may start processes.
    pub processes: bool,
    /// Whether it may use TCP and UDP. There is nobody to talk to but itself.
    pub network: bool,
}

impl Default for FactLimits {
    fn default() -> Self {
        FactLimits { seconds: 10, memory_mib: 1024, processes: false, network: false }
    }
}

/// Schedules of each random kind, for a scenario without a budget of its own.
pub const SCHEDULES: u32 = 600;

/// Steps in all schedules together, for a scenario without a budget of its own.
pub const STEPS: u64 = 150_000;

/// How much is explored.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Schedules {
    /// For every scenario.
    #[serde(rename = "every")]
    pub all: Budget,
    /// For single scenarios, by name.
    pub scenario: BTreeMap<String, Budget>,
}

/// The effort for one scenario. Counted in schedules and steps, not in seconds: it is the same on every machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Budget {
    /// Schedules by uniform random walk, and as many at random.
    pub schedules: Option<u32>,
    /// Steps in all schedules together; what is left of them after the random ones goes to preemption bounds.
    pub steps: Option<u64>,
}

impl Schedules {
    /// The effort for one scenario: schedules and steps.
    pub fn of(&self, scenario: &str) -> (u32, u64) {
        let own = self.scenario.get(scenario).copied().unwrap_or_default();
        let schedules = own.schedules.or(self.all.schedules).unwrap_or(SCHEDULES);
        (schedules, own.steps.or(self.all.steps).unwrap_or(STEPS))
    }
}

/// How slow a submission may be.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimingLimit {
    /// The highest ratio of submission to reference that passes.
    pub ratio: f64,
}

impl Config {
    /// Reads and checks one file.
    ///
    /// # Errors
    /// If the file is missing or broken; says where and how.
    pub fn read(path: &Path) -> Result<Config, Trouble> {
        let config: Config = toml::from_str(&read(path)?).usage(path.display())?;
        let wrong = |what: String| Trouble::Usage(format!("{}: {what}", path.display()));
        if let Some(forbid) =
            config.forbid.iter().find(|f| [&f.path, &f.method, &f.r#macro].into_iter().flatten().count() != 1)
        {
            return Err(wrong(format!(
                "a [[forbid]] needs one of path, method, macro (reason: \"{}\")",
                forbid.reason
            )));
        }
        let has_libc = config.submission.crates.iter().any(|name| name == "libc");
        if let Some(function) = config.submission.c_functions.first().filter(|_| !has_libc) {
            return Err(wrong(format!("c_functions lists `{function}`, which needs `libc` among the crates")));
        }
        if !(1..=5).contains(&config.difficulty) {
            return Err(wrong(format!("difficulty is {}, but goes from 1 to 5", config.difficulty)));
        }
        if let Some((name, limit)) = config.timing.iter().find(|(_, limit)| limit.ratio.is_nan() || limit.ratio < 1.1) {
            return Err(wrong(format!("[timing.{name}] ratio is {}, but must be at least 1.1", limit.ratio)));
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_of_the_c_library_need_libc() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checks.toml");
        let of = |submission: &str| {
            let head =
                "title = \"\"\nsection = \"\"\nminutes = 1\ndifficulty = 1\ntopics = []\n[points]\n[submission]\n";
            std::fs::write(&path, format!("{head}{submission}\n")).unwrap();
            Config::read(&path)
        };
        let listed = of("crates = [\"libc\"]\nc_functions = [\"mmap\"]").unwrap();
        assert_eq!(listed.submission.c_functions, ["mmap"]);
        let error = of("c_functions = [\"mmap\"]").unwrap_err().to_string();
        assert!(error.contains("`mmap`") && error.contains("`libc`"), "{error}");
    }
}
