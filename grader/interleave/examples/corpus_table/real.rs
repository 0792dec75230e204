//! The programs against the real `std`.

use crate::bug::{self, Bug};

mod platform {
    pub(crate) use crossbeam::channel;
    pub(crate) use std::{hint, net, os, sync, thread, time};

    pub(crate) mod tracked {
        use std::sync::Mutex;

        /// Real threads do not notice that they race; here they do not even race, which would be undefined.
        pub(crate) struct Tracked<T>(Mutex<T>);

        impl<T: Copy> Tracked<T> {
            pub(crate) fn new(value: T) -> Self {
                Tracked(Mutex::new(value))
            }

            pub(crate) fn get(&self) -> T {
                *self.0.lock().unwrap()
            }

            pub(crate) fn set(&self, value: T) {
                *self.0.lock().unwrap() = value;
            }
        }
    }
}

// What is loaded twice is compiled against another `platform`: that is the purpose.
#[allow(clippy::duplicate_mod)]
#[path = "../../tests/corpus/classics.rs"]
mod classics;
#[allow(clippy::duplicate_mod)]
#[path = "../../tests/corpus/go.rs"]
mod go;
#[allow(clippy::duplicate_mod)]
#[path = "../../tests/corpus/goker_blocking/mod.rs"]
mod goker_blocking;
#[allow(clippy::duplicate_mod)]
#[path = "../../tests/corpus/goker_nonblocking.rs"]
mod goker_nonblocking;
#[allow(clippy::duplicate_mod)]
#[path = "../../tests/corpus/goker_select.rs"]
mod goker_select;
#[allow(clippy::duplicate_mod)]
#[path = "../../tests/corpus/jacontebe.rs"]
mod jacontebe;
#[allow(clippy::duplicate_mod)]
#[path = "../../tests/corpus/sctbench/mod.rs"]
mod sctbench;
#[allow(clippy::duplicate_mod)]
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
