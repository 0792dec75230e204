//! The article's Pool: four processes square ten numbers.

use harness::{peer, peer_command};
use std::fmt::Write as _;
use std::os::unix::net::UnixStream;
use subject::{Pool, Worker, WorkerError, serve};

/// Numbers go over the wire as text.
fn number(bytes: &[u8]) -> i64 {
    String::from_utf8_lossy(bytes).parse().expect("a number comes as text")
}

#[peer]
fn squares(stream: UnixStream) {
    let square = |input: Vec<u8>| number(&input).pow(2).to_string().into_bytes();
    serve(stream, square).expect("the pool hangs up between two jobs");
}

fn map(pool: &Pool, numbers: impl Iterator<Item = i64>) -> Result<Vec<i64>, WorkerError> {
    let outcomes = pool.map(numbers.map(|number| number.to_string().into_bytes()).collect());
    outcomes.into_iter().map(|outcome| outcome.map(|output| number(&output))).collect()
}

/// Four processes square numbers; the results come in the order of the numbers.
#[harness::transcript]
fn transcript() -> String {
    let mut text = String::new();
    let mut say = |line: String| writeln!(text, "{line}").expect("a string takes everything");
    let pool = Pool::new(4, || Worker::spawn(peer_command("squares"))).expect("the system has room for four processes");
    say(format!("{:?}", map(&pool, 0..10).expect("no worker is lost")));
    let hundred = map(&pool, 1..101).expect("no worker is lost");
    say(format!("the sum of {} squares is {}", hundred.len(), hundred.iter().sum::<i64>()));
    say(format!("{:?}", map(&pool, [-3, 3, -4].into_iter()).expect("no worker is lost")));
    say(format!("{:?}", map(&pool, std::iter::empty()).expect("there is no job")));
    pool.close();
    match map(&pool, 0..1) {
        Ok(squares) => say(format!("{squares:?}")),
        Err(_) => say("the pool takes no more jobs".into()),
    }
    pool.join();
    say("every worker has ended".into());
    text
}
