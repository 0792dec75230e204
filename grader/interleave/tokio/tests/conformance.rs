//! The same programs on tokio and on the stand-in have the same results, on every schedule that is tried.

use interleave::engine::{Limits, Phase, Plan, explore};

mod original {
    include!("programs/mod.rs");
}

mod standin {
    use tokio_standin as tokio;

    include!("programs/mod.rs");
}

fn on_tokio(program: fn() -> std::pin::Pin<Box<dyn Future<Output = String>>>) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.unwrap().block_on(program())
}

/// Runs `body` along a few dozen schedules; says what differs.
fn along_schedules(name: &str, body: impl Fn() -> String + 'static, expected: &str) -> Option<String> {
    let wanted = expected.to_owned();
    let limits = Limits { panics: true, ..Limits::default() };
    let phases = vec![
        Phase::Bounded { preemptions: 0, most: 20 },
        Phase::Urw { seed: 1, schedules: 40 },
        Phase::Random { seed: 2, schedules: 40 },
    ];
    let exploration = explore(&Plan { phases, steps: 1_000_000, limits }, move || {
        let got = body();
        assert!(got == wanted, "got {got:?} instead of {wanted:?}");
    });
    assert!(exploration.found.is_some() || exploration.schedules > 2, "{name} was hardly explored");
    let failure = exploration.found?.failure;
    Some(format!("{name}: {:?} {} {:?} {:?}", failure.kind, failure.message, failure.at, failure.stuck))
}

#[test]
fn the_stand_in_does_what_tokio_does() {
    let mut differences = Vec::new();
    for ((name, program), (_, standin)) in original::all().into_iter().zip(standin::all()) {
        let expected = on_tokio(program);
        assert!(!expected.is_empty(), "{name} says nothing");
        let parallel = move || interleave::executor::block_on(standin());
        differences.extend(along_schedules(name, parallel, &expected));
        let current_thread = move || {
            let runtime = tokio_standin::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(standin())
        };
        differences.extend(along_schedules(&format!("{name}, current thread"), current_thread, &expected));
    }
    assert!(differences.is_empty(), "\n{}", differences.join("\n"));
}

#[test]
fn a_difference_is_noticed() {
    assert!(along_schedules("wrong", || "one".into(), "other").is_some());
}
