//! What programs there are, and how they read.

use super::generate::{Generator, Kind, begins_at_once};
use super::machine::{Machine, Typed};
use super::program::{PAUSE, Program};
use super::{Call, Specification, Step, returns};
use std::sync::Arc;

/// A number of places: `enter` waits while there is none, `leave` is always possible.
struct Room;

impl Specification for Room {
    type State = u32;
    type Operation = bool;
    type Outcome = ();
    type Subject = ();
    type Held<'s> = ();

    fn starts() -> Vec<u32> {
        vec![0, 1]
    }

    fn make(_: &u32) {}

    fn operations(_: u32) -> Vec<bool> {
        vec![true, false, true]
    }

    fn steps(places: &u32, call: &Call<'_, bool>) -> Vec<Step<(), u32>> {
        match (call.operation, *places) {
            (true, 0) => Vec::new(),
            (true, places) => returns((), places - 1),
            (false, places) => returns((), (places + 1).min(2)),
        }
    }

    fn call((): &(), (): &mut (), _: &bool) {}

    fn code_of_start(places: &u32) -> String {
        format!("let room = Room::new({places});")
    }

    fn code(enter: &bool) -> String {
        if *enter { "room.enter()".into() } else { "room.leave()".into() }
    }
}

fn machine() -> Arc<dyn Machine> {
    Arc::new(Typed::<Room>::new())
}

fn first(kind: Kind, count: usize) -> Vec<Program> {
    let mut generator = Generator::new(kind, &machine());
    std::iter::from_fn(|| generator.next()).take(count).collect()
}

#[test]
fn the_same_programs_come_each_time_and_each_comes_back_from_its_word() {
    for kind in [Kind::OneThread, Kind::Small, Kind::Random] {
        let programs = first(kind, 300);
        assert_eq!(programs, first(kind, 300), "{kind:?}");
        for program in programs {
            assert_eq!(Program::read(&program.word(), &*machine()).as_ref(), Some(&program));
        }
    }
    assert_eq!(Program::read("0:/9", &*machine()), None, "there are three operations");
    assert_eq!(Program::read("7:/0", &*machine()), None, "there are two starts");
}

#[test]
fn nothing_waits_before_the_threads_begin() {
    for kind in [Kind::OneThread, Kind::Small, Kind::Random] {
        assert!(first(kind, 300).iter().all(|program| begins_at_once(program, &*machine())), "{kind:?}");
    }
    assert!(!begins_at_once(&Program::read("0:0", &*machine()).unwrap(), &*machine()), "there is no place");
}

#[test]
fn small_programs_have_every_pair_of_calls_after_every_state() {
    let all = first(Kind::Small, usize::MAX);
    // Places 0, 1 and 2, in two starts; `enter` stands twice among the operations, and counts once.
    for pair in [[0, 0], [0, 1], [1, 1]] {
        let lanes = pair.map(|call| vec![call]);
        let befores = all.iter().filter(|program| program.stages == [lanes.to_vec()]);
        assert_eq!(befores.count(), 6, "{pair:?}");
    }
    assert!(all.iter().flat_map(|program| program.stages.iter().flatten().flatten()).all(|call| *call < 2));
}

#[test]
fn random_programs_have_all_shapes() {
    let all = first(Kind::Random, 300);
    let any = |shape: &dyn Fn(&Program) -> bool| all.iter().any(shape);
    let pauses = |lane: &[usize]| lane.contains(&PAUSE);
    assert!(any(&|program| program.stages.len() > 1), "threads that begin when nothing moves any more");
    assert!(any(&|program| program.stages[0].len() == 4), "four threads at once");
    assert!(any(&|program| program.stages[0].iter().any(|lane| pauses(lane) && lane[0] != PAUSE)), "a holder");
    assert!(any(&|program| program.stages[0].iter().any(|lane| lane[0] == PAUSE)), "one who comes later");
    assert!(all.iter().flat_map(|program| program.stages.iter().flatten()).all(|lane| lane.last() != Some(&PAUSE)));
}

#[test]
fn a_program_reads_like_rust() {
    let program = Program::read("1:0/0|1.z.1", &*machine()).unwrap();
    let text = program.text(&*machine(), |number| if number == 2 { "still waits".into() } else { "()".into() });
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    assert_eq!(
        lines,
        [
            "let room = Room::new(1);",
            "room.enter();                 // ()",
            "spawn(|| { room.enter(); });  // thread 1: still waits",
            "spawn(|| {                    // thread 2",
            "    room.leave();             // ()",
            "    sleep(1ms);               // ()",
            "    room.leave();             // ()",
            "});",
        ]
    );
}
