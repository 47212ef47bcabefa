//! A rule: which processes belong to a tool, and the limits that hold for them.

use std::path::Path;
use std::time::Duration;

use globset::GlobMatcher;
use regex::bytes::Regex;

use super::command_line::Arguments;
use super::invocation::{Invocation, Named};
use super::life::LifeRule;
use super::pattern::NamePattern;

/// Which of the matching processes a rule speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scope {
    /// All processes of the user.
    #[default]
    User,
    /// Only those whose working directory is in the workspace.
    Workspace,
}

/// The limits of one rule; what is `None` follows the general limits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RuleLimits {
    /// RSS of one process, in bytes.
    pub max_memory_bytes: Option<u64>,
    /// Per cent of one core.
    pub max_cpu_percent: Option<u32>,
    /// Consecutive looks over `max_cpu_percent` before it counts.
    pub cpu_strikes: Option<u32>,
    /// Time without progress after which a process that should end counts as hung.
    pub max_runtime: Option<Duration>,
}

/// A description of the processes of one tool.
///
/// A process matches when `program` or `title` says so (or when there is neither), and each of `command` and
/// `cwd` that is present agrees too.
#[derive(Debug, Clone)]
pub struct Rule {
    /// The name under which reports and configuration speak of it.
    pub name: String,
    /// Names of the program: see [`Invocation::names`] for what is compared.
    pub program: Vec<NamePattern>,
    /// Beginnings of the process title, such as `node (vitest`.
    pub title: Vec<String>,
    /// Arguments that make it something else: `tsc --lsp` is a language server.
    pub unless: Vec<String>,
    /// A regular expression over the whole command line, arguments joined by one space.
    pub command: Option<Regex>,
    /// A glob over the working directory.
    pub cwd: Option<GlobMatcher>,
    /// Which of the matching processes the rule speaks of.
    pub scope: Scope,
    /// Whether such a process is expected to end by itself.
    pub life: LifeRule,
    /// The limits that differ from the general ones.
    pub limits: RuleLimits,
}

/// How a rule recognised a process: the first piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MatchedBy {
    /// A name of the program, and where that name was found.
    Name(Named, String),
    /// The beginning of the process title.
    Title(String),
    /// The regular expression over the command line (and no name).
    Command,
}

impl Rule {
    /// Whether the command line alone fits: everything but the working directory, which costs a system call.
    #[must_use]
    pub fn matches_command(
        &self,
        arguments: Arguments<'_>,
        invocation: &Invocation<'_>,
    ) -> Option<MatchedBy> {
        let named = self.matches_name(invocation);
        let has_names = !self.program.is_empty() || !self.title.is_empty();
        if (has_names && named.is_none()) || self.is_something_else(invocation) {
            return None;
        }
        match &self.command {
            Some(expression) if !expression.is_match(&arguments.joined()) => None,
            Some(_) => Some(named.unwrap_or(MatchedBy::Command)),
            None => named,
        }
    }

    fn matches_name(&self, invocation: &Invocation<'_>) -> Option<MatchedBy> {
        for (named, name) in invocation.names() {
            if self.program.iter().any(|pattern| pattern.matches(name)) {
                return Some(MatchedBy::Name(named, String::from_utf8_lossy(name).into_owned()));
            }
        }
        let title = self.title.iter().find(|title| invocation.title.starts_with(title.as_bytes()))?;
        Some(MatchedBy::Title(title.clone()))
    }

    fn is_something_else(&self, invocation: &Invocation<'_>) -> bool {
        !self.unless.is_empty()
            && invocation.arguments().any(|word| self.unless.iter().any(|other| other.as_bytes() == word))
    }

    /// Whether the rule has to know the working directory.
    #[must_use]
    pub fn needs_cwd(&self) -> bool {
        self.cwd.is_some() || self.scope == Scope::Workspace
    }

    /// Whether the working directory fits. A directory that could not be read fits no rule that asks for one.
    #[must_use]
    pub fn matches_cwd(&self, cwd: Option<&Path>, workspace: &Path) -> bool {
        if !self.needs_cwd() {
            return true;
        }
        let Some(cwd) = cwd else { return false };
        let in_glob = self.cwd.as_ref().is_none_or(|glob| glob.is_match(cwd));
        in_glob && (self.scope == Scope::User || cwd.starts_with(workspace))
    }
}
