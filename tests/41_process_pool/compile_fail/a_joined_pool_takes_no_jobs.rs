//! A pool that was joined is gone: it takes no more jobs.
use subject::{Pool, Worker};

fn main() {
    let pool = Pool::new(1, || -> std::io::Result<Worker> { unimplemented!() }).unwrap();
    pool.join();
    pool.map(vec![]); //~ E0382
}
