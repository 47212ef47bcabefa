//! `brainwav telemetry schema`.

use crate::context::Context;
use crate::core::telemetry::schema::schema;
use crate::error::Result;
use crate::exit::ExitCode;

/// Prints the schema. It is a document of its own standard: its title bears the brand.
///
/// # Errors
/// None; what stdout does not take is told at the end of the run.
#[allow(clippy::unnecessary_wraps, reason = "the shape of every command")]
pub fn run(context: &mut Context) -> Result<ExitCode> {
    context.ui.document(&schema());
    Ok(ExitCode::Success)
}
