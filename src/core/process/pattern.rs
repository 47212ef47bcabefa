//! Patterns for the name of a program: the whole name, with `*` for any run of characters.

use std::borrow::Cow;

/// A pattern that is compared with a whole program name, never with a part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamePattern(Cow<'static, str>);

impl NamePattern {
    /// A pattern from its text: `vitest`, `mcp-*`, `@modelcontextprotocol/server-*`.
    ///
    /// # Errors
    /// An empty pattern, or one of nothing but `*`, would match every program and is refused.
    pub fn new(text: impl Into<Cow<'static, str>>) -> Result<Self, PatternError> {
        let text = text.into();
        if text.trim().is_empty() {
            return Err(PatternError::Empty);
        }
        if text.bytes().all(|byte| matches!(byte, b'*' | b'/')) {
            return Err(PatternError::MatchesEverything(text.into_owned()));
        }
        Ok(Self(text))
    }

    /// The pattern as it was written.
    #[must_use]
    pub const fn text(&self) -> &Cow<'static, str> {
        &self.0
    }

    /// Whether `name` as a whole is what the pattern describes. `*` stands for any run of characters, `/`
    /// excepted, so that `*-mcp` says nothing about a scope.
    #[must_use]
    pub fn matches(&self, name: &[u8]) -> bool {
        wildcard(self.0.as_bytes(), name)
    }
}

/// Why a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// There is nothing in it.
    #[error("an empty program name matches nothing; write the name of a program, such as \"vitest\"")]
    Empty,
    /// There is nothing but wildcards in it.
    #[error("\"{0}\" would match every program; name at least a part of it, such as \"mcp-*\"")]
    MatchesEverything(String),
}

/// The usual linear-time wildcard match: remember the last `*` and, at a mismatch, let it take one more.
fn wildcard(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut read) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while read < name.len() {
        if pattern.get(at) == Some(&b'*') {
            retry = Some((at, read));
            at += 1;
        } else if pattern.get(at) == Some(&name[read]) {
            at += 1;
            read += 1;
        } else {
            match retry {
                Some((star, taken)) if name[taken] != b'/' => {
                    retry = Some((star, taken + 1));
                    at = star + 1;
                    read = taken + 1;
                }
                _ => return false,
            }
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::{NamePattern, PatternError};

    #[test]
    fn a_pattern_is_compared_with_the_whole_name() {
        let table: &[(&str, &str, bool)] = &[
            ("nx", "nx", true),
            ("nx", "nginx", false),
            ("nx", "nxls", false),
            ("mcp-*", "mcp-server-time", true),
            ("mcp-*", "mcp-", true),
            ("mcp-*", "amcp-x", false),
            ("*-mcp", "chrome-devtools-mcp", true),
            ("*-mcp", "@scope/x-mcp", false),
            ("@*/mcp", "@playwright/mcp", true),
            ("@*/mcp", "@playwright/mcp-x", false),
            ("*-mcp-*", "a-mcp-b-mcp-c", true),
            ("*-mcp-*", "a-mcp", false),
            ("@modelcontextprotocol/server-*", "@modelcontextprotocol/server-memory", true),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxbyy", false),
        ];
        for (pattern, name, expected) in table {
            let compiled = NamePattern::new(*pattern).unwrap();
            assert_eq!(compiled.matches(name.as_bytes()), *expected, "{pattern} on {name}");
        }
    }

    #[test]
    fn a_pattern_that_would_match_everything_is_refused() {
        assert_eq!(NamePattern::new("  "), Err(PatternError::Empty));
        for text in ["*", "**", "*/*"] {
            assert!(matches!(NamePattern::new(text), Err(PatternError::MatchesEverything(_))), "{text}");
        }
    }
}
