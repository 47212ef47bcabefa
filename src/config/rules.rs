//! The built-in rules and those of each file, made into one list.

use super::expression;
use super::problem::{Place, Problem};
use super::rule_keys::{WrittenRule, life_word};
use super::settings::scope_word;
use super::shown::{Entry, Origin, Shown};
use super::value::ValueError;
use crate::core::process::{Rule, RuleLimits, builtin};

/// A rule on its way through the files.
#[derive(Debug, Clone)]
pub struct DraftRule {
    /// The rule as it stands.
    pub rule: Rule,
    /// Whether it is used.
    pub enabled: bool,
    /// Where a file speaks of it; nothing does of a built-in one that nobody changes.
    written: Option<Place>,
    /// What the files say, as it is to be shown, weakest first.
    shown: Vec<(&'static str, Shown, Origin)>,
}

/// Merges the rules of the files, weakest file first, into the built-in ones. A rule whose name is taken
/// changes that rule key by key, where it is; new ones are asked before all that were there.
#[must_use]
pub fn merge(files: Vec<Vec<WrittenRule>>) -> Vec<DraftRule> {
    let mut drafts: Vec<DraftRule> = builtin::rules().into_iter().map(DraftRule::built_in).collect();
    for file in files {
        let mut new = Vec::new();
        for written in file {
            match drafts.iter_mut().find(|draft| draft.rule.name == written.patch.name) {
                Some(draft) => draft.apply(written),
                None => new.push(DraftRule::written(written)),
            }
        }
        new.append(&mut drafts);
        drafts = new;
    }
    drafts
}

/// What is wrong with the rules as a whole: those that would match every process, or none.
#[must_use]
pub fn problems(drafts: &[DraftRule]) -> Vec<Problem> {
    drafts.iter().filter(|draft| draft.enabled).filter_map(DraftRule::problem).collect()
}

impl DraftRule {
    const fn built_in(rule: Rule) -> Self {
        Self { rule, enabled: true, written: None, shown: Vec::new() }
    }

    fn written(written: WrittenRule) -> Self {
        let mut draft = Self::built_in(empty(written.patch.name.clone()));
        draft.apply(written);
        draft
    }

    /// Its keys as `config show` shows them. Made when they are asked for: few runs do.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        let defaults = self.defaults().into_iter().map(|(key, value)| (key, value, Origin::Default));
        let mut entries: Vec<Entry> = Vec::new();
        for (key, value, origin) in defaults.chain(self.shown.iter().cloned()) {
            let entry = Entry { key: format!("process.{}.{key}", self.rule.name), value, origin };
            match entries.iter_mut().find(|known| known.key == entry.key) {
                Some(known) => *known = entry,
                None => entries.push(entry),
            }
        }
        entries
    }

    /// What holds while no file says otherwise.
    fn defaults(&self) -> Vec<(&'static str, Shown)> {
        let built_in = builtin::rules().into_iter().find(|rule| rule.name == self.rule.name);
        let is_built_in = built_in.is_some();
        let rule = built_in.unwrap_or_else(|| empty(self.rule.name.clone()));
        let texts = |texts: &[String]| Shown::List(texts.iter().map(|text| text.clone().into()).collect());
        let mut defaults = Vec::new();
        if is_built_in {
            let program = rule.program.iter().map(|pattern| pattern.text().clone());
            defaults.push(("program", Shown::List(program.collect())));
            let lists = [("title", &rule.title), ("unless", &rule.unless)];
            defaults.extend(
                lists.iter().filter(|(_, list)| !list.is_empty()).map(|(key, list)| (*key, texts(list))),
            );
        }
        defaults.push(("scope", Shown::text(scope_word(rule.scope))));
        defaults.push(("life", Shown::text(life_word(rule.life))));
        if let Some(runtime) = rule.limits.max_runtime {
            defaults.push(("max-runtime", runtime.into()));
        }
        defaults
    }

    fn apply(&mut self, written: WrittenRule) {
        let WrittenRule { patch, place, shown } = written;
        self.written = Some(place);
        self.enabled = patch.enabled.unwrap_or(self.enabled);
        replace(&mut self.rule.program, patch.program);
        replace(&mut self.rule.title, patch.title);
        replace(&mut self.rule.unless, patch.unless);
        replace(&mut self.rule.scope, patch.scope);
        replace(&mut self.rule.life, patch.life);
        replace_some(&mut self.rule.command, patch.command);
        replace_some(&mut self.rule.cwd, patch.cwd);
        let (limits, new) = (&mut self.rule.limits, patch.limits);
        replace_some(&mut limits.max_memory_bytes, new.max_memory_bytes);
        replace_some(&mut limits.max_cpu_percent, new.max_cpu_percent);
        replace_some(&mut limits.cpu_strikes, new.cpu_strikes);
        replace_some(&mut limits.max_runtime, new.max_runtime);
        self.shown.extend(shown);
    }

    fn problem(&self) -> Option<Problem> {
        let place = self.written.clone()?;
        let named = !self.rule.program.is_empty() || !self.rule.title.is_empty();
        let error = match &self.rule.command {
            _ if named => return None,
            Some(command) if !expression::fits_everything(command) => return None,
            Some(_) => ValueError::new("command alone would match every process")
                .help("add program or title, or write a command that names what is meant"),
            None if self.rule.cwd.is_some() => ValueError::new(
                "cwd alone would match every process that works there, shells and editors too",
            )
            .help("add program, title or command"),
            None => ValueError::new("nothing says which processes are meant")
                .help("add program, title or command; or is the name of another rule meant?"),
        };
        Some(Problem::new(place, format!("process.{}", self.rule.name), error))
    }
}

/// A rule of which nothing but the name is known.
fn empty(name: String) -> Rule {
    Rule {
        name,
        program: Vec::new(),
        title: Vec::new(),
        unless: Vec::new(),
        command: None,
        cwd: None,
        scope: Default::default(),
        life: Default::default(),
        limits: RuleLimits::default(),
    }
}

fn replace<T>(old: &mut T, new: Option<T>) {
    if let Some(new) = new {
        *old = new;
    }
}

fn replace_some<T>(old: &mut Option<T>, new: Option<T>) {
    if new.is_some() {
        *old = new;
    }
}
