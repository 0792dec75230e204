//! Where text of a submission leaves the engine: what would control a terminal is written out.
//!
//! Reports, findings and every step of a grading pass through here, field by field, whatever fields they have. So does what was
//! kept on the disk, where it is read again. A renderer gets nothing else, and needs no rule of its own.

use crate::trouble::{Context, Trouble};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use verdict::{Event, visible};

/// The same value with every hidden character of every text in it written out.
///
/// # Errors
/// If the value is none that can be written as JSON and read again: our fault.
pub fn shown<T: Serialize + DeserializeOwned>(value: &T) -> Result<T, Trouble> {
    let mut plain = serde_json::to_value(value).ours("cannot write what was found")?;
    write_out(&mut plain);
    serde_json::from_value(plain).ours("cannot read what was found")
}

/// Somebody who follows a grading, and is told of each step in this form. A step that cannot be brought into it is left out: the
/// report has everything that matters, and fails for the same reason.
pub(crate) fn told<'a>(watch: &'a (dyn Fn(Event) + Sync)) -> impl Fn(Event) + Sync + 'a {
    move |event| {
        if let Ok(event) = shown(&event) {
            watch(event);
        }
    }
}

fn write_out(value: &mut Value) {
    match value {
        Value::String(text) => *text = visible(text).into_owned(),
        Value::Array(items) => items.iter_mut().for_each(write_out),
        Value::Object(fields) => {
            let all = std::mem::take(fields);
            fields.extend(all.into_iter().map(|(name, mut value)| {
                write_out(&mut value);
                (visible(&name).into_owned(), value)
            }));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::shown;
    use std::collections::BTreeMap;

    #[test]
    fn every_text_is_written_out_however_deep_it_lies() {
        let value = BTreeMap::from([("a\u{1b}".to_owned(), vec![Some(("\u{202e}b".to_owned(), 1_u8)), None])]);
        let shown = shown(&value).unwrap();
        assert_eq!(shown, BTreeMap::from([("a\\x1b".to_owned(), vec![Some(("\\u{202e}b".to_owned(), 1)), None])]));
    }
}
