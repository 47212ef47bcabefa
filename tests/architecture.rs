//! The direction of the dependencies and the rules of the house, read from the source itself.
//!
//! The layers are a list of what each may use: a new folder has to be entered here before it can be used. Every
//! rule is also tried on a made-up file that breaks it, so that none of them can become blind.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::Path;

/// A file, by its path from the root of the repository.
#[derive(Clone)]
struct Source {
    path: String,
    text: String,
}

/// What a layer may use of the crate. A layer is a file or a folder below `src`.
struct Layer {
    name: &'static str,
    may_use: &'static [&'static str],
    why: &'static str,
}

const LAYERS: &[Layer] = &[
    Layer { name: "exit", may_use: &[], why: "the exit codes are plain constants" },
    Layer { name: "error", may_use: &["exit"], why: "an error is a kind, a cause and hints" },
    Layer { name: "core", may_use: &[], why: "core decides and depends on nothing else of ours" },
    Layer {
        name: "sys",
        may_use: &["core", "exit"],
        why: "sys implements core's trait, and nothing above it",
    },
    Layer { name: "cli", may_use: &["exit"], why: "cli is the command line as data" },
    Layer {
        name: "config",
        may_use: &["core", "error"],
        why: "config turns files and variables into values of core",
    },
    Layer { name: "output", may_use: &["core", "exit"], why: "output shows values, wherever they come from" },
    Layer {
        name: "context",
        may_use: &["cli", "config", "error", "output"],
        why: "the context hands down printer and settings, and does no work",
    },
    Layer {
        name: "commands",
        may_use: &["cli", "config", "context", "core", "error", "exit", "output", "sys"],
        why: "nothing below the commands knows them",
    },
];

/// Words that must not stand in the code (comments aside) of some places.
struct Ban {
    /// Files, and folders with a slash at the end.
    within: &'static [&'static str],
    except: &'static [&'static str],
    words: &'static [&'static str],
    why: &'static str,
}

const BANS: &[Ban] = &[
    Ban {
        within: &["src/"],
        except: &["src/sys/"],
        words: &[
            "unsafe",
            "unsafe_code",
            "cfg(unix)",
            "target_os",
            "target_family",
            "feature =",
            "rustix",
            "sysinfo",
            "signal_hook",
            "std::os::linux",
            "\"/proc/",
        ],
        why: "only sys knows the operating system",
    },
    Ban {
        within: &["src/"],
        except: &["src/config/environment.rs"],
        words: &["env::var", "env::var_os", "env::vars", "env::vars_os", "env::temp_dir", "env::home_dir"],
        why: "the environment is taken once, in config::Environment; all else is handed that",
    },
    Ban {
        within: &["src/"],
        except: &["src/config/environment.rs", "src/context.rs"],
        words: &["std::env", "env::current_dir"],
        why: "the context takes the folder of the call; all else is handed that",
    },
    Ban {
        within: &["src/"],
        except: &["src/cli/", "src/main.rs", "src/commands/completions.rs"],
        words: &["clap", "clap_complete"],
        why: "a command is handed plain values; only completions are made from the command line itself",
    },
    Ban {
        within: &["src/"],
        except: &["src/output/"],
        words: &["comfy_table", "indicatif", "io::stdout", "io::stderr", "IsTerminal"],
        why: "only output knows the terminal",
    },
    Ban {
        within: &["src/cli/"],
        except: &[],
        words: &["std::fs", "std::process", "std::io", "anyhow", "cfg(target"],
        why: "cli is data: no logic, no platform",
    },
    Ban {
        within: &["src/core/"],
        except: &[],
        words: &["anyhow", "toml", "process::Command"],
        why: "core has errors that code can tell apart, reads no configuration and starts nothing by itself",
    },
    Ban {
        within: &["src/"],
        except: &["src/core/telemetry/sinks/net/"],
        words: &["rustls", "rustls_native_certs", "webpki_roots"],
        why: "one place decides who is trusted at the other end",
    },
    Ban {
        within: &["src/"],
        except: &[],
        words: &["println!", "eprintln!", "print!", "eprint!", "process::exit"],
        why: "a result is handed to the printer, and the exit code to main",
    },
    Ban {
        within: &["src/", "tests/"],
        except: &["tests/architecture.rs"],
        words: &["todo!", "unimplemented!", "dbg!", "too_many_lines", "::*", "crate::{", "std::{"],
        why: "finished code, short functions, and imports by their whole name, which is what these rules read",
    },
];

/// The longest that a file may be.
const MAX_LINES: usize = 400;

/// What must not stand in any file, in parts so that it does not stand in this one.
const FOREIGN: &[(&[&str], &str)] = &[
    (&["/wo", "rk/main"], "a path of one machine"),
    (&["/wo", "rk/shared"], "a path of one machine"),
    (&["/ro", "ot/"], "a path of one machine"),
    (&["regi", "stry.npmjs"], "the host of a package registry"),
    (&["static.", "crates"], "the host of a package registry"),
    (&["index.", "crates"], "the host of a package registry"),
    (&["py", "pi.org"], "the host of a package registry"),
    (&["deb.", "debian"], "the host of a package registry"),
    (&["DESI", "GN.md"], "a document that is not in the repository"),
    (&["STY", "LE.md"], "a document that is not in the repository"),
    (&["TO", "DO"], "unfinished"),
    (&["FIX", "ME"], "unfinished"),
    (&["X", "XX"], "unfinished"),
];

