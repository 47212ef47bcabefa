//! The looks of earlier runs, in the state folder of the user. Without them a look still works; it only
//! cannot tell rates, and says so.

use std::time::Duration;

use crate::context::Context;
use crate::core::health::Looks;
use crate::core::health::looks_file::LooksFile;
use crate::core::process::BootId;
use crate::core::state::{Folder, Loaded, Lock, LockError, load, save};

/// Whoever reads and writes the looks does so within a few milliseconds, unless it samples.
const PATIENCE: Duration = Duration::from_secs(3);

/// The looks, locked until they are saved or dropped.
pub struct LooksStore {
    place: Option<(Folder, Lock)>,
    /// What earlier runs saw.
    pub looks: Looks,
}

impl LooksStore {
    /// Opens the looks. Whatever is wrong with them is a warning.
    pub fn open(context: &mut Context, boot: BootId, now: Duration) -> Self {
        let mut store = Self { place: None, looks: Looks::new(boot) };
        match locked_folder(context) {
            Ok((folder, lock)) => {
                match load::<LooksFile>(&folder.file("looks.json")) {
                    Loaded::Missing => {}
                    Loaded::Content(file) => store.looks = file.into_looks(boot, now),
                    Loaded::Unreadable { reason, moved_to } => {
                        context.ui.warn(&unreadable(&folder, &reason, moved_to.as_deref()));
                    }
                }
                store.place = Some((folder, lock));
            }
            Err(reason) => context.ui.warn(&format!(
                "cannot remember this look: {reason}; limits on CPU and runtime need two looks"
            )),
        }
        store
    }

    /// Keeps the new looks, if they differ.
    pub fn save(self, context: &mut Context, looks: &Looks) {
        let Some((folder, _lock)) = self.place.filter(|_| *looks != self.looks) else { return };
        let path = folder.file("looks.json");
        if let Err(error) = save(&path, &LooksFile::from(looks)) {
            context.ui.warn(&format!(
                "cannot remember this look: {}: {error}; limits on CPU and runtime need two looks",
                path.display()
            ));
        }
    }
}

fn locked_folder(context: &Context) -> Result<(Folder, Lock), String> {
    let folder = Folder::open(&context.paths.state, context.uid).map_err(|error| error.to_string())?;
    let lock =
        Lock::take(&folder.file("looks.lock"), PATIENCE).map_err(|error: LockError| error.to_string())?;
    Ok((folder, lock))
}

fn unreadable(folder: &Folder, reason: &str, moved_to: Option<&std::path::Path>) -> String {
    let path = folder.file("looks.json");
    match moved_to {
        Some(moved) => format!("{}: {reason}; moved to {}, starting afresh", path.display(), moved.display()),
        None => format!("{}: {reason}; it could not be moved aside", path.display()),
    }
}
