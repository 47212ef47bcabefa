//! Who works with a store: the processes of its tools in its project.

use std::path::Path;

use super::store::Store;
use crate::core::host::{Host, LookError};
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

/// The numbers of the processes that work with a store. Whoever does not say where it works may work here.
///
/// # Errors
/// When the processes cannot be looked at: then nobody can say that there is none.
pub fn of<H: Host>(host: &H, store: &Store) -> Result<Vec<u32>, LookError> {
    let patterns: Vec<NamePattern> =
        store.users.iter().filter_map(|name| NamePattern::new(name).ok()).collect();
    let ourselves = host.ourselves();
    let scan = host.scan(&|arguments: Arguments<'_>| is_user(&patterns, arguments))?;
    let works_here = |pid: u32| match host.working_directory(pid) {
        Ok(folder) => is_within(&folder, &store.project),
        Err(crate::core::host::Unknown::Gone) => false,
        Err(_) => true,
    };
    let pids =
        scan.processes.into_iter().filter(|process| process.uid == ourselves.uid || ourselves.uid == 0);
    Ok(pids.map(|process| process.stat.pid).filter(|pid| works_here(*pid)).collect())
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
    use super::is_user;
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
}
