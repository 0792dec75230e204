//! One memory: what its objects show, in this process and in others.

use super::objects::{array, entered, locking, same_array, same_value, trying, value};
use super::other_process::{Other, inherited};
use harness::{expect, expect_eq, fact, peer};
use std::io::Write;
use std::os::unix::net::UnixStream;
use subject::{SharedArray, SharedValue};

/// A value is what it was made with, and what was stored or added since.
///
/// Next: look at the place of the value behind the lock: does anything else write to it?
#[fact(negated)]
fn a_value_is_what_was_stored() {
    for initial in [0, 1, -1, i64::MIN, i64::MAX] {
        expect_eq!(value(initial).load(), initial, format!("load() of a new value of {initial}"));
    }
    let value = value(5);
    value.store(-7);
    expect_eq!(value.load(), -7, "load() after store(-7)");
    expect_eq!(value.fetch_add(10), -7, "what fetch_add(10) returns for -7");
    expect_eq!(value.load(), 3, "load() after that");
    value.store(i64::MAX);
    expect_eq!(value.fetch_add(2), i64::MAX, "what fetch_add(2) returns for i64::MAX");
    expect_eq!(value.load(), i64::MIN + 1, "load() after fetch_add(2) to i64::MAX");
}

/// An array has the numbers it was made with, and as many; none are fine, and a hundred thousand.
///
/// Next: the length is in the memory, or follows from its size; the numbers begin behind whatever stands before them.
#[fact]
fn an_array_holds_its_numbers() {
    for len in [0, 1, 3, 100_000] {
        let numbers: Vec<i32> = (0..len).map(|number| number * 7 - 11).collect();
        let array = array(&numbers);
        for array in [&array, &same_array(&array)] {
            expect_eq!(array.len(), numbers.len(), "len() of an array");
            expect_eq!(array.is_empty(), numbers.is_empty(), format!("is_empty() of an array of {len}"));
            let guard = entered(array.lock(), "locking a new array");
            expect_eq!(guard.len(), numbers.len(), "the length of the slice in the guard");
            let differs = guard.iter().zip(&numbers).position(|(seen, expected)| seen != expected);
            expect!(
                differs.is_none(),
                format!("an array of {len}"),
                "the numbers it was made with",
                format!("number {differs:?} differs")
            );
        }
    }
}

/// An array of any length has its last number inside its memory.
///
/// Next: the memory is as long as what stands before the numbers and all of them together; one byte less shows when that
/// crosses the end of a page.
#[fact]
fn an_array_of_any_length_fits() {
    for len in 1..1100 {
        let array = array(&vec![9; len]);
        let mut guard = entered(array.lock(), "locking a new array");
        guard[len - 1] += 1;
        expect_eq!(
            (guard[0], guard[len - 1]),
            (if len == 1 { 10 } else { 9 }, 10),
            format!("the ends of {len} numbers")
        );
    }
}

/// Objects from descriptors of one memory are one: each sees what another has written, also when the maker is gone.
///
/// Next: a shared mapping (`MAP_SHARED`) of the same memfd; who goes first must not take anything away from the others.
#[fact]
fn objects_of_one_memory_are_one() {
    let maker = value(1);
    let second = same_value(&maker);
    let third = same_value(&second);
    maker.store(2);
    expect_eq!((second.load(), third.load()), (2, 2), "what two other objects load after the maker's store(2)");
    third.fetch_add(1);
    entered(second.lock(), "locking through another object").set(third.load() * 10);
    expect_eq!(maker.load(), 30, "what the maker loads after the others have added 1 and set ten times that");
    let guard = entered(third.lock(), "locking through a third object");
    drop(maker);
    expect_eq!(
        trying(second.try_lock()),
        "WouldBlock",
        "try_lock() when another object than the locked one was dropped"
    );
    drop(second);
    drop(guard);
    expect_eq!(trying(third.try_lock()), "a guard", "try_lock() when the other objects were dropped");
    expect_eq!(locking(third.lock()), "a guard", "lock() when the other objects were dropped");
    let descriptor = third.descriptor().expect("descriptor() succeeds");
    drop(third);
    let last = SharedValue::from_fd(descriptor).map(|value| value.load());
    expect!(
        matches!(last, Ok(30)),
        "an object made when only a descriptor was left",
        "it loads 30",
        format!("{last:?}")
    );

    let maker = array(&[1, 2, 3]);
    let other = same_array(&maker);
    entered(other.lock(), "locking through another object")[2] = 30;
    drop(other);
    expect_eq!(
        entered(maker.lock(), "locking the maker")[..],
        [1, 2, 30],
        "an array after another object has set a number"
    );
}

/// Memory of different `new`s has nothing in common: neither data nor lock.
///
/// Next: nothing of the memory may be in a `static` or under a fixed name.
#[fact]
fn memories_are_independent() {
    let (one, two) = (value(1), value(2));
    let (left, right) = (array(&[1]), array(&[2]));
    let _guards = (entered(one.lock(), "locking a value"), entered(left.lock(), "locking an array"));
    expect_eq!(trying(two.try_lock()), "a guard", "try_lock() of another value");
    expect_eq!(trying(right.try_lock()), "a guard", "try_lock() of another array");
    two.store(20);
    entered(right.lock(), "locking another array")[0] = 20;
    expect_eq!((one.load(), two.load()), (1, 20), "two values after one of them was stored to");
    expect_eq!(_guards.1[0], 1, "an array after another one was written to");
}

/// Another process sees what is written here, and the other way round.
///
/// Next: `from_fd` maps what it is given; whose process that is makes no difference.
#[fact]
fn another_process_shares_the_memory() {
    let value = value(40);
    let mut other = Other::with(&value);
    other.says(b'+');
    expect_eq!(other.hears(), 40, "what another process's fetch_add(1) returns for a value of 40");
    expect_eq!(value.load(), 41, "the value here after that");
    value.store(50);
    other.says(b'+');
    expect_eq!(other.hears(), 50, "what its fetch_add(1) returns after store(50) here");
    expect_eq!(value.load(), 51, "the value here after that");
}

#[peer]
fn doubles_an_array(mut stream: UnixStream) {
    let array = SharedArray::from_fd(inherited()).expect("from_fd() takes an inherited descriptor");
    array.lock().expect("nobody has died").iter_mut().for_each(|number| *number *= 2);
    let _ = stream.write_all(&[array.len() as u8]);
}

/// Another process changes the numbers of an array, and ends; its changes stay.
///
/// Next: when a process ends its mappings go, not the memory.
#[fact(negated)]
fn another_process_shares_an_array() {
    let array = array(&[1, -2, 300]);
    let mut other = Other::start("doubles_an_array", array.descriptor());
    expect_eq!(other.hears(), 3, "how many numbers another process sees");
    other.finish();
    let guard = entered(array.lock(), "locking after another process has released the lock and ended");
    expect_eq!(guard[..], [2, -4, 600], "the numbers after another process has doubled them");
}
