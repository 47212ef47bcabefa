//! What a command line runs: the program, the script that an interpreter was given, the package that the
//! script lives in, and what a launcher was asked to launch.
//!
//! A substring of a command line proves nothing: `nginx` contains `nx`, and an editor has the name of every
//! file it holds open in its arguments. So the command line is read the way the program itself reads it.

use super::command_line::Arguments;
use super::launcher;

/// Where in a command line a name was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// `argv[0]`, without its folder.
    Program,
    /// The script that an interpreter runs, with and without its extension.
    Script,
    /// The package below `node_modules` in which that script lives.
    Package,
    /// The Python module after `-m`.
    Module,
    /// The package or program that `npx`, `pnpm exec`, `uvx` and the like were asked to run.
    Launched,
}

/// What one command line runs. Everything is borrowed from it.
#[derive(Debug, Clone, Default)]
pub struct Invocation<'a> {
    /// `argv[0]` without its folder and without the dash of a login shell.
    pub program: &'a [u8],
    /// `argv[0]` as it stands: a process that sets a title has it here.
    pub title: &'a [u8],
    /// The script of an interpreter, as it was given.
    pub script: Option<&'a [u8]>,
    /// The module of a Python interpreter.
    pub module: Option<&'a [u8]>,
    /// What a launcher launches, without version and extras.
    pub launched: Option<&'a [u8]>,
    /// Whether it waits for a debugger, or has one: `--inspect`, `--inspect-brk` anywhere.
    pub is_debugged: bool,
    rest: Vec<&'a [u8]>,
}

/// Interpreters, whose first argument that is no option is the program that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Interpreter {
    Node,
    Bun,
    Deno,
    Python,
    Shell,
}

/// Options of node that take their value from the next argument.
const NODE_VALUES: &[&str] = &[
    "-r",
    "--require",
    "--import",
    "--loader",
    "--experimental-loader",
    "-C",
    "--conditions",
    "--env-file",
    "--env-file-if-exists",
    "--title",
    "--input-type",
    "--inspect-port",
    "--icu-data-dir",
    "--openssl-config",
    "--redirect-warnings",
    "--disable-warning",
    "--diagnostic-dir",
    "--watch-path",
    "--stack-trace-limit",
    "--unhandled-rejections",
    "--max-http-header-size",
    "--tsconfig",
    "--preload",
    "--config",
    "-c",
    "--cwd",
];
const PYTHON_VALUES: &[&str] = &["-W", "-X", "--check-hash-based-pycs"];
const SHELL_VALUES: &[&str] = &["-o", "+o", "-O", "+O", "--rcfile", "--init-file"];
/// Options after which there is no script: what follows is program text.
const NO_SCRIPT: &[&str] = &["-e", "--eval", "-p", "--print", "-c", "-pe", "-i", "--interactive", "--run"];

impl<'a> Invocation<'a> {
    /// Reads a command line.
    #[must_use]
    pub fn of(arguments: Arguments<'a>) -> Self {
        let mut words = arguments.iter();
        let Some(title) = words.next() else { return Self::default() };
        let program = program_of(title);
        let mut found = Self { program, title, rest: words.collect(), ..Self::default() };
        if is_title(title) {
            found.rest = title.split(|byte| *byte == b' ').skip(1).filter(|word| !word.is_empty()).collect();
        } else if let Some(interpreter) = interpreter(program) {
            found.read_interpreter(interpreter);
        }
        found.read_launcher();
        found.is_debugged = arguments.iter().any(|word| word.starts_with(b"--inspect"));
        found
    }

    /// The arguments that the program itself gets: after the script, after the module, after what is launched.
    pub fn arguments(&self) -> impl Iterator<Item = &'a [u8]> + '_ {
        self.rest.iter().copied()
    }

    /// Whether a Python interpreter runs it.
    #[must_use]
    pub fn is_python(&self) -> bool {
        interpreter(self.program) == Some(Interpreter::Python)
    }

