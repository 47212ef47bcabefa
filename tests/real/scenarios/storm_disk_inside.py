"""A storm with the state on a disk of its own that is too small, in a mount namespace of its own.

    python3 -m scenarios.storm_disk_inside BRAINWAV EVENTS

Prints what came of it as one line of JSON.
"""

import fcntl
import json
import os
import subprocess
import sys

from .telemetry_storm import Storm, arrived
from .world import World

# A few streams fill it.
SIZE = "256k"


class Full(Storm):
    """What is no event is looked at, and goes, as whoever finds a dead letter does."""

    letters = 0

    def flush(self):
        while not self.is_over.is_set():
            self.run(["telemetry", "flush"], may_kill=0.5, within=0.2)
            self.flushes += 1
            self.move_letters()

    def move_letters(self):
        for path in (self.world.root / "state" / "telemetry").glob("spool-*/dead-*.ndjson"):
            with open(path, "rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                lines = file.read().splitlines()
                os.unlink(path)
            self.letters += len(lines)


def result(world, events):
    one = Full(world, events)
    one.rage(events)
    # A killed run may have left a letter, or somebody who still delivers.
    for _ in range(5):
        look = world.run("telemetry", "flush", "--json", cwd=one.folder)
        one.move_letters()
        if look.code == 0:
            break
    emit = world.run("telemetry", "emit", "--label", "n=last", cwd=one.folder).code
    last = world.run("telemetry", "flush", cwd=one.folder)
    if last.code != 0:
        print(last, file=sys.stderr)
    found, torn = arrived(one.folder / "arrived.ndjson")
    known = [refused for refused in one.refused if refused[0] in (1, 3, 75)]
    return {
        "accepted": len(one.accepted), "lost": sorted(one.accepted - set(found)), "killed": one.killed,
        "last": [emit, last.code, found.get("last", [0, 0])[1]], "flushes": one.flushes, "letters": one.letters,
        "unwanted": [refused for refused in one.refused if refused not in known],
        "full": sum("No space left" in words for _, words in known), "torn": torn,
        "twice": sum(count > 1 for _, count in found.values()),
    }


def main():
    binary, events = sys.argv[1:]
    world = World(binary)
    state = world.root / "state"
    state.mkdir(mode=0o700)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=700", "none", state], check=True)
    try:
        print(json.dumps(result(world, int(events))))
    finally:
        subprocess.run(["umount", state], check=True)
        world.close()


if __name__ == "__main__":
    main()
