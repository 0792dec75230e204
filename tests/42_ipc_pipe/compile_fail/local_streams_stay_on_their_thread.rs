//! A connection over a stream that belongs to one thread cannot be shared with another.
use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;
use subject::Connection;

struct Counting(Rc<Cell<usize>>);

impl Read for Counting {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.set(self.0.get() + 1);
        Ok(0)
    }
}

fn main() {
    let reads = Rc::new(Cell::new(0));
    let connection = Connection::from_parts(Counting(Rc::clone(&reads)), io::sink());
    std::thread::scope(|scope| {
        scope.spawn(|| connection.recv::<u8>().is_err()); //~ E0277
        reads.set(0);
    });
}
