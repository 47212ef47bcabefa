"""A process of another workspace is not in the scope of this one."""

from .failure import expect, same
from .programs import start_tsc_watch
from .registry import scenario

TINY = ("--max-memory", "1MiB", "--max-cpu", "1", "--cpu-strikes", "1", "--max-runtime", "1s",
        "--look-interval", "100ms")


def in_scope(world, folder, *options):
    return world.health("--workspace", folder, "--scope", "workspace", *options, cwd=folder)


@scenario("scope", "tsc --watch in another workspace is left alone", ["ts5"])
def scope(world):
    here, there = (world.folder(name, "ts5") for name in ("here", "there"))
    mine, other = (start_tsc_watch(world, folder) for folder in (here, there))
    others = list(other.members().values())

    for options in (("--all",), TINY, ("-n", *TINY)):
        look = in_scope(world, here, *options)
        expect(other.pid not in look.processes, "the other workspace is not looked at:", look)
    same(in_scope(world, there, "--all").rule(other.pid), "tsc", "from its own workspace")
    same(in_scope(world, there, "--all").rule(mine.pid), None, "from the other workspace")

    # The limits do fire: on the one of this workspace.
    look = in_scope(world, here, "--enforce", *TINY).code_is(0)
    same(set(look.outcomes), {mine.pid}, "ended")
    world.all_gone([mine], "tsc of this workspace")
    in_scope(world, here, "--enforce", *TINY).code_is(0)
    world.all_alive(others, "tsc of the other workspace")
    # Without the scope it is seen from here, too.
    same(world.health("--all", "--workspace", here, cwd=here).rule(other.pid), "tsc", "without --scope")
