//! Panics that a test expects: they are caught, and their payloads are looked at.

use crate::explorable::panic::{AssertUnwindSafe, catch_unwind};
use std::any::Any;

/// Calls `action`, as `catch_unwind` does; what it leaves behind in a panic is the test's own concern.
///
/// # Errors
/// If `action` panics: the payload.
pub fn catch_panic<R>(action: impl FnOnce() -> R) -> std::thread::Result<R> {
    catch_unwind(AssertUnwindSafe(action))
}

/// The payload of the panic that `action` ends with. `None` if it does not panic, or if the payload is of another type.
pub fn panic_payload<T: 'static, R>(action: impl FnOnce() -> R) -> Option<T> {
    let payload = catch_panic(action).err()?;
    payload.downcast().ok().map(|payload| *payload)
}

/// The message that `panic!` has made, if the payload is one.
pub fn panic_text(payload: &(dyn Any + Send)) -> Option<&str> {
    payload.downcast_ref::<String>().map(String::as_str).or_else(|| payload.downcast_ref::<&str>().copied())
}

#[cfg(all(test, not(feature = "explore")))]
mod tests {
    use super::*;
    use std::panic::resume_unwind;

    #[test]
    fn a_payload_is_found_by_its_type() {
        assert_eq!(panic_payload(|| resume_unwind(Box::new(7_u8))), Some(7_u8));
        assert_eq!(panic_payload::<u16, ()>(|| resume_unwind(Box::new(7_u8))), None);
        assert_eq!(panic_payload::<u8, _>(|| 7_u8), None);
    }

    #[test]
    fn a_message_is_found_in_both_its_forms() {
        let payloads: [Box<dyn Any + Send>; 3] = [Box::new("spam"), Box::new(String::from("eggs")), Box::new(7_u8)];
        assert_eq!(payloads.each_ref().map(|payload| panic_text(&**payload)), [Some("spam"), Some("eggs"), None]);
    }
}
