//! The header of an attack: what it tries, and what must become of it.
//!
//! ```text
//! //! Reads the list of this machine's users.
//! //!
//! //! rules: none
//! //! checks: behaviour
//! //! A, C: accepted
//! //! D: rejected by behaviour (panic)
//! ```
//! Where an attack is stopped in tier D, too, `held by: …` says by what. In brackets stands the kind of the finding, and after a colon what it is about or says. Every line is read strictly: a word that is
//! not known is an error.

use crate::grading::WORK;
use std::collections::BTreeMap;
use std::fmt;
use verdict::{Check, Kind, Tier, Verdict};

/// Which rules of the lab hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rules {
    /// Those of any exercise.
    Every,
    /// None for the source, but what is linked is looked into.
    ObjectCode,
    /// None that an attack would meet.
    None,
}

/// What must become of an attack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Expectation {
    pub(super) verdict: Verdict,
    /// Which check says so, the kind of its finding, and what that is about or says.
    pub(super) because: Option<(Check, Kind, Option<String>)>,
}

/// One attack of the corpus.
#[derive(Debug)]
pub(super) struct Attack {
    pub(super) text: String,
    pub(super) rules: Rules,
    pub(super) checks: Vec<Check>,
    /// The only fact that is run, where it does not take all of them.
    pub(super) fact: Option<String>,
    /// The time limit of a fact, where it must be met.
    pub(super) seconds: Option<u64>,
    /// Whether something is named that holds it even in tier D, so that nothing shows there what it would do.
    pub(super) is_held_anyway: bool,
    pub(super) tiers: BTreeMap<Tier, Expectation>,
}

impl Attack {
    /// Reads the header of an attack.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn read(text: &str) -> Result<Attack, String> {
        let lines: Vec<&str> = text.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim).collect();
        let mut parts = lines.splitn(2, |line| line.is_empty());
        let (words, settings) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        if words.is_empty() || words.last().is_some_and(|line| !line.ends_with('.')) {
            return Err("the header does not begin with a sentence on what the attack tries".into());
        }
        let (mut rules, mut checks, mut fact, mut seconds, mut is_held_anyway) = (None, None, None, None, false);
        let mut tiers = BTreeMap::new();
        for line in settings {
            let (key, value) = line.split_once(": ").ok_or_else(|| format!("`{line}` has no value"))?;
            let is_new = match key {
                "rules" => rules.replace(rules_of(value)?).is_none(),
                "checks" => checks.replace(checks_of(value)?).is_none(),
                "fact" => fact.replace(fact_of(value)?).is_none(),
                "seconds" => seconds.replace(value.parse().map_err(|_| format!("`{value}` is no number"))?).is_none(),
                "held by" => !value.is_empty() && !std::mem::replace(&mut is_held_anyway, true),
                _ => {
                    let expected = Expectation::read(value)?;
                    let mut are_new = true;
                    for letter in key.split(", ") {
                        let tier = Tier::ALL.into_iter().find(|tier| tier.letter() == letter);
                        let tier = tier.ok_or_else(|| format!("there is no tier `{letter}`"))?;
                        are_new &= tiers.insert(tier, expected.clone()).is_none();
                    }
                    are_new
                }
            };
            if !is_new {
                return Err(format!("`{line}` is there twice or says nothing"));
            }
        }
        let rules = rules.ok_or("no `rules` are named")?;
        let checks = checks.ok_or("no `checks` are named")?;
        if fact.is_some() && checks != [Check::Behaviour] {
            return Err("a fact is run by behaviour alone".into());
        }
        Ok(Attack { text: text.to_owned(), rules, checks, fact, seconds, is_held_anyway, tiers })
    }
}

fn rules_of(value: &str) -> Result<Rules, String> {
    match value {
        "every" => Ok(Rules::Every),
        "object code" => Ok(Rules::ObjectCode),
        "none" => Ok(Rules::None),
        _ => Err(format!("there are no rules `{value}`")),
    }
}

