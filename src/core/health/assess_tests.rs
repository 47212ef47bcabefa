use std::time::Duration;

use super::{CpuUse, Finding, Note, continue_quiet, cpu, cpu_use, exempt, hung, memory};
use crate::core::health::limits::Effective;
use crate::core::health::looks::{Look, TreeLook};
use crate::core::process::life::Life;

const GIB: u64 = 1 << 30;
const INTERVAL: Duration = Duration::from_secs(10);
const LIMITS: Effective = Effective {
    max_memory_bytes: 8 * GIB,
    max_cpu_percent: 80,
    cpu_strikes: 3,
    max_runtime: Duration::from_secs(300),
};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn memory_counts_above_the_limit_only() {
    assert_eq!(memory(8 * GIB, &LIMITS), None);
    let over = 8 * GIB + 1;
    assert_eq!(memory(over, &LIMITS), Some(Finding::Memory { rss_bytes: over, limit_bytes: 8 * GIB }));
}

#[test]
fn a_burst_is_never_a_finding_and_three_looks_in_a_row_are() {
    // CPU seconds at looks 100 s apart, and whether the last look is a finding.
    let table: &[(&[u64], bool, u32)] = &[
        (&[0], false, 0),
        (&[0, 95], false, 1),
        (&[0, 95, 190], false, 2),
        (&[0, 95, 190, 285], true, 3),
        (&[0, 95, 190, 200, 295, 390], false, 2),
        (&[0, 95, 100, 195, 200, 295], false, 1),
        (&[0, 80, 160, 240, 320], false, 0),
        (&[0, 95, 190, 285, 380], true, 4),
    ];
    for (times, expected, strikes) in table {
        let mut earlier: Option<Look> = None;
        let mut last = CpuUse::default();
        for (number, time) in times.iter().enumerate() {
            let now = seconds(1000 + 100 * number as u64);
            last = cpu_use(seconds(*time), now, earlier.as_ref(), INTERVAL, &LIMITS);
            earlier = Some(Look {
                at: now,
                cpu: seconds(*time),
                strikes: last.strikes,
                limit_percent: 80,
                tree: None,
            });
        }
        assert_eq!((cpu(&last, &LIMITS).0.is_some(), last.strikes), (*expected, *strikes), "{times:?}");
    }
}

#[test]
fn a_look_that_comes_too_soon_neither_counts_nor_moves_the_earlier_one() {
    let earlier = Look { at: seconds(100), cpu: seconds(10), strikes: 2, limit_percent: 80, tree: None };
    let found = cpu_use(seconds(15), seconds(105), Some(&earlier), INTERVAL, &LIMITS);
    assert_eq!(found, CpuUse { percent: Some(100.0), strikes: 2, replaces: false });
    let found = cpu_use(seconds(20), seconds(110), Some(&earlier), INTERVAL, &LIMITS);
    assert_eq!(found, CpuUse { percent: Some(100.0), strikes: 3, replaces: true });
    let found = cpu_use(seconds(10), seconds(100), Some(&earlier), INTERVAL, &LIMITS);
    assert_eq!(found, CpuUse { percent: None, strikes: 0, replaces: false });
}

#[test]
fn strikes_of_another_limit_and_of_one_who_has_calmed_down_are_no_finding() {
    let other_limit = Look { at: seconds(100), cpu: seconds(10), strikes: 9, limit_percent: 1, tree: None };
    let found = cpu_use(seconds(110), seconds(200), Some(&other_limit), INTERVAL, &LIMITS);
    assert_eq!((found.strikes, cpu(&found, &LIMITS).0), (1, None));
    let calm = Look { limit_percent: 80, ..other_limit };
    let found = cpu_use(seconds(10), seconds(105), Some(&calm), INTERVAL, &LIMITS);
    assert_eq!((found.percent, cpu(&found, &LIMITS)), (Some(0.0), (None, None)));
}

#[test]
fn a_strike_that_is_not_enough_is_noted() {
    let usage = CpuUse { percent: Some(95.0), strikes: 2, replaces: true };
    assert_eq!(cpu(&usage, &LIMITS), (None, Some(Note::Busy { percent: 95.0, strikes: 2, needed: 3 })));
}

#[test]
fn servers_watch_modes_and_what_they_started_are_never_hung() {
    type Row = (Life, &'static [(u32, Life)], Option<Note>);
    let table: &[Row] = &[
        (Life::Ends, &[], None),
        (Life::Endless("a server"), &[], Some(Note::Endless("a server"))),
        (Life::Unknown, &[], Some(Note::LifeUnknown)),
        (Life::Ends, &[(7, Life::Endless("a server"))], Some(Note::Endless("a server"))),
        (Life::Ends, &[(8, Life::Ends), (7, Life::Unknown)], Some(Note::LifeUnknown)),
        (Life::Ends, &[(8, Life::Ends), (7, Life::Ends)], Some(Note::PartOfTree(7))),
    ];
    for (life, ancestors, expected) in table {
        assert_eq!(exempt(*life, ancestors), *expected, "{life:?} {ancestors:?}");
    }
}

/// Looks at (second, CPU milliseconds), and what the last one comes to.
fn after(looks: &[(u64, u64)]) -> Result<Finding, Note> {
    let mut earlier: Option<TreeLook> = None;
    let mut result = Err(Note::Progress);
    for (at, cpu) in looks {
        let at = seconds(*at);
        let look = TreeLook {
            at,
            cpu: Duration::from_millis(*cpu),
            io_bytes: 0,
            members: 1,
            youngest: 1,
            quiet_since: at,
        };
        let look = continue_quiet(look, earlier.as_ref());
        result = hung(&look, earlier.as_ref(), at, INTERVAL, &LIMITS);
        earlier = Some(look);
    }
    result
}

#[test]
fn hung_is_no_progress_for_the_whole_limit() {
    let hung =
        |age, quiet| Ok(Finding::Hung { age: seconds(age), quiet: seconds(quiet), limit: seconds(300) });
    assert_eq!(after(&[(400, 50)]), Err(Note::Quiet(Duration::ZERO)));
    assert_eq!(after(&[(400, 50), (500, 50)]), Err(Note::Quiet(seconds(100))));
    assert_eq!(after(&[(400, 50), (700, 50)]), hung(700, 300));
    assert_eq!(after(&[(400, 50), (699, 50)]), hung(699, 299));
    assert_eq!(after(&[(400, 50), (650, 9000), (900, 9000)]), Err(Note::Quiet(seconds(250))));
    assert_eq!(after(&[(400, 50), (700, 9000)]), Err(Note::Progress));
    assert_eq!(after(&[(400, 50), (550, 50), (700, 60), (850, 60)]), hung(850, 450));
}

#[test]
fn one_look_is_never_enough_however_short_the_limit() {
    let limits = Effective { max_runtime: Duration::ZERO, ..LIMITS };
    let look = TreeLook {
        at: seconds(9),
        cpu: seconds(0),
        io_bytes: 0,
        members: 1,
        youngest: 1,
        quiet_since: seconds(9),
    };
    assert_eq!(hung(&look, None, seconds(9), INTERVAL, &limits), Err(Note::Quiet(Duration::ZERO)));
}
