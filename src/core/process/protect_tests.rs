//! Every never-rule: that it fires, and that it holds back.

use super::{Facts, Guard, Protection};
use crate::core::host::fake::{FakeHost, Someone, World, stat};
use crate::core::host::{Host, Unknown};
use crate::core::process::{CommandLine, NamePattern};

fn guard(host: &FakeHost, all_users: bool) -> Guard {
    let programs = ["code", "tmux: server", "@openai/codex"].map(|name| NamePattern::new(name).unwrap());
    Guard::new(host, programs.to_vec(), all_users)
}

/// What the never-list says of process 200 after `change`.
fn verdict(change: impl FnOnce(&mut Someone)) -> Option<Protection> {
    let host = FakeHost::new(|world: &mut World| change(world.add(stat(200, 100, 10), &["node", "a.js"])));
    let stat = host.world().processes[&200].stat.clone();
    guard(&host, false).forbids(&Facts::gather(&host, stat))
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

#[test]
fn an_ordinary_process_is_not_protected() {
    assert_eq!(verdict(|_| {}), None);
}

#[test]
fn numbers_that_stand_for_more_than_one_process() {
    let host = FakeHost::new(|_| {});
    for pid in [0, 1, u32::MAX] {
        let facts = Facts {
            stat: stat(pid, 0, 0),
            uid: Ok(1000),
            command: Ok(CommandLine::default()),
            unit: Ok(None),
        };
        assert_eq!(guard(&host, true).forbids(&facts), Some(Protection::FirstProcess), "{pid}");
    }
}

#[test]
fn kernel_threads() {
    assert_eq!(verdict(|someone| someone.stat.kernel_thread = true), Some(Protection::KernelThread));
}

#[test]
fn ourselves_and_whoever_called_us_but_not_our_neighbours() {
    let host = FakeHost::new(|world| {
        world.add(stat(102, 100, 5), &["node", "sibling.js"]);
        world.add(stat(103, 101, 5), &["node", "child.js"]);
    });
    let guard = guard(&host, false);
    let of = |pid| guard.forbids(&Facts::gather(&host, host.stat(pid).unwrap()));
    assert_eq!(of(101), Some(Protection::Ourselves));
    assert_eq!(of(100), Some(Protection::Ancestor));
    assert_eq!(of(102), None);
    assert_eq!(of(103), None);
}

#[test]
fn other_users_except_for_root_on_request() {
    let other = |uid: u32| verdict(move |someone| someone.uid = uid);
    assert_eq!(other(1001), Some(Protection::OtherUser(1001)));
    assert_eq!(other(0), Some(Protection::OtherUser(0)));
    assert_eq!(other(1000), None);
    let host = FakeHost::new(|_| {});
    assert!(!guard(&host, true).includes_user(1001), "all users is for root alone");
}

#[test]
fn units_of_a_service_manager_but_not_the_one_that_called_us() {
    let unit = |unit: &str| Some(unit.to_owned());
    let found = verdict(|someone| someone.unit = unit("mcp.service"));
    assert_eq!(found, Some(Protection::ServiceUnit("mcp.service".to_owned())));
    let host = FakeHost::new(|world| {
        for pid in [100, 101] {
            world.processes.get_mut(&pid).unwrap().unit = unit("ci-runner.service");
        }
        world.add(stat(200, 100, 10), &["node"]).unit = unit("ci-runner.service");
        world.add(stat(201, 100, 10), &["node"]).unit = unit("other.service");
    });
    let guard = guard(&host, false);
    let of = |pid| guard.forbids(&Facts::gather(&host, host.stat(pid).unwrap()));
    assert_eq!(of(200), None);
    assert_eq!(of(201), Some(Protection::ServiceUnit("other.service".to_owned())));
}

#[test]
fn the_protected_set_by_program_package_title_and_kernel_name() {
    let protected: &[&[&str]] = &[
        &["/usr/share/code/code", "--type=utility", "tsserver.js"],
        &["node", "/p/node_modules/@openai/codex/bin/codex.js"],
        &["npx", "-y", "@openai/codex"],
    ];
    for command in protected {
        let found = verdict(|someone| someone.words = words(command));
        assert!(matches!(found, Some(Protection::Program(_))), "{command:?}: {found:?}");
    }
    let found = verdict(|someone| someone.stat.name = b"tmux: server".to_vec());
    assert_eq!(found, Some(Protection::Program("tmux: server".to_owned())));
    for command in [&["node", "/home/me/code/build.js"][..], &["vscode-helper"], &["node", "encode.js"]] {
        assert_eq!(verdict(|someone| someone.words = words(command)), None, "{command:?}");
    }
}

#[test]
fn what_cannot_be_known_protects() {
    let host = FakeHost::new(|_| {});
    let known = || Facts {
        stat: stat(200, 100, 10),
        uid: Ok(1000),
        command: Ok(CommandLine::from_words(&["node"])),
        unit: Ok(None),
    };
    let guard = guard(&host, false);
    assert_eq!(guard.forbids(&known()), None);
    let unprovable = [
        Facts { uid: Err(Unknown::Denied), ..known() },
        Facts { command: Err(Unknown::Denied), ..known() },
        Facts { unit: Err(Unknown::Gone), ..known() },
    ];
    for facts in unprovable {
        assert!(matches!(guard.forbids(&facts), Some(Protection::Unprovable(..))), "{facts:?}");
    }
    assert_eq!(guard.forbids(&Facts { unit: Err(Unknown::Unsupported), ..known() }), None);
}
