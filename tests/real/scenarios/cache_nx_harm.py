"""Nx builds while its cache is pruned, and after a prune that was killed."""

import signal
import threading

from .cache_nx import SETS, with_workspace
from .cache_tools import limits, nothing_is_left_over, prune, runs_as_expected
from .cache_world import NX_VERSIONS, Task
from .failure import Failure, expect, same, until
from .registry import scenario

BUILDERS = 3
SEEDS = 5
# The instants at which a debug build ends itself, in the order in which an
# entry passes them: rows deleted, folder renamed, its identity looked at,
# output to the terminal deleted, trash being deleted.
FAULTS = ("struck", "renamed", "checked", "outputs", "deleting")


class Builder(threading.Thread):
    """Builds its own projects with one seed after the other until it is told to
    stop. Each hash has one owner: two that make the same one at the same time
    is what Nx itself cannot bear."""

    def __init__(self, workspace, projects, stop):
        super().__init__()
        self.workspace, self.projects, self.stop = workspace, projects, stop
        self.runs = self.hits = self.rebuilt = 0
        self.harm = None

    def seed(self):
        """Each is asked for again three runs later, when it is nearly due to go."""
        return (self.runs // 2 - self.runs % 2) % SEEDS

    def run(self):
        try:
            while not self.stop.is_set():
                ran = self.workspace.build(self.seed(), *self.projects).good()
                self.runs += 1
                self.hits += len(ran.hits)
                self.rebuilt += len(ran.rebuilt)
        except Exception as harm:  # it has to be told by the one who waits
            self.harm = harm


def builds_during(workspace, prunes):
    """Returns how many entries were taken, and the builders."""
    stop = threading.Event()
    own = [workspace.projects[at::BUILDERS] for at in range(BUILDERS)]
    builders = [Builder(workspace, projects, stop) for projects in own]
    for builder in builders:
        builder.start()
    try:
        taken = prunes(builders)
    finally:
        stop.set()
        for builder in builders:
            builder.join()
    for builder in builders:
        if builder.harm:
            raise Failure(f"a build was harmed: {builder.harm}")
    return taken, builders


def is_pruned_while_it_builds(workspace, rounds):
    for seed in range(SEEDS):
        workspace.build(seed).good()
    # Room for half of it, and a least age that is longer than a hit takes to
    # be copied: so each round finds entries that nobody is about to use.
    options = (*limits(workspace, share=0.5)[0], "--min-age", "2s")

    def prunes(builders):
        """One after each run, while the others go on."""
        taken = 0
        for at in range(rounds):
            until("one more run", lambda: sum(one.runs for one in builders) > at or any(one.harm for one in builders))
            if any(one.harm for one in builders):
                break
            look = prune(workspace, *options)
            expect(look.code in (0, 1), "a prune during builds:", look)
            taken += len(look.evictions("nx", "removed"))
        return taken

    taken, builders = builds_during(workspace, prunes)
    nothing_is_left_over(workspace, "all rounds")
    runs, hits, rebuilt = (sum(getattr(one, what) for one in builders) for what in ("runs", "hits", "rebuilt"))
    workspace.world.note(f"Nx {workspace.version}: {rounds} prunes took {taken} entries during {runs} builds "
                         f"({hits} hits, {rebuilt} rebuilt), none harmed")
    # While an Nx 19.8 runs, nothing proves that it is not about to read an entry.
    expect(hits, "builds had hits")
    expect(taken and rebuilt or workspace.is_old, "entries went during builds, and were missed:", taken, rebuilt)


def concurrent(world, version, rounds, **more):
    with_workspace(world, version, lambda workspace: is_pruned_while_it_builds(workspace, rounds),
                   projects=2 * BUILDERS, **more)


@scenario("cache-nx-concurrent", "no build of Nx fails or restores too little while its cache is pruned", SETS)
def cache_nx_concurrent(world):
    concurrent(world, "23.2", 12)


@scenario("cache-nx-concurrent-all", "the same in each version, longer", SETS, is_long=True)
def cache_nx_concurrent_all(world):
    for version in NX_VERSIONS:
        for daemon in (False, True):
            concurrent(world, version, 50, daemon=daemon)


def survives(workspace, faults):
    """A prune is killed at each point; then Nx runs, and then brainwav again."""
    seeds = range(3)
    everything = {Task(project, seed) for project in workspace.projects for seed in seeds}
    workspace.fill(seeds)
    options = (*limits(workspace, share=0.4)[0], "--min-age", "0s")
    for fault in faults:
        killed = prune(workspace, *options, fault=fault)
        same(killed.code, -signal.SIGKILL, f"it ended itself at {fault}: {killed}")
        for seed in seeds:
            workspace.build(seed).good()

        look = prune(workspace, *options).code_is(0)
        nothing_is_left_over(workspace, look)
        left = set(workspace.entries())
        expect(left and left < everything, "the second one does its work:", look)
        runs_as_expected(workspace, everything, everything - left)


def crashes(world, version, faults):
    with_workspace(world, version, lambda workspace: survives(workspace, faults), projects=3)
    world.note(f"Nx {version}: killed at {', '.join(faults)}")


@scenario("cache-nx-crash", "a prune that is killed leaves no empty hit, and the next one clears up", SETS)
def cache_nx_crash(world):
    crashes(world, "23.2", FAULTS)


@scenario("cache-nx-crash-all", "the same in each version", SETS, is_long=True)
def cache_nx_crash_all(world):
    for version in NX_VERSIONS:
        crashes(world, version, FAULTS)
