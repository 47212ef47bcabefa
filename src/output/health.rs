//! What `health` found, for people.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::Duration;

use super::BRAND;
use super::command::command;
use super::sanitize::{sanitize, shorten};
use super::table::{Table, Tone};
use super::ui::Ui;
use super::units::{count, plural, size, time};
use super::words;
use crate::core::health::{DevelopmentTree, Inspection, Limits, Watched};
use crate::core::process::Rule;
use crate::core::termination::{Ended, Outcome, Report, Role, TooMany};

/// What the run was asked to do about problems.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Nothing.
    Look,
    /// To say what it would do.
    DryRun,
    /// To end them.
    Enforce,
}

/// Everything that there is to say about one run.
#[derive(Debug)]
pub struct View<'a> {
    /// What was asked for.
    pub mode: Mode,
    /// Whether everything that matches a rule is listed.
    pub all: bool,
    /// All rules.
    pub rules: &'a [Rule],
    /// The names of those whose processes were judged; all of them if there are none.
    pub only: &'a [String],
    /// The general limits.
    pub limits: &'a Limits,
    /// What was found.
    pub inspection: &'a Inspection,
    /// The largest trees, if they were asked for.
    pub trees: Vec<DevelopmentTree<'a>>,
    /// What became of the problems.
    pub termination: Option<&'a Report>,
    /// Why nothing was done about them.
    pub refused: Option<TooMany>,
    /// How long the look took.
    pub elapsed: Duration,
}

impl View<'_> {
    /// The names of the rules whose processes were judged.
    pub fn judged(&self) -> impl Iterator<Item = &str> {
        let names = self.rules.iter().map(|rule| rule.name.as_str());
        names.filter(|name| self.only.is_empty() || self.only.iter().any(|only| only == name))
    }
}

/// The text on stdout.
#[must_use]
pub fn human(ui: &Ui, view: &View<'_>) -> String {
    let mut text = format!("{}\n", title(view));
    if view.inspection.watched.is_empty() {
        text.push_str(&nothing_matched(view));
        return text;
    }
    text.push_str(&processes(ui, view));
    text.push_str(&trees(ui, view));
    text.push_str(&fine(view));
    text
}

fn title(view: &View<'_>) -> String {
    let problems = view.inspection.problems().count();
    let verdict = if problems == 0 {
        "nothing over a limit".to_owned()
    } else {
        format!("{} over a limit", count(problems))
    };
    let looked = plural(view.inspection.seen, "process", "processes");
    format!("{BRAND} health: {looked} in {}, {verdict}{}", time(view.elapsed), done(view))
}

/// What was done about it, counted from the outcomes.
fn done(view: &View<'_>) -> String {
    let Some(report) = view.termination else {
        return if view.mode == Mode::DryRun { " (dry run)".to_owned() } else { String::new() };
    };
    let number = |is: fn(&Outcome) -> bool| report.ended.iter().filter(|ended| is(&ended.outcome)).count();
    if view.mode == Mode::DryRun {
        let processes = number(|outcome| *outcome == Outcome::WouldEnd);
        return format!(" (dry run: {} to end)", count(processes));
    }
    let ended = number(|outcome| matches!(outcome, Outcome::Terminated | Outcome::Killed));
    match number(|outcome| !outcome.is_gone()) {
        0 => format!(", {} ended", count(ended)),
        left => format!(", {} ended, {} not", count(ended), count(left)),
    }
}

fn nothing_matched(view: &View<'_>) -> String {
    let names: Vec<&str> = view.judged().collect();
    let limits = view.limits;
    let mut text = format!(
        "No process matches a rule. Looked for {}.\nLimits: {} of memory a process, {} % CPU in {} looks in a row, {} without progress.\n",
        names.join(", "),
        size(limits.max_memory_bytes),
        limits.max_cpu_percent,
        limits.cpu_strikes,
        time(limits.max_runtime),
    );
    if view.inspection.of_others > 0 {
        let others = plural(view.inspection.of_others, "process", "processes");
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{others} of other users would match; root sees them with --all-users.");
    }
    text
}

fn listed<'v>(view: &'v View<'_>) -> impl Iterator<Item = &'v Watched> {
    let all = view.all;
    view.inspection.watched.iter().filter(move |watched| {
        let is_busy = watched.notes.iter().any(|note| matches!(note, crate::core::health::Note::Busy { .. }));
        all || is_busy || !watched.findings.is_empty()
    })
}

fn processes(ui: &Ui, view: &View<'_>) -> String {
    let outcomes: HashMap<u32, &Ended> = view
        .termination
        .iter()
        .flat_map(|report| &report.ended)
        .map(|ended| (ended.planned.stat.pid, ended))
        .collect();
    let mut table =
        Table::new(ui, &["PID", "RULE", "MEMORY", "CPU", "AGE", "PROCESS AND VERDICT"], &[0, 2, 3, 4]);
    let mut rows = 0;
    for watched in listed(view) {
        table.row(&row(ui, view, watched, outcomes.get(&watched.identity.pid.get()).copied()));
        rows += 1;
    }
    let own = |pid: u32| listed(view).any(|watched| watched.identity.pid.get() == pid);
    for ended in outcomes_of_others(view).filter(|ended| !own(ended.planned.stat.pid)) {
        table.row(&descendant_row(ended));
        rows += 1;
    }
    let rows = if rows == 0 { String::new() } else { format!("\n{}", table.render()) };
    format!("{rows}{}", kept(view))
}