fn is_part_of_a_name(letter: Option<char>) -> bool {
    letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_')
}

/// Whether a word stands in a line as a whole word: `unsafe` is not in `unsafe_edit`, nor `/srv` in `/home/srv`.
fn has_word(line: &str, word: &str) -> bool {
    let joins = word.starts_with('/') || is_part_of_a_name(word.chars().next());
    line.match_indices(word).any(|(at, _)| {
        let end = at + word.len();
        let before = joins && is_part_of_a_name(line[..at].chars().next_back());
        let after =
            is_part_of_a_name(word.chars().next_back()) && is_part_of_a_name(line[end..].chars().next());
        !before && !after
    })
}

/// The lines of code with their numbers, without comments.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    lines.filter(|(_, line)| !line.trim_start().starts_with("//")).map(|(number, line)| {
        let end = line.find(" // ").unwrap_or(line.len());
        (number, &line[..end])
    })
}

fn is_in(path: &str, places: &[&str]) -> bool {
    places.iter().any(|place| path == *place || (place.ends_with('/') && path.starts_with(place)))
}

fn banned_words(ban: &Ban, source: &Source) -> Vec<String> {
    if !is_in(&source.path, ban.within) || is_in(&source.path, ban.except) {
        return Vec::new();
    }
    let found = code(&source.text).flat_map(|(number, line)| {
        let words = ban.words.iter().filter(move |word| has_word(line, word));
        words.map(move |word| format!("{}:{number}: `{word}`: {}", source.path, ban.why))
    });
    found.collect()
}

/// The layer of a file below `src`; `None` for the two files that tie the layers together.
fn layer_name(path: &str) -> Option<&str> {
    let inside = path.strip_prefix("src/")?;
    let first = inside.split('/').next()?;
    Some(first.trim_end_matches(".rs")).filter(|name| !["main", "lib"].contains(name))
}

/// The parts of the crate that a line names from its root.
fn names_from_the_root(line: &str) -> impl Iterator<Item = &str> {
    line.split("crate::").skip(1).map(|rest| {
        let end = rest.find(|letter: char| !is_part_of_a_name(Some(letter))).unwrap_or(rest.len());
        &rest[..end]
    })
}

fn foreign_layers(source: &Source) -> Vec<String> {
    let Some(name) = layer_name(&source.path) else { return Vec::new() };
    let Some(layer) = LAYERS.iter().find(|layer| layer.name == name) else {
        return vec![format!(
            "{}: the layer `{name}` is not in the list of tests/architecture.rs",
            source.path
        )];
    };
    let found = code(&source.text).flat_map(|(number, line)| {
        let strangers =
            names_from_the_root(line).filter(|used| *used != name && !layer.may_use.contains(used));
        strangers.map(move |used| format!("{}:{number}: `crate::{used}`: {}", source.path, layer.why))
    });
    found.collect()
}

/// `super::` as often as it takes to leave the layer would hide a dependency. The tests at the end of a file are
/// one module deeper, and are left out.
fn climbs_out(source: &Source) -> Vec<String> {
    let modules = source.path.trim_end_matches("/mod.rs").split('/').count() - 1;
    let climb = "super::".repeat(modules.max(1));
    let end = source.text.find("#[cfg(test)]\nmod ").unwrap_or(source.text.len());
    let lines = code(&source.text[..end])
        .filter(|(_, line)| layer_name(&source.path).is_some() && line.contains(&climb));
    lines.map(|(number, _)| format!("{}:{number}: leaves its layer by `super::`", source.path)).collect()
}

fn too_long(source: &Source) -> Vec<String> {
    let lines = source.text.lines().count();
    let long = lines > MAX_LINES && !source.path.starts_with("tests/data/");
    long.then(|| format!("{}: {lines} lines, at most {MAX_LINES}", source.path)).into_iter().collect()
}

fn foreign_words(source: &Source) -> Vec<String> {
    let mut found = Vec::new();
    for (parts, why) in FOREIGN {
        let word = parts.concat();
        let lines = source.text.lines().enumerate().filter(|(_, line)| has_word(line, &word));
        found.extend(lines.map(|(index, _)| format!("{}:{}: `{word}`: {why}", source.path, index + 1)));
    }
    found
}

fn everything(source: &Source) -> Vec<String> {
    let mut found: Vec<String> = BANS.iter().flat_map(|ban| banned_words(ban, source)).collect();
    found.extend(foreign_layers(source));
    found.extend(climbs_out(source));
    found
}

