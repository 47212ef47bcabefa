//! The built-in rules against command lines that were recorded of the real programs, and against strangers.

use brainwav::core::process::invocation::Invocation;
use brainwav::core::process::{Arguments, CommandLine, builtin};

/// The rule that has a command line.
fn rule_of(arguments: Arguments<'_>) -> String {
    let invocation = Invocation::of(arguments);
    let rules = builtin::rules();
    let found = rules.iter().find(|rule| rule.matches_command(arguments, &invocation).is_some());
    found.map_or_else(|| "none".to_owned(), |rule| rule.name.clone())
}

fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut letters = text.bytes();
    while let Some(byte) = letters.next() {
        bytes.push(match (byte, byte == b'\\') {
            (byte, false) => byte,
            (_, true) => match letters.next() {
                Some(b'0') => 0,
                Some(b'n') => b'\n',
                Some(b't') => b'\t',
                Some(other) => other,
                None => panic!("a lone backslash in {text}"),
            },
        });
    }
    bytes
}

#[test]
fn every_recorded_command_line_belongs_to_the_rule_that_it_should() {
    let rows = include_str!("../data/command-lines.tsv");
    let mut seen = 0;
    let mut wrong = Vec::new();
    for row in rows.lines().filter(|row| !row.starts_with('#') && !row.is_empty()) {
        let columns: Vec<&str> = row.split('\t').collect();
        let [scenario, role, expected, _, _, command] = columns[..] else { panic!("six columns: {row}") };
        let bytes = unescape(command);
        let found = rule_of(Arguments::new(&bytes));
        if found != expected {
            wrong.push(format!("{scenario} ({role}): {expected} expected, {found} found: {command}"));
        }
        seen += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen > 80, "only {seen} rows were read");
}

#[test]
fn other_forms_of_the_same_programs() {
    let table: &[(&str, &[&str])] = &[
        ("local-memory", &["node", "/srv/local-memory-mcp-server.js"]),
        ("local-memory", &["local-memory", "start"]),
        ("vitest", &["bun", "run", "--bun", "vitest"]),
        ("vitest", &["node", "--max-old-space-size=4096", "-r", "tsx", "/p/node_modules/vitest/vitest.mjs"]),
        ("nx", &["node", "--inspect", "./node_modules/.bin/nx", "build"]),
        ("nx", &["/p/node_modules/.bin/nx", "build"]),
        ("tsc", &["node", "/p/node_modules/typescript/lib/tsc.js", "-p", "."]),
        ("mcp", &["node", "/p/node_modules/@upstash/context7-mcp/dist/index.js"]),
        ("mcp", &["node", "/p/node_modules/@playwright/mcp/cli.js"]),
        ("mcp", &["python3.11", "-u", "-m", "mcp_server_git", "--repository", "."]),
        ("mcp", &["npx", "-y", "chrome-devtools-mcp@latest"]),
        ("mcp", &["uvx", "mcp-server-time"]),
    ];
    for (expected, words) in table {
        assert_eq!(rule_of(CommandLine::from_words(words).arguments()), *expected, "{words:?}");
    }
}

/// What other tools have taken for one of these, and what looks like one.
const STRANGERS: &[&[&str]] = &[
    &["nginx: master process /usr/sbin/nginx -g daemon off;"],
    &["nginx", "-g", "daemon off;"],
    &["vim", "vitest.config.ts"],
    &["code", "/p/node_modules/vitest/vitest.mjs"],
    &["grep", "nx", "-r", "."],
    &["grep", "-rn", "vitest", "node_modules/vitest"],
    &["node", "/home/me/nx/server.js"],
    &["node", "/home/me/projects/vitest/index.js"],
    &["node", "/home/me/mcp/index.js"],
    &["node", "/p/node_modules/.bin/tsserver"],
    &["node", "/p/node_modules/typescript/lib/tsserver.js", "--useInferredProjectPerProjectRoot"],
    &["node", "/p/node_modules/typescript/lib/typingsInstaller.js"],
    &["node", "/p/node_modules/.bin/typescript-language-server", "--stdio"],
    &["tsc", "--lsp", "--stdio"],
    &["/usr/share/code/code", "--type=utility", "/p/node_modules/typescript/lib/tsserver.js"],
    &["node", "/home/me/.vscode/extensions/nrwl.angular-console-18.0.0/nxls/main.js", "--node-ipc"],
    &["node", "/home/me/.vscode/extensions/vitest.explorer-1.2.0/dist/worker.js"],
    &["node", "-e", "require('vitest')"],
    &["node", "--eval", "nx"],
    &["node", "-r", "/p/node_modules/vitest/x.js", "server.js"],
    &["node", "--require", "nx", "server.js"],
    &["sh", "-c", "vitest run"],
    &["bash", "-lc", "nx serve"],
    &["node", "/p/my_node_modules/vitest/x.js"],
    &["node", "/p/node_modules/vitest-preview/cli.js"],
    &["node", "/p/node_modules/@nx/devkit/x.js"],
    &["node", "/p/node_modules/webpack/bin/webpack.js", "serve"],
    &["node", "/p/node_modules/jest-worker/build/workers/processChild.js"],
    &["python3", "-c", "import mcp"],
    &["python3", "/usr/bin/mcpmissing.py"],
    &["mcphost"],
    &["ssh", "host", "nx build"],
    &["tail", "-f", "/var/log/mcp-server.log"],
    &["tmux: server"],
    &["claude"],
    &["node", "/home/me/.claude/local/node_modules/@anthropic-ai/claude-code/cli.js"],
    &["-bash"],
    &["foo: /x/nx"],
    &[""],
];

#[test]
fn strangers_match_nothing() {
    for words in STRANGERS {
        assert_eq!(rule_of(CommandLine::from_words(words).arguments()), "none", "{words:?}");
    }
}
