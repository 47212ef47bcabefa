//! `brainwav health`: look, hold against the limits, and end what exceeds them if that was asked for.

use std::time::Instant;

use super::actions::Actions;
use super::ending::{self, How, Telling};
use super::health_metrics;
use super::looks_store::LooksStore;
use crate::cli::health::{HealthArgs, LimitArgs};
use crate::config::{Flag, Resolved, closest};
use crate::context::Context;
use crate::core::health::{Inspection, Request, inspect, largest};
use crate::core::host::Host;
use crate::core::process::{Guard, Tree};
use crate::core::termination::{Outcome, Report, Root, TooMany};
use crate::error::{Error, ErrorKind, Result};
use crate::exit::ExitCode;
use crate::output::actions::processes::{Ending, Subject};
use crate::output::health::{Mode, View, human};
use crate::output::health_document::Document;
use crate::output::progress::Spinner;
use crate::output::ui::Format;
use crate::sys::SystemHost;

/// Runs the command on this machine.
///
/// # Errors
/// When the settings are wrong, the machine cannot be looked at, or another run is ending processes.
pub fn run(context: &mut Context, args: &HealthArgs) -> Result<ExitCode> {
    let resolved = context.resolve(flags(args))?;
    health_metrics::check(context, args)?;
    check_names(&resolved, &args.rules)?;
    let rules = &resolved.settings.rules;
    let mode = mode(args);
    let _lock = (mode == Mode::Enforce).then(|| ending::lock(context)).transpose()?;
    let host = SystemHost::new().map_err(|error| Error::new(ErrorKind::Look, error))?;
    let guard = Guard::new(&host, resolved.settings.protected.clone(), args.all_users);
    if args.all_users && context.uid != 0 {
        context.ui.warn("--all-users is for root; looking at your own processes only");
    }
    let started = Instant::now();
    let inspection = look(context, &host, &guard, &resolved, args)?;
    let elapsed = started.elapsed();
    let mut actions = Actions::new(&resolved, mode == Mode::Enforce);
    let (report, refused) = match mode {
        Mode::Look => (None, None),
        _ => end_problems(context, &host, &guard, &mut actions, &resolved, args, &inspection)?,
    };
    actions.finish(context);
    let view = View {
        mode,
        all: args.all,
        rules,
        only: &args.rules,
        limits: &resolved.settings.limits,
        trees: args.top.map(|count| largest(&host, &inspection, count)).unwrap_or_default(),
        termination: report.as_ref(),
        refused,
        elapsed,
        inspection: &inspection,
    };
    let code = show(context, &resolved, &view, args)?;
    Ok(host.interrupted().map_or(code, ExitCode::Signal))
}

const fn mode(args: &HealthArgs) -> Mode {
    match (args.enforce, args.dry_run) {
        (_, true) => Mode::DryRun,
        (true, false) => Mode::Enforce,
        (false, false) => Mode::Look,
    }
}

/// The limits as they were typed: the configuration checks them as it checks a file.
fn flags(args: &HealthArgs) -> Vec<Flag> {
    let LimitArgs {
        max_memory,
        max_tree_memory,
        max_cpu,
        cpu_strikes,
        max_runtime,
        grace,
        look_interval,
        max_batch,
        ..
    } = &args.limits;
    let typed = [
        ("health.max-memory", "--max-memory", max_memory),
        ("health.max-tree-memory", "--max-tree-memory", max_tree_memory),
        ("health.max-cpu", "--max-cpu", max_cpu),
        ("health.cpu-strikes", "--cpu-strikes", cpu_strikes),
        ("health.max-runtime", "--max-runtime", max_runtime),
        ("health.grace", "--grace", grace),
        ("health.look-interval", "--look-interval", look_interval),
        ("health.max-batch", "--max-batch", max_batch),
        ("health.scope", "--scope", &args.scope),
    ];
    let flag = |(key, flag, value): (_, _, &Option<String>)| {
        value.as_ref().map(|value| Flag { key, flag, value: value.clone() })
    };
    typed.into_iter().filter_map(flag).collect()
}

fn check_names(resolved: &Resolved, names: &[String]) -> Result<()> {
    let known: Vec<&str> = resolved.settings.rules.iter().map(|rule| rule.name.as_str()).collect();
    if let Some(unknown) = names.iter().find(|name| !known.contains(&name.as_str())) {
        let error = Error::usage(format!("--rule {unknown}: there is no rule of this name"));
        let hint = format!("the rules are {}", known.join(", "));
        return Err(match closest(unknown, known.iter().copied()) {
            Some(near) => error.hint(format!("did you mean {near}?")).hint(hint),
            None => error.hint(hint),
        });
    }
    Ok(())
}

