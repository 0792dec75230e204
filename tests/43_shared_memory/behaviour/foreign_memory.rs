//! What is no memory of the right kind: `from_fd` refuses it before it believes what is in it.

use super::objects::{array, value};
use harness::{expect, expect_eq, fact};
use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::os::unix::net::UnixStream;
use subject::{SharedArray, SharedValue};

pub(super) fn bytes_of(descriptor: &OwnedFd) -> Vec<u8> {
    let file = File::from(descriptor.try_clone().expect("a descriptor can be duplicated"));
    let mut bytes = vec![0; file.metadata().expect("fstat").len() as usize];
    file.read_exact_at(&mut bytes, 0).expect("memory can be read");
    bytes
}

/// A memfd with these bytes and seals.
pub(super) fn memory(bytes: &[u8], seals: i32) -> OwnedFd {
    // SAFETY: the name is a C string, and a new descriptor belongs to nobody else.
    let file =
        unsafe { File::from_raw_fd(libc::memfd_create(c"test".as_ptr(), libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING)) };
    file.write_all_at(bytes, 0).expect("memory can be written");
    // SAFETY: a plain system call.
    let sealed = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_ADD_SEALS, seals) };
    assert_eq!(sealed, 0, "a new memfd can be sealed");
    file.into()
}

pub(super) const SEALED: i32 = libc::F_SEAL_SHRINK | libc::F_SEAL_GROW;

#[track_caller]
fn expect_refused(descriptor: &OwnedFd, about: &str) {
    let copy = || descriptor.try_clone().expect("a descriptor can be duplicated");
    expect_not_a_value(copy(), about);
    expect_kind(SharedArray::from_fd(copy()).map(|_| "an array"), about);
}

#[track_caller]
fn expect_not_a_value(descriptor: OwnedFd, about: &str) {
    expect_kind(SharedValue::from_fd(descriptor).map(|_| "a value"), about);
}

#[track_caller]
fn expect_kind(result: std::io::Result<&str>, about: &str) {
    let seen = result.map_or_else(|error| format!("{:?}", error.kind()), |what| format!("Ok, {what}"));
    expect_eq!(seen, format!("{:?}", ErrorKind::InvalidData), format!("from_fd of {about}"));
}

/// What is no shared memory of ours is `InvalidData`.
///
/// Next: look at seals and size before you map, and at a mark of your own before you believe what is mapped.
#[fact]
fn foreign_descriptors_are_refused() {
    let socket: OwnedFd = UnixStream::pair().expect("the system has room for a socket pair").0.into();
    expect_refused(&socket, "a socket");
    let null = File::options().read(true).write(true).open("/dev/null").expect("there is a null device");
    expect_refused(&null.into(), "/dev/null");
    expect_refused(&memory(&[], SEALED), "an empty memfd");
    expect_refused(&memory(&[1], SEALED), "a memfd of one byte");
    expect_refused(&memory(&[0; 8192], SEALED), "a memfd full of zeroes");
    expect_refused(&memory(&b"no shared memory".repeat(1000), SEALED), "a memfd with text in it");
}

/// The memory of an array is no value, and that of a value no array.
///
/// Next: the mark says which of the two it is.
#[fact]
fn values_and_arrays_are_told_apart() {
    for numbers in [&[][..], &[1], &[1, 2], &[1, 2, 3]] {
        let descriptor = array(numbers).descriptor().expect("descriptor() succeeds");
        expect_not_a_value(descriptor, &format!("an array of {} for a value", numbers.len()));
    }
    let descriptor = value(1).descriptor().expect("descriptor() succeeds");
    expect_kind(SharedArray::from_fd(descriptor).map(|_| "an array"), "a value for an array");
}

/// Memory with bytes missing at its end, or with more behind it, is `InvalidData`.
///
/// Next: write down how long the whole memory is, and compare that with the length of the file before anything else is touched.
#[fact]
fn memory_of_another_length_is_refused() {
    let descriptors = [value(1).descriptor(), array(&[1; 3000]).descriptor()];
    for descriptor in descriptors {
        let whole = bytes_of(&descriptor.expect("descriptor() succeeds"));
        for len in
            [1, 8, 16, 24, 32, 40, 48, 56, 64, whole.len() / 2, whole.len() - 4096.min(whole.len()), whole.len() - 1]
        {
            let about = format!("the first {len} of {} bytes of shared memory", whole.len());
            expect_refused(&memory(&whole[..len.min(whole.len() - 1)], SEALED), &about);
        }
        for more in [1, 4, 4096, 65536] {
            let longer = [&whole[..], &vec![0; more]].concat();
            expect_refused(&memory(&longer, SEALED), &format!("shared memory with {more} bytes behind it"));
        }
    }
}

/// The size of the memory is sealed, and `from_fd` refuses a copy that may still shrink.
///
/// Next: `F_ADD_SEALS` when the size is set, `F_GET_SEALS` before the size is believed.
#[fact]
fn memory_that_can_shrink_is_refused() {
    for descriptor in [value(1).descriptor(), array(&[1, 2]).descriptor()] {
        let descriptor = descriptor.expect("descriptor() succeeds");
        let bytes = bytes_of(&descriptor);
        expect_refused(&memory(&bytes, 0), "an exact copy without a seal");
        expect_refused(&memory(&bytes, libc::F_SEAL_GROW), "an exact copy that is sealed against growing only");
        let name = format!("copy-{}", std::process::id());
        fs::write(&name, &bytes).expect("there is room for a small file");
        let file = File::options().read(true).write(true).open(&name).expect("the file is there");
        fs::remove_file(&name).expect("the file is there");
        expect_refused(&file.into(), "an exact copy in a file on a disk, which has no seals");
        let file = File::from(descriptor);
        for len in [0, bytes.len() as u64 - 1, bytes.len() as u64 + 4096] {
            let resized = file.set_len(len).is_ok();
            expect!(
                !resized,
                format!("resizing shared memory of {} bytes to {len}", bytes.len()),
                "it is refused: sealed",
                "it succeeds"
            );
        }
    }
}
