use std::fs;
use std::os::fd::AsFd;
use std::os::unix::fs::symlink;
use std::path::Path;

use rustix::io::Errno;

use super::listing::{Kind, Names};
use super::{OpenFolder, SystemDisk, opening, platform};
use crate::core::cache::disk::Disk;

fn open(path: &Path) -> OpenFolder {
    SystemDisk.open(path).unwrap()
}

#[test]
fn a_name_is_one_name() {
    for wrong in ["", ".", "..", "a/b", "/", "a/", "../a", "a\0b"] {
        assert_eq!(opening::name(wrong.as_ref()).err(), Some(Errno::INVAL), "{wrong:?}");
    }
    for right in ["a", "...", ".a", "a b\n", "ä"] {
        assert_eq!(opening::name(right.as_ref()).unwrap().to_bytes(), right.as_bytes());
    }
}

#[test]
fn names_are_kept_with_their_kinds_in_the_order_of_their_inodes() {
    let mut names = Names::default();
    names.push(c"b", 7, Kind::Other);
    names.push(c".", 1, Kind::Folder);
    names.push(c"..", 1, Kind::Folder);
    names.push(c"a\n", 3, Kind::Folder);
    names.sort();
    let found: Vec<_> = names.iter().map(|(name, kind)| (name.to_bytes(), kind)).collect();
    assert_eq!(found, [(&b"a\n"[..], Kind::Folder), (&b"b"[..], Kind::Other)]);
    names.clear();
    assert_eq!(names.iter().count(), 0);
}

#[test]
fn a_folder_is_opened_and_nothing_else() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join("folder")).unwrap();
    fs::write(root.path().join("file"), "").unwrap();
    symlink("folder", root.path().join("link")).unwrap();
    let folder = open(root.path());
    let device = folder.device;
    let child = |name| opening::child(folder.descriptor.as_fd(), device, name).map(|_| ());
    assert_eq!(child(c"folder"), Ok(()));
    assert_eq!(child(c"file"), Err(Errno::NOTDIR));
    assert!(matches!(child(c"link"), Err(Errno::LOOP | Errno::NOTDIR)));
    assert_eq!(child(c"nothing"), Err(Errno::NOENT));
    let strange = opening::child(folder.descriptor.as_fd(), device + 1, c"folder").map(|_| ());
    assert_eq!(strange, Err(Errno::XDEV), "the device of the folder counts, not its own");
}

#[test]
fn the_folder_above_is_the_one_that_is_expected_or_none() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join("folder")).unwrap();
    let (above, folder) = (open(root.path()), open(&root.path().join("folder")));
    let expected = SystemDisk.stat(&above).unwrap().id;
    assert!(opening::above(folder.descriptor.as_fd(), expected).is_ok());
    let other = SystemDisk.stat(&folder).unwrap().id;
    assert_eq!(opening::above(folder.descriptor.as_fd(), other).err(), Some(Errno::NOENT));
}

#[test]
fn the_rename_itself_refuses_a_name_that_is_taken() {
    let root = tempfile::tempdir().unwrap();
    for name in ["a", "b"] {
        fs::create_dir(root.path().join(name)).unwrap();
    }
    let folder = open(root.path());
    let (from, to) = (folder.descriptor.as_fd(), folder.descriptor.as_fd());
    assert_eq!(platform::rename_to_free(from, c"a", to, c"b"), Err(Errno::EXIST));
    assert_eq!(platform::rename_to_free(from, c"a", to, c"c"), Ok(()));
}

#[cfg(all(target_os = "linux", not(feature = "portable")))]
#[test]
fn an_old_kernel_sees_mounts_too() {
    let system = open(Path::new("/"));
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join("folder")).unwrap();
    symlink("folder", root.path().join("link")).unwrap();
    let folder = open(root.path());
    let opened = |folder: &OpenFolder, name| {
        platform::open_and_check(folder.descriptor.as_fd(), name, opening::flags()).map(|_| ())
    };
    assert_eq!(opened(&system, c"proc"), Err(Errno::XDEV));
    assert_eq!(opened(&folder, c"folder"), Ok(()));
    assert!(matches!(opened(&folder, c"link"), Err(Errno::LOOP | Errno::NOTDIR)));
}
