//! What would be left to chance: the same submission must get the same counterexample every time.

/// In the place of the C library's: the numbers that std seeds its hash maps with are the same in every process.
///
/// Maps of one process still differ from each other, and so does one map from schedule to schedule. What depends on their
/// order may not come out again when a schedule is repeated, and is told so.
#[unsafe(no_mangle)]
extern "C" fn getrandom(buffer: *mut u8, length: usize, _flags: u32) -> isize {
    // SAFETY: the caller passes a valid place for so many bytes.
    let bytes = unsafe { std::slice::from_raw_parts_mut(buffer.cast::<std::mem::MaybeUninit<u8>>(), length) };
    for (index, byte) in bytes.iter_mut().enumerate() {
        byte.write((index as u8).wrapping_mul(167).wrapping_add(13));
    }
    length as isize
}

/// Runs `action` while nothing that is printed goes anywhere: each of some thousand schedules would print.
pub(super) fn quietly<T>(action: impl FnOnce() -> T) -> T {
    const STREAMS: [i32; 2] = [1, 2];
    // SAFETY: plain system calls on descriptors that are this process's own. If one is refused, the output goes where it went.
    let kept = unsafe {
        let nowhere = libc::open(c"/dev/null".as_ptr(), libc::O_WRONLY | libc::O_CLOEXEC);
        let kept = STREAMS.map(|stream| libc::fcntl(stream, libc::F_DUPFD_CLOEXEC, 3));
        for stream in STREAMS {
            libc::dup2(nowhere, stream);
        }
        libc::close(nowhere);
        kept
    };
    let result = action();
    let _ = std::io::Write::flush(&mut std::io::stdout());
    for (stream, kept) in STREAMS.into_iter().zip(kept) {
        // SAFETY: as above.
        unsafe {
            libc::dup2(kept, stream);
            libc::close(kept);
        }
    }
    result
}
