//! Whether a process is expected to end by itself.
//!
//! Only a process that should have ended can be hung. A watch mode, a development server and a language
//! server are meant to sit idle for days, so everything that is not *known* to end is left alone.

use super::invocation::Invocation;

/// What a rule knows about the life of its processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LifeRule {
    /// It ends unless an argument names a watch mode or a server (the default of a user's own rule).
    #[default]
    Auto,
    /// It always ends by itself: no argument makes it a server.
    Ends,
    /// It never ends by itself.
    Server,
    /// As vitest decides: `run` ends, `watch` does not, and a title hides which it is.
    Vitest,
    /// As nx decides: by the names of the targets.
    Nx,
    /// As tsc decides: it ends unless `--watch` is there.
    Tsc,
}

/// The answer for one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// It should end by itself.
    Ends,
    /// It runs until someone stops it; the word says what shows it.
    Endless(&'static str),
    /// Its arguments do not tell; it is treated as endless.
    Unknown,
}

const WATCH_WORDS: &[&str] = &[
    "--watch", "-w", "-watch", "--w", "watch", "serve", "dev", "start", "preview", "daemon", "server", "lsp",
    "--lsp", "--stdio",
];
const VITEST_ENDLESS: &[&str] = &["watch", "dev", "--watch", "-w", "--ui", "--standalone", "--watch=true"];
const VITEST_ENDS: &[&str] = &["run", "--run", "--watch=false", "--no-watch", "list", "--run=true"];
const TSC_ENDLESS: &[&str] = &["--watch", "-w", "-watch", "--w", "--lsp"];
const NX_ENDS: &[&str] = &[
    "build",
    "test",
    "lint",
    "e2e",
    "typecheck",
    "type-check",
    "format",
    "format:check",
    "format:write",
    "compile",
    "unit-test",
    "eslint:lint",
    "migrate",
    "sync",
    "sync:check",
    "reset",
    "report",
    "show",
    "list",
];

impl LifeRule {
    /// Whether the process that this invocation describes is expected to end by itself.
    #[must_use]
    pub fn life(self, invocation: &Invocation<'_>) -> Life {
        if invocation.is_debugged {
            return Life::Endless("a debugger");
        }
        match self {
            Self::Ends => Life::Ends,
            Self::Server => Life::Endless("a server"),
            Self::Auto => endless_if(invocation, WATCH_WORDS, Life::Ends),
            Self::Tsc => endless_if(invocation, TSC_ENDLESS, Life::Ends),
            Self::Vitest => vitest(invocation),
            Self::Nx => nx(invocation),
        }
    }
}

fn has(invocation: &Invocation<'_>, words: &[&str]) -> bool {
    invocation.arguments().any(|argument| words.iter().any(|word| word.as_bytes() == argument))
}

fn endless_if(invocation: &Invocation<'_>, words: &[&str], otherwise: Life) -> Life {
    if has(invocation, words) { Life::Endless("a watch mode or a server") } else { otherwise }
}

fn vitest(invocation: &Invocation<'_>) -> Life {
    let otherwise = if has(invocation, VITEST_ENDS) { Life::Ends } else { Life::Unknown };
    endless_if(invocation, VITEST_ENDLESS, otherwise)
}

/// The targets decide: `nx TARGET PROJECT`, `nx run PROJECT:TARGET`, `nx run-many -t TARGET..`. A project may
/// be called `test`, so only words in the place of a target count.
fn nx(invocation: &Invocation<'_>) -> Life {
    if has(invocation, &["--watch", "-w", "--watch=true"]) {
        return Life::Endless("a watch mode or a server");
    }
    if invocation
        .script
        .is_some_and(|script| contains(script, b"/daemon/") || contains(script, b"plugin-worker"))
    {
        return Life::Endless("the nx daemon");
    }
    let targets = nx_targets(invocation);
    let ends = |target: &&[u8]| NX_ENDS.iter().any(|known| known.as_bytes() == *target);
    if !targets.is_empty() && targets.iter().all(ends) { Life::Ends } else { Life::Unknown }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

fn nx_targets<'a>(invocation: &Invocation<'a>) -> Vec<&'a [u8]> {
    let mut arguments = invocation.arguments().skip_while(|argument| argument.starts_with(b"-"));
    let Some(verb) = arguments.next() else { return Vec::new() };
    match verb {
        b"run" => arguments
            .find(|argument| !argument.starts_with(b"-"))
            .and_then(|task| task.split(|byte| *byte == b':').nth(1))
            .into_iter()
            .collect(),
        b"run-many" | b"affected" => listed_targets(arguments),
        verb => vec![verb],
    }
}

