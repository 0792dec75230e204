//! The programs against the stand-ins.

use crate::bug::{self, Bug};

mod platform {
    pub(crate) use interleave::{hint, net, os, sync, thread, time, tracked};
    pub(crate) use interleave_crossbeam::channel;
}

#[path = "../../tests/corpus/classics.rs"]
mod classics;
#[path = "../../tests/corpus/go.rs"]
mod go;
#[path = "../../tests/corpus/goker_blocking/mod.rs"]
mod goker_blocking;
#[path = "../../tests/corpus/goker_nonblocking.rs"]
mod goker_nonblocking;
#[path = "../../tests/corpus/goker_select.rs"]
mod goker_select;
#[path = "../../tests/corpus/jacontebe.rs"]
mod jacontebe;
#[path = "../../tests/corpus/sctbench/mod.rs"]
mod sctbench;
#[path = "../../tests/corpus/sockets.rs"]
mod sockets;

pub(crate) fn bugs() -> impl Iterator<Item = &'static Bug> {
    let suites = [
        sctbench::BUGS,
        goker_blocking::BUGS,
        goker_select::BUGS,
        goker_nonblocking::BUGS,
        jacontebe::BUGS,
        classics::BUGS,
        sockets::BUGS,
    ];
    suites.into_iter().flatten()
}
