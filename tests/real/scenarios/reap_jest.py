"""The workers of a jest run whose main process was killed."""

import re

from .failure import expect, same, until
from .processes import command_line
from .reap_tools import all_ended, kill, nobody_ended, orphans, stop
from .registry import scenario

HANGS = """
test('waits', async () => {
  require('node:fs').writeFileSync('ready-NAME', '')
  await new Promise((done) => setTimeout(done, 300_000))
}, 600_000)
"""
WORKER = r"^\S*node \S+/jest-worker/build/processChild\.js$"


def start_run(world, name):
    """A run in the middle of two tests, with its two workers."""
    tests = {f"{test}.test.js": HANGS.replace("NAME", test) for test in ("one", "two")}
    folder = world.folder(name, "jest", **tests)
    run = world.start(["node", "node_modules/.bin/jest", "--maxWorkers=2", "--cacheDirectory=cache"], folder)
    until("both tests run", lambda: all((folder / f"ready-{test}").exists() for test in ("one", "two"))
          or not run.is_running())
    expect(run.is_running(), "the run goes on:", run.output())
    workers = [one for one in run.members().values() if re.search(WORKER, " ".join(command_line(one.pid)))]
    same(len(workers), 2, "workers of jest")
    return run, workers


@scenario("reap-jest", "the workers of a jest run that was killed are ended, those of another are not", ["jest"])
def reap_jest(world):
    doomed, workers = start_run(world, "doomed")
    alive, busy = start_run(world, "alive")
    look = nobody_ended(orphans(world))
    for one in (*workers, *busy):
        look.judged_is(one, "connected", "keep")
    members = list(alive.members().values())

    # Stopped, they cannot notice that their runner has gone.
    stop(workers)
    kill(doomed)
    look = orphans(world)
    for one in workers:
        look.judged_is(one, "worker", "end")
    all_ended(world, look, workers)
    world.all_alive(members, "the run that goes on")
    look = nobody_ended(orphans(world))
    for one in busy:
        look.judged_is(one, "connected", "keep")
