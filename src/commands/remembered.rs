//! A file of the state folder that one run reads and writes under a lock. Whatever is wrong with it is a warning:
//! a look works without it, and only knows less.

use std::path::Path;
use std::time::Duration;

use crate::context::Context;
use crate::core::state::{Folder, Loaded, Lock, Versioned, load, save};

/// Whoever reads and writes such a file does so within a few milliseconds, unless it samples.
const PATIENCE: Duration = Duration::from_secs(3);

/// The file, locked until it is saved or dropped.
pub struct Remembered {
    place: Option<(Folder, Lock)>,
    name: &'static str,
    without: &'static str,
}

impl Remembered {
    /// Opens `NAME.json`. `without` says what is not known without it.
    pub fn open<T: Versioned>(
        context: &mut Context,
        name: &'static str,
        without: &'static str,
    ) -> (Self, Option<T>) {
        let mut remembered = Self { place: None, name, without };
        let mut content = None;
        match locked_folder(context, name) {
            Ok((folder, lock)) => {
                let path = folder.file(&format!("{name}.json"));
                match load::<T>(&path) {
                    Loaded::Missing => {}
                    Loaded::Content(found) => content = Some(found),
                    Loaded::Unreadable { reason, moved_to } => {
                        context.ui.warn(&unreadable(&path, &reason, moved_to.as_deref()));
                        // What is still in its place may be good, and only unreadable now.
                        if moved_to.is_none() {
                            return (remembered, None);
                        }
                    }
                }
                remembered.place = Some((folder, lock));
            }
            Err(reason) => context.ui.warn(&format!("cannot remember this look: {reason}; {without}")),
        }
        (remembered, content)
    }

    /// Replaces the content.
    pub fn save<T: Versioned>(self, context: &mut Context, content: &T) {
        let Some((folder, _lock)) = self.place else { return };
        let path = folder.file(&format!("{}.json", self.name));
        if let Err(error) = save(&path, content) {
            let without = self.without;
            context.ui.warn(&format!("cannot remember this look: {}: {error}; {without}", path.display()));
        }
    }
}

fn locked_folder(context: &Context, name: &str) -> Result<(Folder, Lock), String> {
    let folder = Folder::open(&context.paths.state, context.uid).map_err(|error| error.to_string())?;
    let lock =
        Lock::take(&folder.file(&format!("{name}.lock")), PATIENCE).map_err(|error| error.to_string())?;
    Ok((folder, lock))
}

fn unreadable(path: &Path, reason: &str, moved_to: Option<&Path>) -> String {
    match moved_to {
        Some(moved) => format!("{}: {reason}; moved to {}, starting afresh", path.display(), moved.display()),
        None => format!("{}: {reason}; it is left as it is, and this look is not remembered", path.display()),
    }
}
