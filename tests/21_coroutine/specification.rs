//! `block_on` and `Sleep` as state machines, and programs that are made from them.

use core::sync::atomic::{AtomicBool, Ordering::SeqCst};
use harness::{Call, Specification, Step, Tracked, programs, returns};
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;
use subject::{Sleep, block_on, sleep};

fn locked<T, R>(mutex: &Mutex<T>, action: impl FnOnce(&mut T) -> R) -> R {
    action(&mut mutex.lock().unwrap_or_else(PoisonError::into_inner))
}

// ---- block_on: one call waits for a future that others finish and wake

/// The letters that threads may leave before they wake the call: more than a program has calls.
const LETTERS: usize = 32;

/// What the future and its visitors share.
struct Bell {
    state: Mutex<Ringing>,
    /// Written before a wake; the poll that answers the wake reads it.
    letters: [Tracked<u32>; LETTERS],
    /// The letters whose wake has been used. These atomics are not explored: to look at them orders nothing.
    sent: [AtomicBool; LETTERS],
    /// Those that had been sent when an earlier poll began.
    known: [AtomicBool; LETTERS],
}

#[derive(Default)]
struct Ringing {
    finished: bool,
    polls: u32,
    first: Option<Waker>,
    latest: Option<Waker>,
    caller: Option<Thread>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Waiting {
    /// The future wakes itself in its first poll.
    wakes_itself: bool,
    finished: bool,
    /// Somebody is waiting, in one call at most.
    called: bool,
    polled: bool,
    /// A waker has been used since the last poll began.
    woken: bool,
    returned: bool,
}

#[derive(Clone, Copy, Debug)]
enum Ring {
    BlockOn,
    Finish,
    WakeLatest(u32),
    WakeFirst,
    Unpark,
}

struct BlockOn;

impl Specification for BlockOn {
    type State = Waiting;
    type Operation = Ring;
    type Outcome = Polls;
    type Subject = (bool, Bell);
    type Held<'s> = ();

    fn starts() -> Vec<Waiting> {
        vec![Waiting::default(), Waiting { wakes_itself: true, ..Waiting::default() }]
    }

    fn make(start: &Waiting) -> (bool, Bell) {
        let letters = std::array::from_fn(|_| Tracked::new(0));
        (
            start.wakes_itself,
            Bell { state: Mutex::default(), letters, sent: Default::default(), known: Default::default() },
        )
    }

    fn operations(number: u32) -> Vec<Ring> {
        use Ring::*;
        vec![
            BlockOn,
            Finish,
            WakeLatest(number),
            WakeFirst,
            Unpark,
            WakeLatest(number),
            WakeLatest(number),
            WakeLatest(number),
        ]
    }

    fn steps(state: &Waiting, call: &Call<'_, Ring>) -> Vec<Step<Polls, Waiting>> {
        let same = || state.clone();
        match call.operation {
            Ring::BlockOn if call.taken == 0 && state.called => returns(Polls::Nothing, same()),
            // The first poll comes at once, as if somebody had woken it.
            Ring::BlockOn if call.taken == 0 => {
                vec![Step::GoesOn(Waiting { called: true, woken: true, ..same() })]
            }
            Ring::BlockOn if state.woken => {
                let after = Waiting { polled: true, woken: state.wakes_itself && call.taken == 1, ..same() };
                if state.finished {
                    returns(Polls::Ready(call.taken), Waiting { returned: true, woken: false, ..after })
                } else {
                    vec![Step::GoesOn(after)]
                }
            }
            Ring::BlockOn => Vec::new(),
            Ring::Finish => returns(Polls::Nothing, Waiting { finished: true, ..same() }),
            // First it takes the waker that is there, then it uses it.
            Ring::WakeLatest(_) | Ring::WakeFirst if call.taken == 0 && state.polled => vec![Step::GoesOn(same())],
            Ring::WakeLatest(_) | Ring::WakeFirst if call.taken == 0 => returns(Polls::Nothing, same()),
            Ring::WakeLatest(_) | Ring::WakeFirst => {
                returns(Polls::Woken, Waiting { woken: !state.returned, ..same() })
            }
            Ring::Unpark => returns(Polls::Nothing, same()),
        }
    }

    fn call((wakes_itself, bell): &(bool, Bell), (): &mut (), operation: &Ring) -> Polls {
        match *operation {
            Ring::BlockOn => {
                let mine = locked(&bell.state, |state| state.caller.replace(thread::current()).is_none());
                if !mine {
                    return Polls::Nothing;
                }
                Polls::Ready(block_on(poll_fn(|context| poll(bell, *wakes_itself, context))))
            }
            Ring::Finish => {
                locked(&bell.state, |state| state.finished = true);
                Polls::Nothing
            }
            Ring::WakeLatest(number) => {
                let Some(waker) = locked(&bell.state, |state| state.latest.clone()) else { return Polls::Nothing };
                let letter = number as usize % LETTERS;
                bell.letters[letter].set(number);
                waker.wake();
                bell.sent[letter].store(true, SeqCst);
                Polls::Woken
            }
            Ring::WakeFirst => {
                let Some(waker) = locked(&bell.state, |state| state.first.clone()) else { return Polls::Nothing };
                waker.wake_by_ref();
                Polls::Woken
            }
            Ring::Unpark => {
                let caller = locked(&bell.state, |state| state.caller.clone());
                caller.iter().for_each(Thread::unpark);
                Polls::Nothing
            }
        }
    }

