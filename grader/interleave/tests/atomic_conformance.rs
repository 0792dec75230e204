//! Every method of every atomic type, on the real type and on the stand-in: same arguments, same results.

// What `std` has deprecated is there, too.
#![allow(deprecated)]

use interleave::engine::{Limits, Phase, Plan, explore};
use interleave::sync::atomic as ours;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic as real;
use std::sync::atomic::Ordering::{self, AcqRel, Acquire, Relaxed, Release, SeqCst};

const ALL: [Ordering; 5] = [Relaxed, Release, Acquire, AcqRel, SeqCst];

/// Runs a test on its own, and as the only task of explorations without and with weak memory: one task sees its own
/// stores in order.
fn everywhere(test: fn()) {
    test();
    for weak_memory in [false, true] {
        let limits = Limits { weak_memory, steps: u32::MAX, ..Limits::default() };
        let plan = Plan { phases: vec![Phase::Bounded { preemptions: 0, most: 2 }], steps: u64::MAX, limits };
        let exploration = explore(&plan, test);
        assert!(exploration.found.is_none(), "{:?}", exploration.found.map(|found| found.failure));
        assert!(exploration.covered[0].exhausted);
    }
}

/// The message of the panic, if there is one.
fn outcome<R: std::fmt::Debug>(action: impl FnOnce() -> R) -> Result<R, String> {
    catch_unwind(AssertUnwindSafe(action)).map_err(|payload| {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        text.or_else(|| payload.downcast_ref::<&str>().copied()).expect("these panics have texts").to_owned()
    })
}

/// Does the same to a real atomic and to ours, and compares what comes of it and what is left.
macro_rules! same {
    ($atomic:ident, $start:expr, |$it:ident| $action:expr) => {{
        let expected = {
            let mut value = real::$atomic::new($start);
            let $it = &mut value;
            ($action, value.into_inner())
        };
        let found = {
            let mut value = ours::$atomic::new($start);
            let $it = &mut value;
            ($action, value.into_inner())
        };
        assert_eq!(found, expected, "{} from {:?}", stringify!($action), $start);
    }};
}

macro_rules! same_for_all {
    ($atomic:ident, $value:ty, $values:expr, [$($method:ident),*]) => {
        let values: &[$value] = &$values;
        for &start in values {
            same!($atomic, start, |it| it.load(SeqCst));
            same!($atomic, start, |it| format!("{it:?}"));
            same!($atomic, start, |it| {
                *it.get_mut() = values[0];
                it.load(Acquire)
            });
            // SAFETY: nobody else looks at the value.
            same!($atomic, start, |it| unsafe { it.as_ptr().replace(values[0]) });
            for &operand in values {
                same!($atomic, start, |it| it.store(operand, SeqCst));
                for order in ALL {
                    same!($atomic, start, |it| it.swap(operand, order));
                    $(same!($atomic, start, |it| it.$method(operand, order));)*
                }
                for &new in values {
                    for order in ALL {
                        same!($atomic, start, |it| it.compare_and_swap(operand, new, order));
                    }
                    for failure in [Relaxed, Acquire, SeqCst] {
                        for success in ALL {
                            same!($atomic, start, |it| it.compare_exchange(operand, new, success, failure));
                        }
                        same!($atomic, start, |it| {
                            // The real one may fail for no reason.
                            let mut result = it.compare_exchange_weak(operand, new, AcqRel, failure);
                            while result == Err(operand) {
                                result = it.compare_exchange_weak(operand, new, AcqRel, failure);
                            }
                            result
                        });
                    }
                    let change = |value: $value| if value == operand { Some(new) } else { None };
                    same!($atomic, start, |it| it.fetch_update(SeqCst, Relaxed, change));
                    same!($atomic, start, |it| it.try_update(Release, Acquire, change));
                    same!($atomic, start, |it| it.update(AcqRel, SeqCst, |_| new));
                }
            }
            same!($atomic, start, |it| {
                let again = it.load(Relaxed);
                it.swap(values[values.len() - 1], Relaxed);
                (again, it.load(Relaxed))
            });
        }
        assert_eq!(ours::$atomic::default().into_inner(), real::$atomic::default().into_inner());
        assert_eq!(ours::$atomic::from(values[0]).into_inner(), values[0]);
        static STATIC: ours::$atomic = ours::$atomic::new(<$value>::MIN_OR_FALSE);
        STATIC.store(values[0], SeqCst);
        assert_eq!(STATIC.load(SeqCst), values[0]);
    };
}

/// Orderings that an operation cannot have, on a value.
macro_rules! same_panics {
    ($atomic:ident, $value:expr) => {
        for order in ALL {
            let (theirs, our) = (real::$atomic::new($value), ours::$atomic::new($value));
            assert_eq!(outcome(|| our.load(order)), outcome(|| theirs.load(order)));
            assert_eq!(outcome(|| our.store($value, order)), outcome(|| theirs.store($value, order)));
            assert_eq!(
                outcome(|| our.compare_exchange($value, $value, Relaxed, order)),
                outcome(|| theirs.compare_exchange($value, $value, Relaxed, order)),
            );
            assert_eq!(
                outcome(|| our.fetch_update(Relaxed, order, |_| None)),
                outcome(|| theirs.fetch_update(Relaxed, order, |_| None)),
            );
        }
    };
}

/// What a `static` of each type begins with.
trait Least {
    const MIN_OR_FALSE: Self;
}

impl Least for bool {
    const MIN_OR_FALSE: Self = false;
}

