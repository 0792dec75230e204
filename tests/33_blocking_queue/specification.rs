//! The queue as a state machine, and programs that are made from it.

use harness::{Call, Specification, Step, programs, returns};
use std::collections::VecDeque;
use std::time::Duration;
use subject::{GetError, PutError, Queue, TaskDoneError};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    /// `usize::MAX` if there is no bound.
    capacity: usize,
    items: VecDeque<u32>,
    unfinished: usize,
    shut_down: bool,
}

#[derive(Clone, Copy, Debug)]
enum Operation {
    Put(u32),
    TryPut(u32),
    PutTimeout(u32),
    Get,
    TryGet,
    GetTimeout,
    TaskDone,
    Join,
    Shutdown(bool),
    Len,
    IsFull,
}

#[derive(Clone, PartialEq)]
enum Outcome {
    Put(Result<(), PutError<u32>>),
    Get(Result<u32, GetError>),
    Done(Result<(), TaskDoneError>),
    Len(usize),
    Is(bool),
    Unit,
}

impl std::fmt::Debug for Outcome {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Outcome::Put(result) => result.fmt(formatter),
            Outcome::Get(result) => result.fmt(formatter),
            Outcome::Done(result) => result.fmt(formatter),
            Outcome::Len(number) => number.fmt(formatter),
            Outcome::Is(is) => is.fmt(formatter),
            Outcome::Unit => ().fmt(formatter),
        }
    }
}

const TIMEOUT: Duration = Duration::from_millis(10);

struct Machine;

impl Specification for Machine {
    type State = State;
    type Operation = Operation;
    type Outcome = Outcome;
    type Subject = Queue<u32>;
    type Held<'s> = ();

    fn starts() -> Vec<State> {
        [1, 2, usize::MAX]
            .map(|capacity| State { capacity, items: VecDeque::new(), unfinished: 0, shut_down: false })
            .into()
    }

    fn make(start: &State) -> Queue<u32> {
        if start.capacity == usize::MAX { Queue::unbounded() } else { Queue::bounded(start.capacity) }
    }

    fn operations(number: u32) -> Vec<Operation> {
        use Operation::*;
        vec![
            Put(number),
            Get,
            PutTimeout(number),
            GetTimeout,
            TryPut(number),
            TryGet,
            TaskDone,
            Join,
            Shutdown(false),
            Shutdown(true),
            Len,
            IsFull,
            Put(number),
            Get,
        ]
    }

    fn steps(state: &State, call: &Call<'_, Operation>) -> Vec<Step<Outcome, State>> {
        let same = || state.clone();
        let full = state.items.len() == state.capacity;
        match *call.operation {
            Operation::Put(item) | Operation::TryPut(item) | Operation::PutTimeout(item) if state.shut_down => {
                returns(Outcome::Put(Err(PutError::ShutDown(item))), same())
            }
            Operation::Put(_) if full => Vec::new(),
            Operation::TryPut(item) if full => returns(Outcome::Put(Err(PutError::Full(item))), same()),
            Operation::PutTimeout(item) if full => {
                vec![Step::TimesOut(Outcome::Put(Err(PutError::Full(item))), same())]
            }
            Operation::Put(item) | Operation::TryPut(item) | Operation::PutTimeout(item) => {
                let mut after = same();
                after.items.push_back(item);
                after.unfinished += 1;
                returns(Outcome::Put(Ok(())), after)
            }
            Operation::Get | Operation::TryGet | Operation::GetTimeout => {
                let mut after = same();
                match (after.items.pop_front(), call.operation) {
                    (Some(item), _) => returns(Outcome::Get(Ok(item)), after),
                    (None, _) if state.shut_down => returns(Outcome::Get(Err(GetError::ShutDown)), after),
                    (None, Operation::Get) => Vec::new(),
                    (None, Operation::TryGet) => returns(Outcome::Get(Err(GetError::Empty)), after),
                    (None, _) => vec![Step::TimesOut(Outcome::Get(Err(GetError::Empty)), after)],
                }
            }
            Operation::TaskDone if state.unfinished == 0 => returns(Outcome::Done(Err(TaskDoneError)), same()),
            Operation::TaskDone => returns(Outcome::Done(Ok(())), State { unfinished: state.unfinished - 1, ..same() }),
            Operation::Join if state.unfinished > 0 => Vec::new(),
            Operation::Join => returns(Outcome::Unit, same()),
            Operation::Shutdown(immediate) => {
                let mut after = State { shut_down: true, ..same() };
                if immediate {
                    after.unfinished = after.unfinished.saturating_sub(after.items.len());
                    after.items.clear();
                }
                returns(Outcome::Unit, after)
            }
            Operation::Len => returns(Outcome::Len(state.items.len()), same()),
            Operation::IsFull => returns(Outcome::Is(full), same()),
        }
    }

    fn call(queue: &Queue<u32>, (): &mut (), operation: &Operation) -> Outcome {
        match *operation {
            Operation::Put(item) => Outcome::Put(queue.put(item)),
            Operation::TryPut(item) => Outcome::Put(queue.try_put(item)),
            Operation::PutTimeout(item) => Outcome::Put(queue.put_timeout(item, TIMEOUT)),
            Operation::Get => Outcome::Get(queue.get()),
            Operation::TryGet => Outcome::Get(queue.try_get()),
            Operation::GetTimeout => Outcome::Get(queue.get_timeout(TIMEOUT)),
            Operation::TaskDone => Outcome::Done(queue.task_done()),
            Operation::Join => {
                queue.join();
                Outcome::Unit
            }
            Operation::Shutdown(immediate) => {
                queue.shutdown(immediate);
                Outcome::Unit
            }
            Operation::Len => Outcome::Len(queue.len()),
            Operation::IsFull => Outcome::Is(queue.is_full()),
        }
    }

    fn timeout(operation: &Operation) -> Option<Duration> {
        matches!(operation, Operation::PutTimeout(_) | Operation::GetTimeout).then_some(TIMEOUT)
    }

    fn code_of_start(start: &State) -> String {
        match start.capacity {
            usize::MAX => "let queue = Queue::unbounded();".into(),
            capacity => format!("let queue = Queue::bounded({capacity});"),
        }
    }

    fn code(operation: &Operation) -> String {
        let call = match operation {
            Operation::Put(item) => format!("put({item})"),
            Operation::TryPut(item) => format!("try_put({item})"),
            Operation::PutTimeout(item) => format!("put_timeout({item}, {TIMEOUT:?})"),
            Operation::Get => "get()".into(),
            Operation::TryGet => "try_get()".into(),
            Operation::GetTimeout => format!("get_timeout({TIMEOUT:?})"),
            Operation::TaskDone => "task_done()".into(),
            Operation::Join => "join()".into(),
            Operation::Shutdown(immediate) => format!("shutdown({immediate})"),
            Operation::Len => "len()".into(),
            Operation::IsFull => "is_full()".into(),
        };
        format!("queue.{call}")
    }
}

/// Calls that one thread makes one after another return what the brief says.
///
/// Next: go through the program line by line, and write down what lies in the queue and how many items are unfinished.
#[programs(one_thread)]
fn one_thread_calls() {
    Machine
}

/// A few calls that meet come out as if they had been made one after another, and nobody waits who could go on.
///
/// Next: read the lanes from the end: what did the call that is named know, and since when was that no longer true?
#[programs(small)]
fn a_few_calls_meet() {
    Machine
}

/// Calls of several threads come out as if they had been made one after another, and nobody waits who could go on.
///
/// Next: read the lanes from the end: what did the call that is named know, and since when was that no longer true?
#[programs(random)]
fn several_threads_call() {
    Machine
}
