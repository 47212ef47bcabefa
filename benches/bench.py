"""Runs the commands that are compared, and measures each."""

import contextlib
import json
import os
import random
import shutil
import signal
import statistics
import subprocess
import time
from collections import namedtuple

Sample = namedtuple("Sample", "cpu wall")
Target = namedtuple("Target", "text value limit unit")

# What the old way did: every process of every pattern, and two calls of ps for each of them.
OLD_WAY = """\
for pattern in vitest nx tsc 'node.*mcp' local-memory; do
    for pid in $(pgrep -f "$pattern"); do
        rss=$(ps -p "$pid" -o rss=)
        cpu=$(ps -p "$pid" -o %cpu=)
        [ "${rss:-0}" -gt 8388608 ] && echo "$pid $rss $cpu"
    done
done
exit 0
"""
# It takes seconds; a few rounds of it, spread over all, tell enough.
SLOW = "the old way"
SLOW_ROUNDS = 3


class Bench:
    """The commands, and the surroundings in which all of them run."""

    def __init__(self, options, folder):
        self.folder = folder
        self.strace = shutil.which("strace")
        self.binary = self.installed("installed", options.binary)
        self.start = [self.binary, "--version"]
        self.true = [shutil.which("true")]
        self.health = [self.binary, "health", "--json"]
        self.portable = [self.installed("installed-portable", options.portable), "health", "--json"]
        self.pgrep = [shutil.which("pgrep"), "-f", "vitest"]
        self.ps = [shutil.which("ps"), "aux"]
        self.old = self.script("old-way.sh", OLD_WAY)
        # Nothing of the user's own is read or written, and each back end has a memory of its own.
        self.environment = {
            "PATH": os.environ["PATH"],
            "LC_ALL": "C",
            "HOME": folder,
            "TMPDIR": self.subfolder("tmp"),
            "XDG_RUNTIME_DIR": self.subfolder("runtime"),
        }
        self.null = os.open(os.devnull, os.O_RDWR)

    def subfolder(self, name):
        path = os.path.join(self.folder, name)
        os.mkdir(path, 0o700)
        return path

    def installed(self, name, binary):
        """A copy, as `cargo install` makes one. What a linker has just written is in memory piece by piece, and takes a
        sixth longer to start than that."""
        return shutil.copy(binary, os.path.join(self.subfolder(name), "brainwav"))

    def file(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        return path

    def script(self, name, text):
        """The command that runs this script."""
        return [shutil.which("bash"), self.file(name, text)]

    def surroundings(self, command):
        state = "portable" if command[0] == self.portable[0] else "state"
        return {**self.environment, "BRAINWAV_STATE_DIR": os.path.join(self.folder, state)}

    def run(self, command):
        """CPU time of a command and all that it waited for, and the time that it took."""
        actions = [(os.POSIX_SPAWN_DUP2, self.null, stream) for stream in (0, 1, 2)]
        begin = time.perf_counter()
        pid = os.posix_spawn(command[0], command, self.surroundings(command), file_actions=actions)
        try:
            _, status, usage = os.wait4(pid, 0)
        except BaseException:
            # We are to end; so is it. It is still our child, so the number is still its own.
            os.kill(pid, signal.SIGTERM)
            raise
        wall = time.perf_counter() - begin
        self.demand(command, os.waitstatus_to_exitcode(status))
        return Sample(usage.ru_utime + usage.ru_stime, wall)

    @staticmethod
    def demand(command, code):
        # 1 is "nothing found" for pgrep, and "problems found" for brainwav.
        if code not in (0, 1):
            raise SystemExit(f"{' '.join(command)} failed with exit code {code}")

    def medians(self, commands, rounds):
        """Median CPU and wall time of each command, in milliseconds."""
        samples = {name: [] for name in commands}
        for name in commands.keys() - {SLOW}:
            self.run(commands[name])
        every = max(1, rounds // SLOW_ROUNDS)
        for turn in range(rounds):
            for name in random.sample(list(commands), len(commands)):
                if name != SLOW or turn % every == 0:
                    samples[name].append(self.run(commands[name]))
        return {
            name: Sample(*(1000 * statistics.median(values) for values in zip(*taken)))
            for name, taken in samples.items()
        }

    def peak(self, command):
        """Peak resident memory in bytes.

        The kernel counts in what the process was before it became the command, and we are larger than most of
        them. So a shell, which is small, starts it and ends, and we adopt it to be told of its end.
        """
        shell = ["/bin/sh", "-c", '"$@" >/dev/null 2>&1 & echo $!', "sh", *command]
        started = subprocess.run(shell, env=self.surroundings(command), stdout=subprocess.PIPE, check=True)
        _, status, usage = os.wait4(int(started.stdout), 0)
        self.demand(command, os.waitstatus_to_exitcode(status))
        return usage.ru_maxrss * 1024

    def syscalls(self, command):
        """How many system calls a command makes, threads and children included."""
        lines = self.traced(command, "-c")
        total = [line.split() for line in lines or () if line.endswith(" total\n")]
        return int(total[-1][3]) if total else None

    def traced(self, command, *options):
        """What strace writes about a command, line by line; nothing without strace."""
        if not self.strace:
            return None
        written = os.path.join(self.folder, "trace")
        trace = [self.strace, "-f", "-qq", "-o", written, *options, *command]
        subprocess.run(trace, env=self.surroundings(command), stdout=self.null, stderr=self.null, check=False)
        with open(written, encoding="utf-8", errors="replace") as file:
            return file.readlines()

    def document(self, command):
        """What a command of brainwav prints."""
        printed = subprocess.run(command, env=self.surroundings(command), stdout=subprocess.PIPE, check=False)
        try:
            return json.loads(printed.stdout)
        except ValueError:
            raise SystemExit(f"{' '.join(command)} printed no document") from None

    def matched(self, command):
        """How many processes a back end says that its rules speak of."""
        every = [*command, "--all"]
        try:
            return len(self.document(every)["processes"])
        except KeyError:
            raise SystemExit(f"{' '.join(every)} printed no document of brainwav health") from None


def processes():
    """How many there are on this machine."""
    return sum(name.isdigit() for name in os.listdir("/proc"))


def zombies():
    """How many processes of this machine are dead and not collected; `reap` looks at each of them twice."""
    found = 0
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{name}/stat", "rb") as file:
            found += file.read().rpartition(b") ")[2].startswith(b"Z")
    return found


def heading(text):
    print(f"\n{text}", flush=True)
