//! Servers that moved their standard streams to other descriptors, as the MCP SDK for Python does, and daemons that look
//! like them.

#![cfg(all(target_os = "linux", not(feature = "portable")))]

use std::io::{PipeReader, PipeWriter, pipe};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::Stdio;

use super::reap::{assert_judged, reap};
use crate::support::{Server, TestEnv, is_alive};

/// What a client in Python has of its server, and what the server has.
fn pipes() -> ((PipeWriter, PipeReader), [Stdio; 2]) {
    let (input, to_server) = pipe().unwrap();
    let (from_server, output) = pipe().unwrap();
    ((to_server, from_server), [input.into(), output.into()])
}

/// The same of a client in node.
fn sockets() -> ((UnixStream, UnixStream), [Stdio; 2]) {
    let (to_server, input) = UnixStream::pair().unwrap();
    let (from_server, output) = UnixStream::pair().unwrap();
    ((to_server, from_server), [input, output].map(|end| OwnedFd::from(end).into()))
}

const UNWRAPPED: [&str; 2] = ["", ""];

#[test]
fn an_orphan_is_ended_once_both_ends_are_gone() {
    let env = TestEnv::new();
    let (by_pipes, streams) = pipes();
    let piped = Server::player_orphan(&env, "wire", streams, UNWRAPPED);
    let (by_sockets, streams) = sockets();
    let socketed = Server::player_orphan(&env, "wire", streams, UNWRAPPED);
    let (_client, streams) = pipes();
    let in_use = Server::player_orphan(&env, "wire", streams, UNWRAPPED);
    let all_are_kept = || {
        let output = reap(&env, &[]).expect_code(0);
        for server in [&piped, &socketed, &in_use] {
            assert_judged(&output, server, "connected", "keep");
        }
    };
    all_are_kept();
    drop((by_pipes.0, by_sockets.0));
    // Somebody still waits for what they may have to say.
    all_are_kept();
    drop((by_pipes.1, by_sockets.1));
    let output = reap(&env, &[]).expect_code(0);
    for server in [&piped, &socketed] {
        assert_judged(&output, server, "orphan", "end");
        assert!(!server.is_running());
    }
    assert!(output.stdout.contains("at other descriptors"), "{}", output.stdout);
    assert_judged(&output, &in_use, "connected", "keep");
    assert!(in_use.is_running());
}

#[test]
fn its_wrapper_goes_with_it() {
    let env = TestEnv::new();
    let (client, streams) = pipes();
    let server = Server::player_orphan(&env, "wire", streams, ["sh -c '", "; :'"]);
    assert_judged(&reap(&env, &[]).expect_code(0), &server, "connected", "keep");
    drop(client);
    let output = reap(&env, &[]).expect_code(0);
    assert_judged(&output, &server, "orphan_chain", "end");
    let wrapper = output.json()["candidates"][0]["wrapper_pids"][0].as_u64().unwrap();
    assert!(!server.is_running() && !is_alive(u32::try_from(wrapper).unwrap()));
}

#[test]
fn one_whose_parent_lives_is_only_reported() {
    let env = TestEnv::new();
    for (role, name) in [("wire", "python3"), ("wire", "python"), ("wire", "pypy3.11")] {
        let (client, streams) = sockets();
        let server = Server::player(&env, name, role, streams);
        assert_judged(&reap(&env, &[]).expect_code(0), &server, "connected", "keep");
        drop(client);
        for request in [&[][..], &["--superseded"]] {
            let output = reap(&env, request).expect_code(0);
            assert_judged(&output, &server, "disconnected", "report");
        }
        assert!(server.is_running());
    }
}

#[test]
fn daemons_that_look_like_one_are_kept() {
    let env = TestEnv::new();
    // With the null device as their input from the start, and nothing but dead children behind the event loop.
    let daemons = ["alone", "child", "two children", "one way each"]
        .map(|role| Server::player_orphan(&env, role, [Stdio::null(), Stdio::null()], UNWRAPPED));
    // What moved its streams, and has more than a client; has its ends from whoever started it; or has no event loop.
    let moved = ["wire and a child", "inherited", "wire without a loop"].map(|role| {
        let (client, streams) = pipes();
        let server = Server::player_orphan(&env, role, streams, UNWRAPPED);
        drop(client);
        server
    });
    let (client, streams) = pipes();
    let other_interpreter = Server::player(&env, "node", "wire", streams);
    drop(client);
    let output = reap(&env, &[]).expect_code(0);
    for server in daemons.iter().chain(&moved).chain([&other_interpreter]) {
        assert_judged(&output, server, "daemon", "keep");
        assert!(server.is_running());
    }
}
