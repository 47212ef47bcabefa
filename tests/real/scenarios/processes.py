"""Processes as the kernel shows them, and the proof that one of them is ours.

Nothing here knows a process by its number alone: it is the number together
with the start time. What is ended is held open first (pidfd) and then proved
to be the one that was meant, so a number that went to a stranger meanwhile is
never hit.
"""

import os
import signal
import time
from typing import NamedTuple, Optional


class Identity(NamedTuple):
    pid: int
    start: int


class Stat(NamedTuple):
    pid: int
    parent: int
    start: int
    state: str
    name: str

    @property
    def identity(self):
        return Identity(self.pid, self.start)

    @property
    def is_zombie(self):
        return self.state in "ZX"


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def stat(pid) -> Optional[Stat]:
    """None when there is no process of this number."""
    head, _, tail = read(f"/proc/{pid}/stat").rpartition(b")")
    fields = tail.split()
    if len(fields) < 20:
        return None
    name = head.partition(b"(")[2].decode("utf-8", "backslashreplace")
    return Stat(int(pid), int(fields[1]), int(fields[19]), fields[0].decode(), name)


def everyone():
    found = (stat(name) for name in os.listdir("/proc") if name.isdigit())
    return {one.pid: one for one in found if one}


def is_alive(identity):
    """A zombie has ended: only its number is still there."""
    now = stat(identity.pid)
    return now is not None and now.start == identity.start and not now.is_zombie


def command_line(pid):
    """The arguments; a program that set a title has it in the first."""
    raw = read(f"/proc/{pid}/cmdline").rstrip(b"\0")
    return [word.decode("utf-8", "backslashreplace") for word in raw.split(b"\0")]


def executable(pid):
    try:
        return os.readlink(f"/proc/{pid}/exe")
    except OSError:
        return "?"


def working_directory(pid):
    try:
        return os.readlink(f"/proc/{pid}/cwd")
    except OSError:
        return "?"


def descendants(table, root):
    """The numbers of all that `root` started, and that those started."""
    found, added = set(), {root}
    while added:
        added = {pid for pid, one in table.items() if one.parent in added and pid not in found}
        found |= added
    return found


def send(identity, number):
    """Sends a signal to exactly this process, or to nobody."""
    try:
        handle = os.pidfd_open(identity.pid)
    except OSError:
        return
    try:
        if is_alive(identity):
            signal.pidfd_send_signal(handle, number)
    except ProcessLookupError:
        pass
    finally:
        os.close(handle)


class Family:
    """The processes that come from one test: those that carry its mark in their
    environment, and what these started. A daemon leaves its parent and keeps
    its environment; a program that clears its environment keeps its parent."""

    def __init__(self, mark):
        self.mark = mark
        self.known = set()

    def look(self):
        """Who of them lives: number -> Stat."""
        table = everyone()
        mark, me = self.mark.encode(), os.getpid()
        mine = {
            pid for pid, one in table.items()
            if pid != me and (one.identity in self.known
                              or mark in read(f"/proc/{pid}/environ").split(b"\0"))
        }
        for pid in list(mine):
            mine |= descendants(table, pid)
        self.known = {table[pid].identity for pid in mine}
        return {pid: table[pid] for pid in mine if not table[pid].is_zombie}

    @staticmethod
    def end_one(one):
        """Asks one to end; those who stay are ended with all the others."""
        send(one.identity, signal.SIGTERM)

    def end(self, seconds=10.0):
        """Ends all of them, first politely. Returns those that are still there."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            until = time.monotonic() + seconds / 2
            asked = set()
            while True:
                alive = self.look()
                for one in alive.values():
                    if one.identity not in asked:
                        asked.add(one.identity)
                        send(one.identity, number)
                if not alive or time.monotonic() > until:
                    break
                time.sleep(0.02)
        return self.look()
