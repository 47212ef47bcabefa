//! `brainwav telemetry dashboard`.

use crate::cli::telemetry_dashboard::DashboardArgs;
use crate::context::Context;
use crate::error::Result;
use crate::exit::ExitCode;
use crate::output::metrics::{dashboard, rules};

/// Prints the dashboard or the alerts. Each is a document of its own standard, and bears the brand in its own way.
///
/// # Errors
/// None; what stdout does not take is told at the end of the run.
#[allow(clippy::unnecessary_wraps, reason = "the shape of every command")]
pub fn run(context: &mut Context, args: &DashboardArgs) -> Result<ExitCode> {
    if args.rules {
        context.ui.data(&rules());
    } else {
        context.ui.document(&dashboard());
    }
    Ok(ExitCode::Success)
}
