"""How the scenarios of `prune-cache` run brainwav, and what has to be true after it."""

import functools
import json
import os
import signal
import subprocess
import time

from .cache_world import Task
from .failure import expect, same
from .world import REPO, Look


class Pruned(Look):
    """What one run of `brainwav prune-cache --json` came to."""

    def __init__(self, arguments, done):
        super().__init__(arguments, done)
        self.stores = self.document.get("stores", [])

    @classmethod
    def of(cls, arguments, code, text):
        """Of one whose output went into a file, all of it."""
        warnings, brace, document = text.partition("{")
        done = subprocess.CompletedProcess(arguments, code, (brace + document).encode(), warnings.encode())
        return cls(arguments, done)

    def __str__(self):
        text = json.dumps(self.document, indent=1) if self.document else self.stdout
        return f"brainwav {' '.join(map(str, self.arguments))}: exit code {self.code}\n{text}\n{self.stderr}"

    def entries(self, name):
        """How many were seen in the stores of this name."""
        return sum(store["entries"] or 0 for store in self.stores if store["store"] == name)

    def evictions(self, name, outcome=None):
        """Names of the entries that were chosen; of those with this outcome."""
        found = [entry for store in self.stores if store["store"] == name for entry in store["evictions"]]
        return {entry["name"] for entry in found if outcome in (None, entry["outcome"])}


# How long ago the last use of what goes must be, in seconds, and a little more.
RESOLUTION = 2.2


@functools.lru_cache(maxsize=None)
def debug_binary():
    """The debug build: the one that knows of faults."""
    given = os.environ.get("BRAINWAV_DEBUG_BIN")
    if given:
        return given
    expect(subprocess.run(["cargo", "build", "--locked"], cwd=REPO).returncode == 0, "the debug build can be made")
    return str((REPO / os.environ.get("CARGO_TARGET_DIR", "target") / "debug/brainwav").resolve())


def command(workspace, options, fault=None, cwd=None):
    """The arguments, the words, and where and with what they are run."""
    arguments = ("prune-cache", workspace.kind, "--json", *options)
    words, settings = workspace.world.command(arguments, cwd or workspace.folder)
    if fault:
        words[0] = debug_binary()
        settings["env"]["BRAINWAV_FAULT"] = fault
    return arguments, words, settings


def prune(workspace, *options, fault=None, before=(), cwd=None):
    """Runs `brainwav prune-cache` in the workspace, on its kind of cache alone.
    `fault`: where it kills itself; `before`: words that start it."""
    arguments, words, settings = command(workspace, options, fault, cwd)
    if "0s" in options:
        # Of two uses in one second the later one cannot be seen, so what was used just now stays in any case.
        time.sleep(RESOLUTION)
    done = subprocess.run([*map(str, before), *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=180, **settings)
    return Pruned(arguments, done)


def limits(workspace, share=0.6):
    """Options that leave about this share of what the cache takes now."""
    size = int(workspace.used_on_disk() * share / 0.8)
    return ("--max-size", f"{size}B", "--target", "80%"), int(size * 0.8)


def content(folder):
    """All that is in a folder, but for the times of access."""
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        found[str(path.relative_to(folder))] = (status.st_ino, status.st_mode, status.st_size, status.st_mtime_ns)
    return found


def oldest_went_first(before, evicted):
    """None of those that went was used later than one that stayed."""
    went = {task: before[task].last_use for task in evicted}
    stayed = {task: entry.last_use for task, entry in before.items() if task not in evicted}
    expect(went and stayed, "some went and some stayed:", went, stayed)
    expect(max(went.values()) <= min(stayed.values()), "the oldest went first:", went, "stayed:", stayed)


def nothing_is_left_over(workspace, look):
    """No trash, not even an empty one, and nothing of an entry of which the rest is gone."""
    left = [path for path in workspace.cache().rglob("*") if ".brainwav" in str(path.relative_to(workspace.cache()))]
    same(left, [], f"what is in the trash, and the trash, after {look}")
    same(workspace.orphans(), set(), f"parts of entries after {look}")


def survives(workspace, faults):
    """A prune is killed at each of these points, and then, with and without
    builds in between, brainwav runs again: nothing of what was begun is left,
    and everything is either a miss or a whole hit. A fault that comes while the
    trash of another run is cleared up has that one before it: `deleting+settling`."""
    seeds = range(2)
    everything = {Task(project, seed) for project in workspace.projects for seed in seeds}
    workspace.fill(seeds)
    options = (*limits(workspace, share=0.4)[0], "--min-age", "0s")
    for fault, builds in [(fault, builds) for fault in faults for builds in (False, True)]:
        for at in fault.split("+"):
            killed = prune(workspace, *options, fault=at)
            same(killed.code, -signal.SIGKILL, f"it ended itself at {at}: {killed}")
        for seed in seeds if builds else ():
            workspace.build(seed).good()

        look = prune(workspace, *options).code_is(0)
        nothing_is_left_over(workspace, look)
        left = set(workspace.entries())
        expect(left and left < everything, "the second one does its work:", look)
        runs_as_expected(workspace, everything, everything - left)


def runs_as_expected(workspace, tasks, evicted):
    """Runs every task again: what went is rebuilt, what stayed is a hit, and
    all files of both are there. Returns the runs."""
    runs = []
    for seed in sorted({task.seed for task in tasks}):
        projects = sorted(task.project for task in tasks if task.seed == seed)
        ran = workspace.build(seed, *projects).good()
        same(ran.rebuilt, {task for task in evicted if task.seed == seed}, f"rebuilt in {ran}")
        runs.append(ran)
    return runs
