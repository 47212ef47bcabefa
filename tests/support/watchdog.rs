//! A test that hangs is a failure with a name, and not a run that somebody has to end.

use std::io::Write;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

/// Many times what the longest test takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);

/// Ends the whole run, with a word about who hangs, unless it is dropped in time.
pub struct Watchdog {
    _alive: Sender<()>,
}

impl Watchdog {
    /// For the test that this thread runs.
    pub fn start() -> Self {
        let name = thread::current().name().unwrap_or("a test").to_owned();
        let (alive, receiver) = channel();
        thread::spawn(move || {
            if receiver.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                bark(&name);
            }
        });
        Self { _alive: alive }
    }
}

fn bark(name: &str) {
    // Not by a macro: what those print in a test is kept until it ends.
    let _ = writeln!(
        std::io::stderr(),
        "\n{name} hangs: it has taken {} s. What the tests run now:\n{}",
        PATIENCE.as_secs(),
        descendants()
    );
    std::process::abort();
}

/// A line for each process that comes from this one.
fn descendants() -> String {
    let listed = Command::new("ps").args(["-e", "-o", "pid=,ppid=,stat=,etime=,args="]).output();
    let listed =
        listed.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let mut family = vec![std::process::id().to_string()];
    let mut lines = Vec::new();
    // Parents have nearly always smaller numbers than their children, by which ps sorts.
    for line in listed.lines() {
        let mut words = line.split_whitespace();
        if let (Some(pid), Some(parent)) = (words.next(), words.next())
            && family.iter().any(|known| known == parent)
        {
            family.push(pid.to_owned());
            lines.push(line);
        }
    }
    lines.join("\n")
}

/// Is set when it goes, also when a test fails: whoever works until then lets the test end.
pub struct SetAtTheEnd<'a>(pub &'a AtomicBool);

impl Drop for SetAtTheEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}
