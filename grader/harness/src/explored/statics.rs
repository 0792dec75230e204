//! The submission's statics start anew for every schedule, as they do in a new process: what a schedule leaves in one must not
//! change the next one's course.
//!
//! They are found in the symbol table of this process's own binary, by the name of the submission's crate, and put back as they
//! were before the first schedule. What they own on the heap by then is left alone: at the beginning they own nothing, since
//! a static's first value is made by the compiler.

use crate::peers::binary;
use std::ops::Range;

/// The bytes of all statics of the submission that can change, as they were at first.
#[derive(Debug, Default)]
pub(super) struct Statics(Vec<(usize, Vec<u8>)>);

/// How symbols of the submission's crate name it.
const SUBJECT: &[u8] = b"7subject";

impl Statics {
    /// Those of this process. None if its binary cannot be read: then statics keep what schedules leave in them.
    pub(super) fn of_this_process() -> Statics {
        let found = std::fs::read(binary()).ok().and_then(|binary| {
            let base = base()?;
            Some(writable(&binary, SUBJECT)?.into_iter().map(|range| (base + range.start, range.len())).collect())
        });
        let places: Vec<(usize, usize)> = found.unwrap_or_default();
        let bytes = |(address, length): (usize, usize)| {
            // SAFETY: a static of this process, of this size; nothing of the submission runs yet.
            (address, unsafe { std::slice::from_raw_parts(address as *const u8, length) }.to_vec())
        };
        Statics(places.into_iter().map(bytes).collect())
    }

    /// Puts them back.
    pub(super) fn restore(&self) {
        for (address, bytes) in &self.0 {
            // SAFETY: the same place as above, in a section that is never made read-only. The tasks of the schedule before
            // are abandoned or have ended, so nobody holds a reference.
            unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), *address as *mut u8, bytes.len()) };
        }
    }
}

/// How far from the addresses in its file this process's binary is loaded: the first object that the loader names is the program
/// itself (`dl_iterate_phdr(3)`).
fn base() -> Option<usize> {
    unsafe extern "C" fn first(
        object: *mut libc::dl_phdr_info,
        _: libc::size_t,
        place: *mut libc::c_void,
    ) -> libc::c_int {
        // SAFETY: the loader passes a valid object; the place is the caller's.
        unsafe { *place.cast::<Option<usize>>() = Some((*object).dlpi_addr as usize) };
        1
    }
    let mut base: Option<usize> = None;
    // SAFETY: the function is called only while this call lasts.
    unsafe { libc::dl_iterate_phdr(Some(first), (&raw mut base).cast()) };
    base
}

/// The addresses of the objects in `.data` and `.bss` whose names hold `part`, in an ELF file for 64 bits, little endian
/// (System V ABI, "Object Files"; addresses are relative to the load address).
fn writable(binary: &[u8], part: &[u8]) -> Option<Vec<Range<usize>>> {
    let number = |at: usize, length: usize| -> Option<usize> {
        let bytes = binary.get(at..at + length)?;
        Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte)))
    };
    let text = |at: usize| {
        let rest = binary.get(at..)?;
        rest.split(|byte| *byte == 0).next()
    };
    if !binary.starts_with(b"\x7fELF\x02\x01") {
        return None;
    }
    let (headers, size, count) = (number(0x28, 8)?, number(0x3a, 2)?, number(0x3c, 2)?);
    let section = |index: usize| (index < count).then_some(headers + index * size);
    let names = number(section(number(0x3e, 2)?)? + 0x18, 8)?;
    let mut found = Vec::new();
    for table in (0..count).filter_map(section) {
        const SYMBOLS: usize = 2;
        if number(table + 4, 4)? != SYMBOLS {
            continue;
        }
        let (offset, length, entry) = (number(table + 0x18, 8)?, number(table + 0x20, 8)?, number(table + 0x38, 8)?);
        let strings = number(section(number(table + 0x28, 4)?)? + 0x18, 8)?;
        for symbol in (offset..offset + length).step_by(entry.max(1)) {
            let (value, size) = (number(symbol + 8, 8)?, number(symbol + 16, 8)?);
            // Sections beyond the last are special: absolute, common.
            let Some(home) = section(number(symbol + 6, 2)?).filter(|_| size > 0) else { continue };
            let kept = matches!(text(names + number(home, 4)?)?, b".data" | b".bss");
            if kept && text(strings + number(symbol, 4)?)?.windows(part.len()).any(|window| window == part) {
                found.push(value..value + size);
            }
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    static MINE_TO_RESTORE: AtomicU32 = AtomicU32::new(7);

    #[test]
    fn a_static_is_found_and_put_back() {
        let binary = std::fs::read(binary()).unwrap();
        let ranges = writable(&binary, b"MINE_TO_RESTORE").unwrap();
        let place = std::ptr::from_ref(&MINE_TO_RESTORE) as usize;
        assert_eq!(ranges.iter().map(|range| base().unwrap() + range.start).collect::<Vec<_>>(), [place]);
        assert_eq!(ranges[0].len(), 4);
        let statics = Statics(vec![(place, 7_u32.to_ne_bytes().to_vec())]);
        MINE_TO_RESTORE.store(9, Ordering::Relaxed);
        statics.restore();
        assert_eq!(MINE_TO_RESTORE.load(Ordering::Relaxed), 7);
    }

    #[test]
    fn what_is_no_binary_has_none() {
        assert_eq!(writable(b"#!/bin/sh", SUBJECT), None);
        assert_eq!(writable(b"\x7fELF\x02\x01", SUBJECT), None);
    }
}
