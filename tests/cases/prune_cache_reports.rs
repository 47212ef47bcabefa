//! What `prune-cache` says: the words of its rows, and of its errors.

use std::fs;
use std::os::unix::fs::symlink;

use crate::support::TestEnv;
use crate::support::cache::{HOUR, file, left, turbo};

const KIB: usize = 1024;

#[test]
fn a_cache_that_is_a_link_is_not_looked_into_and_can_be_named_where_it_is() {
    let env = TestEnv::new();
    let real = env.path("home").join("precious");
    file(&real.join("file"), KIB, HOUR * 99);
    let user = env.path("home").join(".config/brainwav");
    fs::create_dir_all(&user).unwrap();
    let link = env.path("home").join("link");
    symlink(&real, &link).unwrap();
    let name = |path: &std::path::Path| {
        fs::write(user.join("config.toml"), format!("[cache.own]\npath = {path:?}\n")).unwrap();
    };
    let prune = || env.run(&["--json", "prune-cache", "own", "--max-size", "0B"]);
    name(&link);
    let output = prune().expect_code(4);
    let reason = output.store("own")["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("symbolic link"), "{reason}");
    assert!(reason.contains(&real.display().to_string()), "it names the folder to configure: {reason}");
    assert!(real.join("file").exists());
    symlink("nowhere", env.path("home").join("dangling")).unwrap();
    name(&env.path("home").join("dangling"));
    assert!(prune().expect_code(4).store("own")["reason"].to_string().contains("symbolic link"));
    name(&real);
    drop(prune().expect_code(0));
    assert!(!real.join("file").exists());
    fs::write(user.join("config.toml"), "").unwrap();

    // What the workspace names may be a link inside of it at most.
    env.write_config("[cache.own]\npath = \"own\"\n");
    file(&real.join("file"), KIB, HOUR * 99);
    symlink(&real, env.workspace().join("own")).unwrap();
    drop(prune().expect_code(4));
    assert!(real.join("file").exists());
}

#[test]
fn what_an_interrupted_run_had_left_is_told_with_what_became_of_it() {
    let env = TestEnv::new();
    let folder = turbo(&env, 2, KIB);
    file(&folder.join(".brainwav-trash/whatever"), 100 * KIB, HOUR);
    let text = env.run(&["prune-cache", "-n"]).expect_code(0).stdout;
    assert!(text.contains("the next one"), "{text}");
    let output = env.run(&["--json", "prune-cache"]).expect_code(0);
    assert!(output.store("turbo")["notes"].to_string().contains("is deleted, 100 KiB"), "{}", output.stdout);
    assert_eq!(left(&folder), [1, 2]);
    assert_eq!(
        env.run(&["--json", "prune-cache"]).expect_code(0).store("turbo")["notes"].as_array().unwrap().len(),
        0
    );
    let text = env.run(&["prune-cache", "--max-size", "0B"]).expect_code(0).stdout;
    assert!(text.contains("2 of 2 entries gone") && !text.contains("(0 B"), "{text}");
}

#[test]
fn a_pattern_for_every_name_is_none_for_programs() {
    let env = TestEnv::new();
    for (entries, words) in [("*", "leave entries away"), ("", "an empty name")] {
        env.write_config(&format!("[cache.own]\npath = \"own\"\nentries = \"{entries}\"\n"));
        let output = env.run(&["prune-cache", "own"]).expect_code(2);
        assert!(output.stderr.contains(words) && !output.stderr.contains("program"), "{}", output.stderr);
    }
}
