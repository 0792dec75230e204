//! What the operations of dictionaries and lists return, and which texts are names and keys.

use super::bytes::sent_for;
use super::server::{answered, expect_result, server};
use harness::{expect_eq, fact};
use subject::ManagerError::{Changed, NoSuchKey, OutOfRange, TooLarge};
use subject::{Client, MAX_FRAME, MAX_KEY};

/// A dictionary returns what was inserted last, counts its keys, and says `NoSuchKey` for the others.
///
/// Next: `insert` returns what was there before, `remove` what it takes out.
#[fact]
fn a_dictionary_holds_what_was_inserted() {
    let server = server();
    let dict = server.client().dict("ages");
    expect_result(dict.len(), Ok(0), "the length of a dictionary that nobody has used");
    expect_result(dict.get("Ada"), Err(NoSuchKey), "get, of a key that is not there");
    expect_result(dict.remove("Ada"), Err(NoSuchKey), "remove, of a key that is not there");
    expect_result(dict.insert("Ada", 36), Ok(None), "insert, of a new key");
    expect_result(dict.insert("Bob", i64::MIN), Ok(None), "insert, of a second key");
    expect_result(dict.insert("Ada", i64::MAX), Ok(Some(36)), "insert, of a key that has 36");
    expect_result(dict.len(), Ok(2), "the length with two keys");
    expect_result(dict.get("Ada"), Ok(i64::MAX), "get, of the largest value");
    expect_result(dict.get("Bob"), Ok(i64::MIN), "get, of the smallest value");
    expect_result(dict.remove("Ada"), Ok(i64::MAX), "remove, of a key that is there");
    expect_result(dict.get("Ada"), Err(NoSuchKey), "get, of a key that was removed");
    expect_result(dict.is_empty(), Ok(false), "is_empty, with one key");
    expect_result(dict.remove("Bob"), Ok(i64::MIN), "remove, of the last key");
    expect_result(dict.is_empty(), Ok(true), "is_empty, when the last key is removed");
    server.end("the server, when its owner leaves");
}

/// `update` changes a value exactly if it is the expected one, and says which one it is if not.
///
/// Next: `None` is an expectation, too: that the key is not there.
#[fact]
fn an_update_needs_the_expected_value() {
    let server = server();
    let dict = server.client().dict("counts");
    expect_result(dict.update("a", Some(0), 1), Err(Changed(None)), "update from 0, of a key that is not there");
    expect_result(dict.len(), Ok(0), "the length after an update that was refused");
    expect_result(dict.update("a", None, 5), Ok(()), "update from None, of a key that is not there");
    expect_result(dict.update("a", None, 6), Err(Changed(Some(5))), "update from None, of a key that has 5");
    expect_result(dict.update("a", Some(-5), 6), Err(Changed(Some(5))), "update from -5, of a key that has 5");
    expect_result(dict.get("a"), Ok(5), "the value after updates that were refused");
    expect_result(dict.update("a", Some(5), -1), Ok(()), "update from 5 to -1, of a key that has 5");
    expect_result(dict.get("a"), Ok(-1), "the value after an update to -1");
    expect_result(dict.update("a", Some(-1), 0), Ok(()), "update from -1 to 0, of a key that has -1");
    expect_result(dict.update("a", None, 1), Err(Changed(Some(0))), "update from None, of a key that has 0");
    server.end("the server, when its owner leaves");
}

/// A list grows and shrinks at its end, counts from 0, and says `OutOfRange` behind its end.
///
/// Next: the value that was pushed last is popped first.
#[fact]
fn a_list_grows_and_shrinks_at_its_end() {
    let server = server();
    let list = server.client().list("primes");
    expect_result(list.pop(), Err(OutOfRange), "pop, from an empty list");
    expect_result(list.get(0), Err(OutOfRange), "get(0), from an empty list");
    for value in [2, 3, -5] {
        expect_result(list.push(value), Ok(()), "push");
    }
    expect_result(list.len(), Ok(3), "the length after three pushes");
    let elements = [0, 1, 2, 3, usize::MAX].map(|index| list.get(index));
    let expected = [Ok(2), Ok(3), Ok(-5), Err(OutOfRange), Err(OutOfRange)];
    expect_eq!(elements, expected, "get, at 0, 1, 2, 3 and usize::MAX, after 2, 3 and -5 were pushed");
    expect_result(list.pop(), Ok(-5), "pop, after 2, 3 and -5 were pushed");
    expect_result(list.pop(), Ok(3), "a second pop");
    expect_result(list.get(1), Err(OutOfRange), "get, of an index that was popped");
    expect_result(list.len(), Ok(1), "the length after three pushes and two pops");
    expect_result(list.is_empty(), Ok(false), "is_empty, with one value");
    expect_result(list.pop(), Ok(2), "the last pop");
    expect_result(list.is_empty(), Ok(true), "is_empty, when the last value is popped");
    server.end("the server, when its owner leaves");
}