    fn code_of_start(start: &Waiting) -> String {
        if start.wakes_itself { "// a future that wakes itself in its first poll".into() } else { "// a future".into() }
    }

    fn code(operation: &Ring) -> String {
        match operation {
            Ring::BlockOn => "block_on(future)".into(),
            Ring::Finish => "finished = true // the next poll is ready".into(),
            Ring::WakeLatest(_) => "waker of the latest poll.wake()".into(),
            Ring::WakeFirst => "waker of the first poll.wake_by_ref()".into(),
            Ring::Unpark => "unpark the thread of block_on".into(),
        }
    }
}

fn poll(bell: &Bell, wakes_itself: bool, context: &mut Context<'_>) -> Poll<u32> {
    // A wake that comes just before a poll may be answered by the next one; what was written before it is there by then.
    let sent = bell.sent.each_ref().map(|sent| sent.load(SeqCst));
    for (letter, _) in bell.letters.iter().zip(&bell.known).filter(|(_, known)| known.load(SeqCst)) {
        letter.get();
    }
    for (known, _) in bell.known.iter().zip(sent).filter(|(_, sent)| *sent) {
        known.store(true, SeqCst);
    }
    let (finished, polls) = locked(&bell.state, |state| {
        state.polls += 1;
        state.latest = Some(context.waker().clone());
        state.first.get_or_insert_with(|| context.waker().clone());
        (state.finished, state.polls)
    });
    if finished {
        return Poll::Ready(polls);
    }
    if wakes_itself && polls == 1 {
        context.waker().wake_by_ref();
    }
    Poll::Pending
}

#[derive(Clone, PartialEq)]
enum Polls {
    /// The future was ready in this poll, counted from 1.
    Ready(u32),
    Woken,
    Nothing,
}

impl fmt::Debug for Polls {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Polls::Ready(polls) => write!(formatter, "ready in poll {polls}"),
            Polls::Woken => formatter.write_str("woken"),
            Polls::Nothing => formatter.write_str("()"),
        }
    }
}

/// A call of `block_on` polls once for all wakes that came before, and never waits when there was one.
///
/// Next: what if the waker is used just before, or just after, you look whether it was?
#[programs(small)]
fn block_on_meets_a_few_wakes() {
    BlockOn
}

/// However many threads wake a call of `block_on`, it polls once for all wakes that came before, and misses none.
///
/// Next: what if the waker is used just before, or just after, you look whether it was?
#[programs(random)]
fn block_on_meets_many_wakes() {
    BlockOn
}

/// The same under the memory model, in which a thread may see old values.
///
/// Next: which of your atomics hands over what was written before a wake, and which one takes it?
#[programs(random, weak_memory)]
fn block_on_meets_many_wakes_under_the_memory_model() {
    BlockOn
}

// ---- Sleep: two of them, polled and dropped by several threads

/// How long the two sleep, in milliseconds. A pause of a program is one millisecond.
const LENGTHS: [u64; 2] = [1, 2];

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Sleeper {
    deadline: Option<Duration>,
    /// The wake of the timer has been seen.
    woken: bool,
    /// A poll was ready, or it was dropped.
    over: bool,
}

#[derive(Clone, Copy, Debug)]
enum Act {
    Poll(usize),
    Drop(usize),
    /// Waits until the waker of the latest poll is woken.
    Await(usize),
}

#[derive(Clone, Debug, PartialEq)]
enum Came {
    Pending,
    Ready,
    Woken,
    Nothing,
}

/// Two sleeps, and what is known of their wakers.
#[derive(Default)]
struct Beds {
    sleeps: [Mutex<Option<Pin<Box<Sleep>>>>; 2],
    wakers: Arc<(Mutex<Wakers>, Condvar)>,
}

#[derive(Default)]
struct Wakers {
    made: u32,
    /// The wakers of the latest polls; 0 before the first.
    latest: [u32; 2],
    over: [bool; 2],
    woken: Vec<u32>,
}

impl Beds {
    fn change<R>(&self, action: impl FnOnce(&mut Wakers) -> R) -> R {
        let result = locked(&self.wakers.0, action);
        self.wakers.1.notify_all();
        result
    }
}

