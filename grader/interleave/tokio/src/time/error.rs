//! The stand-in for `tokio::time::error`.

pub use super::timeout::Elapsed;
use std::fmt;

/// The stand-in for `tokio::time::error::Error`. No timer fails here; who makes one has it.
#[derive(Debug, Copy, Clone)]
pub struct Error(Kind);

#[derive(Debug, Copy, Clone, PartialEq, Eq)]
enum Kind {
    Shutdown,
    AtCapacity,
    Invalid,
}

impl Error {
    /// As `tokio::time::error::Error::shutdown`.
    #[must_use]
    pub fn shutdown() -> Error {
        Error(Kind::Shutdown)
    }

    /// As `tokio::time::error::Error::is_shutdown`.
    #[must_use]
    pub fn is_shutdown(&self) -> bool {
        self.0 == Kind::Shutdown
    }

    /// As `tokio::time::error::Error::at_capacity`.
    #[must_use]
    pub fn at_capacity() -> Error {
        Error(Kind::AtCapacity)
    }

    /// As `tokio::time::error::Error::is_at_capacity`.
    #[must_use]
    pub fn is_at_capacity(&self) -> bool {
        self.0 == Kind::AtCapacity
    }

    /// As `tokio::time::error::Error::invalid`.
    #[must_use]
    pub fn invalid() -> Error {
        Error(Kind::Invalid)
    }

    /// As `tokio::time::error::Error::is_invalid`.
    #[must_use]
    pub fn is_invalid(&self) -> bool {
        self.0 == Kind::Invalid
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.0 {
            Kind::Shutdown => "the timer is shutdown, must be called from the context of Tokio runtime",
            Kind::AtCapacity => "timer is at capacity and cannot create a new entry",
            Kind::Invalid => "timer duration exceeds maximum duration",
        })
    }
}

impl std::error::Error for Error {}
