//! `brainwav telemetry redact`: a filter from stdin to stdout.

use std::io;

use crate::cli::telemetry::{InputArg, RedactArgs};
use crate::config::Flag;
use crate::context::Context;
use crate::core::redact::{Counts, LineFilter, LineFormat, Redactor, Summary, filter_stream};
use crate::error::{Error, ErrorKind, Result};
use crate::exit::ExitCode;
use crate::output::units::{count, plural};

/// Filters stdin. SIGINT ends it as it ends any filter.
///
/// # Errors
/// When the settings are wrong, or stdin cannot be read.
pub fn run(context: &mut Context, args: &RedactArgs) -> Result<ExitCode> {
    let resolved = context.resolve(flags(args))?;
    let policy = resolved.settings.redaction.policy()?;
    let redactor =
        Redactor::new(policy).map_err(|error| Error::usage(format!("telemetry.redact: {error}")))?;
    let mut filter = LineFilter::new(redactor, format(args.input));
    let read = filter_stream(io::stdin().lock(), &mut filter, |piece| context.ui.stream(piece));
    if args.report {
        context.ui.note(&report(filter.summary()));
    }
    read.map_err(|error| Error::new(ErrorKind::Look, anyhow::anyhow!("cannot read stdin: {error}")))?;
    Ok(ExitCode::Success)
}

/// The settings as they were typed: the configuration checks them as it checks a file.
fn flags(args: &RedactArgs) -> Vec<Flag> {
    let list = |names: &[String]| Some(names.join(",")).filter(|_| !names.is_empty());
    let typed = [
        ("telemetry.redact.mode", "--mode", args.mode.clone()),
        ("telemetry.redact.marker", "--marker", args.marker.clone()),
        ("telemetry.redact.preserve", "--preserve", list(&args.preserve)),
        ("telemetry.redact.allow", "--allow", list(&args.allow)),
        ("telemetry.redact.content", "--keep-content", args.keep_content.then(|| "false".to_owned())),
        ("telemetry.redact.key-file", "--key-file", args.key_file.clone()),
    ];
    let flag = |(key, flag, value): (_, _, Option<String>)| value.map(|value| Flag { key, flag, value });
    typed.into_iter().filter_map(flag).collect()
}

const fn format(input: InputArg) -> LineFormat {
    match input {
        InputArg::Auto => LineFormat::Auto,
        InputArg::Ndjson => LineFormat::Json,
        InputArg::Lines => LineFormat::Plain,
    }
}

/// What was redacted, by class.
fn report(summary: &Summary) -> String {
    let number = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let lines = plural(number(summary.lines), "line", "lines");
    let values = plural(number(summary.counts.total()), "place", "places");
    if summary.counts.total() == 0 {
        return format!("redacted nothing in {lines}");
    }
    let redacted = count(number(summary.redacted_lines));
    format!("redacted {values} in {redacted} of {lines}: {}", classes(&summary.counts))
}

/// How often something of each class was taken out.
pub fn classes(counts: &Counts) -> String {
    let number = |number: u64| count(usize::try_from(number).unwrap_or(usize::MAX));
    counts.iter().map(|(name, found)| format!("{} {name}", number(found))).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::report;
    use crate::core::redact::{Class, Counts, Summary};

    #[test]
    fn a_report_has_numbers_and_no_content() {
        let mut counts = Counts::default();
        counts.add(Class::Email);
        counts.add(Class::Email);
        counts.add(Class::NamedSecret);
        let summary = Summary { lines: 1234, redacted_lines: 2, counts };
        assert_eq!(report(&summary), "redacted 3 places in 2 of 1,234 lines: 1 named-secret, 2 email");
        assert_eq!(report(&Summary { lines: 1, ..Summary::default() }), "redacted nothing in 1 line");
    }
}
