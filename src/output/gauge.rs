//! How far a cache is measured and pruned: a line on stderr, if that is a terminal.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::ui::Ui;
use super::units::{count, size};
use super::{BRAND, sanitize::sanitize};
use crate::core::cache::disk::Usage;

/// Work that is done sooner needs no sign.
const PATIENCE: Duration = Duration::from_millis(500);
const FRAME: Duration = Duration::from_millis(100);

/// What the line shows.
#[derive(Debug, Default)]
struct Reading {
    bytes: AtomicU64,
    files: AtomicU64,
    entries: AtomicU64,
    /// What has to go, once that is known.
    planned: AtomicU64,
}

/// A line with bytes, files and entries, which goes when it is dropped.
pub struct Gauge {
    reading: Arc<Reading>,
    thread: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Gauge {
    /// Starts to wait: the line shows itself after half a second.
    #[must_use]
    pub fn start(ui: &Ui, message: &str) -> Self {
        use std::io::IsTerminal;
        let reading = Arc::new(Reading::default());
        if ui.is_quiet() || !std::io::stderr().is_terminal() {
            return Self { reading, thread: None };
        }
        let (stop, stopped) = mpsc::channel::<()>();
        let message = format!("[{BRAND}] {}", sanitize(message));
        let shown = Arc::clone(&reading);
        let draw = move || {
            if stopped.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            let mut has_bar = false;
            show(&bar, "{spinner} {msg} ({elapsed})");
            while stopped.recv_timeout(FRAME) == Err(RecvTimeoutError::Timeout) {
                let planned = shown.planned.load(Ordering::Relaxed);
                if planned > 0 && !has_bar {
                    show(&bar, "{spinner} {msg} {bar:20} {percent}% ({elapsed})");
                    bar.set_length(planned);
                    has_bar = true;
                }
                bar.set_position(shown.bytes.load(Ordering::Relaxed).min(planned));
                bar.set_message(format!("{message}: {}", shown.text()));
                bar.tick();
            }
            bar.finish_and_clear();
        };
        // Without a thread for it there is no sign of life, and the work goes on.
        let thread = thread::Builder::new().spawn(draw).ok().map(|thread| (stop, thread));
        Self { reading, thread }
    }

    /// From now on it is about this many bytes that have to go.
    pub fn remove(&self, bytes: u64) {
        let Reading { bytes: done, files, entries, planned } = &*self.reading;
        for counter in [done, files, entries] {
            counter.store(0, Ordering::Relaxed);
        }
        planned.store(bytes, Ordering::Relaxed);
    }

    /// So much more is done. May be called from any thread.
    pub fn add(&self, usage: &Usage) {
        self.reading.bytes.fetch_add(usage.disk_bytes + usage.linked_bytes, Ordering::Relaxed);
        self.reading.files.fetch_add(usage.files, Ordering::Relaxed);
        self.reading.entries.fetch_add(1, Ordering::Relaxed);
    }
}

fn show(bar: &ProgressBar, template: &str) {
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
}

impl Reading {
    fn text(&self) -> String {
        let number =
            |counter: &AtomicU64| usize::try_from(counter.load(Ordering::Relaxed)).unwrap_or(usize::MAX);
        let bytes = size(self.bytes.load(Ordering::Relaxed));
        let files = count(number(&self.files));
        match self.planned.load(Ordering::Relaxed) {
            0 => format!("{bytes} in {files} files of {} entries", count(number(&self.entries))),
            planned => format!("{bytes} of {} gone, {files} files", size(planned)),
        }
    }
}

impl Drop for Gauge {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.thread.take() {
            drop(stop);
            // A line that panicked has nothing to tell.
            let _ = thread.join();
        }
    }
}
