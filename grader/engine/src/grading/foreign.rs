//! Where text of a submission leaves the engine: what would control a terminal is written out.
//!
//! A report and every step of a grading pass through here, field by field, whatever fields they have: so no renderer needs to think
//! of it.

use crate::trouble::{Context, Trouble};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use verdict::visible;

/// The same value with every hidden character of every text in it written out.
///
/// # Errors
/// If the value is none that can be written as JSON and read again: our fault.
pub(crate) fn shown<T: Serialize + DeserializeOwned>(value: &T) -> Result<T, Trouble> {
    let mut plain = serde_json::to_value(value).ours("cannot write what was found")?;
    write_out(&mut plain);
    serde_json::from_value(plain).ours("cannot read what was found")
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
