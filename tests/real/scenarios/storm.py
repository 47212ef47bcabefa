"""A process that ignores SIGTERM and starts children as fast as it can while it
is being ended, in a PID namespace that ends with this scenario."""

import json
import pathlib
import subprocess
import sys

from .failure import Skip, expect, same, until
from .registry import scenario
from .storm_inside import HOP, ROOT

ALONE = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc", "--kill-child"]
INSIDE = pathlib.Path(__file__).with_name("storm_inside.py")


def storms(world, count):
    probe = subprocess.run([*ALONE, "true"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if probe.returncode != 0:
        raise Skip("this user may not make a PID namespace")
    folder = world.folder("storm", **{"node_modules/vitest/vitest.mjs": ROOT, "hop.sh": HOP})
    words, settings = world.command(("health", "--json", "--enforce", "--max-memory", "1MiB", "--grace", "60ms",
                                     "--no-batch-limit"))
    program = world.start([*ALONE, sys.executable, INSIDE, count, folder, *words], folder, **settings["env"])
    until("all rounds are over", lambda: not program.is_running(), seconds=60 + 4 * count)
    same(program.popen.returncode, 0, "the rounds")
    rounds = [json.loads(line) for line in program.output().splitlines()]
    same(len(rounds), count, "rounds")
    wrong = [f"round {number}: {found}" for number, found in enumerate(rounds) if found["left"] or found["code"] != 0]
    expect(not wrong, f"somebody is left in {len(wrong)} of {count} rounds:", "\n".join(["", *wrong]))
    most = max(sum(found["outcomes"].values()) for found in rounds)
    expect(most > 10, "there was a storm:", rounds)
    world.note(f"{count} rounds, up to {most} processes ended in one, none left")


@scenario("storm", "who starts children while being ended is ended with all of them")
def storm(world):
    storms(world, 60)


@scenario("storm-long", "and so it is every time", is_long=True)
def storm_long(world):
    storms(world, 400)
