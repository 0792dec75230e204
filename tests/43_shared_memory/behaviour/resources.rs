//! Mappings and descriptors: none is left behind or inherited, and none to be had is an error.

use super::foreign_memory::{SEALED, bytes_of, memory};
use super::objects::{array, same_array, same_value, value};
use harness::{expect, expect_eq, fact, open_descriptors, process, threads_alive};
use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use subject::{SharedArray, SharedValue};

/// How often the memory behind a descriptor is mapped into this process.
fn mappings(descriptor: &OwnedFd) -> usize {
    let inode =
        File::from(descriptor.try_clone().expect("a descriptor can be duplicated")).metadata().expect("fstat").ino();
    let maps = process::maps();
    // A file on some disk may have the same number.
    let is_it = |line: &&str| line.contains("memfd:") && line.split_whitespace().nth(4) == Some(&inode.to_string());
    maps.lines().filter(is_it).count()
}

/// Objects that come and go, and attempts that fail, leave no mapping, descriptor or thread behind.
///
/// Next: each object has a mapping and a descriptor, and each way out of `from_fd` ends both.
#[fact]
fn nothing_is_left_behind() {
    let before = (open_descriptors(), threads_alive());
    let kept = {
        let (value, array) = (value(1), array(&[1; 5000]));
        for _ in 0..20 {
            let (value, array) = (same_value(&value), same_array(&array));
            drop((value.lock(), array.lock(), value.try_lock().is_ok()));
        }
        let descriptors = [value.descriptor(), array.descriptor()].map(|each| each.expect("descriptor() succeeds"));
        let mapped = descriptors.each_ref().map(mappings);
        expect!(mapped.iter().all(|count| *count > 0), "objects that are in use", "they are mapped", "they are not");
        drop((value, array));
        descriptors
    };
    expect_eq!(
        kept.each_ref().map(mappings),
        [0, 0],
        "mappings of a value and an array when all their objects were dropped"
    );
    let strange = [memory(&[0; 8192], SEALED), memory(&bytes_of(&kept[0]), 0)];
    for descriptor in strange.iter().chain(&kept) {
        for _ in 0..3 {
            let copy = || descriptor.try_clone().expect("a descriptor can be duplicated");
            drop((SharedValue::from_fd(copy()), SharedArray::from_fd(copy())));
        }
        expect_eq!(
            mappings(descriptor),
            0,
            "mappings of a memory when from_fd() has failed, or its object was dropped"
        );
    }
    drop((kept, strange));
    expect_eq!(
        (open_descriptors(), threads_alive()),
        before,
        "open descriptors and threads when everything was dropped"
    );
}

/// What the system refuses is an error: a mapping that may not be written, a descriptor when there is none left.
///
/// Next: `mmap`, `memfd_create` and `fcntl` say so by what they return, and leave the reason in `errno`.
#[fact]
fn what_the_system_refuses_is_an_error() {
    let (one, two) = (value(1), array(&[1]));
    let given = [one.descriptor(), two.descriptor()].map(|each| each.expect("descriptor() succeeds"));
    let before = open_descriptors();
    let [first, second] = given.each_ref().map(|each| memory(&bytes_of(each), SEALED | libc::F_SEAL_FUTURE_WRITE));
    expect!(SharedValue::from_fd(first).is_err(), "from_fd of a value that may only be read", "an error", "Ok");
    expect!(SharedArray::from_fd(second).is_err(), "from_fd of an array that may only be read", "an error", "Ok");
    expect_eq!(
        open_descriptors(),
        before,
        "open descriptors when from_fd() of memory that may only be read has failed"
    );
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: plain system calls; `limit` is a valid place.
    unsafe {
        assert_eq!(libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit), 0);
        let none = libc::rlimit { rlim_cur: 0, ..limit };
        assert_eq!(libc::setrlimit(libc::RLIMIT_NOFILE, &none), 0);
    }
    let seen = (SharedValue::new(1).is_ok(), SharedArray::new(&[1]).is_ok());
    let duplicated = (one.descriptor().is_ok(), two.descriptor().is_ok());
    // SAFETY: as above.
    unsafe { assert_eq!(libc::setrlimit(libc::RLIMIT_NOFILE, &limit), 0) };
    expect_eq!(seen, (false, false), "whether new() succeeds when no descriptor is to be had");
    expect_eq!(duplicated, (false, false), "whether descriptor() succeeds when no descriptor is to be had");
    expect_eq!(one.fetch_add(1), 1, "what fetch_add(1) returns after that");
}

/// Descriptors of memory that every program inherits which is started now.
fn inherited_by_all() -> Vec<i32> {
    let memories = process::descriptors().into_iter().filter(|each| each.target.contains("memfd:"));
    // SAFETY: a plain system call.
    let is_inherited = |number: &i32| unsafe { libc::fcntl(*number, libc::F_GETFD) } & libc::FD_CLOEXEC == 0;
    memories.map(|each| each.number as i32).filter(is_inherited).collect()
}

/// All descriptors of shared memory are close-on-exec: another program inherits nothing by accident.
///
/// Next: `MFD_CLOEXEC` when the memory is made; `OwnedFd::try_clone` keeps it so, `dup` does not.
#[fact]
fn descriptors_are_close_on_exec() {
    // Whoever started this process may have left some open.
    let before = inherited_by_all();
    let value = value(1);
    let same = SharedValue::from_fd(value.descriptor().expect("descriptor() succeeds"));
    let given = [value.descriptor(), array(&[1]).descriptor()].map(|each| each.expect("descriptor() succeeds"));
    let mut inherited = inherited_by_all();
    inherited.retain(|number| !before.contains(number));
    expect_eq!(inherited.len(), 0, "how many descriptors of shared memory every program inherits that is started now");
    drop((same, given));
}
