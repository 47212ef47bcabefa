"""Servers that do not end with their clients: each class of orphan, and each
reason why one is none, with real clients."""

import signal

from . import processes
from .failure import expect, same, until
from .processes import is_alive
from .programs import bun_on_path
from .reap_tools import (SERVER, all_ended, hangs_on_first, kill, nobody_ended, orphans, ready, reap, stubborn_folder)
from .registry import scenario

# A client in Python gives its servers a pipe. It takes the way to start them
# and the name to give them.
PYTHON_CLIENT = """
import glob, os, pty, signal, subprocess, sys, time

SERVER, WAY, NAME = sys.argv[1:4]
words = ["node", SERVER, NAME]

def start(words=words, stdin=subprocess.PIPE, **more):
    return subprocess.Popen(words, stdin=stdin, **more)

def close(*_):
    children[0].stdin.close()

if WAY == "pipe":
    children = [start()]
elif WAY == "twice":
    children = [start()]
    time.sleep(0.2)
    children.append(start())
elif WAY == "npx twice":
    children = [start(["npx", "mcp-server-stubborn", NAME])]
    # Two that start in the same tick of the clock are of one age, and npx takes as long as it likes.
    while not glob.glob(f"ready/{NAME}-*"):
        time.sleep(0.02)
    time.sleep(0.2)
    children.append(start(["npx", "mcp-server-stubborn", NAME]))
elif WAY == "null":
    children = [start(stdin=subprocess.DEVNULL)]
elif WAY == "file":
    children = [start(stdin=open(SERVER))]
elif WAY == "terminal":
    master, slave = pty.openpty()
    children = [start(stdin=slave)]
    os.close(slave)
elif WAY == "leak":
    reader, writer = os.pipe()
    children = [start(stdin=reader), subprocess.Popen(["sleep", "300"], stdin=subprocess.DEVNULL, pass_fds=[writer])]
    os.close(reader)
elif WAY == "npx":
    children = [start(["npx", "mcp-server-stubborn", NAME])]
elif WAY == "setsid":
    children = [start(["setsid", "--fork", *words])]
elif WAY == "subreaper":
    # This one takes in what its own child leaves behind.
    import ctypes
    PR_SET_CHILD_SUBREAPER = 36
    assert ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
    children = [start([sys.executable, sys.argv[0], SERVER, "pipe", NAME], stdin=subprocess.DEVNULL)]
signal.signal(signal.SIGUSR1, close)
open(f"client-{NAME}", "w").close()
end = time.monotonic() + 300
while time.monotonic() < end:
    time.sleep(1)
"""

# node and bun give theirs one end of a socket pair.
NODE_CLIENT = """
const { spawn } = require('node:child_process')
const [server, name] = process.argv.slice(2)
const child = spawn('node', [server, name], { stdio: ['pipe', 'pipe', 'inherit'] })
child.stdout.resume()
setTimeout(() => process.exit(), 300_000)
require('node:fs').writeFileSync(`client-${name}`, '')
"""


class Stage:
    """All of the clients and servers, in one folder."""

    def __init__(self, world):
        self.world = world
        self.folder = stubborn_folder(world)
        world.write(self.folder / "client.py", PYTHON_CLIENT)
        world.write(self.folder / "client.js", NODE_CLIENT)
        self.clients = {}
        self.servers = {}

    def python(self, *ways):
        for way in ways:
            self.clients[way] = self.world.start(["python3", "client.py", SERVER, way, way], self.folder)

    def node(self, program):
        self.clients[program] = self.world.start([program, "client.js", SERVER, program], self.folder)

    def wait(self):
        for way in self.clients:
            until(f"client {way} is ready", (self.folder / f"client-{way}").exists)
            self.servers[way] = ready(self.folder, way, 2 if way.endswith("twice") else 1)

    def server(self, way):
        return self.servers[way][0]

    def others_live(self, *ended):
        """Whoever was not ended lives, and is the same as before."""
        for way in ended:
            del self.servers[way]
        self.world.all_alive([one for found in self.servers.values() for one in found], f"after {ended}")


def client_is_killed(stage, way, wanted_class=None):
    """Its server is ended, and nobody else."""
    server = stage.server(way)
    kill(stage.clients[way])
    wanted = wanted_class or ("orphan" if hangs_on_first(server) else "disconnected")
    look = orphans(stage.world)
    look.judged_is(server, wanted, "end")
    all_ended(stage.world, look, [server])
    stage.others_live(way)


def chain_is_ended(stage):
    """npm exec, its shell and the server: all three, although only one is the server."""
    chain = [one for one in stage.clients["npx"].members().values() if one.pid != stage.clients["npx"].pid]
    same(len(chain), 3, f"npx starts a shell that starts the server: {chain}")
    server = stage.server("npx")
    kill(stage.clients["npx"])
    stage.world.all_alive(chain, "when the client is killed")
    look = orphans(stage.world)
    expect(look.judged(server.pid) in [("orphan_chain", "end"), ("disconnected", "end")], "the chain:", look)
    same(set(look.candidates[server.pid]["wrapper_pids"]), {one.pid for one in chain} - {server.pid}, "its wrappers")
    all_ended(stage.world, look, chain)
    stage.others_live("npx")


