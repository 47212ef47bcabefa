//! `brainwav completions`.

use clap::{Args, ValueEnum};

const EXAMPLES: &str = "\
Examples:\n\
\x20 brainwav completions bash > ~/.local/share/bash-completion/completions/brainwav\n\
\x20 brainwav completions zsh > ~/.zfunc/_brainwav\n\
\x20 brainwav completions fish > ~/.config/fish/completions/brainwav.fish";

/// Print the completions for a shell
///
/// They are made from the definition of the command line itself, so they fit the program that prints them. Write them
/// to the place where the shell looks for completions, as in the examples.
#[derive(Debug, Args)]
#[command(
    before_help = "brAInwav completions",
    after_help = EXAMPLES,
    after_long_help = crate::cli::global::after_help(EXAMPLES)
)]
pub struct CompletionsArgs {
    /// The shell
    pub shell: ShellArg,
}

/// The shells that there are completions for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ShellArg {
    /// Bash
    Bash,
    /// Zsh
    Zsh,
    /// Fish
    Fish,
}
