//! How the grader names a hidden test to the binary that holds it.
//!
//! Each attribute of a hidden test leaves an [`Entry`] in a section of the binary: a number and a function, no name. The
//! compiler makes the number from the test's path. After linking, the grader replaces the numbers by secret ones, so that the
//! number that a process is told says nothing about the test.

/// The section of the binary that holds the entries, one after the other.
pub const SECTION: &str = "hidden_tests";

/// One hidden test, as it stands in the section.
#[derive(Debug)]
#[repr(C)]
pub struct Entry {
    /// [`number`] of the path until the grader has replaced it.
    pub number: u64,
    /// [`TEST`], [`PEER`] or [`NONE`].
    pub kind: u64,
    /// What it does.
    pub run: fn(),
}

/// Kind of an entry that the grader runs, with a number that it replaces.
pub const TEST: u64 = 0;

/// Kind of an entry that another process of a test runs: it keeps its number, since the test itself names it.
pub const PEER: u64 = 1;

/// Kind of the entry that every program has, so that the section is there even if there is no test.
pub const NONE: u64 = 2;

/// The size of an entry, in bytes; a number stands at its beginning, its kind 8 bytes further.
pub const SIZE: usize = size_of::<Entry>();

/// The number of a path, `behaviour::order::a_waiting_writer_is_not_overtaken`: FNV-1a (Fowler, Noll, Vo), 64 bits.
pub const fn number(path: &str) -> u64 {
    let (bytes, mut hash, mut index) = (path.as_bytes(), 0xcbf2_9ce4_8422_2325_u64, 0);
    while index < bytes.len() {
        hash = (hash ^ bytes[index] as u64).wrapping_mul(0x100_0000_01b3);
        index += 1;
    }
    hash
}

/// The same of a path that begins with the name of the crate, as `module_path!` does.
pub const fn number_within_crate(path: &str) -> u64 {
    let (bytes, mut index) = (path.as_bytes(), 0);
    while index + 1 < bytes.len() {
        if bytes[index] == b':' && bytes[index + 1] == b':' {
            let (_, rest) = path.split_at(index + 2);
            return number(rest);
        }
        index += 1;
    }
    number(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_fnv_1a() {
        assert_eq!(number(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(number("foobar"), 0x8594_4171_f739_67e8);
        assert_eq!(number_within_crate("checks::behaviour::it_holds"), number("behaviour::it_holds"));
        assert_eq!(number_within_crate("alone"), number("alone"));
    }
}
