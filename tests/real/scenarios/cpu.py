"""A burst of one look is left alone; three looks in a row over the limit are not."""

import time

from .failure import expect, same, until
from .programs import WORKS, start_vitest, vitest_project
from .registry import scenario

# Far below what a busy process gets on a loaded machine, far above an idle one.
LIMIT = ("--max-cpu", "20", "--cpu-strikes", "3", "--look-interval", "500ms")
# Longer than the interval.
PAUSE = 0.6


class Worker:
    """A vitest worker that works while the file `busy` is there."""

    def __init__(self, world):
        self.world = world
        self.folder = vitest_project(world, "working", "vitest4", WORKS)
        self.run = start_vitest(world, self.folder, "run", "--pool=forks")
        until("the test runs", (self.folder / "ready").exists)
        self.stat = self.run.find(r"workers/forks\.js$")
        self.members = self.run.members()

    def look(self):
        """One look that may end it, and that counts: it does not come too soon."""
        time.sleep(PAUSE)
        return self.world.health("--enforce", "--all", *LIMIT).code_is(0)

    def busy(self, is_busy):
        file = self.folder / "busy"
        file.write_text("") if is_busy else file.unlink()

    def until_noted(self, what, condition):
        def look():
            found = self.look()
            expect(not found.outcomes, "nothing is ended yet:", found)
            return found if condition(found) else None

        return until(what, look, pause=0)

    def until_strike(self, number):
        self.until_noted(f"strike {number}", lambda look: f"look {number} of the 3" in look.against(self.stat.pid))

    def until_quiet(self):
        def is_quiet(look):
            percent = look.processes[self.stat.pid]["cpu_percent"]
            return percent is not None and percent < 20

        self.until_noted("it is quiet again", is_quiet)


@scenario("cpu", "a burst is left alone, three looks in a row are not", ["vitest4"])
def cpu(world):
    worker = Worker(world)
    worker.until_quiet()
    # More bursts than strikes, none in a row.
    for _ in range(4):
        worker.busy(True)
        worker.until_strike(1)
        worker.busy(False)
        worker.until_quiet()
    world.all_alive(worker.members.values(), "after four bursts")

    worker.busy(True)
    worker.until_strike(1)
    worker.until_strike(2)

    def ended():
        look = worker.look()
        return look if look.outcomes else None

    done = until("three looks in a row end it", ended, pause=0)
    same(done.over(), {worker.stat.pid}, "over the limit")
    same(done.findings(worker.stat.pid), ["cpu"], "the finding")
    expect("3 looks in a row" in done.processes[worker.stat.pid]["findings"][0]["reason"], done)
    same(done.outcomes[worker.stat.pid]["role"], "target", "its role")
    expect(done.outcomes[worker.stat.pid]["outcome"] in ("terminated", "killed"), done)
    world.all_gone([worker.stat], "the worker")
