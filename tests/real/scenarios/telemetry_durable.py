"""What `--durability` promises, as the system calls show: with `disk`, the event and the name of its file are on the
disk before the command succeeds."""

import re
import shutil

from .failure import Skip, expect, same
from .registry import scenario

CALLS = "trace=?openat,?write,?fsync,?fdatasync"
EMIT = ("telemetry", "emit", "--event", "tool_invoked", "--no-flush")
# fdatasync(4</…/spool/segment-0000000001.ndjson>) = 0
SYNCED = re.compile(r"(?:fsync|fdatasync)\(\d+<([^>]+)>\) += 0")


def traced(world, *arguments):
    """The calls of one run that succeeds."""
    trace = world.root / f"trace-{next(world.numbers)}"
    look = world.run(*EMIT, *arguments, before=("strace", "-f", "-y", "-e", CALLS, "-o", trace)).code_is(0)
    return look, trace.read_text("utf-8", "replace").splitlines()


@scenario("telemetry-durable", "an event of --durability disk is synced with its folder before emit ends")
def telemetry_durable(world):
    if not shutil.which("strace"):
        raise Skip("strace is not on PATH")
    for _ in ("the segment is new", "the segment is there"):
        look, lines = traced(world, "--durability", "disk")
        [segment] = (world.root / "state").rglob("segment-*.ndjson")
        written = max(at for at, line in enumerate(lines) if "write(" in line and f"<{segment}>" in line)
        synced = [path for line in lines[written:] for path in SYNCED.findall(line)]
        same(synced, [str(segment), str(segment.parent)], f"what is synced after the event, in {look}")
    look, lines = traced(world)
    same([line for line in lines if SYNCED.search(line)], [], f"what is synced without it, in {look}")
    expect(any(f"<{segment}>" in line for line in lines), "the trace shows the segment:", look)
    world.note("disk: the segment, then its folder; process: neither")
