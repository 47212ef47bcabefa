//! The commands. Each resolves its settings, calls a few functions of the core, and hands the result to the
//! printer.

mod actions;
mod completions;
mod config_check;
mod config_init;
mod config_show;
mod ending;
mod health;
mod health_metrics;
mod looks_store;
mod prune_cache;
mod prune_cache_check;
mod prune_cache_stores;
mod prune_cache_watch;
mod reap;
mod reap_sockets;
mod reap_zombies;
mod remembered;
mod telemetry_background;
mod telemetry_bridge;
mod telemetry_bridge_lines;
mod telemetry_bridge_nats;
mod telemetry_bridge_queue;
mod telemetry_dashboard;
mod telemetry_emit;
mod telemetry_exec;
mod telemetry_flush;
mod telemetry_input;
mod telemetry_network;
mod telemetry_owner;
mod telemetry_phase;
mod telemetry_phase_runs;
mod telemetry_pipeline;
mod telemetry_redact;
mod telemetry_register;
mod telemetry_schema;
mod telemetry_sinks;
mod telemetry_status;

use crate::cli::Command;
use crate::cli::config::ConfigAction;
use crate::cli::telemetry::TelemetryAction;
use crate::cli::telemetry_phase::PhaseAction;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::exit::ExitCode;

/// Runs one command.
///
/// # Errors
/// Whatever keeps the command from doing its work.
pub fn run(context: &mut Context, command: &Command) -> Result<ExitCode> {
    if context.metrics && !matches!(command, Command::Health(_)) {
        let error = Error::usage("--format prometheus: only health has metrics");
        return Err(error
            .hint("brainwav health --format prometheus")
            .hint("here write --format human or json"));
    }
    match command {
        Command::Health(args) => health::run(context, args),
        Command::Reap(args) => reap::run(context, args),
        Command::PruneCache(args) => prune_cache::run(context, args),
        Command::Telemetry(args) => match &args.action {
            TelemetryAction::Emit(args) => telemetry_emit::run(context, args),
            TelemetryAction::Phase(args) => match &args.action {
                PhaseAction::Start(args) => telemetry_phase::start(context, args),
                PhaseAction::Finish(args) => telemetry_phase::finish(context, args),
            },
            TelemetryAction::Exec(args) => telemetry_exec::run(context, args),
            TelemetryAction::Bridge(args) => telemetry_bridge::run(context, args),
            TelemetryAction::Flush(args) => telemetry_flush::run(context, args),
            TelemetryAction::Status(_) => telemetry_status::run(context),
            TelemetryAction::Schema(args) => telemetry_schema::run(context, args),
            TelemetryAction::Dashboard(args) => telemetry_dashboard::run(context, args),
            TelemetryAction::Redact(args) => telemetry_redact::run(context, args),
        },
        Command::Config(args) => match &args.action {
            ConfigAction::Show(args) => config_show::run(context, args),
            ConfigAction::Check(args) => config_check::run(context, args),
            ConfigAction::Init(args) => config_init::run(context, args),
        },
        Command::Completions(args) => completions::run(context, args),
    }
}
