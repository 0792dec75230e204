//! What an execution is allowed.

/// What an execution is allowed.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// An execution of more steps goes on for ever.
    pub steps: u32,
    /// Whether threads may panic.
    pub panics: bool,
    /// Whether threads and tasks may still wait when the scenario is over.
    pub leftovers: bool,
    /// Whether atomics may return values that are not the newest, as the memory model allows.
    pub weak_memory: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { steps: 20_000, panics: false, leftovers: false, weak_memory: false }
    }
}
