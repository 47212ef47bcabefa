"""A vitest run that leaks memory is ended, and nothing else is."""

from .failure import expect, same, until
from .programs import LEAKS, start_server, start_tsc_watch, start_vitest, vitest_project
from .registry import scenario

LIMIT = ("--max-memory", "300MiB")


def start_leaking(world, set_name, pool):
    """One file of two leaks, as in a real project; the other is done in a moment."""
    folder = vitest_project(world, f"leaking-{set_name}-{pool}", set_name, LEAKS)
    world.write(folder / "test/two.test.js", "import { test } from 'vitest'\ntest('is quick', () => {})\n")
    return start_vitest(world, folder, "run", f"--pool={pool}", set_name=set_name)


def start_neighbours(world):
    """What works beside it: another vitest run, a compiler, a server."""
    watch = vitest_project(world, "watching", "vitest4")
    vitest = start_vitest(world, watch, "--watch", PROJECT_TEST_MS="5")
    compiler = start_tsc_watch(world, world.folder("compiling", "ts5"))
    server = start_server(world, world.folder("serving"))
    until("vitest waits for changes", lambda: "Waiting for file changes" in vitest.output())
    return [one for program in (vitest, compiler, server) for one in program.members().values()]


def find_it(world, run, *options):
    """Looks until the leak is over the limit. Returns that look."""
    def look():
        expect(run.is_running(), "the leaking run goes on")
        found = world.health(*options, *LIMIT)
        return found if found.over() else None

    return until("the leak is over the limit", look, show=lambda: world.health("--all", *LIMIT))


def end_it(world, run):
    """The dry run first, and then what it said. Returns the look that ended it."""
    planned = find_it(world, run, "-n").code_is(1)
    members = run.members()
    over = planned.over()
    expect(over <= set(members), "only the leaking run is over the limit:", planned)
    same({entry["outcome"] for entry in planned.outcomes.values()}, {"would_end"}, "the dry run")
    world.all_alive(members.values(), "after the dry run")

    members = run.members()
    done = find_it(world, run, "--enforce").code_is(0)
    expect(done.over() <= set(members), "only the leaking run is ended:", done)
    for pid in done.over():
        same((done.findings(pid), done.outcomes[pid]["role"]), (["memory"], "target"), pid)
    for pid, entry in done.outcomes.items():
        expect(pid in members, f"{pid} is not of the leaking run:", done)
        same(entry["start_ticks"], members[pid].start, f"the start of {pid}")
        expect(entry["outcome"] in ("terminated", "killed", "already_gone"), f"{pid}:", done)
    world.all_gone([members[pid] for pid in done.outcomes], "what was ended")
    return done, members


def leaking_run(world, set_name, pool):
    """In a pool of threads the main process itself leaks. In a pool of forks it is
    a worker: the main process goes on without it, and then ends with an error."""
    run = start_leaking(world, set_name, pool)
    done, members = end_it(world, run)
    is_main = run.pid in done.outcomes
    same(is_main, "hreads" in pool, "the main process is over the limit")
    world.all_gone(members.values(), f"{set_name} {pool}: the run")
    until("the run is over", lambda: not run.is_running())
    if not is_main:
        same(run.popen.returncode, 1, "how the main process ended:")
    more = len(done.outcomes) - 1
    world.note(f"{set_name} {pool}: {'the main process' if is_main else 'the worker'} was ended"
               + (f" with {more} that it had started" if more else ""))


@scenario("memory", "a leaking vitest run is ended, its neighbours are not", ["vitest4", "ts5"])
def memory(world):
    neighbours = start_neighbours(world)
    leaking_run(world, "vitest4", "forks")
    world.all_alive(neighbours, "after the run with forks")
    leaking_run(world, "vitest4", "threads")
    world.all_alive(neighbours, "after the run with threads")


@scenario("memory-versions", "the same with every version and pool of vitest",
          ["node24", "vitest5", "vitest4", "vitest3", "vitest1"], is_long=True)
def memory_versions(world):
    for set_name in ("vitest5", "vitest4", "vitest3", "vitest1"):
        for pool in ("forks", "threads", "vmForks", "vmThreads"):
            # This one crashes by itself on node 20 before it can leak.
            if (set_name, pool) != ("vitest1", "vmThreads"):
                leaking_run(world, set_name, pool)
