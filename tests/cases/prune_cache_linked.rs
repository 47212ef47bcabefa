//! Files with several names: what a store takes, and what goes of it.

#![cfg(target_os = "linux")]

use std::fs;
use std::path::PathBuf;

use crate::support::cache::{HOUR, file, grow_old};
use crate::support::store::du;
use crate::support::{Output, TestEnv};

const KIB: usize = 1024;

fn prune(env: &TestEnv, arguments: &[&str]) -> Output {
    env.run(&[&["--json", "prune-cache", "own"], arguments].concat())
}

/// A store whose entries are folders, which all have the same ten files.
fn filled(env: &TestEnv, entries: u32) -> PathBuf {
    env.write_config("[cache.own]\npath = \"own\"\n");
    let own = env.workspace().join("own");
    for number in 0..10 {
        file(&own.join(format!("entry-1/{number}")), 100 * KIB, HOUR * 9);
    }
    for entry in 2..=entries {
        let folder = own.join(format!("entry-{entry}"));
        fs::create_dir(&folder).unwrap();
        for number in 0..10 {
            fs::hard_link(own.join(format!("entry-1/{number}")), folder.join(number.to_string())).unwrap();
        }
    }
    for entry in 1..=entries {
        grow_old(&own.join(format!("entry-{entry}")), HOUR * (entry + 9));
    }
    own
}

#[test]
fn what_entries_share_counts_once_as_it_does_for_du() {
    let env = TestEnv::new();
    let own = filled(&env, 5);
    // What is not of any entry may have a name of it as well.
    env.write_config("[cache.own]\npath = \"own\"\nentries = \"entry-*\"\n");
    fs::hard_link(own.join("entry-1/3"), own.join("beside")).unwrap();
    let output = prune(&env, &["-n", "--max-size", "1500KiB"]).expect_code(0);
    let store = output.store("own");
    // Of the folder itself nobody says that it is in the cache.
    let all = du(&own, &[])
        - fs::metadata(&own).map(|own| std::os::unix::fs::MetadataExt::blocks(&own) * 512).unwrap();
    assert_eq!(store["size_bytes"], all, "{store}");
    assert_eq!(store["verdict"], "within limits", "{store}");
    assert_eq!(store["linked_bytes"], 1000 * KIB);
    drop(prune(&env, &["--max-size", "900KiB", "-n"]).expect_code(1));
}

#[test]
fn what_is_freed_is_what_the_last_name_frees() {
    let env = TestEnv::new();
    let own = filled(&env, 3);
    let before = du(&own, &[]);
    // The two oldest of three: only their folders are freed.
    let output = prune(&env, &["--max-age", "10h 30m"]).expect_code(0);
    assert_eq!(output.store("own")["freed_bytes"], before - du(&own, &[]));
    assert!(output.store("own")["freed_bytes"].as_u64().unwrap() < 100 * 1024);
    let before = du(&own, &[]);
    let output = prune(&env, &["--max-age", "1h"]).expect_code(0);
    assert_eq!(output.store("own")["freed_bytes"], before - du(&own, &[]));
    assert!(output.store("own")["freed_bytes"].as_u64().unwrap() >= 1000 * 1024);
}
