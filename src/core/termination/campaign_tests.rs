//! What can happen between any two steps, as a table of worlds.

use std::time::Duration;

use super::{Settings, end};
use crate::core::host::fake::{BOOT, Before, FakeHost, Manner, World, stat};
use crate::core::host::{Host, State};
use crate::core::process::{
    CommandLine, Facts, Guard, Identity, NamePattern, Pid, Protection, StartTicks, Tree,
};
use crate::core::termination::{Outcome, Report, Root, plan};

const VITEST: &[&str] = &["node", "/p/node_modules/vitest/vitest.mjs", "run"];

fn root(pid: u32, start: u64) -> Root {
    let identity = Identity { boot: BOOT, pid: Pid::new(pid).unwrap(), start: StartTicks(start) };
    Root { identity, command: CommandLine::from_words(VITEST) }
}

fn guard(host: &FakeHost) -> Guard {
    Guard::new(host, vec![NamePattern::new("code").unwrap()], false)
}

fn run_with(host: &FakeHost, roots: &[Root], dry_run: bool) -> Report {
    let tree = Tree::new(host.everyone().unwrap());
    let guard = guard(host);
    let mut forbids = |stat: &crate::core::host::Stat| guard.forbids(&Facts::gather(host, stat.clone()));
    let plan = plan(roots, BOOT, &tree, &mut forbids);
    end(host, &guard, plan, Settings { grace: Duration::from_secs(10), dry_run })
}

fn run(host: &FakeHost, roots: &[Root]) -> Report {
    run_with(host, roots, false)
}

fn outcomes(report: &Report) -> Vec<(u32, Outcome)> {
    let mut found: Vec<(u32, Outcome)> =
        report.ended.iter().map(|ended| (ended.planned.stat.pid, ended.outcome.clone())).collect();
    found.sort_by_key(|(pid, _)| *pid);
    found
}

fn a_run_with_two_workers(world: &mut World) {
    world.add(stat(200, 100, 10), VITEST);
    world.add(stat(201, 200, 11), &["node (vitest 1)"]);
    world.add(stat(202, 201, 12), &["esbuild"]);
    world.add(stat(300, 100, 13), &["node", "server.js"]);
}

#[test]
fn a_target_takes_what_it_started_along_and_nobody_else() {
    let host = FakeHost::new(a_run_with_two_workers);
    let report = run(&host, &[root(200, 10)]);
    let expected = [(200, Outcome::Terminated), (201, Outcome::Terminated), (202, Outcome::Terminated)];
    assert_eq!(outcomes(&report), expected);
    assert!(host.world().processes.contains_key(&300));
    assert!(host.world().sent.iter().all(|(_, _, signal)| *signal != "KILL"));
}

#[test]
fn who_ignores_terminate_is_killed_and_who_cannot_be_killed_is_said_to_survive() {
    let host = FakeHost::new(|world| {
        a_run_with_two_workers(world);
        world.processes.get_mut(&201).unwrap().manner = Manner::IgnoresTerminate;
        world.processes.get_mut(&202).unwrap().manner = Manner::Unkillable;
    });
    let report = run(&host, &[root(200, 10)]);
    let expected = [(200, Outcome::Terminated), (201, Outcome::Killed), (202, Outcome::Survived)];
    assert_eq!(outcomes(&report), expected);
    assert!(report.has_failure());
}

#[test]
fn a_number_that_went_to_a_stranger_is_never_signalled() {
    let replace = |world: &mut World| {
        world.end(200);
        world.add(stat(200, 100, 99), VITEST);
    };
    let moments = [
        (Before::Open(200), Outcome::AlreadyGone),
        (Before::Stat(200), Outcome::AlreadyGone),
        (Before::Signal(200, "TERM"), Outcome::Terminated),
        (Before::Wait(1), Outcome::Terminated),
        (Before::Signal(200, "KILL"), Outcome::Killed),
    ];
    for (moment, expected) in moments {
        let host = FakeHost::new(|world| {
            world.add(stat(200, 100, 10), VITEST).manner = Manner::IgnoresTerminate;
        })
        .before(moment, replace);
        let report = run(&host, &[root(200, 10)]);
        assert_eq!(outcomes(&report), [(200, expected)], "{moment:?}");
        let world = host.world();
        assert!(world.processes.contains_key(&200), "{moment:?}: the stranger is there");
        assert!(world.sent.iter().all(|(_, start, _)| *start == 10), "{moment:?}: {:?}", world.sent);
    }
}