    /// Every name under which the program may be known, each with the place where it was found.
    pub fn names(&self) -> impl Iterator<Item = (Named, &'a [u8])> + '_ {
        let script = self.script.map(base_name);
        let package = self.script.or(Some(self.title)).and_then(package_of);
        [
            (Named::Program, Some(self.program)),
            (Named::Script, script),
            (Named::Script, script.map(without_extension)),
            (Named::Package, package),
            (Named::Module, self.module),
            (Named::Module, self.module.map(first_component)),
            (Named::Launched, self.launched),
        ]
        .into_iter()
        .filter_map(|(named, name)| Some((named, name.filter(|name| !name.is_empty())?)))
    }

    fn read_interpreter(&mut self, interpreter: Interpreter) {
        let words = std::mem::take(&mut self.rest);
        let mut at = 0;
        while let Some(word) = words.get(at).copied() {
            if word == b"--" {
                at += 1;
                break;
            }
            let shell_option = interpreter == Interpreter::Shell && word.starts_with(b"+");
            if !word.starts_with(b"-") && !shell_option {
                break;
            }
            if interpreter == Interpreter::Python && word.starts_with(b"-m") {
                return self.read_module(&words, at);
            }
            let runs_text =
                NO_SCRIPT.iter().any(|option| option.as_bytes() == word) && !takes_value(interpreter, word);
            if runs_text || (interpreter == Interpreter::Shell && is_shell_text(word)) {
                return;
            }
            at += if takes_value(interpreter, word) { 2 } else { 1 };
        }
        let runs = matches!(interpreter, Interpreter::Bun | Interpreter::Deno);
        match words.get(at).copied() {
            Some(b"x") if interpreter == Interpreter::Bun => {
                self.rest = words[at..].to_vec();
                return;
            }
            Some(b"run") if runs => {
                at += 1 + words.iter().skip(at + 1).take_while(|word| word.starts_with(b"-")).count();
            }
            _ => {}
        }
        self.script = words.get(at).copied();
        self.rest = words.get(at + 1..).unwrap_or_default().to_vec();
    }

    fn read_module(&mut self, words: &[&'a [u8]], at: usize) {
        let joined = words[at].get(2..).filter(|module| !module.is_empty());
        self.module = joined.or_else(|| words.get(at + 1).copied());
        let taken = if joined.is_some() { 1 } else { 2 };
        self.rest = words.get(at + taken..).unwrap_or_default().to_vec();
    }

    fn read_launcher(&mut self) {
        let name = self.script.map_or(self.program, |script| without_extension(base_name(script)));
        if let Some((launched, rest)) = launcher::launched(name, &self.rest) {
            self.launched = Some(launched);
            self.rest = rest.to_vec();
        }
    }
}

fn takes_value(interpreter: Interpreter, option: &[u8]) -> bool {
    let options = match interpreter {
        Interpreter::Node if option == b"-c" || option == b"--config" || option == b"--cwd" => return false,
        Interpreter::Node | Interpreter::Bun | Interpreter::Deno => NODE_VALUES,
        Interpreter::Python => PYTHON_VALUES,
        Interpreter::Shell => SHELL_VALUES,
    };
    options.iter().any(|known| known.as_bytes() == option)
}

/// `-c`, alone or in a bundle such as `-lc`: the next argument is a text, not a script.
fn is_shell_text(option: &[u8]) -> bool {
    !option.starts_with(b"--") && (option.contains(&b'c') || option.contains(&b's'))
}

fn interpreter(program: &[u8]) -> Option<Interpreter> {
    match program {
        b"node" | b"nodejs" | b"tsx" | b"ts-node" => Some(Interpreter::Node),
        b"bun" => Some(Interpreter::Bun),
        b"deno" => Some(Interpreter::Deno),
        b"sh" | b"bash" | b"dash" | b"zsh" | b"ksh" | b"ash" => Some(Interpreter::Shell),
        _ => {
            let version = program.strip_prefix(b"python").or_else(|| program.strip_prefix(b"pypy"))?;
            version.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.').then_some(Interpreter::Python)
        }
    }
}

/// A text with a space that is not the path of a program: somebody wrote it there to be read by people.
fn is_title(first: &[u8]) -> bool {
    first.contains(&b' ') && !first.starts_with(b"/") && !first.starts_with(b".")
}

fn program_of(first: &[u8]) -> &[u8] {
    let first = first.strip_prefix(b"-").unwrap_or(first);
    if is_title(first) { first.split(|byte| *byte == b' ').next().unwrap_or(first) } else { base_name(first) }
}

fn base_name(path: &[u8]) -> &[u8] {
    path.rsplit(|byte| *byte == b'/').next().unwrap_or(path)
}

fn first_component(module: &[u8]) -> &[u8] {
    module.split(|byte| *byte == b'.').next().unwrap_or(module)
}

fn without_extension(name: &[u8]) -> &[u8] {
    [".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".py"]
        .iter()
        .find_map(|extension| name.strip_suffix(extension.as_bytes()))
        .unwrap_or(name)
}

/// The package that a file below `node_modules` belongs to: what follows the last `node_modules/`, with its
/// scope. `.bin` and `.pnpm` are no packages.
fn package_of(path: &[u8]) -> Option<&[u8]> {
    const FOLDER: &[u8] = b"node_modules/";
    let at = path.windows(FOLDER.len()).rposition(|window| window == FOLDER)?;
    if at > 0 && path[at - 1] != b'/' {
        return None;
    }
    let inside = &path[at + FOLDER.len()..];
    let components = if inside.starts_with(b"@") { 2 } else { 1 };
    let mut ends = inside.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(end, _)| end);
    let end = ends.nth(components - 1)?;
    Some(&inside[..end]).filter(|package| !package.starts_with(b"."))
}
