"""The exit codes, each with the real situation that it stands for."""

import subprocess

from .failure import expect, same, until
from .processes import is_alive
from .programs import STUBBORN, start_mcp, start_tsc_watch
from .registry import scenario
from .world import Look

TINY = ("--max-memory", "1MiB")


def in_namespace(world, script, *arguments):
    """Runs brainwav where `script` has prepared a mount namespace; None where
    this user may not make one."""
    make = ["unshare", "--user", "--map-root-user", "--mount"]
    probe = subprocess.run([*make, "true"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if probe.returncode != 0:
        world.note("not tried: this user may not make namespaces, so exit code 4 was not seen")
        return None
    words, options = world.command(arguments)
    done = subprocess.run([*make, "sh", "-c", script + ' && exec "$@"', "sh", *words], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, **options)
    return Look(arguments, done)


def another_run(world):
    """Exit code 75, while a first run waits for a server that ignores SIGTERM."""
    folder = world.folder("stubborn", "mcp", **{"stubborn.cjs": STUBBORN})
    server = start_mcp(world, ["node", "--require", "./stubborn.cjs", "node_modules/.bin/mcp-server-memory"], folder)
    options = ("--enforce", "--rule", "mcp", *TINY, "--grace", "10m")
    until("it is over the limit", lambda: world.health("--rule", "mcp", *TINY).over() == {server.pid})
    until("it can take SIGTERM", lambda: "running on stdio" in server.output())

    words, settings = world.command(("health", "--json", *options))
    first = world.start(words, settings["cwd"], **settings["env"])
    until("the first run has sent SIGTERM", (folder / "terminated").exists)
    second = world.health(*options).code_is(75)
    same((second.document, is_alive(server.identity)), ({}, True), "the second run")
    world.health("--rule", "mcp", *TINY).code_is(1)
    (folder / "release").write_text("")
    until("the first run is over", lambda: not first.is_running())
    same(first.popen.returncode, 0, "the exit code of the first run")


@scenario("codes", "the exit codes 0, 1, 2, 3, 4 and 75", ["ts5", "mcp"])
def codes(world):
    world.health().code_is(0)
    world.health("--enforce").code_is(0)
    hidden = in_namespace(world, "mount -t tmpfs none /proc", "health", "--json")
    if hidden:
        expect(not hidden.document and hidden.stderr, "the reason is said:", hidden.code_is(4))

    folder = world.folder("compiling", "ts5")
    alone = start_tsc_watch(world, folder)
    launched = world.start(["npx", "tsc", "--watch", "--preserveWatchOutput"], folder)
    until("tsc watches", lambda: "Watching for file changes" in launched.output())
    members = [*alone.members().values(), *launched.members().values()]
    table = [
        (0, ()),
        (0, ("--enforce",)),
        (1, TINY),
        (1, ("-n", *TINY)),
        (1, ("--enforce", "-n", *TINY)),
        (1, ("-n", *TINY, "--max-batch", "1")),
        (2, ("--max-memory", "plenty")),
        (2, ("--enforce", *TINY, "--max-batch", "0")),
        (2, ("--no-such-flag",)),
        (2, ("--rule", "no-such-rule")),
        (3, ("--enforce", *TINY, "--max-batch", "1")),
    ]
    for code, options in table:
        look = world.health(*options).code_is(code)
        expect("brAInwav" in look.stdout + look.stderr, "the brand is there:", look)
        same(look.outcomes if "-n" not in options else {}, {}, "ended")
        world.all_alive(members, f"after {options}")
    refused = world.health("--enforce", *TINY, "--max-batch", "1").refused
    same(refused, {"processes_planned": len(members), "max_batch": 1}, "refused")
    done = world.health("--enforce", *TINY).code_is(0)
    expect(set(done.outcomes) <= {one.pid for one in members}, "only these are ended:", done)
    world.all_gone(members, "all of them")
    another_run(world)
