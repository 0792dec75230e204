use harness::{actor, expect, fact, quiesce};
/// Demo
#[fact]
fn demo() {
    let (s, r) = std::sync::mpsc::channel::<()>();
    let a = actor("waiter", move || r.recv().is_ok());
    quiesce();
    expect!(!a.has_finished(), "waiter", "waits", "finished");
    drop(s);
    expect!(!a.finish(), "waiter", "sees end", "ok");
}
