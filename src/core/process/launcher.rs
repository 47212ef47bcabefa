//! Launchers: programs that are asked to run another one, and wait for it.

/// Options of launchers that take their value from the next argument.
const VALUES: &[&[u8]] = &[
    b"-p",
    b"--package",
    b"--from",
    b"--with",
    b"--python",
    b"--filter",
    b"-F",
    b"-C",
    b"--dir",
    b"--prefix",
    b"-w",
    b"--workspace",
    b"--spec",
    b"--cwd",
    b"--index-url",
    b"--project",
    b"--directory",
    b"--env-file",
    b"--extra",
];

/// What a launcher of this name launches with these arguments, and the arguments of what it launches.
/// `None` where it launches nothing by name (`npm test`, `pnpm install`).
#[must_use]
pub fn launched<'a, 'w>(name: &[u8], words: &'w [&'a [u8]]) -> Option<(&'a [u8], &'w [&'a [u8]])> {
    let verbs: &[&[&[u8]]] = match name {
        b"npx" | b"npx-cli" | b"bunx" | b"pnpx" | b"uvx" => &[&[]],
        b"npm" | b"npm-cli" => &[&[b"exec"], &[b"x"]],
        // `pnpm vitest` runs vitest; `pnpm install` is then a program that no rule knows.
        b"pnpm" | b"yarn" | b"yarnpkg" => &[&[b"exec"], &[b"dlx"], &[]],
        b"bun" => &[&[b"x"]],
        b"uv" => &[&[b"run"], &[b"tool", b"run"], &[b"tool", b"uvx"]],
        b"pipx" => &[&[b"run"]],
        _ => return None,
    };
    let start = verbs.iter().find_map(|verb| after_verb(words, verb))?;
    let at = skip_options(words, start);
    let target = package_name(words.get(at)?);
    (!target.is_empty()).then(|| (target, &words[at + 1..]))
}

/// The place after the words of the verb, options between them passed over.
fn after_verb(words: &[&[u8]], verb: &[&[u8]]) -> Option<usize> {
    verb.iter().try_fold(0, |at, part| {
        let at = skip_options(words, at);
        (words.get(at)? == part).then_some(at + 1)
    })
}

fn skip_options(words: &[&[u8]], mut at: usize) -> usize {
    while let Some(word) = words.get(at).filter(|word| word.starts_with(b"-")) {
        if *word == b"--" {
            return at + 1;
        }
        at += if VALUES.contains(word) { 2 } else { 1 };
    }
    at
}

/// `@scope/name@1.2.3` is the package `@scope/name`, `./node_modules/.bin/nx` is `nx`, `name[extra]==1` is
/// `name`.
fn package_name(specification: &[u8]) -> &[u8] {
    let name = specification.strip_prefix(b"npm:").unwrap_or(specification);
    if name.starts_with(b"/") || name.starts_with(b".") {
        return name.rsplit(|byte| *byte == b'/').next().unwrap_or(name);
    }
    let scope = usize::from(name.starts_with(b"@"));
    let end = name[scope..].iter().position(|byte| matches!(byte, b'@' | b'[' | b'=')).map(|end| end + scope);
    &name[..end.unwrap_or(name.len())]
}

#[cfg(test)]
mod tests {
    use super::launched;

    #[test]
    fn what_a_launcher_launches() {
        type Row = (&'static str, &'static str, Option<(&'static str, usize)>);
        let table: &[Row] = &[
            ("npx", "vitest run", Some(("vitest", 1))),
            (
                "npx",
                "-y @modelcontextprotocol/server-memory@2025.1",
                Some(("@modelcontextprotocol/server-memory", 0)),
            ),
            ("npx", "-p typescript tsc --watch", Some(("tsc", 1))),
            ("npm", "exec -- nx build", Some(("nx", 1))),
            ("npm", "run test", None),
            ("pnpm", "--filter app exec vitest", Some(("vitest", 0))),
            ("pnpm", "dlx mcp-server-x", Some(("mcp-server-x", 0))),
            ("pnpm", "vitest --watch", Some(("vitest", 1))),
            ("pnpm", "install nx", Some(("install", 1))),
            ("bun", "x vitest", Some(("vitest", 0))),
            ("uvx", "--from git+x mcp-server-time==1.0", Some(("mcp-server-time", 0))),
            ("uv", "tool run mcp-server-time", Some(("mcp-server-time", 0))),
            ("uv", "tool uvx mcp-server-time@2026.1", Some(("mcp-server-time", 0))),
            ("uv", "run --with mcp mcp-server-git", Some(("mcp-server-git", 0))),
            ("npx", "./node_modules/.bin/nx graph", Some(("nx", 1))),
            ("vim", "exec nx", None),
            ("npx", "", None),
            ("npx", "-y", None),
        ];
        for (name, words, expected) in table {
            let words: Vec<&[u8]> = words.split_whitespace().map(str::as_bytes).collect();
            let found = launched(name.as_bytes(), &words);
            let found = found.map(|(target, rest)| (std::str::from_utf8(target).unwrap(), rest.len()));
            assert_eq!(found, *expected, "{name} {words:?}");
        }
    }
}