/// What was started by a target and is left alone.
fn kept(view: &View<'_>) -> String {
    let is_watched =
        |pid: u32| view.inspection.watched.iter().any(|watched| watched.identity.pid.get() == pid);
    let mut text = String::new();
    let kept = view.termination.iter().flat_map(|report| &report.kept);
    for kept in kept.filter(|kept| !is_watched(kept.stat.pid)) {
        let name = sanitize(&String::from_utf8_lossy(&kept.stat.name));
        // Writing to a string cannot fail.
        let reason = sanitize(&words::protection(&kept.reason));
        let _ = writeln!(text, "{} {name} is left alone: {reason}", kept.stat.pid);
    }
    if text.is_empty() { text } else { format!("\n{text}") }
}

fn outcomes_of_others<'v>(view: &'v View<'_>) -> impl Iterator<Item = &'v Ended> {
    let ended = view.termination.iter().flat_map(|report| &report.ended);
    ended.filter(|ended| matches!(ended.planned.role, Role::Descendant(_)))
}

fn row(ui: &Ui, view: &View<'_>, watched: &Watched, ended: Option<&Ended>) -> Vec<(String, Tone)> {
    let plain = |text: String| (text, Tone::Plain);
    let mut lines = vec![command(&watched.process.command, ui.width())];
    lines.extend(watched.findings.iter().map(words::finding));
    let busy = watched.notes.iter().filter(|note| ui.verbosity() > 0 || view.all || is_busy(note));
    lines.extend(busy.map(words::note));
    if ui.verbosity() > 0 {
        lines.insert(1, words::matched_by(&watched.matched_by));
    }
    lines.extend(
        watched.protection.as_ref().map(|reason| format!("left alone: {}", words::protection(reason))),
    );
    if view.all && watched.findings.is_empty() {
        lines.push("fine".to_owned());
    }
    lines.extend(ended.map(|ended| format!("→ {}", words::outcome(&ended.outcome))));
    vec![
        plain(watched.identity.pid.to_string()),
        plain(sanitize(&view.rules[watched.rule].name)),
        plain(size(watched.process.stat.rss_bytes)),
        plain(watched.cpu_percent.map_or_else(|| "-".to_owned(), |percent| format!("{percent:.0} %"))),
        plain(time(watched.age)),
        (lines.join("\n"), tone(watched, ended)),
    ]
}

fn is_busy(note: &crate::core::health::Note) -> bool {
    matches!(note, crate::core::health::Note::Busy { .. })
}

fn tone(watched: &Watched, ended: Option<&Ended>) -> Tone {
    match ended.map(|ended| &ended.outcome) {
        Some(outcome) if outcome.is_gone() => Tone::Good,
        Some(Outcome::WouldEnd) => Tone::Warning,
        Some(_) => Tone::Bad,
        None if watched.findings.is_empty() => Tone::Plain,
        None => Tone::Bad,
    }
}

fn descendant_row(ended: &Ended) -> Vec<(String, Tone)> {
    let stat = &ended.planned.stat;
    let target = match ended.planned.role {
        Role::Descendant(target) => target.to_string(),
        Role::Target => String::new(),
    };
    let name = shorten(&sanitize(&String::from_utf8_lossy(&stat.name)), 40);
    let text = format!("{name}\nstarted by {target}\n→ {}", words::outcome(&ended.outcome));
    let tone = if ended.outcome.is_failure() { Tone::Bad } else { Tone::Faint };
    let empty = || (String::new(), Tone::Plain);
    vec![
        (stat.pid.to_string(), Tone::Plain),
        empty(),
        (size(stat.rss_bytes), Tone::Plain),
        empty(),
        empty(),
        (text, tone),
    ]
}

fn trees(ui: &Ui, view: &View<'_>) -> String {
    if view.trees.is_empty() {
        return String::new();
    }
    let names = ["PID", "RULE", "PROCESSES", "PSS", "RSS", "LARGEST TREES"];
    let mut table = Table::new(ui, &names, &[0, 2, 3, 4]);
    for tree in &view.trees {
        let cells = [
            tree.root.identity.pid.to_string(),
            sanitize(&view.rules[tree.root.rule].name),
            count(tree.processes),
            tree.pss_bytes.map_or_else(|| "unknown".to_owned(), size),
            size(tree.rss_bytes),
            command(&tree.root.process.command, ui.width()),
        ];
        table.row(&cells.map(|text| (text, Tone::Plain)));
    }
    format!("\n{}", table.render())
}

/// One line for everything that is fine.
fn fine(view: &View<'_>) -> String {
    let fine: Vec<&Watched> =
        view.inspection.watched.iter().filter(|watched| watched.findings.is_empty()).collect();
    let Some(largest) = fine.iter().max_by_key(|watched| watched.process.stat.rss_bytes) else {
        return String::new();
    };
    format!(
        "\n{} within every limit; the largest is {} {} with {}.\n",
        plural(fine.len(), "process is", "processes are"),
        sanitize(&view.rules[largest.rule].name),
        largest.identity.pid,
        size(largest.process.stat.rss_bytes),
    )
}
