//! The printer that is handed down: stdout is data, stderr is everything else.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;

use super::BRAND;
use super::sanitize::sanitize;
use crate::core::redact::Confidential;

/// What a command prints on stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A table for people.
    Human,
    /// One JSON document.
    Json,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColorChoice {
    /// On a terminal, unless the environment says otherwise.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What the environment says about colours, as <https://no-color.org> and <https://bixense.com/clicolors>
/// describe it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ColorEnvironment {
    /// `NO_COLOR` is set and not empty.
    pub no_color: bool,
    /// `CLICOLOR_FORCE` is set and not `0`.
    pub force: bool,
    /// `TERM` is `dumb`.
    pub dumb: bool,
}

impl ColorChoice {
    /// Whether a stream gets colours.
    #[must_use]
    pub const fn resolve(self, environment: ColorEnvironment, is_terminal: bool) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto if environment.no_color => false,
            Self::Auto if environment.force => true,
            Self::Auto => is_terminal && !environment.dumb,
        }
    }
}

/// How much is said, and how it looks.
#[derive(Debug, Clone, Copy)]
pub struct Appearance {
    /// What goes to stdout.
    pub format: Format,
    /// Colours, unless a stream is no terminal.
    pub color: ColorChoice,
    /// What the environment says about them.
    pub environment: ColorEnvironment,
    /// Only data and errors.
    pub quiet: bool,
    /// How much more than usual to say.
    pub verbosity: u8,
}

/// The two streams.
pub struct Ui {
    out: Box<dyn Write>,
    err: Box<dyn Write>,
    appearance: Appearance,
    confidential: Confidential,
    color_out: bool,
    color_err: bool,
    width: usize,
    failure: Option<io::Error>,
}

/// The width where there is no terminal to ask.
const DEFAULT_WIDTH: usize = 80;

impl Ui {
    /// Prints to the streams of the process, and none of this to stderr.
    #[must_use]
    pub fn stdio(appearance: Appearance, confidential: Confidential) -> Self {
        let (out, err) = (io::stdout(), io::stderr());
        let resolve = |is_terminal| appearance.color.resolve(appearance.environment, is_terminal);
        let size = comfy_table_width(out.is_terminal());
        Self {
            color_out: resolve(out.is_terminal()),
            color_err: resolve(err.is_terminal()),
            width: size,
            out: Box::new(out.lock()),
            err: Box::new(err),
            appearance,
            confidential,
            failure: None,
        }
    }

    /// Prints into buffers, without colours.
    #[must_use]
    pub fn to(appearance: Appearance, out: Box<dyn Write>, err: Box<dyn Write>) -> Self {
        let color = appearance.color.resolve(appearance.environment, false);
        let confidential = Confidential::default();
        let (color_out, color_err, width) = (color, color, DEFAULT_WIDTH);
        Self { out, err, appearance, confidential, color_out, color_err, width, failure: None }
    }

    /// What goes to stdout.
    #[must_use]
    pub const fn format(&self) -> Format {
        self.appearance.format
    }

    /// How much more than usual to say.
    #[must_use]
    pub const fn verbosity(&self) -> u8 {
        self.appearance.verbosity
    }

    /// Whether only data and errors are wanted.
    #[must_use]
    pub const fn is_quiet(&self) -> bool {
        self.appearance.quiet
    }

    /// Whether stdout gets colours.
    #[must_use]
    pub const fn colors(&self) -> bool {
        self.color_out
    }

