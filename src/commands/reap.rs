//! `brainwav reap`: orphans, zombies and dead sockets.

use std::time::{Duration, Instant};

use super::actions::Actions;
use super::ending::{self, How, Telling};
use super::reap_sockets::{self, Looked};
use super::reap_zombies;
use crate::cli::reap::{ReapArgs, WhatArg};
use crate::config::{Flag, Resolved};
use crate::context::Context;
use crate::core::host::Host;
use crate::core::process::{Guard, Tree};
use crate::core::reap::gather::Gathered;
use crate::core::reap::{Candidate, Kind, Request, Verdict, gather};
use crate::core::termination::{Report, Root, TooMany};
use crate::error::{Error, ErrorKind, Result};
use crate::exit::ExitCode;
use crate::output::actions::processes::{Ending, Subject};
use crate::output::progress::Spinner;
use crate::output::reap::{View, human};
use crate::output::reap_document::Document;
use crate::output::ui::Format;
use crate::sys::SystemHost;

/// Runs the command on this machine.
///
/// # Errors
/// When the settings are wrong, the machine cannot be looked at, or another run is ending processes.
pub fn run(context: &mut Context, args: &ReapArgs) -> Result<ExitCode> {
    let resolved = context.resolve(flags(args))?;
    let wants = |what| args.what.is_none_or(|only| only == what);
    let _lock = (!args.dry_run).then(|| ending::lock(context)).transpose()?;
    let host = SystemHost::new().map_err(|error| Error::new(ErrorKind::Look, error))?;
    let guard = Guard::new(&host, resolved.settings.protected.clone(), args.all_users);
    let started = Instant::now();
    let gathered = wants(WhatArg::Orphans).then(|| look(context, &host, &guard, &resolved)).transpose()?;
    let mut actions = Actions::new(&resolved, !args.dry_run);
    let zombies = match wants(WhatArg::Zombies) {
        true => reap_zombies::look(context, &host, &guard, &mut actions, &resolved, gathered.as_ref(), args)?,
        false => Vec::new(),
    };
    let elapsed = started.elapsed();
    let (report, refused) = match &gathered {
        Some(gathered) => end_orphans(context, &host, &guard, &mut actions, &resolved, args, gathered)?,
        None => (None, None),
    };
    let is_stopped = report.as_ref().is_some_and(|report| report.interrupted.is_some());
    let sockets = match wants(WhatArg::Sockets) && !is_stopped {
        true => reap_sockets::look(context, &host, &mut actions, &resolved.settings, args.dry_run),
        false => Looked::default(),
    };
    actions.finish(context);
    let view = View {
        dry_run: args.dry_run,
        all: args.all,
        superseded: args.superseded,
        looked_for: [WhatArg::Orphans, WhatArg::Zombies, WhatArg::Sockets].map(wants),
        seen: gathered.as_ref().map(|gathered| gathered.seen),
        candidates: gathered.as_ref().map_or(&[], |gathered| &gathered.candidates),
        zombies: &zombies,
        sockets: &sockets.rows,
        termination: report.as_ref(),
        refused,
        elapsed,
    };
    let code = unless_partial(show(context, &view), sockets.is_partial);
    Ok(host.interrupted().map_or(code, ExitCode::Signal))
}

/// What could not be looked at is not clean.
const fn unless_partial(code: ExitCode, is_partial: bool) -> ExitCode {
    match code {
        ExitCode::Success | ExitCode::ProblemsFound if is_partial => ExitCode::CouldNotLook,
        code => code,
    }
}

fn flags(args: &ReapArgs) -> Vec<Flag> {
    let typed = [
        ("reap.min-age", "--min-age", &args.min_age),
        ("reap.socket-min-age", "--socket-min-age", &args.socket_min_age),
        ("health.grace", "--grace", &args.grace),
        ("health.max-batch", "--max-batch", &args.max_batch),
        ("health.scope", "--scope", &args.scope),
    ];
    let flag = |(key, flag, value): (_, _, &Option<String>)| {
        value.as_ref().map(|value| Flag { key, flag, value: value.clone() })
    };
    typed.into_iter().filter_map(flag).collect()
}

fn look(context: &Context, host: &SystemHost, guard: &Guard, resolved: &Resolved) -> Result<Gathered> {
    let spinner = Spinner::start(&context.ui, "looking for orphans");
    let request = Request {
        rules: &resolved.settings.rules,
        workspace: &resolved.workspace,
        scope: resolved.settings.scope,
        min_age: resolved.settings.reap_min_age,
    };
    let look = || gather(host, guard, &request).map_err(|error| Error::new(ErrorKind::Look, error));
    let mut gathered = look()?;
    let is_leaving =
        |candidate: &Candidate| candidate.kind == Kind::Server && candidate.judgement.verdict == Verdict::End;
    if gathered.candidates.iter().any(is_leaving) {
        std::thread::sleep(LEAVING);
        gathered = look()?;
    }
    drop(spinner);
    Ok(gathered)
}

/// A client ends its server by closing its stdin, and waits: whoever is about to go needs nobody to end it.
const LEAVING: Duration = Duration::from_secs(2);

fn end_orphans(
    context: &Context,
    host: &SystemHost,
    guard: &Guard,
    actions: &mut Actions<'_>,
    resolved: &Resolved,
    args: &ReapArgs,
    gathered: &Gathered,
) -> Result<(Option<Report>, Option<TooMany>)> {
    let orphans = gathered.candidates.iter().filter(|candidate| candidate.is_to_end(args.superseded));
    let orphans: Vec<&Candidate> = orphans.collect();
    if orphans.is_empty() {
        return Ok((None, None));
    }
    let tree = Tree::new(host.everyone().map_err(|error| Error::new(ErrorKind::Look, error))?);
    let subjects = orphans.iter().flat_map(|orphan| Subject::orphans(orphan)).collect();
    let roots: Vec<Root> = orphans.into_iter().filter_map(|orphan| orphan.root(&tree)).collect();
    let how = How {
        grace: resolved.settings.grace,
        limit: (!args.no_batch_limit).then_some(resolved.settings.max_batch),
        dry_run: args.dry_run,
    };
    let ending = Ending { command: "reap", subjects };
    ending::end(context, host, guard, &tree, &roots, how, Telling { actions, ending })
}

fn show(context: &mut Context, view: &View<'_>) -> ExitCode {
    let code = view.exit_code();
    match context.ui.format() {
        Format::Json => context.ui.document(&Document::new(view, code)),
        Format::Human if context.ui.is_quiet() && view.is_clean() => {}
        Format::Human => {
            let text = human(&context.ui, view);
            context.ui.data(&text);
        }
    }
    if let Some(refused) = view.refused {
        ending::say_refused(context, refused);
    }
    if view.zombies.iter().any(|row| !row.is_solved()) && context.ui.format() == Format::Human {
        context
            .ui
            .hint("only its parent can collect a zombie: restart the parent, or try reap zombies --nudge");
    }
    code
}
