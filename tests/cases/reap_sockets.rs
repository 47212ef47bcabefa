//! Socket files on a real file system: exactly the dead one goes.

#![cfg(all(target_os = "linux", not(feature = "portable")))]

use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::path::PathBuf;

use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, listen, socket_with};

use crate::support::{Output, TestEnv};

fn reap(env: &TestEnv, arguments: &[&str]) -> Output {
    env.run(&[&["--json", "reap", "sockets", "--socket-min-age", "0s"], arguments].concat())
}

fn verdict(output: &Output, path: &std::path::Path) -> String {
    let sockets = output.json()["sockets"].as_array().unwrap().clone();
    let row = sockets.iter().find(|row| row["path"] == path.to_str().unwrap());
    row.map_or_else(|| "not listed".to_owned(), |row| row["verdict"].as_str().unwrap().to_owned())
}

/// A child that another test starts meanwhile must not hold it too.
fn stream() -> rustix::io::Result<OwnedFd> {
    socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)
}

#[test]
fn exactly_the_dead_one_is_removed() {
    let env = TestEnv::new();
    let at = |name: &str| -> PathBuf { env.path("tmp").join(format!("{name}.mcp.sock")) };
    let _live = UnixListener::bind(at("live")).unwrap();
    drop(UnixListener::bind(at("dead")).unwrap());
    let not_listening = stream().unwrap();
    bind(&not_listening, &SocketAddrUnix::new(at("not-listening")).unwrap()).unwrap();
    let _datagram = UnixDatagram::bind(at("datagram")).unwrap();
    let full = stream().unwrap();
    bind(&full, &SocketAddrUnix::new(at("full")).unwrap()).unwrap();
    listen(&full, 0).unwrap();
    let _waiting = UnixStream::connect(at("full")).unwrap();
    let _renamed = UnixListener::bind(at("old")).unwrap();
    std::fs::rename(at("old"), at("renamed")).unwrap();
    std::fs::write(at("file"), "no socket").unwrap();
    std::os::unix::fs::symlink(at("dead"), at("link")).unwrap();
    drop(UnixListener::bind(env.path("tmp").join("other.sock")).unwrap());

    let dry = reap(&env, &["-n"]).expect_code(1);
    assert_eq!(verdict(&dry, &at("dead")), "stale");
    assert!(at("dead").exists());
    let before = TestEnv::file_names(&env.path("tmp"));
    let output = reap(&env, &[]).expect_code(0);
    for name in ["live", "not-listening", "datagram", "full", "renamed"] {
        assert_eq!(verdict(&output, &at(name)), "bound", "{name}");
    }
    let after = TestEnv::file_names(&env.path("tmp"));
    let gone: Vec<&String> = before.iter().filter(|name| !after.contains(name)).collect();
    assert_eq!(gone, ["dead.mcp.sock"]);
    assert_eq!(after.len() + 1, before.len());
}

#[test]
fn of_what_was_not_looked_for_nothing_is_said() {
    let env = TestEnv::new();
    let output = env.run(&["reap", "sockets", "-n"]).expect_code(0);
    assert_eq!(output.stdout, "brAInwav reap: 0 dead sockets (dry run)\n");
}

#[test]
fn a_young_socket_is_kept() {
    let env = TestEnv::new();
    let path = env.path("tmp").join("young.mcp.sock");
    drop(UnixListener::bind(&path).unwrap());
    let output = env.run(&["--json", "reap", "sockets"]).expect_code(0);
    assert_eq!(verdict(&output, &path), "young");
    assert!(path.exists());
}

#[test]
fn the_sockets_of_nx_and_those_that_were_configured_are_known() {
    let env = TestEnv::new();
    let other = env.path("home").join("mine");
    std::fs::create_dir(&other).unwrap();
    env.write_config(&format!("[reap]\nsockets = [\"{}/*.special\"]\n", other.display()));
    let nx = env.path("tmp").join("0123456789abcdef0123");
    std::fs::create_dir(&nx).unwrap();
    let dead = [nx.join("d.sock"), nx.join("fp12.sock"), other.join("a.special")];
    let kept = [nx.join("other"), other.join("b"), env.path("tmp").join("d.sock")];
    for path in dead.iter().chain(&kept) {
        drop(UnixListener::bind(path).unwrap());
    }
    let _output = reap(&env, &[]).expect_code(0);
    assert!(dead.iter().all(|path| !path.exists()));
    assert!(kept.iter().all(|path| path.exists()));
}

#[test]
fn a_folder_that_cannot_be_read_is_not_clean() {
    let env = TestEnv::new();
    let closed = env.path("home").join("closed");
    std::fs::create_dir(&closed).unwrap();
    std::fs::set_permissions(&closed, std::os::unix::fs::PermissionsExt::from_mode(0o000)).unwrap();
    env.write_config(&format!("[reap]\nsockets = [\"{}/*.sock\"]\n", closed.display()));
    if std::fs::read_dir(&closed).is_ok() {
        crate::support::not_tested("root may read everything");
        return;
    }
    let output = reap(&env, &[]).expect_code(4);
    assert!(output.stderr.contains("cannot look for sockets in"), "{}", output.stderr);
}