/// All files below a folder of the repository, built and installed things aside.
fn read(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut open = vec![root.join(folder)];
    while let Some(path) = open.pop() {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if ["target", "node_modules", "__pycache__", "Cargo.lock"].contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() {
            let entries = fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path());
            // Hidden files are the editor's or git's, but for those of the CI.
            open.extend(entries.filter(|path| path.ends_with(".ci") || !is_hidden(path)));
        } else {
            let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            let path = path.strip_prefix(root).unwrap().display().to_string();
            found.push(Source { path, text });
        }
    }
    found
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
}

#[track_caller]
fn assert_none(violations: &[String]) {
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}

fn made_up(path: &str, text: &str) -> Source {
    Source { path: path.to_owned(), text: text.to_owned() }
}

/// A file in a place: the place itself, or one in that folder.
fn file_in(place: &str) -> String {
    if place.ends_with('/') { format!("{place}made_up.rs") } else { place.to_owned() }
}

#[test]
fn the_source_keeps_its_layers_and_its_words() {
    let sources: Vec<Source> = [read("src"), read("tests")].concat();
    assert!(sources.len() > 80, "only {} files were found", sources.len());
    let rust = sources.iter().filter(|source| source.path.ends_with(".rs"));
    assert_none(&rust.flat_map(everything).collect::<Vec<_>>());
}

#[test]
fn no_file_is_too_long() {
    let places = ["src", "tests", "benches", ".ci"];
    let sources = places.iter().flat_map(|place| read(place));
    assert_none(&sources.flat_map(|source| too_long(&source)).collect::<Vec<_>>());
}

#[test]
fn nothing_speaks_of_what_a_stranger_does_not_have() {
    assert_none(&read(".").iter().flat_map(foreign_words).collect::<Vec<_>>());
}

#[test]
fn every_banned_word_is_found_in_code_and_only_there() {
    for ban in BANS {
        for (word, place) in
            ban.words.iter().flat_map(|word| ban.within.iter().map(move |place| (word, place)))
        {
            let broken = made_up(&file_in(place), &format!("fn f() {{\n    {word};\n}}\n"));
            let found = banned_words(ban, &broken);
            assert_eq!(found.len(), 1, "{word} in {place}: {found:?}");
            assert!(found[0].contains(":2: "), "{found:?}");
            let comment = made_up(&broken.path, &format!("// {word}\nfn f() {{}} // {word}\n//! {word}\n"));
            assert_none(&banned_words(ban, &comment));
            for except in ban.except {
                assert_none(&banned_words(ban, &made_up(&file_in(except), &broken.text)));
            }
        }
    }
    assert!(!has_word("fn unsafe_edit() {}", "unsafe") && !has_word("eprintln!()", "println!"));
}

#[test]
fn every_layer_refuses_what_it_may_not_use() {
    for layer in LAYERS {
        for used in LAYERS.iter().map(|layer| layer.name) {
            let text = format!("fn f() {{}}\nuse crate::{used}::Something;\n");
            let found = foreign_layers(&made_up(&format!("src/{}/made_up.rs", layer.name), &text));
            let allowed = used == layer.name || layer.may_use.contains(&used);
            assert_eq!(found.is_empty(), allowed, "{} uses {used}: {found:?}", layer.name);
        }
    }
    assert_eq!(foreign_layers(&made_up("src/helpers/mod.rs", "")).len(), 1, "a new layer has to be entered");
    assert_none(&foreign_layers(&made_up("src/main.rs", "use brainwav::commands;")));
}

#[test]
fn no_layer_is_left_by_super() {
    let table = [
        ("src/core/health/looks.rs", "use super::super::super::config;", 1),
        ("src/core/health/looks.rs", "use super::super::process;", 0),
        ("src/core/health/mod.rs", "use super::super::config;", 1),
        ("src/core/mod.rs", "use super::config;", 1),
        ("src/exit.rs", "use super::config;", 1),
        ("src/config/value.rs", "#[cfg(test)]\nmod tests {\n    use super::super::kind;\n}", 0),
        ("src/config/value.rs", "use super::super::core;\n#[cfg(test)]\nmod tests {}", 1),
        ("src/main.rs", "use super::x;", 0),
    ];
    for (path, text, expected) in table {
        assert_eq!(climbs_out(&made_up(path, text)).len(), expected, "{path}: {text}");
    }
}

#[test]
fn long_files_and_foreign_words_are_found() {
    let lines = |count: usize| "a line\n".repeat(count);
    assert_none(&too_long(&made_up("src/a.rs", &lines(MAX_LINES))));
    assert_eq!(too_long(&made_up("src/a.rs", &lines(MAX_LINES + 1))).len(), 1);
    assert_none(&too_long(&made_up("tests/data/a.tsv", &lines(MAX_LINES + 1))));
    for (parts, _) in FOREIGN {
        let found = foreign_words(&made_up("README.md", &format!("fine\nsee {} there", parts.concat())));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("README.md:2: "), "{found:?}");
    }
    assert_none(&foreign_words(&made_up("a.sh", "mktemp -d brainwav.XXXXXX; cd /home/me")));
    let inside = format!("cd /home/me{}", FOREIGN[0].0.concat());
    assert_none(&foreign_words(&made_up("a.sh", &inside)));
}