fn look(
    context: &mut Context,
    host: &SystemHost,
    guard: &Guard,
    resolved: &Resolved,
    args: &HealthArgs,
) -> Result<Inspection> {
    let spinner = Spinner::start(&context.ui, "looking at the processes");
    let store = LooksStore::open(context, host.boot(), host.awake());
    let request = Request {
        rules: &resolved.settings.rules,
        only: &args.rules,
        limits: &resolved.settings.limits,
        workspace: &resolved.workspace,
        scope: resolved.settings.scope,
        sample: args.sample.map(Into::into),
        families: args.top.is_some(),
        looks: &store.looks,
    };
    let inspection = inspect(host, guard, &request).map_err(|error| Error::new(ErrorKind::Look, error))?;
    drop(spinner);
    store.save(context, &inspection.looks);
    if inspection.unreadable > 0 {
        context.ui.status(1, &format!("{} processes could not be read", inspection.unreadable));
    }
    Ok(inspection)
}

/// Ends the problems, or says what it would end.
fn end_problems(
    context: &mut Context,
    host: &SystemHost,
    guard: &Guard,
    actions: &mut Actions<'_>,
    resolved: &Resolved,
    args: &HealthArgs,
    inspection: &Inspection,
) -> Result<(Option<Report>, Option<TooMany>)> {
    let roots: Vec<Root> = inspection
        .problems()
        .map(|watched| Root { identity: watched.identity, command: watched.process.command.clone() })
        .collect();
    if roots.is_empty() {
        return Ok((None, None));
    }
    let tree = Tree::new(host.everyone().map_err(|error| Error::new(ErrorKind::Look, error))?);
    let how = How {
        grace: resolved.settings.grace,
        limit: (!args.limits.no_batch_limit).then_some(resolved.settings.max_batch),
        dry_run: args.dry_run,
    };
    let subject = |watched| Subject::over_a_limit(&resolved.settings.rules, watched);
    let ending = Ending { command: "health", subjects: inspection.problems().map(subject).collect() };
    ending::end(context, host, guard, &tree, &roots, how, Telling { actions, ending })
}

fn show(context: &mut Context, resolved: &Resolved, view: &View<'_>, args: &HealthArgs) -> Result<ExitCode> {
    let code = exit_code(view);
    match context.ui.format() {
        _ if context.metrics => health_metrics::show(context, resolved, view, args.output.as_deref())?,
        Format::Json => context.ui.document(&Document::new(view, code)),
        // A cron job writes to somebody only when there was something.
        Format::Human if context.ui.is_quiet() && view.inspection.problems().next().is_none() => {}
        Format::Human => {
            let text = human(&context.ui, view);
            context.ui.data(&text);
        }
    }
    say_what_to_do(context, view);
    Ok(code)
}

fn say_what_to_do(context: &mut Context, view: &View<'_>) {
    if let Some(refused) = view.refused {
        ending::say_refused(context, refused);
    }
    if let Some(reason) = view.termination.and_then(|report| report.search_failed.as_ref()) {
        context.ui.error(&format!("children that were started meanwhile may be left: {reason}"));
    }
    let problems = view.inspection.problems().count();
    if problems > 0 && view.mode == Mode::Look && context.ui.format() == Format::Human {
        context.ui.hint("brainwav health --enforce ends them; add -n to see what it would do");
    }
}

/// From what became of it, never from what was meant.
fn exit_code(view: &View<'_>) -> ExitCode {
    let problems: Vec<u32> = view.inspection.problems().map(|watched| watched.identity.pid.get()).collect();
    if view.refused.is_some() {
        return if view.mode == Mode::Enforce { ExitCode::ActionFailed } else { ExitCode::ProblemsFound };
    }
    if problems.is_empty() {
        return ExitCode::Success;
    }
    let Some(report) = view.termination else { return ExitCode::ProblemsFound };
    if let Some(signal) = report.interrupted {
        return ExitCode::Signal(signal);
    }
    if report.has_failure() {
        return ExitCode::ActionFailed;
    }
    let is_solved = |pid: &u32| {
        let outcome = report.ended.iter().find(|ended| ended.planned.stat.pid == *pid);
        outcome.map_or_else(
            || !report.kept.iter().any(|kept| kept.stat.pid == *pid),
            |ended| ended.outcome.is_gone() || ended.outcome == Outcome::Changed,
        )
    };
    if problems.iter().all(is_solved) { ExitCode::Success } else { ExitCode::ProblemsFound }
}
