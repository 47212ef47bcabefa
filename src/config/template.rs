//! The commented `brainwav.toml`, made from the tables of keys.

use super::rule_keys::RULE_KEYS;
use super::settings::{PROTECT, SETTINGS};
use super::sink_keys::SINK_KEYS;
use super::store_keys::STORE_KEYS;
use crate::core::cache::store::STORES as STORE_TABLE;
use crate::core::process::builtin;

const HEAD: &str = "\
# The brAInwav settings of this workspace. They hold before those of the user; BRAINWAV_* variables and flags
# hold before them. A line with # and no space is a setting with its default: take the # away and change it.
# `brainwav config show` tells what holds and why; `brainwav config check` tells what is wrong.
";

const RULES: &str = "
# Rules say which processes are watched. One with the name of a built-in rule changes that one key by key, any
# other name makes a new rule; new rules are asked first. Built in are:
# {BUILT_IN}.
#
";

const SINK: &str = "
# Events are delivered to every sink. Keys of a sink are:
#
";

const STORES: &str = "
# One cache may have settings of its own, and one that is not built in needs its path. Built in are:
# {BUILT_IN}.
#
";

const STORE_EXAMPLE: &str = "
#[cache.nx]
#max-size = \"4GiB\"

#[cache.my-tool]
#path = \".cache/my-tool\"
#entries = \"*.tar\"
#max-age = \"30days\"
";

const EXAMPLE: &str = "
#[[telemetry.sink]]
#type = \"file\"
#path = \".brainwav/events.ndjson\"

# vitest may use less memory here:
#[[process]]
#name = \"vitest\"
#max-memory = \"4GiB\"

# A program of this workspace:
#[[process]]
#name = \"my-tool\"
#program = [\"my-tool\", \"@my-scope/tool-*\"]
#cwd = \"packages/**\"
#life = \"ends\"
#max-runtime = \"20m\"
";

/// The length of a line of comment.
const WIDTH: usize = 110;

/// The text of a new `brainwav.toml`: nothing but comments and empty sections, so that it changes nothing.
#[must_use]
pub fn template() -> String {
    let mut text = HEAD.to_owned();
    let mut section = "";
    for setting in SETTINGS {
        let (table, key) = setting.name.rsplit_once('.').unwrap_or(("", setting.name));
        if table != section {
            text.push_str(&format!("\n[{table}]\n"));
            section = table;
        }
        comment(&mut text, setting.help, "");
        let value = match setting.default {
            Some(default) => setting.as_toml(default),
            None if setting.name == PROTECT => "[\"my-editor\", \"my-server-*\"]".to_owned(),
            None => "\"\"".to_owned(),
        };
        text.push_str(&assignment(key, &value));
    }
    let names: Vec<String> = builtin::rules().into_iter().map(|rule| rule.name).collect();
    text.push_str(&RULES.replace("{BUILT_IN}", &names.join(", ")));
    for key in RULE_KEYS {
        comment(&mut text, &format!("{}: {}", key.name, key.help), "  ");
    }
    text.push_str(SINK);
    for key in SINK_KEYS {
        comment(&mut text, &format!("{}: {}", key.name, key.help), "  ");
    }
    text.push_str(EXAMPLE);
    let names: Vec<&str> = STORE_TABLE.iter().map(|store| store.name).collect();
    let mut head = String::new();
    for line in STORES.replace("{BUILT_IN}", &names.join(", ")).lines() {
        match line.strip_prefix("# ") {
            Some(words) => comment(&mut head, words, ""),
            None => head.push_str(&format!("{line}\n")),
        }
    }
    text.push_str(&head);
    for key in STORE_KEYS {
        comment(&mut text, &format!("{}: {}", key.name, key.help), "  ");
    }
    text.push_str(STORE_EXAMPLE);
    text
}

/// A line that sets a key; a text of several parts that is too long for one is written as a list.
fn assignment(key: &str, value: &str) -> String {
    let line = format!("#{key} = {value}\n");
    if line.chars().count() <= WIDTH {
        return line;
    }
    let parts = value.trim_matches('"').split(", ");
    let parts: Vec<String> = parts.map(|part| format!("#\"{part}\",\n")).collect();
    format!("#{key} = [\n{}#]\n", parts.concat())
}

/// Adds a comment, broken between words; further lines are indented.
fn comment(text: &mut String, words: &str, indent: &str) {
    let mut line = String::from("#");
    for word in words.split(' ') {
        if line.chars().count() + 1 + word.chars().count() > WIDTH {
            text.push_str(&line);
            text.push('\n');
            line = format!("#{indent}");
        }
        line.push(' ');
        line.push_str(word);
    }
    text.push_str(&line);
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::super::document;
    use super::super::expression::Places;
    use super::super::resolution::Resolution;
    use super::super::rules;
    use super::super::settings::{PROTECT, SETTINGS};
    use super::super::shown::{Layer, Origin};
    use super::super::source::Source;
    use super::{WIDTH, template};

    fn read(text: String) -> (Resolution, usize) {
        // Paths are judged where they lead, so the workspace has to be a folder that is there.
        let places = Places { home: None, workspace: "/".as_ref() };
        let mut resolution = Resolution::defaults(places);
        let source = Source::new("/f".into(), Layer::Workspace, text);
        let written = document::read(&source, places, &mut resolution).rules;
        let count = written.len();
        resolution.problems.extend(rules::problems(&rules::merge(vec![written])));
        (resolution, count)
    }

    #[test]
    fn the_template_is_valid_and_changes_nothing() {
        let (resolution, rules) = read(template());
        assert_eq!(resolution.problems, []);
        assert_eq!(rules, 0);
        assert!(resolution.entries.iter().all(|entry| entry.origin == Origin::Default));
    }

    #[test]
    fn the_template_with_everything_switched_on_is_valid_and_has_the_defaults() {
        let switched_on = |line: &str| match line.strip_prefix('#') {
            Some(rest) if rest.starts_with(|first: char| first != ' ') => rest.to_owned(),
            _ => line.to_owned(),
        };
        let text: Vec<String> = template().lines().map(switched_on).collect();
        let (resolution, rules) = read(text.join("\n"));
        assert_eq!(resolution.problems, []);
        assert_eq!(rules, 2);
        for setting in SETTINGS {
            let entry = resolution.entries.iter().rfind(|entry| entry.key == setting.name).unwrap();
            assert_ne!(entry.origin, Origin::Default, "{} is in the template", setting.name);
            assert!(setting.name == PROTECT || setting.default == Some(entry.value.to_string().as_str()));
        }
    }

    #[test]
    fn no_line_is_too_long() {
        for line in template().lines() {
            assert!(line.chars().count() <= WIDTH, "{line}");
            assert_eq!(line, line.trim_end());
        }
    }
}
