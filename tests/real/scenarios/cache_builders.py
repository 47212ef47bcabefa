"""Builds that run in a loop while their cache is pruned."""

import threading

from .cache_tools import limits, nothing_is_left_over, prune
from .failure import Failure, expect, until

BUILDERS = 3
SEEDS = 5


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


def is_pruned_while_it_builds(workspace, rounds, is_pruned_in_use=True):
    """`is_pruned_in_use`: whether entries go at all while a build runs."""
    for seed in range(SEEDS):
        workspace.build(seed).good()
    # Room for half of it, and a least age that is longer than a hit takes to
    # be copied: so each round finds entries that nobody is about to use. With
    # Turborepo a part that goes is a miss whenever it goes, and builders that
    # are quick would leave nothing that is older.
    age = "1ms" if workspace.kind == "turbo" else "2s"
    options = (*limits(workspace, share=0.5)[0], "--min-age", age, "--wait", "0s")

    def prunes(builders):
        """One after each run, while the others go on."""
        taken = 0
        for at in range(rounds):
            until("one more run", lambda: sum(one.runs for one in builders) > at or any(one.harm for one in builders))
            if any(one.harm for one in builders):
                break
            look = prune(workspace, *options)
            expect(look.code in (0, 1), "a prune during builds:", look)
            taken += len(look.evictions(workspace.kind, "removed"))
        return taken

    taken, builders = builds_during(workspace, prunes)
    nothing_is_left_over(workspace, "all rounds")
    runs, hits, rebuilt = (sum(getattr(one, what) for one in builders) for what in ("runs", "hits", "rebuilt"))
    workspace.world.note(f"{workspace.kind} {workspace.version}: {rounds} prunes took {taken} entries during {runs} "
                         f"builds ({hits} hits, {rebuilt} rebuilt), none harmed")
    expect(hits, "builds had hits")
    expect(taken and rebuilt or not is_pruned_in_use, "entries went during builds, and were missed:", taken, rebuilt)
