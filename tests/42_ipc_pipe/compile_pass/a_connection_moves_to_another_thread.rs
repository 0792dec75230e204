//! A connection and an error can be moved to another thread, and an error into a box.
use std::error::Error;
use subject::{Connection, PipeError};

struct Worker {
    // Sockets are what a connection is about: they need not be named.
    connection: Connection,
}

fn work(worker: Worker) -> Result<(), Box<dyn Error + Send + Sync>> {
    let (name, sizes): (String, Vec<usize>) = worker.connection.recv()?;
    worker.connection.send(name.as_str())?;
    worker.connection.send(&sizes[..])?;
    Ok(())
}

fn main() -> Result<(), PipeError> {
    let (near, far) = Connection::pair().map_err(PipeError::Io)?;
    let worker = std::thread::spawn(move || work(Worker { connection: far }));
    near.send(&("name", [1, 2]))?;
    let _: (String, Vec<usize>) = (near.recv()?, near.recv()?);
    worker.join().unwrap().unwrap();
    Ok(())
}
