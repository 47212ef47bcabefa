"""Two hundred processes that other cleaners have taken for orphans, and twenty
that are: in a PID namespace of its own, so that brainwav sees nobody else.

Run as a program, this file is the first process of that namespace: whoever has
lost its parent is its child.
"""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys

ROUNDS = 10
INNOCENTS = 200
ORPHANS = 20

# A shell that waits for a pipe to be opened, which nobody does, stands for every
# program: what counts is its command line and what it was given.
HOLD = "exec 3<lifeline\n"

SERVER = "node_modules/@modelcontextprotocol/server-held/index.js"
OTHER_SERVER = "node_modules/.bin/mcp-server-held"
FORK = "node_modules/vitest/dist/workers/forks.js"
MAIN = "node_modules/vitest/vitest.mjs"

# Those that no rule is about. Nobody holds the other end of their input, and
# they have lost their parent: only what they are speaks for them.
STRANGERS = [
    ["vim", SERVER],
    ["nvim", "mcp-server.log"],
    ["emacs", "server.py"],
    ["code", FORK],
    ["less", OTHER_SERVER],
    ["tail", "-f", "mcp-server.log"],
    ["bash", "run.sh", "mcp-server-held"],
    ["-bash"],
    ["zsh"],
    ["sh", "run.sh"],
    ["tmux: server"],
    ["tmux", "run.sh", "mcp-server"],
    ["claude"],
    ["node", "claude/cli.js"],
    ["node", "node_modules/@anthropic-ai/claude-code/cli.js"],
    ["python3", "claude/projects/train.py", "--mcp-server"],
    ["claude-desktop", "run.sh"],
    ["codex", "run.sh"],
    ["node", "server.js", "mcp"],
    ["node", "server.js", "node_modules/vitest/dist/workers/forks.js"],
    ["node", "daemon/index.js"],
    ["node", "node_modules/nx/src/daemon/server/start.js"],
    ["node", "node_modules/next/dist/bin/next", "dev"],
    ["node", MAIN, "run"],
    ["node (vitest)"],
    ["node", "node_modules/typescript/lib/tsserver.js"],
    ["tsc", "run.sh", "--watch"],
    ["nginx: worker process"],
    ["nginx", "run.sh"],
    ["postgres", "run.sh"],
    ["redis-server *:6379"],
    ["sshd: somebody@pts/0"],
    ["dbus-daemon", "run.sh"],
    ["npm run dev"],
    ["python3", "server.py", "mcp_server_time"],
    ["java", "run.sh", "mcp-server.jar"],
    ["git", "run.sh"],
    ["mcpserver", "run.sh"],
    ["my-mcpd", "run.sh"],
]

# What a rule is about: a server, a worker.
SERVERS = [
    ["node", SERVER],
    ["node", OTHER_SERVER],
    ["mcp-server-held", "run.sh"],
    ["python3", "node_modules/.bin/mcp_server_held"],
    ["uvx", "mcp-server-held"],
]
WORKERS = [["node", FORK], ["node (vitest 3)", "run.sh"], ["node", "node_modules/tinypool/dist/entry/process.js"]]


def start(words, stdin, **environment):
    """An interpreter of any name; the script, where there is one, only waits."""
    plain = {"PATH": os.environ["PATH"], **environment}
    return subprocess.Popen(words, executable="/bin/sh", stdin=stdin, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL, env=plain)


def stage():
    """Every script of the tables, in this folder."""
    os.mkfifo("lifeline")
    for words in [*STRANGERS, *SERVERS, *WORKERS]:
        script = pathlib.Path(next((word for word in words[1:] if not word.startswith("-")), "run.sh"))
        script.parent.mkdir(parents=True, exist_ok=True)
        script.write_text(HOLD)


