//! The article's Pipe: a parent asks, a child process answers.

use harness::{peer, start_peer};
use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt::{self, Write as _};
use std::io::Write as _;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use subject::{Connection, PipeError};

/// A map on the wire, with `task` before `numbers`, as the dictionary of the Python program has them.
struct Request {
    task: String,
    numbers: Vec<i64>,
    /// The keys, in the order in which they came.
    keys: Vec<String>,
}

impl Request {
    fn sum(numbers: &[i64]) -> Request {
        Request { task: "sum".into(), numbers: numbers.to_vec(), keys: Vec::new() }
    }
}

impl Serialize for Request {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("task", &self.task)?;
        map.serialize_entry("numbers", &self.numbers)?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for Request {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Request, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Request;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a request")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Request, A::Error> {
                let mut request = Request { task: String::new(), numbers: Vec::new(), keys: Vec::new() };
                while let Some(key) = entries.next_key::<String>()? {
                    match key.as_str() {
                        "task" => request.task = entries.next_value()?,
                        _ => request.numbers = entries.next_value()?,
                    }
                    request.keys.push(key);
                }
                Ok(request)
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

/// What the child would print, and its answer.
type Reply = (Vec<String>, Option<i64>);

#[peer]
fn child(stream: UnixStream) {
    let connection = Connection::from_stream(stream).expect("a socket can be duplicated");
    loop {
        let (lines, answer, last) = match connection.recv::<Request>() {
            Ok(Request { task, numbers, keys }) => {
                let total: i64 = numbers.iter().sum();
                let order = format!("child: the keys came in the order {}", keys.join(", "));
                (vec![order, format!("child: the {task} is {total}")], Some(total), false)
            }
            Err(PipeError::Closed) => (vec!["child: the parent has hung up".into()], None, true),
            Err(PipeError::Codec(_)) => (vec!["child: that was no message".into()], None, false),
            Err(error) => (vec![format!("child: {error}")], None, true),
        };
        let reply: Reply = (lines, answer);
        if connection.send(&reply).is_err() || last {
            return;
        }
    }
}

#[harness::transcript]
fn transcript() -> String {
    let (mut process, mut stream) = start_peer("child");
    let connection = Connection::from_stream(stream.try_clone().expect("a socket can be duplicated"))
        .expect("a socket can be duplicated");
    let mut text = String::new();
    let hear = |text: &mut String| {
        let (lines, answer): Reply = connection.recv().expect("the child answers");
        for line in lines {
            writeln!(text, "{line}").expect("a string takes everything");
        }
        answer
    };
    let told = |answer: Option<i64>| answer.map_or("None".to_owned(), |total| total.to_string());
    let ask = |text: &mut String, numbers: &[i64]| {
        writeln!(text, "parent: asks for the sum of {numbers:?}").expect("a string takes everything");
        connection.send(&Request::sum(numbers)).expect("the child listens");
        let answer = hear(text);
        writeln!(text, "parent: was told {}", told(answer)).expect("a string takes everything");
    };
    ask(&mut text, &[1, 2, 3]);
    ask(&mut text, &[]);
    ask(&mut text, &[10, -4]);
    text.push_str("parent: sends a frame of nonsense\n");
    stream.write_all(b"\0\0\0\x08nonsense").expect("the child listens");
    let answer = hear(&mut text);
    writeln!(text, "parent: was told {}", told(answer)).expect("a string takes everything");
    ask(&mut text, &[40, 2]);
    text.push_str("parent: hangs up\n");
    // Only the way to the child ends here, so that its last line can still come back.
    stream.shutdown(Shutdown::Write).expect("a socket can be shut down");
    hear(&mut text);
    let status = process.wait().expect("a child can be waited for");
    writeln!(text, "parent: the child ended with {}", status.code().unwrap_or(-1)).expect("a string takes everything");
    text
}