struct Alarm {
    number: u32,
    wakers: Arc<(Mutex<Wakers>, Condvar)>,
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        locked(&self.wakers.0, |wakers| wakers.woken.push(self.number));
        self.wakers.1.notify_all();
    }
}

struct Timer;

impl Specification for Timer {
    type State = [Sleeper; 2];
    type Operation = Act;
    type Outcome = Came;
    type Subject = Beds;
    type Held<'s> = ();

    fn starts() -> Vec<[Sleeper; 2]> {
        vec![Default::default()]
    }

    fn make(_: &[Sleeper; 2]) -> Beds {
        let beds = Beds::default();
        for (place, length) in beds.sleeps.iter().zip(LENGTHS) {
            locked(place, |place| *place = Some(Box::pin(sleep(Duration::from_millis(length)))));
        }
        beds
    }

    fn operations(_: u32) -> Vec<Act> {
        use Act::*;
        vec![Poll(0), Await(0), Poll(1), Await(1), Drop(0), Poll(0), Await(0), Poll(0)]
    }

    fn tells_time() -> bool {
        true
    }

    fn steps(state: &[Sleeper; 2], call: &Call<'_, Act>) -> Vec<Step<Came, [Sleeper; 2]>> {
        let (Act::Poll(which) | Act::Drop(which) | Act::Await(which)) = *call.operation;
        let sleeper = &state[which];
        let with = |change: &dyn Fn(&mut Sleeper)| {
            let mut after = state.clone();
            change(&mut after[which]);
            after
        };
        let is_due = sleeper.deadline.is_some_and(|deadline| call.now >= deadline);
        match call.operation {
            Act::Await(_) if sleeper.over => returns(Came::Nothing, state.clone()),
            Act::Await(_) if is_due => returns(Came::Woken, with(&|sleeper| sleeper.woken = true)),
            Act::Await(_) => Vec::new(),
            Act::Poll(_) | Act::Drop(_) if sleeper.over => returns(Came::Nothing, state.clone()),
            Act::Drop(_) => returns(Came::Nothing, with(&|sleeper| sleeper.over = true)),
            Act::Poll(_) => {
                let deadline = call.now + Duration::from_millis(LENGTHS[which]);
                let pending = with(&|sleeper| _ = sleeper.deadline.get_or_insert(deadline));
                let mut steps = Vec::new();
                if is_due {
                    steps.push(Step::Returns(Came::Ready, with(&|sleeper| sleeper.over = true)));
                }
                // Between the deadline and the wake of the timer it may be either.
                if !sleeper.woken {
                    steps.push(Step::Returns(Came::Pending, pending));
                }
                steps
            }
        }
    }

    fn call(beds: &Beds, (): &mut (), operation: &Act) -> Came {
        match *operation {
            Act::Poll(which) => locked(&beds.sleeps[which], |place| {
                let over = beds.change(|wakers| wakers.over[which]);
                let Some(asleep) = place.as_mut().filter(|_| !over) else { return Came::Nothing };
                let number = beds.change(|wakers| {
                    wakers.made += 1;
                    wakers.made
                });
                let waker = Waker::from(Arc::new(Alarm { number, wakers: Arc::clone(&beds.wakers) }));
                let poll = asleep.as_mut().poll(&mut Context::from_waker(&waker));
                beds.change(|wakers| match poll {
                    Poll::Pending => {
                        wakers.latest[which] = number;
                        Came::Pending
                    }
                    Poll::Ready(()) => {
                        wakers.over[which] = true;
                        Came::Ready
                    }
                })
            }),
            Act::Drop(which) => locked(&beds.sleeps[which], |place| {
                drop(place.take());
                beds.change(|wakers| wakers.over[which] = true);
                Came::Nothing
            }),
            Act::Await(which) => {
                let mut wakers = beds.wakers.0.lock().unwrap_or_else(PoisonError::into_inner);
                loop {
                    if wakers.over[which] {
                        return Came::Nothing;
                    }
                    if wakers.woken.contains(&wakers.latest[which]) {
                        return Came::Woken;
                    }
                    wakers = beds.wakers.1.wait(wakers).unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }

    fn code_of_start(_: &[Sleeper; 2]) -> String {
        "let (mut a, mut b) = (sleep(1 ms), sleep(2 ms));".into()
    }

    fn code(operation: &Act) -> String {
        let name = |which: &usize| ["a", "b"][*which];
        match operation {
            Act::Poll(which) => format!("poll {}, with a waker of its own", name(which)),
            Act::Drop(which) => format!("drop({})", name(which)),
            Act::Await(which) => format!("wait for the waker of the latest poll of {}", name(which)),
        }
    }
}

/// Two sleeps that are polled and dropped by several threads each wake the waker of their latest poll, at their time.
///
/// Next: what if a poll comes with another waker just as the timer takes the one that is there?
#[programs(random)]
fn two_sleeps_are_polled_by_many() {
    Timer
}
