//! A sign of life for work that takes longer than half a second.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::BRAND;
use super::ui::Ui;
use super::units::count;

/// Work that is done sooner needs no sign.
const PATIENCE: Duration = Duration::from_millis(500);
const FRAME: Duration = Duration::from_millis(100);

/// A spinner on stderr, if that is a terminal. It goes when it is dropped.
pub struct Spinner(Option<(Sender<()>, JoinHandle<()>)>);

impl Spinner {
    /// Starts to wait: the spinner shows itself after half a second.
    #[must_use]
    pub fn start(ui: &Ui, message: &str) -> Self {
        let message = message.to_owned();
        Self::telling(ui, move || message.clone())
    }

    /// The same for work that is counted: the number stands before the message.
    #[must_use]
    pub fn counting(ui: &Ui, message: &str, number: Arc<AtomicU64>) -> Self {
        let message = message.to_owned();
        let done = move || usize::try_from(number.load(Ordering::Relaxed)).unwrap_or(usize::MAX);
        Self::telling(ui, move || format!("{} {message}", count(done())))
    }

    fn telling(ui: &Ui, message: impl Fn() -> String + Send + 'static) -> Self {
        use std::io::IsTerminal;
        if ui.is_quiet() || !std::io::stderr().is_terminal() {
            return Self(None);
        }
        let (stop, stopped) = mpsc::channel::<()>();
        let spin = move || {
            if stopped.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg} ({elapsed})") {
                bar.set_style(style);
            }
            bar.set_message(format!("[{BRAND}] {}", message()));
            while stopped.recv_timeout(FRAME) == Err(RecvTimeoutError::Timeout) {
                bar.set_message(format!("[{BRAND}] {}", message()));
                bar.tick();
            }
            bar.finish_and_clear();
        };
        // Without a thread for it there is no sign of life, and the work goes on.
        Self(thread::Builder::new().spawn(spin).ok().map(|thread| (stop, thread)))
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.0.take() {
            drop(stop);
            // A spinner that panicked has nothing to tell.
            let _ = thread.join();
        }
    }
}
