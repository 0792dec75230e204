//! The decision "slower than the limit, or not" from paired runs, one pair at a time.
//!
//! Each pair says only whether submission / reference was above the limit. If the submission were exactly at the limit
//! that would be a fair coin. Against the fair coin stands a mixture of all coins that favour one side (uniform
//! over ½ < p < 1), as a likelihood ratio; at [`CERTAINTY`] : 1 for either side the test stops. Looking after every pair
//! is sound for such a ratio (Robbins, "Statistical methods related to the law of the iterated logarithm", 1970;
//! Ville's inequality): a submission at the limit is called slow with probability 1 / [`CERTAINTY`] at most, one that is
//! as fast as the reference practically never.

/// The likelihood ratio at which the test stops.
pub const CERTAINTY: f64 = 1000.0;

/// No decision before so many pairs.
pub const LEAST_PAIRS: u32 = 10;

/// After so many pairs without a decision it is inconclusive.
pub const MOST_PAIRS: u32 = 200;

/// Where the test stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// More pairs are needed.
    Open,
    /// The submission is above the limit.
    Slower,
    /// It is below.
    Within,
    /// There were enough pairs, and no answer.
    Unclear,
}

/// Decides from `pairs` pairs, of which `above` were above the limit.
pub fn decide(above: u32, pairs: u32) -> Decision {
    if pairs < LEAST_PAIRS {
        Decision::Open
    } else if ratio(above, pairs) >= CERTAINTY {
        Decision::Slower
    } else if ratio(pairs - above, pairs) >= CERTAINTY {
        Decision::Within
    } else if pairs >= MOST_PAIRS {
        Decision::Unclear
    } else {
        Decision::Open
    }
}

/// The likelihood of `heads` of `tosses` under the mixture over p in (½, 1), against p = ½. By the midpoint rule.
fn ratio(heads: u32, tosses: u32) -> f64 {
    const STEPS: u32 = 64;
    let (heads, tails) = (f64::from(heads), f64::from(tosses - heads));
    let at = |step: u32| {
        let p = 0.5 + (f64::from(step) + 0.5) / f64::from(2 * STEPS);
        (heads * (2.0 * p).ln() + tails * (2.0 * (1.0 - p)).ln()).exp()
    };
    (0..STEPS).map(at).sum::<f64>() / f64::from(STEPS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::LazyLock;

    /// Every decision there is, made once: the tests below ask millions of times.
    fn decision(above: u32, pairs: u32) -> Decision {
        static ALL: LazyLock<Vec<Vec<Decision>>> =
            LazyLock::new(|| (0..=MOST_PAIRS).map(|n| (0..=n).map(|k| decide(k, n)).collect()).collect());
        ALL[pairs as usize][above as usize]
    }

    /// A small generator, so that the test needs no crate and says the same every time.
    struct Random(u64);

    impl Random {
        fn below(&mut self, chance: f64) -> bool {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            ((self.0 >> 11) as f64 / (1u64 << 53) as f64) < chance
        }

        fn test(&mut self, chance: f64) -> (Decision, u32) {
            let mut above = 0;
            for pairs in 1.. {
                above += u32::from(self.below(chance));
                let decision = decision(above, pairs);
                if decision != Decision::Open {
                    return (decision, pairs);
                }
            }
            unreachable!("the test ends at {MOST_PAIRS} pairs")
        }
    }

    #[test]
    fn clear_cases_settle_in_13_pairs() {
        let mut random = Random(0x9E37_79B9_7F4A_7C15);
        assert_eq!(random.test(0.0), (Decision::Within, 13));
        assert_eq!(random.test(1.0), (Decision::Slower, 13));
    }

    #[test]
    fn code_at_the_limit_is_called_slow_less_than_once_in_a_thousand() {
        let mut random = Random(0x2545_F491_4F6C_DD1D);
        let slow = (0..20_000).filter(|_| random.test(0.5).0 == Decision::Slower).count();
        assert!(slow <= 20, "{slow} of 20000");
    }

    #[test]
    fn code_whose_pairs_are_above_the_limit_one_time_in_five_is_never_called_slow() {
        let mut random = Random(0x1234_5678_9ABC_DEF1);
        let decisions: Vec<_> = (0..20_000).map(|_| random.test(0.2).0).collect();
        assert!(decisions.iter().all(|decision| *decision != Decision::Slower));
    }
}
