//! From a program that fails to a shorter one that fails in the same way.

use super::program::Program;

/// Programs that lack something of this one, the shortest first.
pub(crate) fn smaller(program: &Program) -> Vec<Program> {
    let mut all = Vec::new();
    let mut with = |change: &dyn Fn(&mut Program)| {
        let mut smaller = program.clone();
        change(&mut smaller);
        smaller.stages.iter_mut().for_each(|stage| stage.retain(|lane| !lane.is_empty()));
        smaller.stages.retain(|stage| !stage.is_empty());
        all.push(smaller);
    };
    for (stage, lanes) in program.stages.iter().enumerate() {
        with(&|it| _ = it.stages.remove(stage));
        for (lane, calls) in lanes.iter().enumerate() {
            if lanes.len() > 1 {
                with(&|it| _ = it.stages[stage].remove(lane));
            }
            for call in 0..calls.len() {
                if calls.len() > 1 {
                    with(&|it| _ = it.stages[stage][lane].remove(call));
                }
            }
        }
    }
    for call in 0..program.prefix.len() {
        with(&|it| _ = it.prefix.remove(call));
    }
    // One thread alone at first may as well be the first thread.
    if program.stages.first().is_some_and(|lanes| lanes.len() == 1) {
        with(&|it| {
            let lane = it.stages.remove(0).swap_remove(0);
            it.prefix.extend(lane);
        });
    }
    for start in 0..program.start {
        with(&|it| it.start = start);
    }
    all.sort_by_key(|program| (program.calls(), program.stages.len(), program.start));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_call_can_be_left_out() {
        let program = Program { start: 1, prefix: vec![0], stages: vec![vec![vec![1, 2], vec![3]], vec![vec![4]]] };
        let smaller = smaller(&program);
        for call in 0..5 {
            let lacks = |it: &&Program| {
                !it.prefix.iter().chain(it.stages.iter().flatten().flatten()).any(|place| *place == call)
            };
            assert!(smaller.iter().any(|it| lacks(&it) && it.calls() == 4), "without {call}: {smaller:?}");
        }
        assert!(smaller.iter().any(|it| it.start == 0));
        assert!(smaller.is_sorted_by_key(Program::calls));
    }
}
