//! Time that passes only when everybody waits for it.

/// `paused_clock!()`: a runtime of tokio on one thread, whose clock stands still while there is anything to do, and jumps to
/// the next timer otherwise.
///
/// A macro, so that tests without tokio need none: it is that of the calling crate, with `rt`, `time` and `test-util`.
#[macro_export]
macro_rules! paused_clock {
    () => {
        ::tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("the system has room for a runtime")
    };
}
