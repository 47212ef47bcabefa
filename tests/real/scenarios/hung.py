"""A vitest run that never ends is hung; what is meant to wait is not."""

import time

from .failure import expect, same, until
from .programs import BIN, HANGS, start_tsc_watch, start_vitest, vitest_project
from .registry import scenario

SOON = ("--max-runtime", "3s", "--look-interval", "1s")


def start_hanging(world, set_name, name="hanging", launcher=BIN, has_config=True):
    """Returns when the test that never ends has begun."""
    folder = vitest_project(world, name, set_name, HANGS)
    if not has_config:
        (folder / "vitest.config.ts").unlink()
    run = start_vitest(world, folder, "run", set_name=set_name, launcher=launcher)
    until("the test runs", lambda: (folder / "ready").exists() or not run.is_running())
    expect(run.is_running(), f"{set_name} goes on")
    return run


def start_watching(world):
    folder = vitest_project(world, "watching", "vitest4")
    run = start_vitest(world, folder, "--watch", PROJECT_TEST_MS="5")
    until("vitest waits for changes", lambda: "Waiting for file changes" in run.output())
    return run


def start_serving(world):
    """nx with a target that is meant to run until it is stopped."""
    folder = world.folder("serving", "nx")
    run = world.start(["node_modules/.bin/nx", "run", "app:serve"], folder, NX_DAEMON="false", CI="true")
    until("nx serves", lambda: run.find(r"tools/wait\.js 600000$"))
    return run


def end_the_hung(world, main):
    """Looks until `main` is ended. Returns that look, and what it ended."""
    members = {}

    def look():
        members.clear()
        members.update(main.members())
        found = world.health("--enforce", "--all", *SOON).code_is(0)
        expect(all(belongs(entry) for entry in found.outcomes.values()), "only the hung run is ended:", found)
        return found if found.outcomes else None

    def belongs(entry):
        """It was of the run, or the run started it on being asked to end, as nx does with `ps`."""
        return entry["pid"] in members or (entry["role"], entry["target_pid"]) == ("descendant", main.pid)

    done = until("the run is hung", look, show=lambda: world.health("--all", *SOON), pause=0.3)
    expect(set(members) <= set(done.outcomes), "all of the run is ended:", done)
    world.all_gone(members.values(), "the hung run")
    return done


def start_hanging_nx(world, set_name):
    """nx with a task that ought to end and does not."""
    folder = world.folder(f"building-{set_name}", set_name)
    run = world.start(["node_modules/.bin/nx", "build", "app", "--skip-nx-cache"], folder,
                      NX_DAEMON="false", CI="true", PROJECT_WAIT_MS="600000")
    until("nx builds", lambda: run.find(r"tools/wait\.js 1500$"))
    return run


@scenario("hung", "a vitest run that never ends is ended, watch modes and servers are not",
          ["vitest4", "vitest3", "nx", "ts5"])
def hung(world):
    waiting = {
        "vitest --watch": (start_watching(world), "a watch mode"),
        "nx run app:serve": (start_serving(world), "do not tell"),
        # It shows a title in the place of its arguments.
        "vitest 3": (start_hanging(world, "vitest3", name="titled"), "do not tell"),
        "tsc --watch": (start_tsc_watch(world, world.folder("compiling", "ts5")), "a watch mode"),
    }
    members = [one for program, _ in waiting.values() for one in program.members().values()]

    run = start_hanging(world, "vitest4", has_config=False)
    done = end_the_hung(world, run)
    same(done.findings(run.pid), ["hung"], "the finding")
    same(done.outcomes[run.pid]["role"], "target", "its role")
    for name, (program, why) in waiting.items():
        expect(why in done.against(program.pid), f"{name} says why it is not hung:", done)
    world.all_alive(members, "when the hung run is ended")

    # Nothing else becomes hung, however often one looks.
    for _ in range(4):
        look = world.health("--enforce", "--all", *SOON).code_is(0)
        same(look.over(), set(), "over a limit")
    world.all_alive(members, "at the end")


@scenario("hung-esbuild", "so is one whose esbuild sends a ping every second", ["vitest4"])
def hung_esbuild(world):
    """vite 7 and older start esbuild for a configuration in TypeScript, and it
    and the main process tell each other every second that they live."""
    run = start_hanging(world, "vitest4")
    expect(run.find(r"/esbuild .*--ping"), "esbuild is there")
    same(end_the_hung(world, run).findings(run.pid), ["hung"], "the finding")


@scenario("hung-nx", "an nx build whose task never ends is ended with it", ["nx"])
def hung_nx(world):
    run = start_hanging_nx(world, "nx")
    same(end_the_hung(world, run).findings(run.pid), ["hung"], "the finding")


@scenario("hung-versions", "hung runs of the other versions",
          ["node24", "vitest5", "vitest3", "vitest1", "nx22"], is_long=True)
def hung_versions(world):
    starts = [
        lambda: start_hanging(world, "vitest5", "five"),
        # The launcher shows the arguments that the title of vitest 3 hides.
        lambda: start_hanging(world, "vitest3", "three", launcher=("npx", "vitest"), has_config=False),
        lambda: start_hanging_nx(world, "nx22"),
    ]
    for start in starts:
        run = start()
        same(end_the_hung(world, run).findings(run.pid), ["hung"], run.words)
    titled = start_hanging(world, "vitest1", "one")
    members = titled.members()
    for _ in range(10):
        look = world.health("--enforce", "--all", *SOON).code_is(0)
        same(look.findings(titled.pid), [], "vitest 1")
        time.sleep(1)
    world.all_alive(members.values(), "vitest 1")
