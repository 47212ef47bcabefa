//! The looks of earlier runs.

use std::time::Duration;

use super::remembered::Remembered;
use crate::context::Context;
use crate::core::health::Looks;
use crate::core::health::looks_file::LooksFile;
use crate::core::process::BootId;

/// The looks, locked until they are saved or dropped.
pub struct LooksStore {
    file: Remembered,
    /// What earlier runs saw.
    pub looks: Looks,
}

impl LooksStore {
    /// Opens the looks.
    pub fn open(context: &mut Context, boot: BootId, now: Duration) -> Self {
        let without = "limits on CPU and runtime need two looks";
        let (file, content) = Remembered::open::<LooksFile>(context, "looks", without);
        let looks = content.map_or_else(|| Looks::new(boot), |content| content.into_looks(boot, now));
        Self { file, looks }
    }

    /// Keeps the new looks, if they differ.
    pub fn save(self, context: &mut Context, looks: &Looks) {
        if *looks != self.looks {
            self.file.save(context, &LooksFile::from(looks));
        }
    }
}
