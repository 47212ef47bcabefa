//! A schema comes into a registry.

use serde_json::Value;

use super::client::{Registry, RegistryError};
use super::protocol::{Found, Served, Unsettled, Verdict};

/// The level of compatibility that the schema is made for: whoever knows the latest version can read what is written by
/// the next one.
pub const LEVEL: &str = "FORWARD";

/// Where a schema stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It was added, and is found there.
    Registered,
    /// It was there.
    AlreadyRegistered,
    /// It is not there, and could be added.
    WouldRegister,
    /// It breaks those who know an earlier version.
    Incompatible,
    /// A registry that only reads has it.
    Served,
    /// A registry that only reads has another one of this name.
    Differs,
    /// A registry that only reads has none of this name.
    Absent,
}

/// The level of compatibility of a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Level {
    /// Its name.
    pub name: String,
    /// Whether it was set, or would be, because the subject had none of its own.
    pub is_new: bool,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// Where the schema stands now.
    pub state: State,
    /// The number of the schema in the registry.
    pub id: Option<u64>,
    /// The number of the version under the subject.
    pub version: Option<u64>,
    /// The level of the subject; `None` in a registry that only reads.
    pub level: Option<Level>,
    /// Why it is incompatible.
    pub reasons: Vec<String>,
}

impl Registration {
    const fn of(state: State, level: Option<Level>) -> Self {
        Self { state, id: None, version: None, level, reasons: Vec::new() }
    }

    const fn at(mut self, id: u64, version: u64) -> Self {
        self.id = Some(id);
        self.version = Some(version);
        self
    }
}

/// Adds a schema of this name to the subject unless it is there. A subject without a level of its own gets [`LEVEL`]
/// first, so that this version is judged by it too; one that has a level keeps it.
///
/// # Errors
/// When the registry cannot be reached, or refuses for another reason than compatibility.
pub fn register(
    registry: &mut Registry,
    name: &str,
    schema: &Value,
    dry_run: bool,
) -> Result<Registration, RegistryError> {
    let has_subject = match registry.find(schema)? {
        Found::NotSpoken => return Ok(Registration::of(served(&registry.served(name)?, schema), None)),
        Found::Here { id, version } => {
            let level = settle_level(registry, dry_run)?;
            return Ok(Registration::of(State::AlreadyRegistered, Some(level)).at(id, version));
        }
        Found::Not { has_subject } => has_subject,
    };
    let level = settle_level(registry, dry_run)?;
    let verdict = match (dry_run, has_subject && !level.is_new) {
        (false, _) => registry.add(schema)?,
        (true, true) => registry.compare(schema)?,
        // Nothing to compare with, or not yet by the level that will hold.
        (true, false) => Verdict::Fits,
    };
    match verdict {
        Verdict::Breaks(reasons) => {
            Ok(Registration { reasons, ..Registration::of(State::Incompatible, Some(level)) })
        }
        Verdict::Fits if dry_run => Ok(Registration::of(State::WouldRegister, Some(level))),
        Verdict::Fits => confirmed(registry, schema, level),
    }
}

/// What was answered is not what counts: it has to be found.
fn confirmed(registry: &mut Registry, schema: &Value, level: Level) -> Result<Registration, RegistryError> {
    match registry.find(schema)? {
        Found::Here { id, version } => Ok(Registration::of(State::Registered, Some(level)).at(id, version)),
        Found::Not { .. } | Found::NotSpoken => {
            let reason = "it took the schema and does not find it afterwards";
            Err(RegistryError::Change(Unsettled::new(reason)))
        }
    }
}

fn settle_level(registry: &mut Registry, dry_run: bool) -> Result<Level, RegistryError> {
    if let Some(name) = registry.level()? {
        return Ok(Level { name, is_new: false });
    }
    if !dry_run {
        registry.set_level(LEVEL)?;
    }
    Ok(Level { name: LEVEL.to_owned(), is_new: true })
}

fn served(served: &Served, schema: &Value) -> State {
    match served {
        Served::Schema(other) if other == schema => State::Served,
        Served::Schema(_) => State::Differs,
        Served::Nothing => State::Absent,
    }
}
