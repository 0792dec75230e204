//! The programs against the stand-ins.

use crate::bug::{self, Bug};

mod platform {
    pub(crate) use interleave::{hint, sync, thread, time, tracked};
}

#[path = "../../tests/corpus/classics.rs"]
mod classics;
#[path = "../../tests/corpus/go.rs"]
mod go;
#[path = "../../tests/corpus/goker_blocking.rs"]
mod goker_blocking;
#[path = "../../tests/corpus/goker_nonblocking.rs"]
mod goker_nonblocking;
#[path = "../../tests/corpus/jacontebe.rs"]
mod jacontebe;
#[path = "../../tests/corpus/sctbench.rs"]
mod sctbench;

pub(crate) fn bugs() -> impl Iterator<Item = &'static Bug> {
    [sctbench::BUGS, goker_blocking::BUGS, goker_nonblocking::BUGS, jacontebe::BUGS, classics::BUGS].into_iter().flatten()
}
