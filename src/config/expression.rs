//! The regular expressions and globs of rules, compiled.

use std::path::{Component, Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};
use regex::bytes::{Regex, RegexBuilder};

use super::value::ValueError;

/// What paths in a configuration can be relative to.
#[derive(Debug, Clone, Copy)]
pub struct Places<'a> {
    /// The home folder, for a leading `~/`.
    pub home: Option<&'a Path>,
    /// The root of the workspace, for everything else that is not absolute.
    pub workspace: &'a Path,
}

/// Enough for any sensible expression, and far from hurting.
const REGEX_BYTES: usize = 1 << 20;

/// As long as a path can be.
const GLOB_LENGTH: usize = 4096;

/// Compiles a regular expression over the bytes of a command line.
///
/// # Errors
/// When it does not compile, or becomes too large.
pub fn regex(text: &str) -> Result<Regex, ValueError> {
    const HELP: &str = "( ) [ ] { } . * + ? | ^ $ stand for themselves after a backslash; a text in 'single quotes' keeps \
                        its backslashes; command lines are bytes, so \\p{..} is not known";
    RegexBuilder::new(text).unicode(false).size_limit(REGEX_BYTES).build().map_err(|error| {
        let reason = error.to_string();
        // The library draws its own arrow over several lines; the last one says what is wrong.
        let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        ValueError::new(format!("{text:?} is no regular expression: {reason}")).help(HELP)
    })
}

/// Whether an expression fits command lines that have nothing in common, and so says nothing.
#[must_use]
pub fn fits_everything(expression: &Regex) -> bool {
    const UNLIKE: &[&str] = &["/usr/lib/systemd/systemd --user", "sh", "[q] 0", "Z=1 _"];
    UNLIKE.iter().all(|line| expression.is_match(line.as_bytes()))
}

/// Compiles a glob over working directories. `*` stays within one folder, `**` does not.
///
/// The kernel reports folders without symbolic links, so those in the fixed beginning of the glob are resolved.
///
/// # Errors
/// When it does not compile, when it can fit no working directory, or when `~` has nothing to stand for.
pub fn glob(text: &str, places: Places<'_>) -> Result<GlobMatcher, ValueError> {
    const HELP: &str = "write a folder such as \"packages/*\", \"~/code/**\" or \"/srv/app\"";
    if text.trim().is_empty() || text.len() > GLOB_LENGTH {
        return Err(ValueError::new(format!("a glob has from 1 to {GLOB_LENGTH} bytes")).help(HELP));
    }
    let (base, rest) = base(text, places)?;
    if Path::new(rest).components().any(|part| part == Component::ParentDir) {
        return Err(
            ValueError::new(format!("no working directory has \"..\" in it, as {text:?} asks")).help(HELP)
        );
    }
    GlobBuilder::new(&anchored(&base, rest))
        .literal_separator(true)
        .build()
        .map(|glob| glob.compile_matcher())
        .map_err(|error| ValueError::new(format!("{text:?} is no glob: {}", error.kind())).help(HELP))
}

/// A folder, made absolute. Nothing says that it exists.
///
/// # Errors
/// When it is empty, or when `~` has nothing to stand for.
pub fn folder(text: &str, places: Places<'_>) -> Result<PathBuf, ValueError> {
    if text.trim().is_empty() {
        return Err(ValueError::new("an empty folder").help("write a folder such as \"~/.cache/tool\""));
    }
    let (base, rest) = base(text, places)?;
    Ok(base.join(rest))
}

fn base<'a>(text: &'a str, places: Places<'_>) -> Result<(PathBuf, &'a str), ValueError> {
    if let Some(rest) = text.strip_prefix('/') {
        return Ok((PathBuf::from("/"), rest));
    }
    let below_home = if text == "~" { Some("") } else { text.strip_prefix("~/") };
    match (below_home, places.home) {
        (Some(rest), Some(home)) => Ok((home.to_owned(), rest)),
        (Some(_), None) => Err(ValueError::new(format!("{text:?} needs HOME, which is not set"))
            .help("write an absolute folder")),
        (None, _) => Ok((places.workspace.to_owned(), text)),
    }
}

