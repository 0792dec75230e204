//! The processes below a test: which there are, which have ended and were not waited for, and whether all come to an end.

use crate::line::ask;
use probe::ask::{Answer, Question};
use std::sync::Once;
use std::time::{Duration, Instant};

/// How often a child that has not ended yet is looked at.
const LOOK: Duration = Duration::from_millis(1);

pub use probe::children::Child as ChildProcess;

/// Makes this process the parent of what is orphaned below it, so that it can be counted.
pub(crate) fn adopt_orphans() {
    static ADOPT: Once = Once::new();
    // SAFETY: a plain `prctl`. Where it is refused, orphans go to init, and a fact about them cannot fail.
    ADOPT.call_once(|| unsafe {
        libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1);
    });
}

/// The direct children of this process as they are now, orphans of its former children included.
///
/// # Panics
/// If the grader, or without one `/proc`, does not tell.
pub fn child_processes() -> Vec<ChildProcess> {
    adopt_orphans();
    match ask(Question::Children) {
        Ok(Answer::Children(children)) => children,
        other => panic!("the children of this process cannot be told: {other:?}"),
    }
}

/// The children of this process that still run when all have ended or this much time is over.
///
/// The time is patience with a busy machine, not a measure: correct code gets an empty list long before.
///
/// # Panics
/// If the grader, or without one `/proc`, does not tell.
pub fn children_running_after(patience: Duration) -> Vec<ChildProcess> {
    let begun = Instant::now();
    loop {
        let running: Vec<_> = child_processes().into_iter().filter(|child| !child.is_zombie).collect();
        if running.is_empty() || begun.elapsed() >= patience {
            return running;
        }
        std::thread::sleep(LOOK);
    }
}

/// Waits for what has ended below this process and was orphaned: nobody else can. Returns how many those were.
///
/// Takes the ends of the test's own children, too: for a test that has none that it still wants to wait for.
pub fn reap_children() -> usize {
    let mut count = 0;
    // SAFETY: no place for a status is given; 0 and -1 end the loop.
    while unsafe { libc::waitpid(-1, std::ptr::null_mut(), libc::WNOHANG) } > 0 {
        count += 1;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    // One test: the second part waits for whatever child there is.
    #[test]
    fn children_and_orphans_are_seen_running_as_zombies_and_gone() {
        children_are_seen();
        orphans_are_adopted_and_reaped();
    }

    fn children_are_seen() {
        let mut child =
            Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("there is a cat");
        let own = |all: Vec<ChildProcess>| all.into_iter().find(|each| each.id == child.id());
        let id = child.id();
        let seen = own(child_processes()).expect("it runs");
        assert!(!seen.is_zombie, "{seen:?}");
        assert!(children_running_after(Duration::ZERO).iter().any(|each| each.id == id));
        drop(child.stdin.take());
        assert!(children_running_after(Duration::from_secs(60)).iter().all(|each| each.id != id));
        let seen = child_processes().into_iter().find(|each| each.id == id).expect("nobody has waited for it");
        assert!(seen.is_zombie, "{seen:?}");
        child.wait().expect("it is ours");
        assert!(child_processes().iter().all(|each| each.id != id));
    }

    fn orphans_are_adopted_and_reaped() {
        adopt_orphans();
        let mut shell = Command::new("sh");
        let shell = shell.args(["-c", "sleep 600 & echo $!"]).stderr(Stdio::null()).stdout(Stdio::piped());
        let output = shell.spawn().and_then(|child| {
            let mut text = String::new();
            let mut child = child;
            std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().expect("piped")), &mut text)?;
            child.wait().map(|_| text)
        });
        let orphan: u32 = output.expect("there is a shell").trim().parse().expect("the shell prints a number");
        assert!(children_running_after(Duration::ZERO).iter().any(|each| each.id == orphan));
        // SAFETY: a plain `kill` of a process that this test has started.
        unsafe { libc::kill(orphan as i32, libc::SIGKILL) };
        assert!(children_running_after(Duration::from_secs(60)).iter().all(|each| each.id != orphan));
        assert!(reap_children() >= 1);
    }
}