#[test]
fn a_target_that_became_another_program_is_left_alone() {
    let host = FakeHost::new(|world| {
        world.add(stat(200, 100, 10), VITEST);
    })
    .before(Before::Open(200), |world| {
        world.processes.get_mut(&200).unwrap().words = vec!["vim".to_owned(), "notes".to_owned()];
    });
    let report = run(&host, &[root(200, 10)]);
    assert_eq!(outcomes(&report), [(200, Outcome::Changed)]);
    assert!(host.world().sent.is_empty());
}

#[test]
fn a_descendant_that_became_protected_is_left_alone() {
    let host = FakeHost::new(a_run_with_two_workers).before(Before::Open(202), |world| {
        world.processes.get_mut(&202).unwrap().words = vec!["code".to_owned()];
    });
    let report = run(&host, &[root(200, 10)]);
    let kept = Outcome::Protected(Protection::Program("code".to_owned()));
    assert!(outcomes(&report).contains(&(202, kept)));
    assert!(host.world().processes.contains_key(&202));
}

#[test]
fn who_had_ended_or_is_a_zombie_is_not_counted_as_ended_by_us() {
    let ends: [fn(&mut World); 2] =
        [|world| world.end(200), |world| world.processes.get_mut(&200).unwrap().stat.state = State::Zombie];
    for end in ends {
        let host = FakeHost::new(|world| {
            world.add(stat(200, 100, 10), VITEST);
        })
        .before(Before::Open(200), end);
        let report = run(&host, &[root(200, 10)]);
        assert_eq!(outcomes(&report), [(200, Outcome::AlreadyGone)]);
        assert!(host.world().sent.is_empty());
    }
}

#[test]
fn children_that_come_while_it_is_ended_go_too() {
    let moments =
        [Before::Signal(200, "TERM"), Before::Wait(1), Before::Signal(200, "STOP"), Before::Everyone(3)];
    for moment in moments {
        let host = FakeHost::new(|world| {
            world.add(stat(200, 100, 10), VITEST).manner = Manner::IgnoresTerminate;
        })
        .before(moment, |world| {
            world.add(stat(250, 200, 50), &["node"]).manner = Manner::IgnoresTerminate;
        });
        let report = run(&host, &[root(200, 10)]);
        assert_eq!(outcomes(&report), [(200, Outcome::Killed), (250, Outcome::Killed)], "{moment:?}");
        assert!(!host.world().processes.contains_key(&250), "{moment:?}");
    }
}

#[test]
fn what_a_session_leader_left_behind_goes_too_but_a_neighbour_in_the_session_of_another_does_not() {
    let host = FakeHost::new(|world| {
        let mut leader = stat(200, 100, 10);
        leader.session = 200;
        world.add(leader, VITEST);
        let mut neighbour = stat(300, 100, 11);
        neighbour.session = 100;
        world.add(neighbour, &["node"]);
    })
    .before(Before::Signal(200, "TERM"), |world| {
        // It forks and ends: the child hangs on process 1, but it is still in the session.
        let mut orphan = stat(250, 1, 50);
        orphan.session = 200;
        world.add(orphan, &["node"]);
    });
    let report = run(&host, &[root(200, 10)]);
    assert_eq!(outcomes(&report), [(200, Outcome::Terminated), (250, Outcome::Terminated)]);
    assert!(host.world().processes.contains_key(&300));
}

#[test]
fn the_foreground_of_a_terminal_is_killed_without_being_stopped() {
    for (foreground, stops) in [(Some(200), 0), (Some(100), 1), (None, 1)] {
        let host = FakeHost::new(|world| {
            let mut target = stat(200, 100, 10);
            target.foreground_group = foreground;
            world.add(target, VITEST).manner = Manner::IgnoresTerminate;
        });
        let report = run(&host, &[root(200, 10)]);
        assert_eq!(outcomes(&report), [(200, Outcome::Killed)]);
        let world = host.world();
        assert_eq!(world.sent.iter().filter(|sent| sent.2 == "STOP").count(), stops, "{foreground:?}");
    }
}

