//! One thread sends and another one receives on the same connection, whose streams only have to be `Send`.
use std::cell::Cell;
use std::io::{self, Read, Write};
use subject::{Connection, PipeError};

struct NotSync(Cell<u8>);

impl Read for NotSync {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Ok(usize::from(self.0.get()))
    }
}

fn main() {
    let reader: Box<dyn Read + Send> = Box::new(NotSync(Cell::new(0)));
    let writer: Box<dyn Write + Send> = Box::new(io::sink());
    let connection = Connection::from_parts(reader, writer);
    std::thread::scope(|scope| {
        let receiver = scope.spawn(|| -> Result<String, PipeError> { connection.recv() });
        scope.spawn(|| connection.send("text").is_ok());
        assert!(receiver.join().unwrap().is_err());
    });
}