/// The glob as one over absolute paths: folders without wildcards first, as they really are, then the rest.
fn anchored(base: &Path, rest: &str) -> String {
    let mut folder = base.to_owned();
    let mut parts = rest.split('/').filter(|part| !part.is_empty() && *part != ".").peekable();
    while let Some(part) = parts.next_if(|part| !part.contains(['*', '?', '[', ']', '{', '}', '\\'])) {
        folder.push(part);
    }
    let mut glob = globset::escape(&real(&folder).to_string_lossy());
    // A brace may span several folders, so the rest is put together again as it was.
    for part in parts {
        if !glob.ends_with('/') {
            glob.push('/');
        }
        glob.push_str(part);
    }
    glob
}

/// The folder without symbolic links, as far as it exists.
fn real(folder: &Path) -> PathBuf {
    for ancestor in folder.ancestors() {
        if let (Ok(real), Ok(missing)) = (ancestor.canonicalize(), folder.strip_prefix(ancestor)) {
            return if missing.as_os_str().is_empty() { real } else { real.join(missing) };
        }
    }
    folder.to_owned()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Places, fits_everything, glob, regex};

    #[test]
    fn globs_are_anchored() {
        let places = Places { home: Some(Path::new("/home/me")), workspace: Path::new("/srv/a{b}*") };
        let table = [
            ("packages/*", "/srv/a{b}*/packages/x", true),
            ("packages/*", "/srv/ab/packages/x", false),
            ("packages/*", "/srv/a{b}*/packages/x/y", false),
            ("./packages//x/", "/srv/a{b}*/packages/x", true),
            ("packages/**", "/srv/a{b}*/packages/x/y", true),
            (".", "/srv/a{b}*", true),
            ("**", "/srv/a{b}*/x", true),
            ("**", "/etc", false),
            ("~", "/home/me", true),
            ("~/w/**", "/home/me/w/x", true),
            ("~/w/**", "/home/you/w/x", false),
            ("~you", "/srv/a{b}*/~you", true),
            ("/srv/{a,b/c}", "/srv/b/c", true),
            ("/srv/{a,b/c}/*", "/srv/b/c/d", true),
            ("/", "/", true),
            ("/", "/a", false),
            ("/*", "/a", true),
        ];
        for (text, path, fits) in table {
            assert_eq!(glob(text, places).unwrap().is_match(path), fits, "{text} on {path}");
        }
    }

    #[test]
    fn a_glob_through_a_symbolic_link_fits_the_real_folder() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().canonicalize().unwrap();
        std::fs::create_dir(real.join("real")).unwrap();
        std::os::unix::fs::symlink(real.join("real"), real.join("link")).unwrap();
        let places = Places { home: Some(&real), workspace: &real };
        for text in ["link/new/*", "~/link/new/*"] {
            assert!(glob(text, places).unwrap().is_match(real.join("real/new/x")), "{text}");
        }
    }

    #[test]
    fn bad_globs_are_refused_and_large_ones_do_not_hurt() {
        let places = Places { home: None, workspace: Path::new("/w") };
        for text in ["", "  ", "a[", "{a", "~/x", "../x", "a/../b", &"a".repeat(5000)] {
            assert!(glob(text, places).is_err(), "{text}");
        }
        for part in ["?", "[a-z]", "{a,b}", "**/", "[!\u{100}-\u{10ffff}]"] {
            let _ = glob(&part.repeat(4096 / part.len()), places);
        }
    }

    #[test]
    fn regular_expressions_are_over_bytes_and_bounded() {
        assert!(regex("node .*\\.js$").unwrap().is_match(b"node \xff.js"));
        for text in ["(", "a{1000}{1000}{1000}", "\\p{Greek}", "[z-a]"] {
            let error = regex(text).unwrap_err();
            assert!(!error.message.contains('\n') && error.help.is_some(), "{error}");
        }
    }

    #[test]
    fn an_expression_that_says_nothing_is_recognised() {
        for (text, everything) in [
            ("", true),
            (".", true),
            (".*", true),
            ("(x)?", true),
            ("\\S", true),
            ("node", false),
            ("^/", false),
        ] {
            assert_eq!(fits_everything(&regex(text).unwrap()), everything, "{text}");
        }
    }
}
