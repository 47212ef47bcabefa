"""What `brainwav reap` costs, and the proof of each candidate in it."""

import re
from collections import Counter

from bench import SLOW, Target, heading, processes, zombies

# What people do without it: the parent of every process whose command line looks like that of a server. It only
# prints; that the parent is the first process proves nothing.
OLD_WAY = """\
for pid in $(pgrep -f 'node.*mcp'); do
    parent=$(ps -p "$pid" -o ppid=)
    [ "${parent:-0}" -eq 1 ] && echo "$pid"
done
exit 0
"""
RULE = "mcp"
SWITCHED_OFF = f"""\
[[process]]
name = "{RULE}"
enabled = false
"""
HEALTH = "health"
ALL = "reap --dry-run"
ORPHANS = "reap orphans --dry-run"
NOBODY = "the same, no candidate"
DRY_RUN = ("--dry-run", "--min-age", "0s", "--json")
# The folder of descriptors of a process, or one descriptor in it.
DESCRIPTOR = re.compile(r'"(?:[^"]*/)?fd(/[0-9]+)?/?"')


def compare_reaping(bench, sleepers, count, rounds):
    """`reap` against `health` and the old way, over processes of which one in ten is an MCP server."""
    sleepers.grow_to(count)
    orphans = [bench.binary, "reap", "orphans", *DRY_RUN]
    commands = {
        HEALTH: bench.health,
        ALL: [bench.binary, "reap", *DRY_RUN],
        ORPHANS: orphans,
        NOBODY: [*orphans, "--config", bench.file("switched-off.toml", SWITCHED_OFF)],
        SLOW: bench.script("parents.sh", OLD_WAY),
    }
    found = candidates(bench, commands, sleepers.matching)
    heading(f"reap: {processes():,} processes, {found.total():,} of them servers; {rounds} rounds in turn")
    print(f"judged: {', '.join(f'{number} {verdict}' for verdict, number in sorted(found.items()))}")
    if dead := zombies():
        print(f"{dead} zombies of somebody else are on this machine, and make {ALL} dearer")
    print(f"{'':24}{'CPU ms':>10}{'wall ms':>10}{'against health':>16}{'peak MB':>10}{'syscalls':>10}")
    print(f"{'':24}{'':10}{'':10}{'CPU':>8}{'wall':>8}{'':10}{'/process':>10}")
    medians = bench.medians(commands, rounds)
    health, calls = medians[HEALTH], {}
    for name, command in commands.items():
        took, peak = medians[name], bench.peak(command)
        calls[name] = None if name == SLOW else bench.syscalls(command)
        each = f"{calls[name] / processes():.1f}" if calls[name] else "-"
        ratios = f"{took.cpu / health.cpu:8.3f}{took.wall / health.wall:8.3f}"
        print(f"{name:24}{took.cpu:10.1f}{took.wall:10.1f}{ratios}{peak / 1e6:10.1f}{each:>10}")
    proof = 1000 * (medians[ORPHANS].cpu - medians[NOBODY].cpu) / found.total()
    folders, opened = descriptors(bench, commands[ALL])
    print(f"one candidate: {proof:.1f} us of CPU time", end="")
    if bench.strace:
        print(f", {(calls[ORPHANS] - calls[NOBODY]) / found.total():.1f} system calls,", end=" ")
        print(f"{opened / found.total():.2f} opened descriptors", end="")
    print("\nzclean is not compared: no package of this name could be installed")
    return [
        Target("reap: CPU time against health", medians[ALL].cpu / health.cpu, 1.3, ""),
        Target("reap: CPU time against the old way", medians[ALL].cpu / medians[SLOW].cpu, 0.2, ""),
        Target("reap: proof of one candidate", proof, 100, "us"),
        Target("reap: lists of descriptors read", folders, 0, ""),
        Target("reap: descriptors opened a candidate", opened and opened / found.total(), 3, ""),
    ]


def candidates(bench, commands, expected):
    """How many servers were judged in which way."""

    def judged(name):
        try:
            found = bench.document(commands[name])["candidates"]
        except KeyError:
            raise SystemExit(f"brainwav {name} printed no document of brainwav reap") from None
        return Counter(one["verdict"] for one in found if one["rule"] == RULE)

    if judged(NOBODY):
        raise SystemExit(f"the rule {RULE} is switched off, and yet has candidates")
    for name in (ALL, ORPHANS):
        if (found := judged(name)).total() < expected:
            raise SystemExit(f"brainwav {name} found only {found.total()} of {expected} servers")
    return found


def descriptors(bench, command):
    """How many lists of descriptors a command opens, and how many descriptors of other processes."""
    lines = bench.traced(command, "-e", "trace=open,openat,openat2")
    if lines is None:
        return None, None
    opened = [match[1] for match in map(DESCRIPTOR.search, lines) if match]
    return opened.count(None), len(opened) - opened.count(None)
