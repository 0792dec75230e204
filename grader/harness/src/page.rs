//! What a graded process was given: the descriptor that leads to the grader, and the nonce. Both stand in one page of memory,
//! and nowhere else.
//!
//! The page is filled before any other code of the process runs, the constructors of the submission included: the linker puts
//! [`FIRST`] among the functions that run before all others (`.preinit_array`; System V ABI, "Initialization and
//! Termination Functions"). The variables that said so are gone then, also from the environment as the kernel shows it.

use probe::wire::{self, Nonce};
use std::ffi::{CStr, c_char, c_int};
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

/// The variable that tells a process of a graded test which `#[peer]` it plays, by its number.
pub(crate) const PART: &str = "GRADER_PEER";

/// The contents of the page.
pub(crate) struct Page {
    /// What every frame to the grader begins with.
    pub(crate) nonce: Nonce,
    /// The descriptor that leads to the grader.
    pub(crate) descriptor: c_int,
    /// Not 0 if the page was filled: a child that a test has forked finds zeros.
    is_filled: c_int,
}

static PAGE: AtomicPtr<Page> = AtomicPtr::new(ptr::null_mut());

/// The number of the part that this process plays; 0 if it plays none.
static PLAYS: AtomicU64 = AtomicU64::new(0);

type Function = unsafe extern "C" fn(c_int, *mut *mut c_char, *mut *mut c_char);

#[used]
#[unsafe(link_section = ".preinit_array")]
static FIRST: Function = meet;

/// The page, if a grader listens.
pub(crate) fn page() -> Option<&'static Page> {
    // So that the linker takes this file's code into every binary that asks.
    std::hint::black_box(&FIRST);
    // SAFETY: the page was filled before any other code ran, and is never written or unmapped again.
    let page = unsafe { PAGE.load(Ordering::Relaxed).as_ref() }?;
    (page.is_filled != 0).then_some(page)
}

/// The number of the part that this process plays, if a graded test started it for one.
pub(crate) fn part() -> Option<u64> {
    Some(PLAYS.load(Ordering::Relaxed)).filter(|number| *number != 0)
}

/// Runs before everything else. Nothing of std is ready yet, so it makes system calls and moves pointers, no more.
unsafe extern "C" fn meet(_count: c_int, _arguments: *mut *mut c_char, environment: *mut *mut c_char) {
    // SAFETY: the C library passes the environment as it is: pointers to C strings, and a null at the end.
    unsafe {
        if let Some(number) = take(environment, PART) {
            PLAYS.store(number, Ordering::Relaxed);
        }
        let Some(descriptor) = take(environment, wire::DESCRIPTOR) else { return };
        fill(descriptor as c_int);
    }
}

/// Fills the page with what the grader sends first.
///
/// # Safety
/// The descriptor is the grader's, and nobody else has read from it.
unsafe fn fill(descriptor: c_int) {
    const SIZE: usize = size_of::<Page>();
    let access = libc::PROT_READ | libc::PROT_WRITE;
    // SAFETY: plain system calls. The mapping is new, and large enough: the system rounds its size up to a page.
    unsafe {
        let mapped =
            libc::mmap(ptr::null_mut(), SIZE, access, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1, 0).cast::<Page>();
        if mapped.cast() == libc::MAP_FAILED {
            return;
        }
        // Neither a core dump nor a forked child has it. A refusal leaves it as it is.
        libc::madvise(mapped.cast(), SIZE, libc::MADV_DONTDUMP);
        libc::madvise(mapped.cast(), SIZE, libc::MADV_WIPEONFORK);
        // Processes that this one starts do not inherit it.
        libc::fcntl(descriptor, libc::F_SETFD, libc::FD_CLOEXEC);
        let nonce = (&raw mut (*mapped).nonce).cast::<u8>();
        let mut read = 0;
        while read < size_of::<Nonce>() {
            match libc::read(descriptor, nonce.add(read).cast(), size_of::<Nonce>() - read) {
                -1 if *libc::__errno_location() == libc::EINTR => {}
                -1 | 0 => return,
                count => read += count as usize,
            }
        }
        (*mapped).descriptor = descriptor;
        (*mapped).is_filled = 1;
        libc::mprotect(mapped.cast(), SIZE, libc::PROT_READ);
        PAGE.store(mapped, Ordering::Relaxed);
    }
}

/// Takes a variable out of the environment, text and all, and reads it as a number.
///
/// # Safety
/// `environment` is one: pointers to C strings that may be written, and a null at the end.
unsafe fn take(environment: *mut *mut c_char, name: &str) -> Option<u64> {
    let mut found = None;
    let (mut from, mut to) = (environment, environment);
    // SAFETY: both stay within the array, which ends with a null; `to` is never ahead of `from`.
    unsafe {
        while !(*from).is_null() {
            let text = CStr::from_ptr(*from).to_bytes();
            match text.strip_prefix(name.as_bytes()).and_then(|rest| rest.strip_prefix(b"=")) {
                Some(value) => {
                    let digit = |number: u64, byte: &u8| number.wrapping_mul(10).wrapping_add(u64::from(byte & 15));
                    found = value.iter().all(u8::is_ascii_digit).then(|| value.iter().fold(0, digit));
                    let (start, length) = (*from, text.len());
                    ptr::write_bytes(start, 0, length);
                }
                None => {
                    *to = *from;
                    to = to.add(1);
                }
            }
            from = from.add(1);
        }
        *to = ptr::null_mut();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_out_of_an_environment_is_gone_with_its_text() {
        let mut texts =
            [c"A=1", c"GRADER_PEER=42", c"GRADER_PEER_OF=7", c"B="].map(|text| text.to_bytes_with_nul().to_vec());
        let mut pointers: Vec<*mut c_char> = texts.iter_mut().map(|text| text.as_mut_ptr().cast()).collect();
        pointers.push(ptr::null_mut());
        // SAFETY: an environment as the C library has it.
        let number = unsafe { take(pointers.as_mut_ptr(), PART) };
        assert_eq!(number, Some(42));
        let left = pointers.iter().take_while(|pointer| !pointer.is_null());
        // SAFETY: these are the texts above.
        let left: Vec<&CStr> = left.map(|pointer| unsafe { CStr::from_ptr(*pointer) }).collect();
        assert_eq!(left, [c"A=1", c"GRADER_PEER_OF=7", c"B="]);
        assert!(texts[1].iter().all(|byte| *byte == 0), "{:?}", texts[1]);
    }

    #[test]
    fn without_a_grader_there_is_no_page_and_no_part() {
        assert!(page().is_none() && part().is_none());
    }
}
