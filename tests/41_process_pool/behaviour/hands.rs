//! Workers that are played by hand: a fact looks at their jobs, and answers or leaves as it likes.

use harness::{expect, quiesce};
use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, MutexGuard};
use subject::Worker;

/// A job or an answer as the brief describes it, made without the code under test.
pub(super) fn frame(number: u32, payload: &[u8]) -> Vec<u8> {
    [&number.to_be_bytes(), &(payload.len() as u32).to_be_bytes(), payload].concat()
}

/// The test's end of a worker's stream.
struct Hand {
    /// `None` once this hand has hung up.
    stream: Option<UnixStream>,
    inbox: Vec<u8>,
    /// The pool has hung up.
    ended: bool,
}

/// What `start` does next.
pub(super) enum Start {
    Refuses(ErrorKind),
    /// Waits for a word before it goes on.
    Waits(Receiver<()>),
    /// Makes a worker whose other end is closed already.
    MakesDead,
}

#[derive(Default)]
struct Table {
    hands: Vec<Hand>,
    /// Of the next calls of `start`; without a plan it makes a worker.
    plans: Vec<Start>,
    /// How often `start` has been called.
    calls: usize,
}

/// All workers of a pool, played by hand.
#[derive(Clone, Default)]
pub(super) struct Hands(Arc<Mutex<Table>>);

/// A job that has arrived at a hand.
pub(super) struct Arrived {
    pub(super) hand: usize,
    pub(super) number: u32,
    pub(super) input: Vec<u8>,
}

impl Hands {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().expect("no thread panics with the table")
    }

    pub(super) fn start(&self) -> io::Result<Worker> {
        let mut table = self.table();
        table.calls += 1;
        let plan = if table.plans.is_empty() { None } else { Some(table.plans.remove(0)) };
        drop(table);
        let (stream, theirs) = UnixStream::pair()?;
        theirs.set_nonblocking(true)?;
        let mut theirs = Some(theirs);
        match plan {
            Some(Start::Refuses(kind)) => return Err(kind.into()),
            Some(Start::Waits(word)) => drop(word.recv()),
            Some(Start::MakesDead) => theirs = None,
            None => {}
        }
        self.table().hands.push(Hand { stream: theirs, inbox: Vec::new(), ended: false });
        Ok(Worker { stream, process: None })
    }

    pub(super) fn plan(&self, plans: impl IntoIterator<Item = Start>) {
        self.table().plans.extend(plans);
    }

    pub(super) fn calls(&self) -> usize {
        self.table().calls
    }

    /// When nothing moves any more: the jobs that have arrived since the last look, by hand.
    #[track_caller]
    pub(super) fn jobs(&self) -> Vec<Arrived> {
        let mut jobs = Vec::new();
        loop {
            quiesce();
            let mut more = false;
            for (index, hand) in self.table().hands.iter_mut().enumerate() {
                more |= hand.look();
                while let Some((number, input)) = hand.next_frame() {
                    jobs.push(Arrived { hand: index, number, input });
                }
            }
            if !more {
                return jobs;
            }
        }
    }

    /// The only job that has arrived since the last look.
    #[track_caller]
    pub(super) fn only_job(&self, about: &str) -> Arrived {
        let mut jobs = self.jobs();
        expect!(jobs.len() == 1, about, "one job has been given to a worker", format!("{} have been", jobs.len()));
        jobs.remove(0)
    }

    pub(super) fn write(&self, hand: usize, bytes: &[u8]) {
        let table = self.table();
        if let Some(stream) = &table.hands[hand].stream {
            // What the pool does not want to read any more is of no interest.
            let _ = (&*stream).write_all(bytes);
        }
    }

    pub(super) fn answer(&self, job: &Arrived, output: &str) {
        self.write(job.hand, &frame(job.number, output.as_bytes()));
    }

    /// Answers and leaves. Nothing that is written from the answer on arrives.
    pub(super) fn answer_and_leave(&self, job: &Arrived, output: &str) {
        let stream = self.table().hands[job.hand].stream.take().expect("whoever has a job has not left");
        stream.shutdown(Shutdown::Read).expect("the other side of a socket is there");
        let _ = (&stream).write_all(&frame(job.number, output.as_bytes()));
    }

    pub(super) fn hang_up(&self, hand: usize) {
        self.table().hands[hand].stream = None;
    }

    /// Whether the pool has ended the stream of this worker.
    pub(super) fn has_ended(&self, hand: usize) -> bool {
        quiesce();
        let mut table = self.table();
        table.hands[hand].look();
        table.hands[hand].ended
    }

    /// Answers everything with its input in capitals, until nothing comes any more; returns the inputs in the order of
    /// their arrival.
    #[track_caller]
    pub(super) fn answer_all(&self) -> Vec<String> {
        let mut seen = Vec::new();
        loop {
            let jobs = self.jobs();
            if jobs.is_empty() {
                return seen;
            }
            for job in jobs {
                let input = String::from_utf8_lossy(&job.input).into_owned();
                self.answer(&job, &input.to_uppercase());
                seen.push(input);
            }
        }
    }
}

impl Hand {
    /// Takes what is there; whether there was anything.
    fn look(&mut self) -> bool {
        let Some(stream) = &mut self.stream else { return false };
        let mut bytes = [0; 65536];
        match stream.read(&mut bytes) {
            Ok(0) => self.ended = true,
            Ok(count) => {
                self.inbox.extend_from_slice(&bytes[..count]);
                return true;
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => self.ended = true,
        }
        false
    }

    fn next_frame(&mut self) -> Option<(u32, Vec<u8>)> {
        let (header, rest) = self.inbox.split_first_chunk::<8>()?;
        let [n0, n1, n2, n3, l0, l1, l2, l3] = *header;
        let payload = rest.get(..u32::from_be_bytes([l0, l1, l2, l3]) as usize)?.to_vec();
        self.inbox.drain(..8 + payload.len());
        Some((u32::from_be_bytes([n0, n1, n2, n3]), payload))
    }
}
