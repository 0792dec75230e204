//! SCTBench: Thomson, Donaldson, Betts, "Concurrency Testing Using Controlled Schedulers: An Empirical Study", TOPC 2016.

mod applications;
mod chess;
mod cs_deadlocks;
mod cs_values;

use super::bug::{Bug, bug};
use applications::{aget, bounded_buffer, ctrace, pbzip2, safestack, stringbuffer};
use chess::{interlocked_work_steal_queue, work_steal_queue};
use cs_deadlocks::{carter01, deadlock01, din_phil2, din_phil5, phase01, sync01, sync02};
use cs_values::{
    account, arithmetic_prog, bluetooth_driver, circular_buffer, fsbench, lazy01, queue, reorder_3, reorder_10,
    reorder_20, stack, stateful01, token_ring, twostage, twostage_20, wronglock, wronglock_3,
};
use interleave::engine::FailureKind::{Deadlock, LostWakeup, Panic};

corpus! {
    "SCTBench";
    account: bug("CS account_bad", Panic);
    arithmetic_prog: bug("CS arithmetic_prog_bad", Panic);
    bluetooth_driver: bug("CS bluetooth_driver_bad", Panic);
    carter01: bug("CS carter01_bad", Deadlock);
    circular_buffer: bug("CS circular_buffer_bad", Panic);
    deadlock01: bug("CS deadlock01_bad", Deadlock);
    din_phil2: bug("CS din_phil2_sat", Deadlock);
    din_phil5: bug("CS din_phil5_sat", Deadlock);
    fsbench: bug("CS fsbench_bad", Panic);
    lazy01: bug("CS lazy01_bad", Panic);
    phase01: bug("CS phase01_bad", Deadlock);
    queue: bug("CS queue_bad", Panic);
    reorder_3: bug("CS reorder_3_bad", Panic);
    reorder_10: bug("CS reorder_10_bad", Panic);
    reorder_20: bug("CS reorder_20_bad", Panic);
    stack: bug("CS stack_bad", Panic);
    stateful01: bug("CS stateful01_bad", Panic);
    sync01: bug("CS sync01_bad", LostWakeup);
    sync02: bug("CS sync02_bad", LostWakeup);
    token_ring: bug("CS token_ring_bad", Panic);
    twostage: bug("CS twostage_bad", Panic);
    twostage_20: bug("CS twostage_100_bad, with 20 threads", Panic);
    wronglock: bug("CS wronglock_bad", Panic);
    wronglock_3: bug("CS wronglock_3_bad", Panic);
    work_steal_queue: bug("CHESS WorkStealQueue", Panic);
    interlocked_work_steal_queue: bug("CHESS InterlockedWorkStealQueue", Panic).with_weak_memory();
    aget: bug("CB aget-bug2", Panic);
    pbzip2: bug("CB pbzip2-0.9.4", Panic);
    stringbuffer: bug("CB stringbuffer-jdk1.4", Panic);
    bounded_buffer: bug("Inspect boundedBuffer", LostWakeup);
    ctrace: bug("Inspect ctrace-test", Panic);
    safestack: bug("Misc safestack", Panic).deep();
}
