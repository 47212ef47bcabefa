//! The command line of a process: bytes that somebody else chose.

/// A command line as the kernel hands it out: arguments, each ended by a NUL byte. Borrowed, so that a scan
/// that looks at thousands allocates for the few that match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arguments<'a>(&'a [u8]);

impl<'a> Arguments<'a> {
    /// From the bytes of `/proc/PID/cmdline`. A process that wrote a title over its arguments leaves NUL
    /// bytes behind it; they are no arguments.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        Self(&bytes[..end])
    }

    /// The arguments in order, the name of the program first.
    pub fn iter(self) -> impl Iterator<Item = &'a [u8]> + Clone {
        let some = !self.0.is_empty();
        self.0.split(|byte| *byte == 0).filter(move |_| some)
    }

    /// Kernel threads and zombies have none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// All arguments, joined by one space, as `ps` shows them.
    #[must_use]
    pub fn joined(self) -> Vec<u8> {
        self.0.iter().map(|byte| if *byte == 0 { b' ' } else { *byte }).collect()
    }

    /// An owned copy.
    #[must_use]
    pub fn to_owned(self) -> CommandLine {
        CommandLine(self.0.into())
    }
}

/// An owned command line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommandLine(Box<[u8]>);

impl CommandLine {
    /// From its words.
    #[must_use]
    pub fn from_words<W: AsRef<[u8]>>(words: &[W]) -> Self {
        Arguments::new(&words.iter().map(AsRef::as_ref).collect::<Vec<&[u8]>>().join(&0)).to_owned()
    }

    /// The arguments.
    #[must_use]
    pub const fn arguments(&self) -> Arguments<'_> {
        Arguments(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Arguments, CommandLine};

    #[test]
    fn arguments_are_split_at_nul() {
        let table: &[(&[u8], &[&[u8]])] = &[
            (b"", &[]),
            (b"\0\0\0", &[]),
            (b"node\0a.js\0", &[b"node", b"a.js"]),
            (b"node (vitest 1)\0\0\0\0\0", &[b"node (vitest 1)"]),
            (b"a\0\0b\0", &[b"a", b"", b"b"]),
            (b"no-end", &[b"no-end"]),
            (b"a\nb\0\xff\xfe\x1b[2J\0", &[b"a\nb", b"\xff\xfe\x1b[2J"]),
        ];
        for (bytes, expected) in table {
            let found: Vec<&[u8]> = Arguments::new(bytes).iter().collect();
            assert_eq!(&found, expected, "{:?}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn joined_is_what_ps_shows() {
        let command = CommandLine::from_words(&["node", "a b", "--x"]);
        assert_eq!(command.arguments().joined(), b"node a b --x");
    }
}
