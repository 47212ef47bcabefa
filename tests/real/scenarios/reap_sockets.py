"""Socket files in nine situations: exactly the one without an owner is removed."""

import signal
import subprocess

from . import processes
from .failure import expect, same, until
from .reap_tools import kill, reap, runtime, stop
from .registry import scenario

# Owns a socket in the way that it is told, and then waits.
OWNER = """
import os, pathlib, socket, sys, time

way, path, ready = sys.argv[1:]
kind = socket.SOCK_DGRAM if way == "datagram" else socket.SOCK_STREAM
owned = socket.socket(socket.AF_UNIX, kind)
held = []
if way == "relative":
    os.chdir(os.path.dirname(path))
    owned.bind(os.path.basename(path))
elif way == "renamed":
    owned.bind(path + ".new")
    os.rename(path + ".new", path)
else:
    owned.bind(path)
if way not in ("datagram", "not-listening"):
    owned.listen(0 if way == "full" else 5)
while way == "full":
    client = socket.socket(socket.AF_UNIX)
    client.setblocking(False)
    try:
        client.connect(path)
    except BlockingIOError:
        break
    held.append(client)
open(ready, "w").close()
time.sleep(300)
"""

WAYS = {
    "live": "bound",
    "killed": "stale",
    "relative": "bound",
    "not-listening": "bound",
    "datagram": "bound",
    "full": "bound",
    "renamed": "bound",
    "stopped": "bound",
    "namespace": None,
}
NAMESPACE = ["unshare", "--user", "--map-root-user", "--net"]


@scenario("reap-sockets", "of nine socket files the one whose owner was killed is removed")
def reap_sockets(world):
    ways = dict(WAYS)
    may = subprocess.run([*NAMESPACE, "true"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
    if not may:
        del ways["namespace"]
        world.note("not tried: this user may not make a network namespace")
    folder = world.folder("sockets", **{"owner.py": OWNER})
    # One after the other in the runtime folder, in ours in it, and in the temporary one.
    places = [runtime(world), runtime(world) / "brainwav", world.root / "tmp"]
    places[1].mkdir()
    paths = {way: places[at % 3] / f"{way}.mcp.sock" for at, way in enumerate(ways)}
    owners = {}
    for way, path in paths.items():
        words = ["python3", "owner.py", way, path, folder / f"ready-{way}"]
        owners[way] = world.start([*(NAMESPACE if way == "namespace" else []), *words], folder)
    for way in ways:
        until(f"{way} is bound", (folder / f"ready-{way}").exists)
    kill(owners["killed"])
    stop([processes.stat(owners["stopped"].pid)])

    def look(*options):
        found = reap(world, "sockets", *options)
        return found, {entry["path"]: entry for entry in found.document["sockets"]}

    def left():
        return {way for way, path in paths.items() if path.is_socket()}

    found, rows = look()
    same({entry["verdict"] for entry in rows.values()}, {"young"}, f"verdicts in {found.code_is(0)}")
    found, rows = look("--socket-min-age", "0s", "--dry-run")
    same(rows[str(paths["killed"])]["outcome"], "would_remove", f"the dead one in {found.code_is(1)}")
    same(left(), set(ways), "nothing is removed by these two")

    found, rows = look("--socket-min-age", "0s")
    same(set(rows), {str(path) for path in paths.values()}, f"all are spoken of, and no others, in {found}")
    removed = {path for path, entry in rows.items() if entry["outcome"]}
    same(removed, {str(paths["killed"])}, f"removed, in {found.code_is(0)}")
    same(left(), set(ways) - {"killed"}, "the files that are left")
    for way, verdict in ways.items():
        entry = rows[str(paths[way])]
        expect(verdict in (None, entry["verdict"]), f"{way} was to be {verdict}:", entry)
    for way, owner in owners.items():
        expect(way == "killed" or owner.is_running(), f"the owner of {way} goes on")

    # When they are all dead, so are their sockets.
    for way, owner in owners.items():
        if way != "killed":
            processes.send(owner.identity, signal.SIGKILL)
            until(f"the owner of {way} is gone", lambda: not owner.is_running())
    look("--socket-min-age", "0s")[0].code_is(0)
    same(left(), set(), "the files that are left when all are dead")
    world.note(f"{len(ways)} files: {', '.join(ways)}")
