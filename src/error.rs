//! One error type for everything that stops a run: what failed, why, and what to do about it.

use std::fmt;

use crate::exit::ExitCode;

/// What kind of failure it is. The kind alone decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// Wrong use of the command line, or a wrong configuration.
    Usage,
    /// Something that was to be done could not be done.
    Action,
    /// Something that was to be looked at could not be looked at.
    Look,
    /// Another run is at work.
    Locked,
}

/// An error that ends the run: a cause, and hints for the person who reads it.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    cause: anyhow::Error,
    hints: Vec<String>,
}

/// The result of everything that can end a run.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of this kind with this cause.
    pub fn new(kind: ErrorKind, cause: impl Into<anyhow::Error>) -> Self {
        Self { kind, cause: cause.into(), hints: Vec::new() }
    }

    /// A usage or configuration error with this message.
    #[must_use]
    pub fn usage(message: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Usage, anyhow::anyhow!("{message}"))
    }

    /// Adds a sentence that says what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The kind of the failure.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What to do about it, most helpful first.
    #[must_use]
    pub fn hints(&self) -> &[String] {
        &self.hints
    }

    /// The exit code: the only place that maps a failure to a number.
    #[must_use]
    pub const fn exit_code(&self) -> ExitCode {
        match self.kind {
            ErrorKind::Usage => ExitCode::Usage,
            ErrorKind::Action => ExitCode::ActionFailed,
            ErrorKind::Look => ExitCode::CouldNotLook,
            ErrorKind::Locked => ExitCode::Locked,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        for cause in self.cause.chain().map(ToString::to_string) {
            // Most say themselves what is behind them.
            if text.is_empty() {
                text = cause;
            } else if !text.contains(&cause) {
                text = format!("{text}: {cause}");
            }
        }
        formatter.write_str(&text)
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use std::io;

    use super::{Error, ErrorKind};

    /// As many are that say their cause themselves.
    #[derive(Debug, thiserror::Error)]
    #[error("cannot open the lock: {source}")]
    struct Locking {
        source: io::Error,
    }

    #[test]
    fn a_cause_is_said_once() {
        let source = || io::Error::other("Read-only file system");
        let error = Error::new(ErrorKind::Action, Locking { source: source() });
        assert_eq!(error.to_string(), "cannot open the lock: Read-only file system");
        let error = anyhow::Error::new(source()).context("cannot write it").context("no state");
        let error = Error::new(ErrorKind::Action, error);
        assert_eq!(error.to_string(), "no state: cannot write it: Read-only file system");
    }
}
