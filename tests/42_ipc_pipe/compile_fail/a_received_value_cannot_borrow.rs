//! A received value cannot borrow from the frame that it came in.
use serde::Deserialize;
use subject::Connection;

fn receive<T: Deserialize<'static>>(connection: &Connection) -> T {
    connection.recv().unwrap() //~ E0277
}

fn main() {
    let (connection, _other) = Connection::pair().unwrap();
    let text: &'static str = receive(&connection);
    println!("{text}");
}
