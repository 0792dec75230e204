//! Values that cannot be encoded or decoded, or that panic: each costs only itself.

use super::script::{receiving_bytes, sending};
use super::wire::{expect_outcome, frame};
use harness::{catch_panic, expect, expect_eq, fact};
use serde::ser::{Error as _, SerializeSeq};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;

/// A payload that is not the JSON of the wanted type is `Codec`, and the next frame is received as if nothing had been.
///
/// Next: consume the whole payload whatever is in it; only then look at it.
#[fact]
fn after_a_codec_error_the_next_frame_is_received() {
    let bad: [&[u8]; 7] = [b"nonsense", b"\"a string\"", b"", b"[1,2", b"1 2", b"-1", b"[1]     "];
    for payload in bad {
        let connection = receiving_bytes([frame(payload), frame(b"42")].concat());
        let text = String::from_utf8_lossy(payload);
        expect_outcome(connection.recv::<u64>(), "Codec", &format!("receiving a u64 from the payload `{text}`"));
        expect_outcome(connection.recv::<u64>(), "Ok(42)", &format!("the frame after the payload `{text}`"));
    }
}

/// A value that fails half-way through its encoding is `Codec`, writes nothing, and the next value goes out.
///
/// Next: know the whole payload before the first byte of the header goes out.
#[fact]
fn a_value_that_cannot_be_encoded_writes_nothing() {
    struct Fails;
    impl Serialize for Fails {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut sequence = serializer.serialize_seq(None)?;
            for number in 0..10_000 {
                sequence.serialize_element(&number)?;
            }
            Err(S::Error::custom("the last element is missing"))
        }
    }
    let (connection, written) = sending([]);
    expect_outcome(connection.send(&Fails), "Codec", "sending a value that fails half-way");
    expect_eq!(written().len(), 0, "how many bytes were written of it");
    let keys: BTreeMap<(u8, u8), u8> = [((1, 2), 3)].into();
    expect_outcome(connection.send(&keys), "Codec", "sending a map whose keys cannot be JSON");
    expect_eq!(written().len(), 0, "how many bytes were written of it");
    expect_outcome(connection.send(&42), "Ok(())", "sending the next value");
    expect_eq!(written(), frame(b"42"), "the bytes on the wire");
}

/// A panic in a value's own `Serialize` or `Deserialize` passes through, and the connection goes on with the next frame.
///
/// Next: if a lock is held while the value's code runs, it gets poisoned; and a half-made payload must not go out.
#[fact(panics)]
fn a_panic_in_a_value_costs_only_that_value() {
    struct Explodes;
    impl Serialize for Explodes {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut sequence = serializer.serialize_seq(None)?;
            sequence.serialize_element("a first element")?;
            panic!("a panic in Serialize");
        }
    }
    impl<'de> Deserialize<'de> for Explodes {
        fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Explodes, D::Error> {
            panic!("a panic in Deserialize");
        }
    }
    let (connection, written) = sending([]);
    let sent = catch_panic(|| connection.send(&Explodes));
    expect!(sent.is_err(), "a panic in Serialize", "it reaches the caller of send", "send returned");
    expect_outcome(connection.send(&1), "Ok(())", "sending after a panic in Serialize");
    expect_eq!(written(), frame(b"1"), "the bytes on the wire");
    let connection = receiving_bytes([frame(b"[0]"), frame(b"1")].concat());
    let received = catch_panic(|| connection.recv::<Explodes>().is_ok());
    expect!(received.is_err(), "a panic in Deserialize", "it reaches the caller of recv", "recv returned");
    expect_outcome(connection.recv::<u8>(), "Ok(1)", "receiving after a panic in Deserialize");
}
