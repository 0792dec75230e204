//! What confinement costs: how long a program that does nothing takes from its start to its end, in each tier that this machine allows.
//!
//! `cargo bench -p engine --bench start`. `ROUNDS` (50) says how often; in each round every tier has its turn, so that whatever else the
//! machine does hits all alike. Medians are printed, and what they are above those of tier D.

use engine::run::confine::{Access, Confinement, Plan, Quota, Tier, launcher};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

fn main() {
    let launcher = Path::new(env!("CARGO_BIN_EXE_launcher"));
    launcher::use_other(launcher);
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let mount_point = folder.path().join("root");
    std::fs::create_dir(&mount_point).expect("there is room for a folder");
    let plan = plan(&mount_point);
    let found =
        Tier::ALL.map(|best| Confinement::find(launcher, folder.path(), launcher, best).expect("a tier is found"));
    let tiers: Vec<&Confinement> =
        found.iter().zip(Tier::ALL).filter(|(it, best)| it.tier == *best).map(|(it, _)| it).collect();
    let rounds = std::env::var("ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(50);
    let mut times = vec![Vec::new(); tiers.len()];
    for _ in 0..rounds {
        for (confinement, times) in tiers.iter().zip(&mut times) {
            times.push(once(confinement, &plan));
        }
    }
    let medians: Vec<Duration> = times.iter_mut().map(|times| median(times)).collect();
    let least = medians.last().copied().unwrap_or_default();
    for (confinement, median) in tiers.iter().zip(&medians) {
        let (millis, above) = (median.as_secs_f64() * 1e3, median.saturating_sub(least).as_secs_f64() * 1e3);
        println!("tier {}: {millis:6.2} ms, {above:6.2} ms above the least", confinement.tier.letter());
    }
}

fn once(confinement: &Confinement, plan: &Plan) -> Duration {
    let begun = Instant::now();
    let mut process = confinement.start(plan, Stdio::null(), Stdio::null()).expect("it can be started");
    process.wait().expect("it ends");
    begun.elapsed()
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// As a test is started, but for its program.
fn plan(mount_point: &Path) -> Plan {
    let reads = ["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache"].map(PathBuf::from);
    Plan {
        program: "/bin/true".into(),
        shown_as: Some("/program".into()),
        mount_point: mount_point.to_owned(),
        access: Access { reads: reads.into(), strict: true, ..Access::default() },
        quota: Quota { memory: 256 << 20, tasks: 1024, scratch: 64 << 20, ..Quota::default() },
        ..Plan::default()
    }
}
