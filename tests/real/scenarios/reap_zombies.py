"""Zombies of four parents, of which exactly one can be helped."""

import signal

from . import processes
from .failure import expect, same, until
from .reap_tools import reap
from .registry import scenario

# Its handler collects everybody; its first child ended before the handler was there.
MISSED = """
import os, signal, time

signal.alarm(300)
child = os.fork()
if child == 0:
    os._exit(0)
os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)

def collect(*_):
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass

signal.signal(signal.SIGCHLD, collect)
open("listens", "w").close()
while True:
    time.sleep(60)
"""

# It never asks what became of its child.
SLEEPER = "import subprocess, time; child = subprocess.Popen(['true']); time.sleep(300)"

NODE = "sleep 0.1 & exec node -e 'setTimeout(() => {}, 300000)'"


def zombies_of(program):
    return [one for one in processes.everyone().values() if one.parent == program.pid and one.is_zombie]


@scenario("reap-zombies", "of four parents with a zombie the one that can be helped is, and the others are reported")
def reap_zombies(world):
    folder = world.folder("zombies", **{"missed.py": MISSED})
    parents = {
        "missed": world.start(["python3", "missed.py"], folder),
        "shell": world.start(["sh", "-c", "sleep 0.1 & exec sleep 300"], folder),
        "sleeper": world.start(["python3", "-c", SLEEPER], folder),
        "node": world.start(["sh", "-c", NODE], folder),
    }
    # One that collects its children has no place in the report.
    tidy = world.start(["sh", "-c", "while [ ! -e over ]; do true & wait; sleep 0.05; done"], folder)
    until("each has a zombie", lambda: all(len(zombies_of(parent)) == 1 for parent in parents.values()))
    until("the first one listens", (folder / "listens").exists)
    until("node is there", lambda: processes.stat(parents["node"].pid).name != "sh")
    dead = {name: zombies_of(parent)[0] for name, parent in parents.items()}

    def look(*options):
        found = reap(world, "zombies", "--scope", "workspace", "--workspace", folder, *options, cwd=folder)
        rows = {row["parent_pid"]: row for row in found.document["zombies"]}
        return found, {name: rows.pop(parent.pid, None) for name, parent in parents.items()}, rows

    def is_there(name):
        now = processes.stat(dead[name].pid)
        return now is not None and now.start == dead[name].start and now.is_zombie

    for options in ((), ("--nudge", "--dry-run")):
        found, rows, others = look(*options)
        same((found.code, others), (1, {}), f"exit code, and strangers, in {found}")
        for name, row in rows.items():
            same((row["zombie_pids"], row["nudge"]), ([dead[name].pid], "not_asked"), name)
    expect(all(map(is_there, parents)), "nobody was told anything")

    found, rows, others = look("--nudge")
    same((found.code, others), (1, {}), f"exit code, and strangers, in {found}")
    told = {name: (row["nudge"], row["collected"], row["left"]) for name, row in rows.items()}
    helped, not_helped = ("told", 1, 0), ("told", 0, 1)
    same(told, {"missed": helped, "shell": not_helped, "sleeper": not_helped, "node": not_helped}, "told")
    same([is_there(name) for name in parents], [False, True, True, True], "what the report says is so")
    expect(all(row["dead_for_at_least_seconds"] > 0 for row in rows.values()), "how long they are dead:", found)

    # Again: the one that was helped is not spoken of any more.
    found, rows, _ = look("--nudge")
    same([name for name, row in rows.items() if row], ["shell", "sleeper", "node"], f"left in {found.code_is(1)}")
    for program in (*parents.values(), tidy):
        expect(program.is_running(), program.words, "goes on")

    # What does help: their parents end, and the first process collects.
    for name in ("shell", "sleeper", "node"):
        processes.send(parents[name].identity, signal.SIGKILL)
    until("they are gone with their parents", lambda: look()[0].code == 0, pause=0.3)