def leak_is_kept(stage):
    """As long as somebody holds the other end, it may be in use."""
    third = stage.clients["leak"].find("^sleep 300$")
    server = stage.server("leak")
    kill(stage.clients["leak"])
    nobody_ended(orphans(stage.world)).judged_is(server, "connected", "keep")
    processes.send(third.identity, signal.SIGKILL)
    until("the third one is gone", lambda: not is_alive(third.identity))
    all_ended(stage.world, orphans(stage.world), [server])
    stage.others_live("leak")


def closed_pipe_is_ended(stage):
    client, server = stage.clients["closed"], stage.server("closed")
    processes.send(client.identity, signal.SIGUSR1)
    look = until("the client has closed its end", lambda: ended_at_all(stage, server))
    look.judged_is(server, "disconnected", "end")
    all_ended(stage.world, look, [server])
    stage.others_live("closed")
    expect(client.is_running(), "the client lives")


def ended_at_all(stage, server):
    look = orphans(stage.world)
    return look if server.pid in look.outcomes else None


def superseded_is_reported(stage):
    """One that was started directly, and one that a launcher started: that goes with its launcher."""
    pairs = {way: sorted(stage.servers[way], key=lambda one: one.start) for way in ("twice", "npx twice")}
    for _ in range(3):
        look = nobody_ended(orphans(stage.world))
        for first, second in pairs.values():
            look.judged_is(first, "superseded", "report")
            look.judged_is(second, "connected", "keep")
    doomed = [one for way, (first, _) in pairs.items() for one in line(first, stage.clients[way])]
    expect(len(doomed) > len(pairs), "npx starts a shell that starts the server:", doomed)
    look = orphans(stage.world, "--superseded")
    all_ended(stage.world, look, doomed)
    for way, (_, second) in pairs.items():
        stage.servers[way] = [second]
    stage.others_live()
    nobody_ended(orphans(stage.world, "--superseded"))


def line(server, client):
    """A server with everything between it and its client."""
    found = [server]
    while found[-1].parent != client.pid:
        found.append(processes.stat(found[-1].parent))
    return found


def subreaper_in_between(stage):
    """The client is the child of one who takes in its server."""
    outer, server = stage.clients["subreaper"], stage.server("subreaper")
    client = outer.find(r"client\.py \S+ pipe subreaper$")
    processes.send(client.identity, signal.SIGKILL)
    until("the subreaper has the server", lambda: processes.stat(server.pid).parent == outer.pid)
    look = orphans(stage.world)
    look.judged_is(server, "disconnected", "end")
    all_ended(stage.world, look, [server])
    stage.others_live("subreaper")
    expect(outer.is_running(), "the subreaper lives")


def independent_ones_are_kept(stage):
    ways = ("null", "file", "terminal")
    for way in ways:
        kill(stage.clients[way])
    look = nobody_ended(orphans(stage.world))
    for way in ways:
        look.judged_is(stage.server(way), "daemon", "keep")
    stage.others_live()


@scenario("reap-classes", "orphans of Python, node, bun and npx clients are ended, and what is no orphan is not",
          ["bun"])
def reap_classes(world):
    stage = Stage(world)
    programs = ["node", *(["bun"] if bun_on_path(world) else [])]
    for program in programs:
        stage.node(program)
    stage.python("pipe", "null", "file", "terminal", "leak", "npx", "setsid", "subreaper", "twice", "npx twice")
    stage.clients["closed"] = world.start(["python3", "client.py", SERVER, "pipe", "closed"], stage.folder)
    # These stay as they are until the end.
    stage.clients["alive"] = world.start(["python3", "client.py", SERVER, "pipe", "alive"], stage.folder)
    stage.clients["young"] = world.start(["node", "client.js", SERVER, "young"], stage.folder)
    stage.wait()

    look = nobody_ended(orphans(world))
    connected = [one for way, found in stage.servers.items() for one in found[-1:]
                 if way not in ("null", "file", "terminal")]
    for one in connected:
        look.judged_is(one, "connected", "keep")
    stage.others_live()

    superseded_is_reported(stage)
    independent_ones_are_kept(stage)
    for way in ["pipe", "setsid", *programs]:
        client_is_killed(stage, way)
    chain_is_ended(stage)
    leak_is_kept(stage)
    closed_pipe_is_ended(stage)
    subreaper_in_between(stage)

    # A young one is not judged, unless that is asked for.
    server = stage.server("young")
    kill(stage.clients["young"])
    nobody_ended(reap(world, "orphans", "--min-age", "1h"))
    all_ended(world, orphans(world), [server])
    stage.others_live("young")
    nobody_ended(orphans(world)).judged_is(stage.server("alive"), "connected", "keep")
    world.note(f"clients in {', '.join(['Python', *programs])}; {', '.join(stage.servers)} were kept")