/// Whoever uses the same name works on the same thing; other names, and a list beside a dictionary, are other things.
///
/// Next: what identifies a dictionary is its name, not the proxy or the connection.
#[fact]
fn a_name_is_the_same_thing_for_everybody() {
    let server = server();
    let owner = Client::over(server.owner.try_clone().expect("a socket can be duplicated"));
    let (one, other) = (server.client(), server.client());
    expect_result(one.dict("x").insert("key", 1), Ok(None), "insert, by one client");
    let (about, dict) = ("get, by another client, in the dictionary of that name", other.dict("x"));
    expect_result(answered(about, move || dict.get("key")), Ok(1), about);
    expect_result(owner.dict("x").get("key"), Ok(1), "get, by the owner");
    expect_result(other.dict("y").get("key"), Err(NoSuchKey), "get, in a dictionary of another name");
    expect_result(other.list("x").len(), Ok(0), "the length of the list that is called like a dictionary");
    expect_result(other.list("x").push(7), Ok(()), "push, to a list that is called like a dictionary");
    drop(one);
    expect_result(owner.list("x").get(0), Ok(7), "get, by the owner, of what another client pushed");
    expect_result(owner.dict("x").len(), Ok(1), "the length of a dictionary whose client has gone");
    drop(owner);
    server.end("the server, when its owner leaves");
}

/// Any text is a name or a key: empty, of any script, with control characters, of 64 KiB.
///
/// Next: put the length of a text in front of it; there is no character that cannot be in it.
#[fact(seconds = 10)]
fn any_text_is_a_name_or_a_key() {
    let server = server();
    let client = server.client();
    let long = "ä".repeat(MAX_KEY / 2);
    let texts = ["", " ", "a", "ab", "b", "a\0b", "\n", "a b", "a,b", "a:b", "1", "größe", "鍵", "\u{1F511}", &long];
    let cut = |text: &str| text.chars().take(9).collect::<String>();
    for (number, name) in texts.iter().enumerate() {
        for (place, key) in texts.iter().enumerate() {
            let value = (number * texts.len() + place) as i64;
            let about = format!("insert, of the key {:?} into the dictionary {:?}", cut(key), cut(name));
            expect_result(client.dict(name).insert(key, value), Ok(None), &about);
        }
        expect_result(client.list(name).push(number as i64), Ok(()), &format!("push, to the list {:?}", cut(name)));
    }
    for (number, name) in texts.iter().enumerate() {
        for (place, key) in texts.iter().enumerate() {
            let value = (number * texts.len() + place) as i64;
            let about = format!("get, of the key {:?} from the dictionary {:?}", cut(key), cut(name));
            expect_result(client.dict(name).get(key), Ok(value), &about);
        }
        let about = format!("get(0), from the list {:?}", cut(name));
        expect_result(client.list(name).get(0), Ok(number as i64), &about);
    }
    server.end("the server, when its owner leaves");
}

/// An operation with a key or a name over 64 KiB is `TooLarge`, sends nothing, and leaves the connection usable.
///
/// Next: look at the lengths, in bytes, before anything is written.
#[fact]
fn a_key_over_the_limit_is_too_large() {
    expect_eq!((MAX_KEY, MAX_FRAME), (65_536, 1_048_576), "MAX_KEY and MAX_FRAME");
    let server = server();
    let client = server.client();
    let long = "k".repeat(MAX_KEY + 1);
    expect_result(client.dict("d").insert(&long, 1), Err(TooLarge), "insert, of a key of 65537 bytes");
    expect_result(client.dict("d").get(&"ä".repeat(MAX_KEY / 2 + 1)), Err(TooLarge), "get, of a key of 65538 bytes");
    expect_result(client.dict(&long).len(), Err(TooLarge), "the length of a dictionary whose name has 65537 bytes");
    expect_result(client.list(&long).push(1), Err(TooLarge), "push, to a list whose name has 65537 bytes");
    expect_result(
        client.dict("d").len(),
        Ok(0),
        "the length, over the connection on which four operations were TooLarge",
    );
    let sent = sent_for(move |client| client.dict("d").update(&long, None, 1));
    expect_eq!(sent.len(), 0, "the bytes that are sent for an update of a key of 65537 bytes");
    server.end("the server, when its owner leaves");
}
