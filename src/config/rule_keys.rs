//! The keys of a `[[process]]` rule, in one table, and what one such rule says.

use globset::GlobMatcher;
use regex::bytes::Regex;

use super::kind::{Key, Kind};
use super::problem::Place;
use super::settings::{SCOPES, scope};
use super::shown::{Origin, Shown};
use crate::core::process::life::LifeRule;
use crate::core::process::{NamePattern, RuleLimits, Scope};

/// What one `[[process]]` says; what it does not say is left as it was.
#[derive(Debug, Default)]
pub struct RulePatch {
    /// The name of the rule: new, or that of one to be changed.
    pub name: String,
    /// Whether the rule is used at all.
    pub enabled: Option<bool>,
    /// See [`crate::core::process::Rule::program`].
    pub program: Option<Vec<NamePattern>>,
    /// See [`crate::core::process::Rule::title`].
    pub title: Option<Vec<String>>,
    /// See [`crate::core::process::Rule::unless`].
    pub unless: Option<Vec<String>>,
    /// See [`crate::core::process::Rule::command`].
    pub command: Option<Regex>,
    /// See [`crate::core::process::Rule::cwd`].
    pub cwd: Option<GlobMatcher>,
    /// See [`crate::core::process::Rule::scope`].
    pub scope: Option<Scope>,
    /// See [`crate::core::process::Rule::life`].
    pub life: Option<LifeRule>,
    /// See [`crate::core::process::Rule::limits`].
    pub limits: RuleLimits,
}

/// A patch with where it stands, and its keys as they are to be shown.
#[derive(Debug)]
pub struct WrittenRule {
    /// What it says.
    pub patch: RulePatch,
    /// Where its name stands, for problems with the rule as a whole.
    pub place: Place,
    /// Its keys but for the name, each with its value and its line.
    pub shown: Vec<(&'static str, Shown, Origin)>,
}

/// The words for [`LifeRule`]. The last three are how the built-in rules of these tools decide.
const LIVES: &[&str] = &["auto", "ends", "server", "vitest", "nx", "tsc"];

/// The key that every rule must have.
pub const NAME: &str = "name";

/// The table.
pub static RULE_KEYS: &[Key<RulePatch>] = &[
    Key {
        name: NAME,
        kind: Kind::Name(|patch, name| patch.name = name),
        default: None,
        help: "The name in reports. That of a built-in rule, or of one in a weaker file, changes that rule key by key.",
    },
    Key {
        name: "enabled",
        kind: Kind::Switch(|patch, on| patch.enabled = Some(on)),
        default: Some("true"),
        help: "false switches the rule off.",
    },
    Key {
        name: "program",
        kind: Kind::Patterns(|patch, patterns| patch.program = Some(patterns)),
        default: None,
        help: "Names of the program: argv[0], the script that an interpreter runs, or its package. Whole names; `*` \
               stands for any characters.",
    },
    Key {
        name: "title",
        kind: Kind::Titles(|patch, titles| patch.title = Some(titles)),
        default: None,
        help: "Beginnings of the process title, such as \"node (vitest\".",
    },
    Key {
        name: "unless",
        kind: Kind::Titles(|patch, words| patch.unless = Some(words)),
        default: None,
        help: "Arguments that make it something else, as --lsp makes tsc a language server.",
    },
    Key {
        name: "command",
        kind: Kind::Expression(|patch, expression| patch.command = Some(expression)),
        default: None,
        help: "A regular expression over the whole command line, arguments joined by one space.",
    },
    Key {
        name: "cwd",
        kind: Kind::Folders(|patch, glob| patch.cwd = Some(glob)),
        default: None,
        help: "A glob over the working directory: absolute, below \"~/\", or relative to the workspace. `*` stays within \
               one folder, `**` does not.",
    },
    Key {
        name: "scope",
        kind: Kind::Choice(SCOPES, |patch, word| patch.scope = Some(scope(word))),
        default: Some("user"),
        help: "\"workspace\": only processes that work in the workspace.",
    },
    Key {
        name: "life",
        kind: Kind::Choice(LIVES, |patch, word| patch.life = Some(life(word))),
        default: Some("auto"),
        help: "\"ends\": it should end by itself and can be hung; \"server\": it never does; \"auto\": its arguments tell; \
               \"vitest\", \"nx\", \"tsc\": as the built-in rule of that tool decides.",
    },
    Key {
        name: "max-memory",
        kind: Kind::Size(|patch, bytes| patch.limits.max_memory_bytes = Some(bytes)),
        default: None,
        help: "As health.max-memory, for these processes.",
    },
    Key {
        name: "max-cpu",
        kind: Kind::Percent(|patch, percent| patch.limits.max_cpu_percent = Some(percent)),
        default: None,
        help: "As health.max-cpu, for these processes.",
    },
    Key {
        name: "cpu-strikes",
        kind: Kind::Count(|patch, strikes| patch.limits.cpu_strikes = Some(strikes)),
        default: None,
        help: "As health.cpu-strikes, for these processes.",
    },
    Key {
        name: "max-runtime",
        kind: Kind::Duration(|patch, time| patch.limits.max_runtime = Some(time)),
        default: None,
        help: "As health.max-runtime, for these processes.",
    },
];

/// The key of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Key<RulePatch>> {
    RULE_KEYS.iter().find(|key| key.name == name)
}

fn life(word: &str) -> LifeRule {
    match word {
        "ends" => LifeRule::Ends,
        "server" => LifeRule::Server,
        "vitest" => LifeRule::Vitest,
        "nx" => LifeRule::Nx,
        "tsc" => LifeRule::Tsc,
        _ => LifeRule::Auto,
    }
}

/// The word for a [`LifeRule`].
#[must_use]
pub const fn life_word(life: LifeRule) -> &'static str {
    match life {
        LifeRule::Auto => "auto",
        LifeRule::Ends => "ends",
        LifeRule::Server => "server",
        LifeRule::Vitest => "vitest",
        LifeRule::Nx => "nx",
        LifeRule::Tsc => "tsc",
    }
}

#[cfg(test)]
mod tests {
    use super::{LIVES, life, life_word};

    #[test]
    fn every_life_has_a_word_that_is_read_back() {
        for word in LIVES {
            assert_eq!(life_word(life(word)), *word);
        }
    }
}
