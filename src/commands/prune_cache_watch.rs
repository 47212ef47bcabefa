//! Who works with a store, and who looks on while it is pruned.

use std::time::{Duration, Instant};

use crate::core::cache::disk::Usage;
use crate::core::cache::plan::Plan;
use crate::core::cache::store::Store;
use crate::core::cache::users::{self, User};
use crate::core::cache::watch::{Step, Watch};
use crate::core::host::LookError;
use crate::output::gauge::Gauge;
use crate::output::progress::Spinner;
use crate::output::sanitize::sanitize;
use crate::output::ui::Ui;
use crate::sys::{SystemHost, fault};

/// How often to look whether they have finished.
const LOOK: Duration = Duration::from_millis(200);

/// Waits until nobody works with a store, and returns who still does when the time is over.
///
/// # Errors
/// When the processes cannot be looked at.
pub fn wait_until_idle(
    ui: &Ui,
    host: &SystemHost,
    store: &Store,
    patience: Duration,
    fault: &str,
) -> Result<Vec<User>, LookError> {
    let deadline = Instant::now() + patience;
    let mut users = users::of(host, store)?;
    if users.is_empty() {
        return Ok(users);
    }
    let _spinner = Spinner::start(ui, &format!("waiting for {} to finish", sanitize(&users::named(&users))));
    fault::at(fault, "waiting");
    while !users.is_empty() && Instant::now() < deadline && host.interrupted().is_none() {
        std::thread::sleep(LOOK.min(deadline.saturating_duration_since(Instant::now())));
        users = users::of(host, store)?;
    }
    Ok(users)
}

/// Shows how it goes, and says when to stop.
pub struct Onlooker<'a> {
    /// Where it is shown.
    pub gauge: &'a Gauge,
    /// Whom to ask.
    pub host: &'a SystemHost,
    /// The store, if nobody may work with it meanwhile.
    pub store: Option<&'a Store>,
    /// Who is told of the plan before anything is done.
    pub told: &'a (dyn Fn(&Plan) + Sync),
    /// The instant at which a test wants this to end; builds for use know none.
    pub fault: String,
}

impl Watch for Onlooker<'_> {
    fn planned(&self, plan: &Plan) {
        self.gauge.remove(plan.freed_bytes, plan.evictions.len());
        (self.told)(plan);
        fault::at(&self.fault, "planned");
    }

    fn withdrawn(&self, entries: usize) {
        self.gauge.out(entries);
    }

    fn progress(&self, usage: &Usage) {
        self.gauge.add(usage);
    }

    fn stop(&self) -> bool {
        self.host.interrupted().is_some()
    }

    /// What cannot be looked at may be in use.
    fn may_go_on(&self) -> bool {
        self.store.is_none_or(|store| users::of(self.host, store).is_ok_and(|users| users.is_empty()))
    }

    fn at(&self, step: Step) {
        fault::at(&self.fault, step.name());
    }
}
