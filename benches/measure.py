"""Measures brainwav against the tools that it replaces; benches/compare.sh builds what this needs.

All commands run in turn, round after round and in a new order each time, so that whatever else the machine
does meets all of them alike. What is compared is medians, and only those of one run.
"""

import argparse
import contextlib
import ctypes
import os
import platform
import shutil
import signal
import sys
import tempfile

from bench import SLOW, Bench, Target, heading, processes
from caches import compare_caches
from reaping import compare_reaping
from sleepers import SERVERS, Sleepers, room_for
from telemetry import compare_telemetry

START_ROUNDS = 200
SCALES = (200, 2_000, 10_000)
# Above this, the cost of a process would grow with their number.
FLAT = 1.25
PR_SET_CHILD_SUBREAPER = 36


def compare_quiet(bench, rounds):
    """Start-up, and a machine on which there is little to see."""
    heading(f"Start-up ({START_ROUNDS} rounds), a quiet machine ({processes()} processes, {rounds} rounds)")
    print(f"{'':34}{'CPU ms':>10}{'wall ms':>10}{'CPU ratio':>12}{'wall ratio':>12}")
    start = bench.medians({"brainwav --version": bench.start, "/bin/true": bench.true}, START_ROUNDS)
    quiet = bench.medians({"brainwav health --json": bench.health, "ps aux": bench.ps}, rounds)
    for pair in (start, quiet):
        (own, ours), (other, theirs) = pair.items()
        ratios = f"{ours.cpu / theirs.cpu:12.2f}{ours.wall / theirs.wall:12.2f}"
        print(f"{own:34}{ours.cpu:10.2f}{ours.wall:10.2f}{ratios}")
        print(f"{'  against ' + other:34}{theirs.cpu:10.2f}{theirs.wall:10.2f}")
    start, quiet = (list(pair.values()) for pair in (start, quiet))
    return [
        Target("--version: wall time against /bin/true", start[0].wall / start[1].wall, 1.5, ""),
        Target("quiet machine: wall time against ps aux", quiet[0].wall / quiet[1].wall, 1, ""),
    ]


def compare_loaded(bench, sleepers, count, rounds):
    """The comparison itself."""
    sleepers.grow_to(count)
    commands = {
        "brainwav health --json": bench.health,
        "pgrep -f vitest": bench.pgrep,
        "ps aux": bench.ps,
        SLOW: bench.old,
        "the portable back end": bench.portable,
    }
    for name in ("brainwav health --json", "the portable back end"):
        matched = bench.matched(commands[name])
        if matched < sleepers.matching:
            raise SystemExit(f"{name} found only {matched} of {sleepers.matching} processes")
    heading(f"{processes():,} processes, {sleepers.matching:,} of them match a rule; {rounds} rounds in turn")
    print(f"{'':24}{'CPU ms':>10}{'wall ms':>10}{'brainwav/it':>16}{'peak MB':>10}{'syscalls':>10}")
    print(f"{'':24}{'':10}{'':10}{'CPU':>8}{'wall':>8}{'':10}{'/process':>10}")
    medians = bench.medians(commands, rounds)
    own = medians["brainwav health --json"]
    rows = {}
    for name, command in commands.items():
        took, peak = medians[name], bench.peak(command)
        # A hundred times as many under strace, to learn what is plain already.
        calls = None if name == SLOW else bench.syscalls(command)
        calls = calls and calls / processes()
        rows[name] = (own.cpu / took.cpu, peak, calls)
        ratios = f"{own.cpu / took.cpu:8.3f}{own.wall / took.wall:8.3f}"
        calls = f"{calls:.1f}" if calls else "-"
        print(f"{name:24}{took.cpu:10.1f}{took.wall:10.1f}{ratios}{peak / 1e6:10.1f}{calls:>10}")
    return [
        Target("CPU time against pgrep -f", rows["pgrep -f vitest"][0], 0.35, ""),
        Target("CPU time against the old way", rows[SLOW][0], 0.2, ""),
        Target("CPU time against the portable back end", rows["the portable back end"][0], 0.5, ""),
        Target("system calls a process", rows["brainwav health --json"][2], 7, ""),
        Target("peak memory", rows["brainwav health --json"][1] / 1e6, 8, "MB"),
    ]