macro_rules! integers {
    ($($test:ident: $atomic:ident, $value:ty;)*) => {
        $(
            impl Least for $value {
                const MIN_OR_FALSE: Self = <$value>::MIN;
            }

            #[test]
            fn $test() {
                everywhere(|| {
                    same_for_all!(
                        $atomic,
                        $value,
                        [0, 1, 2, <$value>::MAX, <$value>::MAX - 1, <$value>::MIN, <$value>::MAX / 3, 0 as $value ^ !0],
                        [fetch_add, fetch_sub, fetch_and, fetch_nand, fetch_or, fetch_xor, fetch_max, fetch_min]
                    );
                });
            }
        )*
    };
}

integers! {
    i8_is_as_in_std: AtomicI8, i8;
    u8_is_as_in_std: AtomicU8, u8;
    i16_is_as_in_std: AtomicI16, i16;
    u16_is_as_in_std: AtomicU16, u16;
    i32_is_as_in_std: AtomicI32, i32;
    u32_is_as_in_std: AtomicU32, u32;
    i64_is_as_in_std: AtomicI64, i64;
    u64_is_as_in_std: AtomicU64, u64;
    isize_is_as_in_std: AtomicIsize, isize;
    usize_is_as_in_std: AtomicUsize, usize;
}

#[test]
fn bool_is_as_in_std() {
    everywhere(|| {
        same_for_all!(AtomicBool, bool, [false, true], [fetch_and, fetch_nand, fetch_or, fetch_xor]);
        for start in [false, true] {
            same!(AtomicBool, start, |it| it.fetch_not(AcqRel));
        }
    });
}

#[test]
fn pointers_are_as_in_std() {
    everywhere(|| {
        let mut numbers = [1_u32, 2, 3];
        let base: *mut u32 = numbers.as_mut_ptr();
        let values = [std::ptr::null_mut(), base, base.wrapping_add(1), base.wrapping_add(2)];
        for start in values {
            same!(AtomicPtr, start, |it| (it.load(Acquire), format!("{:?} {:p}", *it, *it)));
            for operand in values {
                same!(AtomicPtr, start, |it| it.store(operand, Release));
                for order in ALL {
                    same!(AtomicPtr, start, |it| it.swap(operand, order));
                }
                for new in values {
                    same!(AtomicPtr, start, |it| it.compare_exchange(operand, new, AcqRel, Acquire));
                    same!(AtomicPtr, start, |it| it.compare_and_swap(operand, new, AcqRel));
                    same!(AtomicPtr, start, |it| it
                        .fetch_update(AcqRel, Acquire, |old| (old == operand).then_some(new)));
                    same!(AtomicPtr, start, |it| it.try_update(AcqRel, Acquire, |old| (old == operand).then_some(new)));
                    same!(AtomicPtr, start, |it| it.update(AcqRel, Acquire, |_| new));
                }
            }
            for count in [0, 1, 2, 3, usize::MAX] {
                for order in ALL {
                    // The bytes and elements of a null pointer are nobody's, but their addresses can be computed.
                    same!(AtomicPtr, start, |it| it.fetch_ptr_add(count, order));
                    same!(AtomicPtr, start, |it| it.fetch_ptr_sub(count, order));
                    same!(AtomicPtr, start, |it| it.fetch_byte_add(count, order));
                    same!(AtomicPtr, start, |it| it.fetch_byte_sub(count, order));
                    same!(AtomicPtr, start, |it| it.fetch_or(count, order));
                    same!(AtomicPtr, start, |it| it.fetch_and(count, order));
                    same!(AtomicPtr, start, |it| it.fetch_xor(count, order));
                }
            }
        }
        let pointer = ours::AtomicPtr::new(base);
        pointer.fetch_ptr_add(2, Relaxed);
        // SAFETY: it points to the last of three numbers.
        assert_eq!(unsafe { *pointer.load(Relaxed) }, 3);
        assert!(ours::AtomicPtr::<u32>::default().into_inner().is_null());
        assert_eq!(ours::AtomicPtr::from(base).into_inner(), base);
    });
}

#[test]
fn orderings_that_do_not_exist_panic_as_in_std() {
    for order in ALL {
        assert_eq!(outcome(|| ours::fence(order)), outcome(|| real::fence(order)));
        assert_eq!(outcome(|| ours::compiler_fence(order)), outcome(|| real::compiler_fence(order)));
    }
    same_panics!(AtomicBool, true);
    same_panics!(AtomicU8, 1);
    same_panics!(AtomicIsize, 1);
    same_panics!(AtomicPtr, std::ptr::null_mut::<u8>());
}

#[test]
fn they_can_be_shared_as_those_of_std() {
    fn shared<T: Send + Sync + Unpin + std::panic::UnwindSafe + std::panic::RefUnwindSafe>() {}
    shared::<ours::AtomicBool>();
    shared::<ours::AtomicUsize>();
    shared::<ours::AtomicPtr<u8>>();
    shared::<ours::AtomicPtr<std::rc::Rc<u8>>>();
}

#[test]
fn former_constants_begin_as_those_of_std() {
    assert_eq!(ours::ATOMIC_BOOL_INIT.into_inner(), real::ATOMIC_BOOL_INIT.into_inner());
    assert_eq!(ours::ATOMIC_ISIZE_INIT.into_inner(), real::ATOMIC_ISIZE_INIT.into_inner());
    assert_eq!(ours::ATOMIC_USIZE_INIT.into_inner(), real::ATOMIC_USIZE_INIT.into_inner());
}
