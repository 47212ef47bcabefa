//! A command line for people: what runs first, without secrets and control characters.

use super::sanitize::{sanitize, shorten};
use crate::core::process::CommandLine;
use crate::core::process::invocation::Invocation;
use crate::core::redact::redacted_words;

/// The command line in at most two lines of a table. The options of the interpreter and the folder above a package
/// are left out: what tells one process from another is the script and its arguments.
#[must_use]
pub fn command(command: &CommandLine, width: usize) -> String {
    let mut words = redacted_words(command.arguments());
    let script = script_place(command);
    if let Some(word) = script.and_then(|at| words.get_mut(at)) {
        *word = below_modules(word);
    }
    if let Some(at) = script.filter(|at| *at > 1) {
        let is_marked = words[at].starts_with('…');
        words.splice(1..at, Some("…".to_owned()).filter(|_| !is_marked));
    }
    if let Some(first) = words.first_mut().filter(|first| first.starts_with('/')) {
        *first = first.rsplit('/').next().unwrap_or_default().to_owned();
    }
    shorten(&sanitize(&words.join(" ")), width.saturating_sub(42).max(38) * 2)
}

/// The place of the script among the arguments.
fn script_place(command: &CommandLine) -> Option<usize> {
    let script = Invocation::of(command.arguments()).script?;
    command.arguments().iter().position(|argument| std::ptr::eq(argument, script))
}

fn below_modules(path: &str) -> String {
    match path.rsplit_once("/node_modules/") {
        Some((_, inside)) if !inside.starts_with('.') => format!("…/{inside}"),
        Some((_, inside)) => format!("…/node_modules/{inside}"),
        None => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::command;
    use crate::core::process::CommandLine;

    #[test]
    fn what_runs_comes_first() {
        let table: &[(&[&str], &str)] = &[
            (&["node", "/home/me/p/node_modules/vitest/vitest.mjs", "run"], "node …/vitest/vitest.mjs run"),
            (&["node", "/home/me/p/node_modules/.bin/nx", "build"], "node …/node_modules/.bin/nx build"),
            (&["/usr/bin/node", "--conditions", "node", "server.js", "-p", "1"], "node … server.js -p 1"),
            (&["/usr/bin/node", "-r", "x", "/p/node_modules/nx/bin/nx.js"], "node …/nx/bin/nx.js"),
            (&["/usr/bin/node", "-e", "1"], "node -e 1"),
            (&["node (vitest 1)"], "node (vitest 1)"),
            (&["node", "a.js", "--token=abc"], "node a.js --token=[brAInwav-REDACTED]"),
            (&["esbuild", "\u{1b}[2J"], "esbuild \\u{1b}[2J"),
            (&[], ""),
        ];
        for (words, expected) in table {
            assert_eq!(command(&CommandLine::from_words(words), 80), *expected, "{words:?}");
        }
    }

    #[test]
    fn it_is_never_longer_than_two_lines() {
        let words = ["node", "a.js", &"x".repeat(1000)];
        assert_eq!(command(&CommandLine::from_words(&words), 80).chars().count(), 76);
    }
}
