//! What must not be guessed: drawn from `/dev/urandom`.

use crate::trouble::{Context, Trouble};
use std::io::Read;

/// Random bytes.
///
/// # Errors
/// If `/dev/urandom` cannot be read.
pub fn bytes<const N: usize>() -> Result<[u8; N], Trouble> {
    let mut bytes = [0; N];
    let mut source = std::fs::File::open("/dev/urandom").ours("cannot open /dev/urandom")?;
    source.read_exact(&mut bytes).ours("cannot read /dev/urandom")?;
    Ok(bytes)
}

/// A random number.
///
/// # Errors
/// If `/dev/urandom` cannot be read.
pub fn number() -> Result<u64, Trouble> {
    bytes().map(u64::from_le_bytes)
}

/// A file name of twelve random letters: it says nothing about the file.
///
/// # Errors
/// If `/dev/urandom` cannot be read.
pub fn letters() -> Result<String, Trouble> {
    Ok(bytes::<12>()?.iter().map(|byte| char::from(b'a' + byte % 26)).collect())
}

/// Random decisions, from a seed that nobody knows.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Dice that fall differently each time.
    ///
    /// # Errors
    /// If `/dev/urandom` cannot be read.
    pub fn new() -> Result<Dice, Trouble> {
        Ok(Dice(number()? | 1))
    }

    fn next(&mut self) -> u64 {
        // xorshift64 (Marsaglia, 2003); its high bits are good enough for an order of runs.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 32
    }

    /// A fair coin.
    pub fn toss(&mut self) -> bool {
        self.next() >> 31 == 1
    }

    /// A number below `bound`; 0 if that is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % (bound as u64).max(1)) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_face_of_the_dice_comes_up_and_no_other() {
        let mut dice = Dice::new().unwrap();
        let mut seen = [0; 6];
        (0..10_000).for_each(|_| seen[dice.below(6)] += 1);
        assert!(seen.iter().all(|count| *count > 1000), "{seen:?}");
        let heads = (0..10_000).filter(|_| dice.toss()).count();
        assert!((4000..6000).contains(&heads), "{heads}");
        assert_eq!(dice.below(0), 0);
    }

    #[test]
    fn names_are_letters_and_differ() {
        let (one, two) = (letters().unwrap(), letters().unwrap());
        assert!(one.len() == 12 && one.bytes().all(|byte| byte.is_ascii_lowercase()));
        assert_ne!(one, two);
    }
}
