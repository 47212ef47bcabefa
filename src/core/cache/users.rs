//! Who works with a store: the processes of its tools in its project.

use std::collections::HashSet;
use std::fmt;
use std::path::Path;

use super::store::{Kind, Store};
use crate::core::host::{Host, LookError, Process, Unknown};
use crate::core::process::invocation::Invocation;
use crate::core::process::{Arguments, NamePattern};

/// The ends of the paths of scripts that serve the tool in the background, and take nothing out of its cache. Nx starts
/// workers for its plugins: those of a daemon live as long as it does, and those of a command have that command beside
/// them, which does count.
const BYSTANDERS: &[&[u8]] = &[
    b"/nx/src/daemon/server/start.js",
    b"/nx/dist/src/daemon/server/start.js",
    b"/nx/src/project-graph/plugins/isolation/plugin-worker",
    b"/nx/dist/src/project-graph/plugins/isolation/plugin-worker.js",
];

/// Programs that run whatever is written in JavaScript.
const RUNTIMES: [&str; 3] = ["node", "bun", "deno"];

/// A process that works with a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Its number.
    pub pid: u32,
    /// What it runs, as somebody else chose to call it.
    pub program: String,
}

impl fmt::Display for User {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} ({})", self.program, self.pid)
    }
}

/// The first of them, for people.
#[must_use]
pub fn named(users: &[User]) -> String {
    const SHOWN: usize = 3;
    let mut names: Vec<String> = users.iter().take(SHOWN).map(User::to_string).collect();
    if users.len() > SHOWN {
        names.push(format!("{} more", users.len() - SHOWN));
    }
    names.join(", ")
}

/// The processes that work with a store. Whoever does not say where it works may work here, and so may whoever was
/// started above the workspace: it may have been told to work in it.
///
/// # Errors
/// When the processes cannot be looked at: then nobody can say that there is none.
pub fn of<H: Host>(host: &H, store: &Store) -> Result<Vec<User>, LookError> {
    let patterns: Vec<NamePattern> =
        store.users.iter().filter_map(|name| NamePattern::new(name.clone()).ok()).collect();
    // Dozens of tools are built on the ones that fill these caches: nobody can name them all.
    let any_runtime = store.kind == Kind::Whole;
    let scan = host.scan(&|arguments: Arguments<'_>| {
        is_user(&patterns, arguments) || any_runtime && is_runtime(arguments)
    })?;
    let works_here = |pid: u32| match host.working_directory(pid) {
        Ok(folder) => {
            let is_near = is_within(&folder, &store.project) || is_within(&store.project, &folder);
            is_near || store.serves_everywhere
        }
        Err(Unknown::Gone) => false,
        Err(_) => true,
    };
    let (known, others): (Vec<_>, Vec<_>) =
        scan.processes.into_iter().partition(|process| is_user(&patterns, process.command.arguments()));
    // Whoever started us waits for us: a script of pnpm or npm, or the editor that its terminal is in.
    let above = if others.is_empty() { HashSet::new() } else { ancestors(host) };
    let others = others.into_iter().filter(|process| !above.contains(&process.stat.pid));
    let working = known.into_iter().chain(others).filter(|process| works_here(process.stat.pid));
    let user =
        |process: Process| User { pid: process.stat.pid, program: program(process.command.arguments()) };
    Ok(working.map(user).collect())
}

/// The numbers of our parent, its parent and so on.
fn ancestors<H: Host>(host: &H) -> HashSet<u32> {
    let mut found = HashSet::new();
    let mut at = host.ourselves().pid;
    while let Ok(stat) = host.stat(at) {
        if !found.insert(stat.parent) {
            break;
        }
        at = stat.parent;
    }
    found
}

/// The program, and the script that it runs.
fn program(arguments: Arguments<'_>) -> String {
    let invocation = Invocation::of(arguments);
    let last = |path: &[u8]| {
        let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        String::from_utf8_lossy(name).into_owned()
    };
    match invocation.script {
        Some(script) => format!("{} {}", last(invocation.program), last(script)),
        None => last(invocation.program),
    }
}

fn is_runtime(arguments: Arguments<'_>) -> bool {
    let program = arguments.iter().next().unwrap_or_default();
    let name = program.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    // A title begins with the name of the runtime, as in "node (vitest)".
    let name = name.split(|byte| *byte == b' ').next().unwrap_or_default();
    RUNTIMES.iter().any(|runtime| runtime.as_bytes() == name)
}

fn is_user(patterns: &[NamePattern], arguments: Arguments<'_>) -> bool {
    if arguments.iter().any(|word| BYSTANDERS.iter().any(|end| word.ends_with(end))) {
        return false;
    }
    let invocation = Invocation::of(arguments);
    invocation.names().any(|(_, name)| patterns.iter().any(|pattern| pattern.matches(name)))
}

fn is_within(folder: &Path, project: &Path) -> bool {
    let real = project.canonicalize();
    folder.starts_with(project) || real.is_ok_and(|real| folder.starts_with(real))
}

#[cfg(test)]
mod tests {
    use super::{User, is_user, named, program};
    use crate::core::process::{CommandLine, NamePattern};

    #[test]
    fn commands_work_with_a_cache_and_what_serves_them_in_the_background_does_not() {
        let table: &[(&[&str], bool)] = &[
            (&["node", "node_modules/.bin/nx", "run-many"], true),
            (&["node", "/w/node_modules/nx/bin/nx.js", "build", "app"], true),
            (&["node", "/w/node_modules/nx/src/daemon/server/start.js"], false),
            (&["node", "/w/node_modules/nx/dist/src/daemon/server/start.js"], false),
            (
                &[
                    "node",
                    "/w/node_modules/nx/src/project-graph/plugins/isolation/plugin-worker",
                    "/t/1.sock",
                ],
                false,
            ),
            (
                &[
                    "node",
                    "/w/node_modules/nx/dist/src/project-graph/plugins/isolation/plugin-worker.js",
                    "/t",
                ],
                false,
            ),
            (&["node", "/w/node_modules/vite/bin/vite.js"], false),
        ];
        let patterns = [NamePattern::new("nx").unwrap()];
        for (words, expected) in table {
            let line = CommandLine::from_words(words);
            assert_eq!(is_user(&patterns, line.arguments()), *expected, "{words:?}");
        }
    }

    #[test]
    fn whoever_works_with_a_cache_is_called_by_the_script_that_it_runs() {
        let table: &[(&[&str], &str)] = &[
            (&["/usr/bin/node", "/w/node_modules/vite/bin/vite.js", "--host"], "node vite.js"),
            (&["node", "--inspect", "server.js"], "node server.js"),
            (&["bun"], "bun"),
            (&["node", "-e", "1"], "node"),
        ];
        for (words, expected) in table {
            let line = CommandLine::from_words(words);
            assert_eq!(program(line.arguments()), *expected, "{words:?}");
        }
        let users: Vec<User> = (1..6).map(|pid| User { pid, program: "node".to_owned() }).collect();
        assert_eq!(named(&users), "node (1), node (2), node (3), 2 more");
    }
}
