"""What `brainwav prune-cache` costs: to measure a cache, next to the tools that measure folders, and to empty one,
next to rm. The tools that are not installed are left out: diskus, dust, pdu and dua are packages of cargo.
"""

import os
import random
import shutil
import sqlite3
import statistics
import subprocess
import time

from bench import Target, heading

HERE = os.path.dirname(os.path.abspath(__file__))
# The database of Nx 24, as it makes it.
SCHEMA = os.path.join(HERE, "..", "tests", "data", "nx-schemas", "24.0.6.sql")
FILES = 100
ENTRIES = 3_000
FOLDERS = ("outputs/libs/ui/dist/lib", "outputs/libs/ui/dist/types")
CONTENT = b"x" * 5_000
DROP = "/proc/sys/vm/drop_caches"
OWN = "brainwav"
INDEXED = "brainwav, indexed"
FIRST = "brainwav, at first sight"
RM = "rm -rf"
# An entry is remembered once it has not changed for this long, in seconds.
SETTLED = 61


def compare_caches(bench, rounds):
    """Measures a cache of 300,000 files in turn with the others, and removes 100,000."""
    workspace = Workspace(bench)
    workspace.fill(ENTRIES)
    filled = time.time()
    tools = others(workspace.cache)
    own = {OWN: workspace.command("nx", "--list", "--json", "--no-index"), **tools}
    heading(f"prune-cache: {ENTRIES * FILES:,} files in {ENTRIES:,} entries; {rounds} rounds in turn")
    warm = medians(bench, workspace, own, rounds)
    time.sleep(max(0, filled + SETTLED - time.time()))
    indexed = {INDEXED: workspace.command("nx", "--list", "--json")}
    warm |= medians(bench, workspace, indexed, rounds)
    cold = medians(bench, workspace, own, max(3, rounds // 8), drop) if os.access(DROP, os.W_OK) else {}
    print(f"{'':24}{'warm s':>10}{'CPU s':>10}{'cold s':>10}{'peak MB':>10}")
    # While there is a cache to measure.
    peaks = {name: bench.peak(command) / 1e6 for name, command in {**own, **indexed}.items()}
    for name, peak in peaks.items():
        late = f"{cold[name][0]:.3f}" if name in cold else "-"
        print(f"{name:24}{warm[name][0]:10.3f}{warm[name][1]:10.3f}{late:>10}{peak:10.1f}")
    removal = compare_removal(bench, workspace)
    fastest = min(warm[name][0] for name in tools)
    slowly = cold[OWN][0] / min(cold[name][0] for name in tools) if cold else None
    return [
        Target("measure: against the fastest, warm", warm[OWN][0] / fastest, 0.65, ""),
        Target("measure: against the fastest, cold", slowly, 1, ""),
        Target("measure, indexed: against the fastest", warm[INDEXED][0] / fastest, 0.05, ""),
        Target("measure: peak memory", peaks[OWN], 16, "MB"),
        *removal,
    ]


class Workspace:
    """A workspace with a cache of its own, so that no tool is needed to fill it."""

    def __init__(self, bench):
        self.binary = bench.binary
        self.path = bench.subfolder("workspace")
        self.cache = os.path.join(self.path, ".nx", "cache")
        # Twice the same folder: as one of Nx, which has an index, and as one whose entries need no database to go.
        settings = '[cache.nx]\nmax-size = "none"\n[cache.own]\npath = ".nx/cache"\nmax-size = "none"\n'
        for name, text in (("brainwav.toml", settings), ("nx.json", "{}\n")):
            with open(os.path.join(self.path, name), "w", encoding="ascii") as file:
                file.write(text)

    def command(self, store, *arguments):
        return [self.binary, "--workspace", self.path, "prune-cache", store, *arguments]

    def fill(self, entries):
        """Entries of some sizes, two thirds of the files in the depth."""
        numbers = random.Random(entries)
        for _ in range(entries):
            entry = os.path.join(self.cache, str(numbers.randrange(10**19, 10**20)))
            for folder in FOLDERS:
                os.makedirs(os.path.join(entry, folder))
            for number in range(FILES):
                folder = (*FOLDERS, "")[number % 3]
                with open(os.path.join(entry, folder, f"chunk-{number:03}.js"), "wb", buffering=0) as file:
                    file.write(CONTENT[: number * 97 % len(CONTENT)])

    def record(self):
        """A database of Nx with a row of each entry, used a while ago."""
        folder = os.path.join(self.path, ".nx", "workspace-data")
        os.makedirs(folder)
        with open(SCHEMA, encoding="utf-8") as file:
            statements = file.read()
        database = sqlite3.connect(os.path.join(folder, "machine-v6.db"))
        database.execute("PRAGMA journal_mode = WAL")
        database.executescript(statements)
        hashes = [(name,) for name in os.listdir(self.cache) if name.isdigit()]
        database.executemany("INSERT INTO task_details VALUES (?, 'a', 'build', NULL)", hashes)
        ago = "datetime('now', '-1 hour')"
        database.executemany(f"INSERT INTO cache_outputs VALUES (?, 0, 250000, TRUE, {ago}, {ago})", hashes)
        database.commit()
        database.close()

    def empty(self):
        shutil.rmtree(os.path.join(self.path, ".nx"), ignore_errors=True)


def others(path):
    """The tools that are there, each of which measures one folder."""
    commands = {
        "du": ["du", "-s", path],
        "diskus": ["diskus", path],
        "dust": ["dust", "-P", "-d", "1", "-n", "10", path],
        "pdu": ["pdu", path],
        "dua": ["dua", path],
    }
    return {name: [shutil.which(name), *command[1:]] for name, command in commands.items() if shutil.which(name)}


def drop(command):
    """Nothing of a disk is in memory, but the program."""
    os.sync()
    with open(DROP, "w", encoding="ascii") as file:
        file.write("3")
    subprocess.run([command[0], "--version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


def medians(bench, workspace, commands, rounds, prepare=None):
    """Wall and CPU time of each, in seconds."""
    taken = {name: [] for name in commands}
    before = os.getcwd()
    os.chdir(workspace.path)
    try:
        for turn in range(rounds if prepare else rounds + 1):
            for name in random.sample(list(commands), len(commands)):
                if prepare:
                    prepare(commands[name])
                sample = bench.run(commands[name])
                # The first round only fills the memory.
                if turn or prepare:
                    taken[name].append((sample.wall, sample.cpu))
    finally:
        os.chdir(before)
    return {name: tuple(map(statistics.median, zip(*samples))) for name, samples in taken.items()}


def compare_removal(bench, workspace, rounds=3):
    """Empties a cache of Nx of 100,000 files, and lets rm do it; and when its entries are out of the way of a build.
    As from the second run on, its entries were measured before; and, beside it, a folder that nothing is known of.
    """
    entries = 100_000 // FILES
    everything = ("--max-size", "0B", "--min-age", "0s", "--json")
    ways = {
        OWN: workspace.command("nx", *everything),
        FIRST: workspace.command("own", *everything),
        RM: [shutil.which("rm"), "-rf", workspace.cache],
    }
    taken = {name: [] for name in ways}
    for _ in range(rounds):
        for name in random.sample(list(ways), len(ways)):
            workspace.empty()
            workspace.fill(entries)
            if name == OWN:
                workspace.record()
                time.sleep(SETTLED)
                bench.run(workspace.command("nx", "--list"))
            os.sync()
            taken[name].append(removal(bench, workspace, ways[name]))
    medians_of = {name: tuple(map(statistics.median, zip(*taken[name]))) for name in ways}
    _, theirs = medians_of[RM]
    print(f"{entries * FILES:,} files removed, medians of {rounds}:")
    for name, (until, ended) in medians_of.items():
        when = "" if name == RM else f", all entries out of the cache after {until:.2f} s"
        print(f"  {name}: {ended:.2f} s{when}")
    targets = []
    for when, (out, own) in (("", medians_of[OWN]), (", at first sight", medians_of[FIRST])):
        targets.append(Target(f"remove{when}: against rm -rf", own / theirs, 0.6, ""))
        targets.append(Target(f"remove{when}: out of the cache", out / theirs, 0.05, ""))
    return targets


def removal(bench, workspace, command):
    """The seconds until no entry is in the cache any more, and until the command has ended."""
    started = time.monotonic()
    process = subprocess.Popen(
        command,
        cwd=workspace.path,
        env=bench.surroundings(command),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    out = None
    while process.poll() is None:
        if out is None and not holds_entries(workspace.cache):
            out = time.monotonic() - started
        # What looks often delays what it looks at.
        time.sleep(0.005)
    ended = time.monotonic() - started
    if process.returncode != 0 or holds_entries(workspace.cache):
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode} and left entries")
    return out if out is not None else ended, ended


def holds_entries(cache):
    try:
        with os.scandir(cache) as found:
            return any(entry.name.isdigit() for entry in found)
    except FileNotFoundError:
        return False