class Innocents:
    def __init__(self):
        self.held = []
        self.started = []

    def pipe(self, is_held):
        reader, writer = os.pipe()
        self.held += [writer] if is_held else []
        if not is_held:
            os.close(writer)
        return reader

    def pair(self):
        ours, theirs = socket.socketpair()
        self.held.append(ours)
        return theirs.detach()

    def add(self, words, stdin, **environment):
        self.started.append((words, start(words, stdin, **environment)))
        if stdin >= 0:
            os.close(stdin)

    def strangers(self):
        for words in STRANGERS:
            # One word: it takes its script from the input, which nobody may have closed.
            self.add(words, self.pipe(is_held=len(words) == 1))
            self.add(words, subprocess.DEVNULL if len(words) > 1 else self.pipe(is_held=True))

    def in_use(self):
        """With a client, a runner, or nobody who could have gone."""
        for words in SERVERS:
            self.add(words, self.pipe(is_held=True))
            self.add(words, self.pair())
            self.add(words, subprocess.DEVNULL)
            self.add(words, os.open("run.sh", os.O_RDONLY))
        for words in WORKERS:
            channel = self.pair()
            os.set_inheritable(channel, True)
            process = subprocess.Popen(words, executable="/bin/sh", stdin=subprocess.DEVNULL, pass_fds=[channel],
                                       env={"PATH": os.environ["PATH"], "NODE_CHANNEL_FD": str(channel)})
            self.started.append((words, process))
            os.close(channel)
            self.add(words, self.pair(), NODE_CHANNEL_FD="0")

    def fill(self, number):
        self.strangers()
        while len(self.started) < number:
            self.in_use()
        extra = self.started[number:]
        del self.started[number:]
        for _, process in extra:
            process.kill()
            process.wait()


def orphans():
    """Servers without a client and workers without a runner."""
    found = []
    for number in range(ORPHANS):
        if number % 4 == 3:
            words, environment = WORKERS[number // 4 % 2], {"NODE_CHANNEL_FD": "0"}
        else:
            words, environment = SERVERS[number % len(SERVERS)], {}
        if number % 2:
            ours, theirs = socket.socketpair()
            stdin = theirs.detach()
            ours.close()
        else:
            stdin, writer = os.pipe()
            os.close(writer)
        found.append(start(words, stdin, **environment))
        os.close(stdin)
    return found


def start_time(process):
    return pathlib.Path("/proc", str(process.pid), "stat").read_text().rpartition(")")[2].split()[19]


def main():
    brainwav = sys.argv[1:]
    if os.getpid() != 1:
        raise SystemExit("this belongs into a PID namespace of its own")
    stage()
    innocents = Innocents()
    innocents.fill(INNOCENTS)
    before = [start_time(process) for _, process in innocents.started]
    for _ in range(ROUNDS):
        lost = orphans()
        done = subprocess.run(brainwav, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        document = json.loads(done.stdout)
        ended = {entry["pid"] for entry in document["outcomes"]}
        numbers = {process.pid for process in lost}
        gone = [words for words, process in innocents.started if process.poll() is not None]
        changed = 0 if gone else sum(start_time(process) != time
                                     for (_, process), time in zip(innocents.started, before))
        hit = [words for words, process in innocents.started if process.pid in ended]
        missed = [entry for entry in document["candidates"] if entry["pid"] in numbers - ended]
        print(json.dumps({"code": done.returncode, "ended": len(ended & numbers), "innocents": len(innocents.started),
                          "hit": hit + gone, "changed": changed, "others": len(ended - numbers), "missed": missed,
                          "candidates": len(document["candidates"])}), flush=True)
        for process in lost:
            process.send_signal(signal.SIGKILL)
            process.wait()


if __name__ == "__main__":
    main()
else:
    from .failure import Skip, same, until
    from .reap_tools import runtime
    from .registry import scenario

    ALONE = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc", "--kill-child"]

    @scenario("reap-innocents", "of 200 innocents and 20 orphans exactly the orphans are ended, ten times")
    def reap_innocents(world):
        probe = subprocess.run([*ALONE, "true"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if probe.returncode != 0:
            raise Skip("this user may not make a PID namespace")
        folder = world.folder("innocents")
        words, settings = world.command(("reap", "orphans", "--json", "--min-age", "0s"))
        program = world.start([*ALONE, sys.executable, __file__, *words], folder,
                              **{**settings["env"], "XDG_RUNTIME_DIR": str(runtime(world))})
        until("all rounds are over", lambda: not program.is_running(), seconds=150)
        same(program.popen.returncode, 0, f"the rounds: {program.output()[-3000:]}")
        rounds = [json.loads(line) for line in program.output().splitlines() if line.startswith("{")]
        same(len(rounds), ROUNDS, "rounds")
        for number, found in enumerate(rounds):
            candidates = found.pop("candidates")
            same(found, {"code": 0, "ended": ORPHANS, "innocents": INNOCENTS, "hit": [], "changed": 0, "others": 0,
                         "missed": []}, f"round {number}, with {candidates} candidates")
        world.note(f"{ROUNDS} rounds: {ORPHANS} of {ORPHANS} orphans ended, 0 of {INNOCENTS} innocents")
