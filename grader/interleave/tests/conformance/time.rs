use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const SECOND: Duration = Duration::from_secs(1);

pub(super) fn instants_add_and_subtract() -> (bool, Vec<Duration>, Option<Duration>, bool) {
    let now = Instant::now();
    let mut later = now + SECOND;
    later += SECOND;
    later -= SECOND / 2;
    let earlier = later - SECOND;
    let durations = vec![
        later - now,
        later.duration_since(now),
        now.duration_since(later),
        now.saturating_duration_since(later),
        earlier.saturating_duration_since(now),
        now.checked_add(SECOND).unwrap() - now,
        now - now.checked_sub(SECOND).unwrap(),
    ];
    (later > now, durations, now.checked_duration_since(later), now.checked_add(Duration::MAX).is_none())
}

pub(super) fn time_passes_while_sleeping() -> (bool, bool) {
    let (start, clock) = (Instant::now(), SystemTime::now());
    thread::sleep(Duration::from_millis(2));
    (start.elapsed() >= Duration::from_millis(2), clock.elapsed().unwrap() >= Duration::from_millis(1))
}

pub(super) fn system_times_add_and_subtract() -> (bool, Vec<Duration>, bool, bool, String) {
    let now = SystemTime::now();
    let mut time = now + SECOND;
    time += SECOND;
    time -= SECOND / 2;
    let before = UNIX_EPOCH - SECOND / 4;
    let durations = vec![
        time.duration_since(now).unwrap(),
        SystemTime::UNIX_EPOCH.duration_since(before).unwrap(),
        UNIX_EPOCH.checked_add(SECOND).unwrap().duration_since(UNIX_EPOCH).unwrap(),
        now.duration_since(now.checked_sub(SECOND).unwrap()).unwrap(),
        before.duration_since(UNIX_EPOCH).unwrap_err().duration(),
    ];
    let too_far = (now.checked_add(Duration::MAX).is_none(), now.checked_sub(Duration::MAX).is_none());
    (now > UNIX_EPOCH, durations, too_far.0, too_far.1, format!("{UNIX_EPOCH:?} {before:?}"))
}

pub(super) fn errors_of_system_time() -> (String, String) {
    let error = UNIX_EPOCH.duration_since(UNIX_EPOCH + SECOND).unwrap_err();
    let text = error.to_string();
    (text, format!("{:?}", error.clone()))
}
