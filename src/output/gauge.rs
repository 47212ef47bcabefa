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
    planned_entries: AtomicU64,
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
        let message = sanitize(message);
        let shown = Arc::clone(&reading);
        let draw = move || {
            if stopped.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            let mut has_bar = false;
            show(&bar, "{spinner} {wide_msg} ({elapsed})");
            bar.set_message(format!("[{BRAND}] {message}"));
            while stopped.recv_timeout(FRAME) == Err(RecvTimeoutError::Timeout) {
                let planned = shown.planned.load(Ordering::Relaxed);
                if planned > 0 && !has_bar {
                    show(&bar, "{spinner} {wide_msg} {bar:10} ({elapsed})");
                    bar.set_length(planned);
                    has_bar = true;
                }
                // What does not fit on the line is left out: the end of the path.
                bar.set_message(format!("[{BRAND}] {}: {message}", shown.text()));
                bar.set_position(shown.bytes.load(Ordering::Relaxed).min(planned));
                bar.tick();
            }
            bar.finish_and_clear();
        };
        // Without a thread for it there is no sign of life, and the work goes on.
        let thread = thread::Builder::new().spawn(draw).ok().map(|thread| (stop, thread));
        Self { reading, thread }
    }

    /// From now on it is about this many bytes and entries that have to go.
    pub fn remove(&self, bytes: u64, entries: usize) {
        self.reading.remove(bytes, entries);
    }

    /// So many more entries are out of the cache.
    pub fn out(&self, entries: usize) {
        self.reading.entries.fetch_add(entries as u64, Ordering::Relaxed);
    }

    /// So much more is done. May be called from any thread.
    pub fn add(&self, usage: &Usage) {
        self.reading.add(usage);
    }
}

fn show(bar: &ProgressBar, template: &str) {
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
}

impl Reading {
    fn add(&self, usage: &Usage) {
        self.bytes.fetch_add(usage.disk_bytes + usage.linked_bytes, Ordering::Relaxed);
        self.files.fetch_add(usage.files, Ordering::Relaxed);
        // Measured entries are told one by one, what is deleted of them is not.
        if self.planned_entries.load(Ordering::Relaxed) == 0 {
            self.entries.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn remove(&self, bytes: u64, entries: usize) {
        for counter in [&self.bytes, &self.files, &self.entries] {
            counter.store(0, Ordering::Relaxed);
        }
        self.planned.store(bytes, Ordering::Relaxed);
        self.planned_entries.store(entries as u64, Ordering::Relaxed);
    }

    fn text(&self) -> String {
        let number =
            |counter: &AtomicU64| usize::try_from(counter.load(Ordering::Relaxed)).unwrap_or(usize::MAX);
        let bytes = size(self.bytes.load(Ordering::Relaxed));
        let entries = count(number(&self.entries));
        match (self.planned.load(Ordering::Relaxed), number(&self.planned_entries)) {
            (_, 0) => format!("{bytes} in {} files, {entries} entries", count(number(&self.files))),
            (planned, all) => format!("{bytes} of {}, {entries} of {} entries", size(planned), count(all)),
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

#[cfg(test)]
mod tests {
    use super::Reading;
    use crate::core::cache::disk::Usage;

    #[test]
    fn bytes_and_entries_are_shown_while_they_are_measured_and_while_they_go() {
        let reading = Reading::default();
        let usage = Usage { disk_bytes: 1 << 20, files: 1_000, ..Usage::default() };
        reading.add(&usage);
        reading.add(&usage);
        assert_eq!(reading.text(), "2 MiB in 2,000 files, 2 entries");
        reading.remove(3 << 20, 1_200);
        assert_eq!(reading.text(), "0 B of 3 MiB, 0 of 1,200 entries");
        reading.entries.fetch_add(1_200, std::sync::atomic::Ordering::Relaxed);
        reading.add(&usage);
        assert_eq!(reading.text(), "1 MiB of 3 MiB, 1,200 of 1,200 entries");
    }
}
