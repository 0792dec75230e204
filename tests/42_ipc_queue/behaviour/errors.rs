//! What is refused, what follows an error, and what errors say.

use super::wire::{connect, got, item, raw_queue};
use harness::{expect, expect_eq, fact};
use std::net::Shutdown;
use std::panic::catch_unwind;
use subject::{Consumer, MAX_ITEM, Producer, Queue, QueueError};

/// An item over the limit is refused without a byte, one of exactly the limit goes through.
///
/// Next: compare the length before anything is written.
#[fact(negated)]
fn an_item_over_the_limit_is_refused() {
    let queue = Queue::bounded(1);
    let mut producer = Producer::new(connect(&queue));
    let mut bytes = vec![b'x'; MAX_ITEM + 1];
    let too_large = QueueError::TooLarge { len: MAX_ITEM + 1, limit: MAX_ITEM };
    expect_eq!(producer.put(&bytes), Err(too_large), "putting MAX_ITEM + 1 bytes");
    bytes.pop();
    bytes[0] = b'>';
    expect_eq!(producer.put(&bytes), Ok(()), "putting MAX_ITEM bytes, after an item was refused");
    let mut consumer = Consumer::new(connect(&queue));
    let delivery = consumer.get();
    let same = matches!(&delivery, Ok(Some(delivery)) if delivery.bytes() == bytes);
    expect!(same, "getting MAX_ITEM bytes", "the bytes that were put", "something else");
}

/// Whatever goes wrong with a connection is `Disconnected`, ends the connection, and lasts.
///
/// Next: after an answer that makes no sense nobody knows what the next byte means: shut the stream down.
#[fact]
fn a_failed_connection_is_disconnected_for_good() {
    let nonsense: [(&str, Vec<u8>); 7] = [
        ("an unknown byte", b"?KKKK".into()),
        ("a request instead of an answer", b"GKEKE".into()),
        ("the end of the stream", vec![]),
        ("half an item", item(0, b"abcd")[..11].into()),
        ("half a header", item(0, b"")[..4].into()),
        ("an item over the limit", [b"I\0\0\0\0", &(MAX_ITEM as u32 + 1).to_be_bytes()[..]].concat()),
        ("an item of 4 GiB", b"I\0\0\0\0\xff\xff\xff\xff".into()),
    ];
    for (case, answer) in nonsense {
        for part in ["put", "get", "ack"] {
            // Nobody waits for what a length over the limit announces.
            fails_for_good(part, case, &answer, !case.starts_with("an item"));
        }
    }
    // What would be right for another request makes no sense either.
    for (part, answer) in [("put", "E"), ("get", "K"), ("get", "C"), ("ack", "C"), ("ack", "E")] {
        fails_for_good(part, answer, answer.repeat(3).as_bytes(), false);
    }
}

/// A call that gets such an answer fails, and so does the call after it, because the connection has ended.
fn fails_for_good(part: &str, case: &str, answer: &[u8], is_last: bool) {
    let (far, near) = raw_queue();
    far.say(if part == "ack" { item(0, b"a") } else { vec![] });
    far.say(answer);
    if is_last {
        far.0.shutdown(Shutdown::Write).expect("a socket can be shut down");
    }
    let about = format!("{part} and the call after it, when the answer is {case}");
    let ended = if part == "put" {
        let mut producer = Producer::new(near);
        let results = [(); 2].map(|()| producer.put(b"x"));
        expect_eq!(results, [Err(QueueError::Disconnected); 2], about);
        far.arrived().1
    } else {
        let mut consumer = Consumer::new(near);
        let first = match consumer.get() {
            Ok(Some(delivery)) if part == "ack" => {
                delivery.ack().map_or_else(|error| format!("{error:?}"), |()| "Ok".into())
            }
            Ok(Some(_)) => "an item".into(),
            Ok(None) => "None".into(),
            Err(error) => format!("{error:?}"),
        };
        expect_eq!([first, got(&mut consumer)], ["Disconnected"; 2], about);
        far.arrived().1
    };
    expect!(ended, format!("the connection, after {part} failed"), "it has ended", "it goes on");
}

/// Errors say what happened, with both numbers for `TooLarge`.
///
/// Next: one arm for each variant.
#[fact]
fn errors_say_what_happened() {
    let too_large = QueueError::TooLarge { len: 4_711, limit: 1_234 }.to_string();
    expect!(too_large.contains("4711") && too_large.contains("1234"), "TooLarge as text", "4711 and 1234", too_large);
    for error in [QueueError::Closed, QueueError::Disconnected] {
        expect!(!error.to_string().is_empty(), format!("{error:?} as text"), "a few words", "nothing");
    }
}

/// A queue without room is refused.
///
/// Next: assert on the capacity.
#[fact(panics)]
fn a_capacity_of_zero_is_refused() {
    let refused = catch_unwind(|| drop(Queue::bounded(0))).is_err();
    expect!(refused, "Queue::bounded(0)", "a panic", "a queue");
}
