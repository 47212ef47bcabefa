//! `brainwav completions`.

use clap::{Args, ValueEnum};

const EXAMPLES: &str = "\
Examples:\n\
\x20 brainwav completions bash > ~/.local/share/bash-completion/completions/brainwav\n\
\x20 brainwav completions zsh > ~/.zfunc/_brainwav\n\
\x20 brainwav completions fish > ~/.config/fish/completions/brainwav.fish";

/// Print the completions for a shell
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
