//! A value that serde cannot encode cannot be sent.
use std::sync::mpsc::Sender;
use subject::Connection;

fn main() {
    let (connection, _other) = Connection::pair().unwrap();
    let (sender, _receiver): (Sender<u8>, _) = std::sync::mpsc::channel();
    connection.send(&sender).unwrap(); //~ E0277
}
