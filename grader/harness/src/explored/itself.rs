//! A backtrace names functions and lines, which std reads from the program's own file: it finds it by the link `/proc/self/exe`.
//! A graded process has no `/proc`.

use crate::peers::binary;
use std::ffi::{CStr, c_char};
use std::os::unix::ffi::OsStrExt;

/// In the place of the C library's: the link to the program's own file leads there, also without `/proc`.
#[unsafe(no_mangle)]
unsafe extern "C" fn readlink(path: *const c_char, buffer: *mut c_char, room: usize) -> isize {
    // SAFETY: the caller passes a C string, and a valid place for so many bytes.
    unsafe {
        let length = libc::syscall(libc::SYS_readlinkat, libc::AT_FDCWD, path, buffer, room);
        if length >= 0 || !crate::line::is_graded() || CStr::from_ptr(path) != c"/proc/self/exe" {
            return length as isize;
        }
        let own = binary();
        let own = own.as_os_str().as_bytes();
        let length = own.len().min(room);
        buffer.cast::<u8>().copy_from_nonoverlapping(own.as_ptr(), length);
        length as isize
    }
}
