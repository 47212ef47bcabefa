"""Sleeping processes whose command lines look like those of a JavaScript developer's machine."""

import os
import signal
import time

# Each is a shell that reads from a pipe to which nobody writes: no CPU time and no child.
# The pipe is also their leash: when its other end closes, however this program ended, `read` sees the end of
# the file and they all exit.
SCRIPT = "read -r _\n"
SHELL = "/bin/sh"
# Most of a shell's memory is shared with the next; what is not, with what the kernel holds for it.
KIBIBYTES_EACH = 200

# One in ten matches a rule of brainwav, and a pattern of the old way, once each.
MATCHING = (
    ("vitest/vitest.mjs", "run", "--pool=forks", "--reporter=dot"),
    ("nx/bin/nx.js", "run-many", "--target=test", "--parallel=3"),
    ("typescript/bin/tsc", "--noEmit", "--project", "tsconfig.json"),
    ("mcp-server-memory/dist/index.js", "--stdio"),
    ("local-memory/dist/server.js", "--stdio"),
)
# The same share as servers only. Half of them have a twin of the same parent, which takes more of a proof.
SERVERS = (
    ("mcp-server-memory/dist/index.js", "--stdio"),
    ("mcp-server-fetch/dist/index.js", "--stdio", "--client={number}"),
    ("@modelcontextprotocol/server-everything/dist/index.js", "stdio"),
    ("@playwright/mcp/cli.js", "--headless", "--user-data-dir=profiles/{number}"),
)
SHARE = 10
INNOCENT = "server/dist/main.js"


class Sleepers:
    """The processes, ended when the block is left."""

    def __init__(self, folder, matching=MATCHING):
        self.commands = matching
        self.modules = os.path.join(folder, "app", "node_modules")
        self.children = {}
        self.leash = None

    def __enter__(self):
        for script in (INNOCENT, *(command[0] for command in self.commands)):
            path = os.path.join(self.modules, script)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="ascii") as file:
                file.write(SCRIPT)
        self.leash = os.pipe()
        return self

    def __exit__(self, *_):
        for end in self.leash:
            os.close(end)
        deadline = time.monotonic() + 10
        while self.children and time.monotonic() < deadline:
            self.reap()
            time.sleep(0.01)
        for pid, start in self.children.items():
            # Ours until we have waited for it; asked again all the same, so that no number is ever trusted.
            if start_ticks(pid) == start:
                os.kill(pid, signal.SIGKILL)
        for pid in list(self.children):
            os.waitpid(pid, 0)

    def reap(self):
        for pid in list(self.children):
            if os.waitpid(pid, os.WNOHANG)[0]:
                del self.children[pid]

    @property
    def matching(self):
        """How many of them match a rule."""
        return (len(self.children) + SHARE - 1) // SHARE

    def grow_to(self, count):
        """Starts as many as are missing, and waits until all of them sleep."""
        while len(self.children) < count:
            words = self.command(len(self.children))
            actions = [(os.POSIX_SPAWN_DUP2, self.leash[0], 0)]
            pid = os.posix_spawn(SHELL, words, {}, file_actions=actions)
            self.children[pid] = start_ticks(pid)
        for pid in self.children:
            while (state := stat_fields(pid)[0]) != "S":
                if state == "Z":
                    raise SystemExit(f"{SHELL} does not sleep as it was told to")
                time.sleep(0.005)

    def command(self, number):
        if number % SHARE == 0:
            script, *options = self.commands[number // SHARE % len(self.commands)]
            options = [option.format(number=number) for option in options]
            return ["node", os.path.join(self.modules, script), *options]
        return [
            "node",
            os.path.join(self.modules, INNOCENT),
            f"--port={20000 + number}",
            "--host=127.0.0.1",
            f"--name=worker-{number}",
            "--log-level=info",
            "--enable-metrics",
            "--graceful-shutdown-seconds=30",
            "--config=config/default.json",
        ]


def stat_fields(pid):
    """The fields of /proc/PID/stat behind the name, which may hold anything."""
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
        return file.read().rpartition(")")[2].split()


def start_ticks(pid):
    return stat_fields(pid)[19]


def room_for(count):
    """Whether this machine has room for so many, with as much again left for everybody else."""
    with open("/proc/meminfo", encoding="ascii") as file:
        sizes = {name: int(rest.split()[0]) for name, rest in (line.split(":") for line in file)}
    with open("/proc/sys/kernel/pid_max", encoding="ascii") as file:
        numbers = int(file.read())
    return sizes["MemAvailable"] > 2 * count * KIBIBYTES_EACH and numbers > 2 * count
