"""The storm on a disk that is full again and again: what was accepted arrives, and delivery makes room."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

from .failure import Skip, expect, same
from .registry import scenario

REAL = pathlib.Path(__file__).resolve().parents[1]


def storm(world, events):
    # Only in a namespace of its own may everybody mount something.
    user = [] if os.getuid() == 0 else ["--user", "--map-root-user"]
    unshare = ["unshare", *user, "--mount"]
    if not shutil.which("mount") or subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode != 0:
        raise Skip("this user may not make namespaces")
    words = [*unshare, sys.executable, "-B", "-m", "scenarios.storm_disk_inside", world.binary, str(events)]
    done = subprocess.run(words, cwd=REAL, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=1800, check=False)
    said = done.stdout.decode() + done.stderr.decode()
    same(done.returncode, 0, f"exit code of the storm:\n{said}")
    found = json.loads(done.stdout)
    expect(not found["lost"], f"{len(found['lost'])} accepted events are lost, such as {found['lost'][:3]}")
    same(found["last"], [0, 0, 1], "exit codes of emit and flush at the end, and how often that event arrived:\n" + done.stderr.decode())
    expect(not found["unwanted"], f"runs failed: {found['unwanted'][:3]}")
    expect(found["full"] > 20, f"the disk was full for {found['full']} runs only")
    world.note(f"{found['accepted']:,} events accepted and none lost, {found['full']:,} runs found the disk full, "
               f"{found['killed']:,} processes killed, {found['flushes']:,} flushes, "
               f"{found['twice']:,} events arrived more than once, {found['letters']:,} dead letters of torn lines, "
               f"{found['torn']:,} lines torn by a flush")


@scenario("telemetry-storm-disk", "the same on a disk that is full: what was accepted arrives, and there is room again")
def telemetry_storm_disk(world):
    storm(world, 15_000)


@scenario("telemetry-storm-disk-long", "the same with 100,000 events", is_long=True)
def telemetry_storm_disk_long(world):
    storm(world, 100_000)