#[test]
fn a_dry_run_sends_nothing() {
    let host = FakeHost::new(a_run_with_two_workers);
    let report = run_with(&host, &[root(200, 10)], true);
    let expected = [(200, Outcome::WouldEnd), (201, Outcome::WouldEnd), (202, Outcome::WouldEnd)];
    assert_eq!(outcomes(&report), expected);
    assert!(host.world().sent.is_empty());
}

#[test]
fn an_interrupt_ends_the_work_and_claims_nothing() {
    let host = FakeHost::new(|world| {
        world.add(stat(200, 100, 10), VITEST).manner = Manner::IgnoresTerminate;
        world.interrupt_at_wait = Some(1);
    });
    let report = run(&host, &[root(200, 10)]);
    assert_eq!((outcomes(&report), report.interrupted), (vec![(200, Outcome::Interrupted)], Some(2)));
    assert!(host.world().sent.iter().all(|sent| sent.2 != "KILL" && sent.2 != "STOP"));
}

#[test]
fn a_refusal_is_said() {
    let host = FakeHost::new(|world| {
        world.add(stat(200, 100, 10), VITEST).manner = Manner::Forbidden;
    });
    let report = run(&host, &[root(200, 10)]);
    assert_eq!(outcomes(&report), [(200, Outcome::Denied)]);
    assert!(report.has_failure());
}

#[test]
fn a_table_that_breaks_in_the_middle_is_said() {
    let host = FakeHost::new(|world| {
        world.add(stat(200, 100, 10), VITEST);
    })
    .before(Before::Signal(200, "TERM"), |world| world.table_is_broken = true);
    let report = run(&host, &[root(200, 10)]);
    assert_eq!(outcomes(&report), [(200, Outcome::Terminated)]);
    assert!(report.has_failure());
}

/// A session leader with a child in its session, and a protected program in it that has a child too.
fn a_session_with_a_protected_program(world: &mut World) {
    let mut leader = stat(200, 100, 10);
    leader.session = 200;
    world.add(leader, VITEST);
    for (pid, parent, words) in [(201, 200, &["code"][..]), (202, 201, &["sleep"]), (203, 1, &["node"])] {
        let mut member = stat(pid, parent, 11);
        member.session = 200;
        world.add(member, words);
    }
}

#[test]
fn what_a_protected_program_started_stays_also_in_the_session_of_a_target() {
    for dry_run in [true, false] {
        let host = FakeHost::new(a_session_with_a_protected_program);
        let report = run_with(&host, &[root(200, 10)], dry_run);
        let pids: Vec<u32> = outcomes(&report).into_iter().map(|(pid, _)| pid).collect();
        assert_eq!(pids, [200, 203], "the same in a dry run ({dry_run})");
        let world = host.world();
        assert!(world.processes.contains_key(&201) && world.processes.contains_key(&202));
    }
}

#[test]
fn a_session_number_that_was_given_away_names_no_descendants() {
    let host = FakeHost::new(|world| {
        let mut leader = stat(200, 100, 10);
        leader.session = 200;
        world.add(leader, VITEST);
        world.add(stat(210, 200, 11), &["node"]).manner = Manner::IgnoresTerminate;
    })
    .before(Before::Wait(1), |world| {
        // The leader has ended; a new shell has its number, its own session, and a child.
        let mut shell = stat(200, 100, 90);
        shell.session = 200;
        world.add(shell, &["-bash"]);
        let mut child = stat(301, 200, 91);
        child.session = 200;
        world.add(child, &["node", "other.js"]);
    });
    let report = run(&host, &[root(200, 10)]);
    assert_eq!(outcomes(&report), [(200, Outcome::Terminated), (210, Outcome::Killed)]);
    let world = host.world();
    assert!(world.processes.contains_key(&200) && world.processes.contains_key(&301));
    assert!(world.sent.iter().all(|(pid, _, _)| *pid != 301), "{:?}", world.sent);
}

#[test]
fn a_child_that_is_started_on_being_asked_to_end_is_asked_too() {
    let host = FakeHost::new(|world| {
        world.add(stat(200, 100, 10), VITEST).manner = Manner::IgnoresTerminate;
    })
    .before(Before::Wait(2), |world| {
        world.add(stat(250, 200, 50), &["node"]);
    })
    .before(Before::Wait(4), |world| world.end(200));
    let report = run(&host, &[root(200, 10)]);
    assert_eq!(outcomes(&report), [(200, Outcome::Terminated), (250, Outcome::Terminated)]);
}
