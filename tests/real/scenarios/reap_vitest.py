"""The workers of a vitest run whose main process was killed."""

import re

from .failure import expect, same, until
from .processes import command_line, is_alive
from .programs import HANGS, start_vitest, vitest_project
from .reap_tools import all_ended, kill, nobody_ended, orphans, stop
from .recognition import FORK
from .registry import scenario


MINIMUM = {"vitest3": ("--minWorkers=1",)}


def start_run(world, set_name, name):
    """A run in the middle of two tests, with its workers."""
    folder = vitest_project(world, name, set_name, HANGS)
    world.write(folder / "test/two.test.js", HANGS.replace("'ready'", "'ready-too'"))
    run = start_vitest(world, folder, "run", "--pool=forks", "--maxWorkers=2", *MINIMUM.get(set_name, ()),
                       set_name=set_name)
    pattern = r"^node \(vitest \d+\)$" if set_name == "vitest3" else FORK
    until("both tests run", lambda: (folder / "ready").exists() and (folder / "ready-too").exists()
          or not run.is_running())
    expect(run.is_running(), "the run goes on")
    workers = [one for one in run.members().values() if re.search(pattern, " ".join(command_line(one.pid)))]
    same(len(workers), 2, f"workers of {set_name}")
    return run, workers


def check(world, set_name):
    doomed, workers = start_run(world, set_name, "doomed")
    passing, gone = start_run(world, set_name, "passing")
    alive, busy = start_run(world, set_name, "alive")
    look = nobody_ended(orphans(world))
    for one in (*workers, *gone, *busy):
        look.judged_is(one, "connected", "keep")

    # Stopped, they cannot notice that their runner has gone.
    members = list(alive.members().values())
    rest = [one for one in doomed.members().values() if one.pid != doomed.pid and one not in workers]
    stop(workers)
    kill(doomed)
    look = orphans(world)
    for one in workers:
        look.judged_is(one, "worker", "end")
    all_ended(world, look, workers)
    world.all_alive(members, "the run that goes on")
    for one in rest:
        until("its helpers end by themselves", lambda: not is_alive(one.identity), seconds=30, show=lambda: one)

    # As it comes: they end by themselves, or they are ended.
    kill(passing)
    ended = set()

    def all_are_gone():
        ended.update(orphans(world).code_is(0).outcomes)
        return not world.alive(gone)

    until("those who could notice are gone too", all_are_gone, seconds=30, show=lambda: orphans(world))
    expect(ended <= {one.pid for one in gone}, "only its workers are ended:", ended)
    world.note(f"{set_name}: of 2 workers that could notice, {len(ended)} had to be ended")

    world.all_alive(members, "the run that goes on")
    look = nobody_ended(orphans(world))
    for one in busy:
        look.judged_is(one, "connected", "keep")


@scenario("reap-vitest", "the workers of a vitest run that was killed are ended, those of another are not", ["vitest4"])
def reap_vitest(world):
    check(world, "vitest4")


@scenario("reap-vitest-titled", "the same where titles hide what they are", ["vitest3"], is_long=True)
def reap_vitest_titled(world):
    check(world, "vitest3")
