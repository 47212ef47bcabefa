//! Which processes are the workers of a test runner, and which are wrappers around a server.

use crate::core::process::invocation::Invocation;

/// Folders in which nothing but worker scripts of test runners live.
const WORKER_FOLDERS: &[&[u8]] = &[
    b"/vitest/dist/workers/",
    b"/tinypool/dist/",
    b"/jest-worker/build/",
    b"/node_modules/.vite-node/worker",
];

/// Whether this is the command line of a test worker: a process that a runner forked and talks to.
#[must_use]
pub fn is_test_worker(invocation: &Invocation<'_>) -> bool {
    let script = invocation.script.unwrap_or_default();
    let in_folder =
        WORKER_FOLDERS.iter().any(|folder| script.windows(folder.len()).any(|part| part == *folder));
    in_folder || is_numbered_title(invocation.title)
}

/// `node (vitest 3)`: the runner itself is `node (vitest)`.
fn is_numbered_title(title: &[u8]) -> bool {
    let number = title.strip_prefix(b"node (vitest ").unwrap_or_default();
    number.first().is_some_and(u8::is_ascii_digit)
}

/// Whether this only starts another program and waits for it, with its own stdin handed on: `npx`,
/// `npm exec`, `uvx`, `sh -c`.
#[must_use]
pub fn is_wrapper(invocation: &Invocation<'_>) -> bool {
    let shell = matches!(invocation.program, b"sh" | b"bash" | b"dash" | b"zsh" | b"ash" | b"ksh");
    invocation.launched.is_some() || (shell && invocation.script.is_none())
}

#[cfg(test)]
mod tests {
    use super::{is_test_worker, is_wrapper};
    use crate::core::process::CommandLine;
    use crate::core::process::invocation::Invocation;

    #[test]
    fn workers_are_known_by_their_script_or_their_number() {
        let table: &[(&[&str], bool)] = &[
            (&["node (vitest 3)"], true),
            (&["node (vitest)"], false),
            (&["node", "--conditions", "node", "/p/node_modules/vitest/dist/workers/forks.js"], true),
            (&["node", "/p/node_modules/tinypool/dist/entry/process.js"], true),
            (&["node", "/p/node_modules/jest-worker/build/processChild.js"], true),
            (&["node", "/p/node_modules/.bin/vitest", "run"], false),
            (&["vim", "/p/node_modules/vitest/dist/workers/forks.js"], false),
            (&["node", "server.js", "/vitest/dist/workers/"], false),
        ];
        for (words, expected) in table {
            let command = CommandLine::from_words(words);
            assert_eq!(is_test_worker(&Invocation::of(command.arguments())), *expected, "{words:?}");
        }
    }

    #[test]
    fn wrappers_start_another_program() {
        let table: &[(&[&str], bool)] = &[
            (&["npm exec @modelcontextprotocol/server-memory"], true),
            (&["sh", "-c", "mcp-server-memory"], true),
            (&["uv", "tool", "uvx", "mcp-server-time"], true),
            (&["npm test"], false),
            (&["sh", "run.sh"], false),
            (&["node", "server.js"], false),
        ];
        for (words, expected) in table {
            let command = CommandLine::from_words(words);
            assert_eq!(is_wrapper(&Invocation::of(command.arguments())), *expected, "{words:?}");
        }
    }
}