fn fact_of(value: &str) -> Result<String, String> {
    match WORK.contains(&value) {
        true => Ok(value.to_owned()),
        false => Err(format!("there is no fact `{value}` about the work of an attack")),
    }
}

fn checks_of(value: &str) -> Result<Vec<Check>, String> {
    value.split(", ").map(|name| name.parse().map_err(|error: verdict::UnknownCheck| error.to_string())).collect()
}

/// A word of the verdict's JSON.
fn word<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_value(text.into()).map_err(|error| error.to_string())
}

impl Expectation {
    fn read(text: &str) -> Result<Expectation, String> {
        let Some((verdict, because)) = text.split_once(" by ") else {
            return match word(text)? {
                Verdict::Accepted => Ok(Expectation { verdict: Verdict::Accepted, because: None }),
                _ => Err(format!("`{text}` does not say by which check")),
            };
        };
        let inner = because.split_once(" (").and_then(|(check, kind)| Some((check, kind.strip_suffix(')')?)));
        let (check, kind) = inner.ok_or_else(|| format!("`{text}` does not say what the check finds"))?;
        let (kind, about) = kind.split_once(": ").map_or((kind, None), |(kind, about)| (kind, Some(about.to_owned())));
        let verdict = word(verdict)?;
        if verdict == Verdict::Accepted {
            return Err(format!("`{text}`: nothing is accepted by a finding"));
        }
        let check = checks_of(check)?[0];
        Ok(Expectation { verdict, because: Some((check, word::<Kind>(kind)?, about)) })
    }
}

impl fmt::Display for Expectation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}", self.verdict)?;
        self.because.as_ref().map_or(Ok(()), |(check, kind, about)| {
            write!(
                formatter,
                " by {check} ({kind:?}{})",
                about.as_ref().map_or(String::new(), |about| format!(": {about}"))
            )
        })
    }
}

#[test]
fn a_header_is_read_strictly() {
    let of = |lines: &[&str]| {
        let lines: Vec<String> = lines.iter().map(|line| format!("//! {line}").trim_end().to_owned()).collect();
        Attack::read(&format!("{}\n\npub fn work() {{}}\n", lines.join("\n")))
    };
    let whole = [
        "Reads.",
        "",
        "rules: none",
        "checks: build, behaviour",
        "A, C: accepted",
        "D: rejected by behaviour (panic: out)",
    ];
    let attack = of(&whole).unwrap();
    assert_eq!((attack.rules, &attack.checks[..]), (Rules::None, &[Check::Build, Check::Behaviour][..]));
    let expected =
        Expectation { verdict: Verdict::Rejected, because: Some((Check::Behaviour, Kind::Panic, Some("out".into()))) };
    assert_eq!(attack.tiers[&Tier::D], expected);
    assert_eq!(attack.tiers.keys().copied().collect::<Vec<_>>(), [Tier::A, Tier::C, Tier::D]);
    for (line, with) in [
        (0, "Reads"),
        (2, "rules: some"),
        (3, "checks: behavior"),
        (4, "A, E: accepted"),
        (4, "A, A: accepted"),
        (4, "A, D: accepted"),
        (4, "A, C: rejected"),
        (4, "A, C: fine"),
        (4, "A,C: accepted"),
        (5, "D: rejected by behaviour"),
        (5, "D: rejected by behaviors (panic)"),
        (5, "D: rejected by behaviour (panics)"),
        (5, "D: rejected by behaviour (panic"),
        (5, "D: accepted by behaviour (panic)"),
        (5, "D rejected by behaviour (panic)"),
        (5, "tier D: accepted"),
        (5, "seconds: many"),
        (5, "fact: work_answers"),
        (5, "fact: play_answers"),
    ] {
        let mut lines = whole;
        lines[line] = with;
        assert!(of(&lines).is_err(), "{with}");
    }
    assert!(of(&whole[..2]).is_err() && of(&whole[..3]).is_err());
}