    /// Columns of the terminal.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.width
    }

    /// Writes data. A reader that has closed its end wants no more; any other failure is kept for the end.
    pub fn data(&mut self, text: &str) {
        if self.failure.is_some() {
            return;
        }
        let written = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
        self.failure = written.err();
    }

    /// Writes a piece of a stream of data, and says whether more is wanted.
    pub fn stream(&mut self, piece: &[u8]) -> bool {
        if self.failure.is_none() {
            self.failure = self.out.write_all(piece).and_then(|()| self.out.flush()).err();
        }
        self.failure.is_none()
    }

    /// A second way to stdout, for what is written by another thread. Nothing is kept back in a buffer.
    ///
    /// # Errors
    /// When there is no descriptor left.
    pub fn stdout_copy() -> io::Result<File> {
        io::stdout().as_fd().try_clone_to_owned().map(File::from)
    }

    /// Writes a document of JSON, indented for people on request only.
    pub fn document<T: serde::Serialize>(&mut self, document: &T) {
        match serde_json::to_string_pretty(document) {
            Ok(text) => self.data(&format!("{text}\n")),
            Err(error) => self.failure = self.failure.take().or(Some(error.into())),
        }
    }

    /// Says what is going on, if `verbosity` of that much was asked for.
    pub fn status(&mut self, verbosity: u8, text: &str) {
        if self.appearance.verbosity >= verbosity && !self.appearance.quiet {
            self.line("", "", text);
        }
    }

    /// Says what was redacted before, as the user wants it: with his marker, which is none of ours.
    pub fn redacted(&mut self, text: &str) {
        if !self.appearance.quiet {
            self.write("", "", text);
        }
    }

    /// Says something that belongs to what was said before, however quiet the run is.
    pub fn note(&mut self, text: &str) {
        self.line("", "", text);
    }

    /// Says what is not as it should be and does not stop the run.
    pub fn warn(&mut self, text: &str) {
        if !self.appearance.quiet {
            self.line("warning: ", "33", text);
        }
    }

    /// Says what to do next.
    pub fn hint(&mut self, text: &str) {
        if !self.appearance.quiet {
            self.line("hint: ", "36", text);
        }
    }

    /// Says what stopped the run.
    pub fn error(&mut self, text: &str) {
        self.line("error: ", "31", text);
    }

    /// No line shows a secret, whoever wrote it and whatever he forgot.
    fn line(&mut self, kind: &str, color: &str, text: &str) {
        let text = self.confidential.hide(text).into_owned();
        self.write(kind, color, &text);
    }

    /// Every line bears the brand. That stderr cannot be written to is nothing that could be said anywhere.
    fn write(&mut self, kind: &str, color: &str, text: &str) {
        let mut kind = kind.to_owned();
        if self.color_err && !kind.is_empty() {
            kind = format!("\x1b[{color}m{kind}\x1b[0m");
        }
        for line in text.lines() {
            let _ = writeln!(self.err, "[{BRAND}] {kind}{}", sanitize(line));
            kind.clear();
        }
    }

    /// What went wrong with stdout, a closed pipe excepted.
    pub fn take_failure(&mut self) -> Option<io::Error> {
        self.failure.take().filter(|error| error.kind() != io::ErrorKind::BrokenPipe)
    }
}

/// Says where the program itself went wrong, under the brand and without a stack.
pub fn report_panics(confidential: Confidential) {
    std::panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map(|place| format!("{}:{}", place.file(), place.line()));
        let place = place.unwrap_or_else(|| "an unknown place".to_owned());
        let reason = confidential.hide(panic.payload_as_str().unwrap_or("no reason given"));
        let reason = sanitize(&reason);
        // That stderr cannot be written to is nothing that could be said anywhere.
        let _ =
            writeln!(io::stderr(), "[{BRAND}] error: internal error at {place}: {reason}; please report it");
    }));
}

fn comfy_table_width(is_terminal: bool) -> usize {
    let width = comfy_table::Table::new().width().filter(|_| is_terminal);
    width.map_or(DEFAULT_WIDTH, usize::from).clamp(40, 200)
}

#[cfg(test)]
mod tests {
    use super::{ColorChoice, ColorEnvironment};

    #[test]
    fn colours_follow_the_choice_then_the_environment_then_the_stream() {
        let plain = ColorEnvironment::default();
        let no_color = ColorEnvironment { no_color: true, ..plain };
        let force = ColorEnvironment { force: true, ..plain };
        let both = ColorEnvironment { no_color: true, force: true, ..plain };
        let dumb = ColorEnvironment { dumb: true, ..plain };
        let table = [
            (ColorChoice::Auto, plain, true, true),
            (ColorChoice::Auto, plain, false, false),
            (ColorChoice::Auto, no_color, true, false),
            (ColorChoice::Auto, force, false, true),
            (ColorChoice::Auto, both, true, false),
            (ColorChoice::Auto, dumb, true, false),
            (ColorChoice::Always, no_color, false, true),
            (ColorChoice::Never, force, true, false),
        ];
        for (choice, environment, is_terminal, expected) in table {
            assert_eq!(choice.resolve(environment, is_terminal), expected, "{choice:?} {environment:?}");
        }
    }
}
