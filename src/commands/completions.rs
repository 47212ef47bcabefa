//! `brainwav completions`: from the same definition as the help.

use clap::CommandFactory;
use clap_complete::{Shell, generate};

use crate::cli::Cli;
use crate::cli::completions::{CompletionsArgs, ShellArg};
use crate::context::Context;
use crate::error::Result;
use crate::exit::ExitCode;
use crate::output::BRAND;

/// Prints the completions of one shell.
pub fn run(context: &mut Context, args: &CompletionsArgs) -> Result<ExitCode> {
    context.ui.data(&script(args.shell));
    Ok(ExitCode::Success)
}

/// The script. The brand stands in the last line: the first one of zsh belongs to zsh.
#[must_use]
pub fn script(shell: ShellArg) -> String {
    let shell = match shell {
        ShellArg::Bash => Shell::Bash,
        ShellArg::Zsh => Shell::Zsh,
        ShellArg::Fish => Shell::Fish,
    };
    let mut bytes = Vec::new();
    generate(shell, &mut Cli::command(), "brainwav", &mut bytes);
    format!("{}\n# {BRAND} completions for {shell}\n", String::from_utf8_lossy(&bytes).trim_end())
}