/// The values of `-t`, `--target` and `--targets`, in every way in which they can be written.
fn listed_targets<'a>(arguments: impl Iterator<Item = &'a [u8]>) -> Vec<&'a [u8]> {
    let mut targets = Vec::new();
    let mut listing = false;
    for argument in arguments {
        if let Some(values) = ["--target=", "--targets=", "-t="]
            .iter()
            .find_map(|option| argument.strip_prefix(option.as_bytes()))
        {
            targets.extend(values.split(|byte| *byte == b','));
            listing = false;
        } else if matches!(argument, b"-t" | b"--target" | b"--targets") {
            listing = true;
        } else if argument.starts_with(b"-") {
            listing = false;
        } else if listing {
            targets.extend(argument.split(|byte| matches!(byte, b',' | b' ')));
        }
    }
    targets
}

#[cfg(test)]
mod tests {
    use super::{Life, LifeRule};
    use crate::core::process::command_line::CommandLine;
    use crate::core::process::invocation::Invocation;

    fn life(rule: LifeRule, words: &[&str]) -> Life {
        let command = CommandLine::from_words(words);
        rule.life(&Invocation::of(command.arguments()))
    }

    #[test]
    fn only_what_is_known_to_end_ends() {
        let nx = "/p/node_modules/nx/bin/nx.js";
        let vitest = "/p/node_modules/vitest/vitest.mjs";
        let tsc = "/p/node_modules/typescript/bin/tsc";
        let table: &[(LifeRule, &[&str], Option<bool>)] = &[
            (LifeRule::Tsc, &["node", tsc, "--noEmit"], Some(true)),
            (LifeRule::Tsc, &["node", tsc, "-b", "--watch"], Some(false)),
            (LifeRule::Tsc, &["npm exec tsc -w"], Some(false)),
            (LifeRule::Vitest, &["node", vitest, "run"], Some(true)),
            (LifeRule::Vitest, &["node", vitest], None),
            (LifeRule::Vitest, &["node", vitest, "--watch"], Some(false)),
            (LifeRule::Vitest, &["node (vitest)"], None),
            (LifeRule::Vitest, &["npm exec vitest run"], Some(true)),
            (LifeRule::Nx, &["node", nx, "build", "app"], Some(true)),
            (LifeRule::Nx, &["node", nx, "serve", "app"], None),
            (LifeRule::Nx, &["node", nx, "serve-api", "test"], None),
            (LifeRule::Nx, &["node", nx, "run", "app:build:production"], Some(true)),
            (LifeRule::Nx, &["node", nx, "run", "test:api"], None),
            (LifeRule::Nx, &["node", nx, "run-many", "-t", "build", "test"], Some(true)),
            (LifeRule::Nx, &["node", nx, "run-many", "-t", "build", "serve"], None),
            (LifeRule::Nx, &["node", nx, "run-many", "--targets=build,lint", "--parallel=3"], Some(true)),
            (LifeRule::Nx, &["node", nx, "affected", "-t", "test", "--watch"], Some(false)),
            (LifeRule::Nx, &["node", "/p/node_modules/nx/src/daemon/server/start.js"], Some(false)),
            (LifeRule::Tsc, &["node", "--inspect-brk", tsc, "--noEmit"], Some(false)),
            (LifeRule::Vitest, &["node", vitest, "run", "--inspect"], Some(false)),
            (LifeRule::Auto, &["my-tool", "compile"], Some(true)),
            (LifeRule::Auto, &["my-tool", "serve"], Some(false)),
            (LifeRule::Ends, &["my-tool", "serve"], Some(true)),
            (LifeRule::Server, &["my-tool", "once"], Some(false)),
        ];
        for (rule, words, expected) in table {
            let found = match life(*rule, words) {
                Life::Ends => Some(true),
                Life::Endless(_) => Some(false),
                Life::Unknown => None,
            };
            assert_eq!(found, *expected, "{rule:?} {words:?}");
        }
    }
}
