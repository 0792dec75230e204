//! The stand-in for [`mod@std::panic`]: tells the engine which task is unwinding.

use crate::engine;
use std::any::Any;

#[allow(deprecated)] // A former name of `PanicHookInfo`.
pub use std::panic::PanicInfo;
pub use std::panic::{AssertUnwindSafe, Location, PanicHookInfo, RefUnwindSafe, UnwindSafe, panic_any};

/// As [`std::panic::catch_unwind`].
///
/// # Errors
/// If `body` panics: the panic's payload.
pub fn catch_unwind<F: FnOnce() -> R + UnwindSafe, R>(body: F) -> std::thread::Result<R> {
    let result = std::panic::catch_unwind(body);
    if result.is_err() {
        engine::after_caught_panic();
    }
    result
}

/// As [`std::panic::resume_unwind`].
///
/// # Panics
/// Always.
pub fn resume_unwind(payload: Box<dyn Any + Send>) -> ! {
    engine::before_resumed_panic();
    std::panic::resume_unwind(payload)
}
