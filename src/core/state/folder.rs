//! A folder that belongs to the user alone.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

/// A folder of mode 0700 that the user owns.
#[derive(Debug, Clone)]
pub struct Folder(PathBuf);

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// It could not be made or read.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// Which folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// It is there, but somebody else could change what is in it.
    #[error("{path}: {reason}", path = path.display())]
    NotOurs {
        /// Which folder.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

impl Folder {
    /// Makes the folder where it is missing, and proves that it belongs to `uid` alone.
    ///
    /// # Errors
    /// When it cannot be made, is no folder, belongs to another user, or others may write to it.
    pub fn open(path: &Path, uid: u32) -> Result<Self, FolderError> {
        let io_error = |source| FolderError::Io { path: path.to_owned(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(io_error)?;
        let found = fs::symlink_metadata(path).map_err(io_error)?;
        let reason = if !found.is_dir() {
            Some("it is no folder".to_owned())
        } else if found.uid() != uid {
            Some(format!("it belongs to user {}, not to user {uid}", found.uid()))
        } else if found.mode() & 0o022 != 0 {
            Some("others may write to it; take that right away with chmod go-w".to_owned())
        } else {
            None
        };
        match reason {
            Some(reason) => Err(FolderError::NotOurs { path: path.to_owned(), reason }),
            None => Ok(Self(path.to_owned())),
        }
    }

    /// A file in it.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}
