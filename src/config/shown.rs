//! A resolved value as it is shown, and where it came from.

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Serialize, Serializer};

use super::value;

/// A value as `config show` shows it, and as JSON holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// A text.
    Text(String),
    /// A size in bytes.
    Size(u64),
    /// A duration.
    Time(Duration),
    /// A number.
    Number(u32),
    /// On or off.
    Switch(bool),
    /// Several texts.
    List(Vec<Cow<'static, str>>),
}

impl Shown {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }
}

impl From<u32> for Shown {
    fn from(number: u32) -> Self {
        Self::Number(number)
    }
}

impl From<Duration> for Shown {
    fn from(duration: Duration) -> Self {
        Self::Time(duration)
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => formatter.write_str(text),
            Self::Size(bytes) => formatter.write_str(&value::format_size_exact(*bytes)),
            Self::Time(time) => formatter.write_str(&value::format_duration(*time)),
            Self::Number(number) => number.fmt(formatter),
            Self::Switch(on) => on.fmt(formatter),
            Self::List(texts) => formatter.write_str(&texts.join(", ")),
        }
    }
}

/// Numbers, switches and lists are such in JSON; everything else is a text that a file could hold.
impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(number) => number.serialize(serializer),
            Self::Switch(on) => on.serialize(serializer),
            Self::List(texts) => texts.serialize(serializer),
            other => serializer.collect_str(other),
        }
    }
}

/// Which configuration file, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layer {
    /// The user's own.
    User,
    /// That of the workspace.
    Workspace,
    /// The one that was named for this run, instead of both.
    Named,
}

/// Where a value came from, weakest first: what is greater holds before what is less.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// Nobody said anything.
    Default,
    /// A configuration file.
    File {
        /// Which of them.
        layer: Layer,
        /// Its path.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
    },
    /// An environment variable.
    Environment {
        /// Its name.
        name: String,
    },
    /// A flag of this run.
    Flag {
        /// As it was written, with its dashes.
        flag: &'static str,
    },
}

impl Origin {
    /// Whether the value was said for this one run, and not written down for all.
    #[must_use]
    pub const fn is_for_this_run(&self) -> bool {
        matches!(self, Self::Environment { .. } | Self::Flag { .. })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::File { path, line, .. } => write!(formatter, "{}:{line}", path.display()),
            Self::Environment { name } => write!(formatter, "environment {name}"),
            Self::Flag { flag } => write!(formatter, "flag {flag}"),
        }
    }
}

/// One line of `config show`: a key, what holds, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key with its section: `health.max-memory`, `process.vitest.life`.
    pub key: String,
    /// What holds.
    pub value: Shown,
    /// Where it came from.
    pub origin: Origin,
}

#[cfg(test)]
mod tests {
    use super::{Layer, Origin};

    #[test]
    fn the_order_of_origins_is_the_order_of_precedence() {
        let file = |layer| Origin::File { layer, path: "/x/brainwav.toml".into(), line: 3 };
        let ordered = [
            Origin::Default,
            file(Layer::User),
            file(Layer::Workspace),
            file(Layer::Named),
            Origin::Environment { name: "BRAINWAV_HEALTH_MAX_MEMORY".to_owned() },
            Origin::Flag { flag: "--max-memory" },
        ];
        assert!(ordered.is_sorted());
        let shown: Vec<String> = ordered.iter().map(ToString::to_string).collect();
        assert_eq!(shown[0], "default");
        assert_eq!(shown[1], "/x/brainwav.toml:3");
        assert_eq!(shown[4], "environment BRAINWAV_HEALTH_MAX_MEMORY");
        assert_eq!(shown[5], "flag --max-memory");
    }
}