def compare_scales(bench, sleepers, rounds):
    """What one more process costs, few or many: differences, so that the start-up is in none of them."""
    heading(f"Few processes or many ({rounds} rounds in turn)")
    print(f"{'':24}{'CPU ms':>10}{'us for one more':>18}{'pgrep -f ms':>16}{'ratio':>10}")
    costs, before = [], None
    for count in SCALES:
        if not room_for(count):
            print(f"{count:,} processes: this machine has no room for so many")
            continue
        sleepers.grow_to(count)
        took = bench.medians({"brainwav": bench.health, "pgrep": bench.pgrep}, rounds)
        own, pgrep = took["brainwav"].cpu, took["pgrep"].cpu
        cost = ""
        if before:
            costs.append(1000 * (own - before[1]) / (count - before[0]))
            cost = f"{costs[-1]:.2f}"
        before = (count, own)
        print(f"{f'{count:,} processes':24}{own:10.1f}{cost:>18}{pgrep:16.1f}{own / pgrep:10.3f}")
    growth = costs[1] / costs[0] if len(costs) == len(SCALES) - 1 else None
    return [Target("one more process at 10,000 against 2,000", growth, FLAT, "")]


def sizes(options):
    size = os.path.getsize(options.binary) / 1e6
    return [Target("binary", size, 5.9, "MB"), Target("packages", options.packages, 120, "")]


def report(targets):
    """Prints what was reached, and says whether all of it was."""
    heading("Targets")
    for target in targets:
        if target.value is None:
            verdict, value = "not measured", "-"
        else:
            verdict = "reached" if target.value <= target.limit else "MISSED"
            value = f"{target.value:.3g} {target.unit}".strip()
        limit = f"at most {target.limit:g} {target.unit}".strip()
        print(f"{verdict:14}{target.text:42.42}{value:>9}  {limit}")
    return all(target.value is None or target.value <= target.limit for target in targets)


def packages(text):
    """Without cargo there is nothing to count them with."""
    return int(text) or None


def parse():
    parser = argparse.ArgumentParser(
        prog="compare.sh", description="brainwav against pgrep, ps and the shell loop of both"
    )
    parser.add_argument("-n", "--processes", type=int, default=2_000, help="processes to make (2000)")
    parser.add_argument("-r", "--rounds", type=int, default=25, help="rounds to measure (25)")
    parser.add_argument("--scale", action="store_true", help="also the cost at 200 and 10,000 processes")
    parser.add_argument("--caches", action="store_true", help="only the caches on disk: minutes, and 1.5 GB in TMPDIR")
    parser.add_argument("--telemetry", action="store_true", help="only telemetry: a minute")
    parser.add_argument("--check", action="store_true", help="exit 1 if a target is missed")
    parser.add_argument("--binary", type=os.path.abspath, help=argparse.SUPPRESS)
    parser.add_argument("--portable", type=os.path.abspath, help=argparse.SUPPRESS)
    parser.add_argument("--packages", type=packages, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.processes < 1 or options.rounds < 1:
        parser.error("at least one process and one round")
    if not room_for(options.processes):
        parser.error(f"this machine has no room for {options.processes:,} processes")
    return options


@contextlib.contextmanager
def own_folder():
    """A temporary folder. Its name is in every command line: a random one could hold an `nx`."""
    folder = os.path.join(tempfile.gettempdir(), f"brainwav-bench-{os.getpid()}")
    os.mkdir(folder, 0o700)
    before = os.getcwd()
    # No workspace and no configuration of the user's around.
    os.chdir(folder)
    try:
        yield folder
    finally:
        os.chdir(before)
        shutil.rmtree(folder, ignore_errors=True)


def main():
    options = parse()
    # Whatever ends us, the processes that we made end first.
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, lambda number, _: sys.exit(128 + number))
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    user = "root" if os.geteuid() == 0 else "an ordinary user"
    kernel = platform.release().partition("-")[0]
    machine = f"Linux {kernel}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    print(f"brAInwav bench, as {user}: {machine}")
    with own_folder() as folder:
        bench = Bench(options, folder)
        if options.caches:
            reached = report(compare_caches(bench, options.rounds))
            return 1 if options.check and not reached else 0
        if options.telemetry:
            reached = report(compare_telemetry(bench, options.rounds))
            return 1 if options.check and not reached else 0
        quiet_targets = compare_quiet(bench, options.rounds)
        with Sleepers(folder) as sleepers:
            targets = compare_loaded(bench, sleepers, options.processes, options.rounds) + quiet_targets
        with Sleepers(folder, SERVERS) as sleepers:
            targets += compare_reaping(bench, sleepers, options.processes, options.rounds)
        if options.scale:
            with Sleepers(folder) as sleepers:
                targets += compare_scales(bench, sleepers, options.rounds)
    reached = report(targets + sizes(options))
    return 1 if options.check and not reached else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
