"""A prune that is stopped between two of its steps, a build that comes just then,
and the prune that goes on: each order in which the two can meet, by design and
not by chance."""

import signal
import time

from . import processes
from .cache_nx import SETS, with_workspace
from .cache_tools import RESOLUTION, Pruned, command, limits, nothing_is_left_over
from .cache_world import NX_VERSIONS, Task, later_second, names
from .failure import expect, same, until
from .registry import scenario

STEPS = ("planned", "struck", "renamed", "checked", "outputs", "deleting")
SEEDS = range(2)


class Stopped:
    """A prune that has stopped itself at one of its steps."""

    def __init__(self, workspace, step, *options):
        self.arguments, words, settings = command(workspace, options, fault=f"{step}:stop")
        self.program = workspace.world.start(words, settings["cwd"], **settings["env"])
        until(f"it stops at {step}", lambda: self.state() == "T" or not self.program.is_running(),
              show=self.program.output)
        expect(self.state() == "T", f"it stops at {step}:", self.program.output())

    def state(self):
        found = processes.stat(self.program.pid)
        return found and found.state

    def go_on(self):
        """It stops once for each entry, at most of the steps."""
        def has_ended():
            if self.state() == "T":
                processes.send(self.program.identity, signal.SIGCONT)
            return not self.program.is_running()

        until("it ends", has_ended, show=self.program.output)
        return Pruned.of(self.arguments, self.program.popen.returncode, self.program.output())


def meets_a_build(workspace, step, projects):
    """Every task of these projects runs while the prune is stopped."""
    options = (*limits(workspace, share=0.4)[0], "--min-age", "0s")
    # What was used just now would stay in any case.
    time.sleep(RESOLUTION)
    stopped = Stopped(workspace, step, *options)
    during = [workspace.build(seed, *projects).good() for seed in SEEDS]
    look = stopped.go_on()
    expect(look.code in (0, 1), f"stopped at {step}, it goes on and succeeds:", look)
    nothing_is_left_over(workspace, look)
    after = workspace.entries()
    if step == "planned":
        # Nothing was struck yet, so all of them were hits, and have been used since the plan was made.
        hits = {task for ran in during for task in ran.hits}
        same(hits, {Task(project, seed) for project in projects for seed in SEEDS}, "hits before anything is struck")
        # Of a use Nx 19.8 leaves but a time of reading, which most mounts move once a day.
        expect(hits <= set(after) or workspace.is_old, f"what was used meanwhile stays: {names(hits)}:", look)
        expect(look.evictions("nx", "removed"), "and the rest goes:", look)
    for seed in SEEDS:
        ran = workspace.build(seed).good()
        same(ran.hits, {task for task in after if task.seed == seed}, f"hits in {ran} after {step}")


def meets_builds(workspace):
    for projects in (workspace.projects[:1], workspace.projects):
        for step in STEPS:
            if step == "planned" and projects == workspace.projects:
                continue
            # A new beginning: all are there, and those of the first seed are the oldest.
            for seed in SEEDS:
                workspace.build(seed).good()
            workspace.age(60)
            workspace.build(1).good()
            # A use in the second that the plan was made of cannot be told from the one before.
            later_second()
            meets_a_build(workspace, step, projects)


def stopped(world, version, daemon=False):
    with_workspace(world, version, meets_builds, projects=3, daemon=daemon)
    world.note(f"Nx {version}: builds came at {', '.join(STEPS)}")


@scenario("cache-nx-stopped", "a build of Nx that comes between two steps of a prune finds whole hits or misses", SETS)
def cache_nx_stopped(world):
    stopped(world, "23.2")


@scenario("cache-nx-stopped-all", "the same in each version, and with a daemon in two", SETS, is_long=True)
def cache_nx_stopped_all(world):
    for version in NX_VERSIONS:
        stopped(world, version, daemon=version in ("20.8", "24.0"))
