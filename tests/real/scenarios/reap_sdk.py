"""Real MCP servers of real clients: those of a client that was killed are
ended, those of a client that lives are not."""

import re

from . import processes
from .failure import expect, same, until
from .processes import command_line
from .programs import VENV
from .reap_tools import all_ended, kill, nobody_ended, orphans, stop
from .registry import scenario

ROUNDS = 20

# The SDK of TypeScript gives its server a socket pair, that of Python a pipe.
# Both ask for the tools, and once more whenever the file `ask` is newer.
TYPESCRIPT = """
import { existsSync, rmSync } from 'node:fs'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'

const [name, command, ...args] = process.argv.slice(2)
const client = new Client({ name: 'real', version: '1' })
await client.connect(new StdioClientTransport({ command, args, env: process.env, stderr: 'inherit' }))
const ask = async () => console.log('tools:', (await client.listTools()).tools.length)
await ask()
setInterval(() => {
  if (!existsSync(`ask-${name}`)) return
  rmSync(`ask-${name}`)
  void ask()
}, 50)
setTimeout(() => process.exit(), 300_000)
"""

PYTHON = """
import asyncio, os, pathlib, sys
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

async def main(name, command, *args):
    server = StdioServerParameters(command=command, args=list(args), env=dict(os.environ))
    async with stdio_client(server) as (reader, writer), ClientSession(reader, writer) as session:
        await session.initialize()
        file = pathlib.Path(f"ask-{name}")
        file.touch()
        for _ in range(6000):
            if file.exists():
                file.unlink()
                print("tools:", len((await session.list_tools()).tools), flush=True)
            await asyncio.sleep(0.05)

asyncio.run(main(*sys.argv[1:]))
"""

LANGUAGES = {"typescript": ["node", "client.mjs"], "python": [VENV / "python", "client.py"]}
SERVERS = {
    "everything": (["node", "node_modules/.bin/mcp-server-everything"], r"^node \S+/mcp-server-everything"),
    "npx": (["npx", "mcp-server-everything"], r"^node \S+/mcp-server-everything"),
    "uv": ([VENV / "uv", "run", "--offline", "--no-project", "--python", VENV / "python", "mcp-server-time"],
           r"bin/mcp-server-time$"),
    "time": ([VENV / "mcp-server-time"], r"bin/mcp-server-time$"),
}


class Pair:
    """A client with its server, and with the launchers between them."""

    def __init__(self, world, folder, language, kind, use):
        self.name = f"{language}-{kind}-{use}"
        self.folder = folder
        words, self.pattern = SERVERS[kind]
        self.client = world.start([*LANGUAGES[language], self.name, *words], folder)

    def answers(self):
        return len(re.findall(r"tools: \d+", self.client.output()))

    def wait(self):
        until(f"{self.name} is connected", lambda: self.answers() or not self.client.is_running())
        expect(self.client.is_running(), f"{self.name} goes on")
        self.members = [one for one in self.client.members().values() if one.pid != self.client.pid]
        self.server = next(one for one in self.members if re.search(self.pattern, " ".join(command_line(one.pid))))

    def still_answers(self):
        before = self.answers()
        (self.folder / f"ask-{self.name}").write_text("")
        until(f"{self.name} answers again", lambda: self.answers() > before)


def check_killed(world, pair, alive):
    """Whoever cannot react is still there when brainwav looks."""
    stop([pair.server])
    kill(pair.client)
    look = orphans(world)
    parent = processes.stat(pair.server.pid)
    expect(parent is None or parent.is_zombie, "it is ended:", look)
    all_ended(world, look, pair.members)
    found, verdict = look.judged(pair.server.pid)
    wanted = "orphan_chain" if len(pair.members) > 1 else "orphan"
    expect(verdict == "end" and found in (wanted, "disconnected"), f"{pair.name} is an {wanted}:", look)
    world.all_alive([one for other in alive for one in other.members], f"when {pair.name} is ended")


def check(world, killed, passing, alive):
    """Each of these is a list of languages and servers."""
    folder = world.folder("clients", "mcp", **{"client.mjs": TYPESCRIPT, "client.py": PYTHON})
    killed, passing, alive = (
        [Pair(world, folder, language, kind, use) for language, kind in pairs]
        for use, pairs in (("killed", killed), ("passing", passing), ("alive", alive))
    )
    for pair in [*killed, *passing, *alive]:
        pair.wait()
    look = nobody_ended(orphans(world))
    for pair in [*killed, *passing, *alive]:
        look.judged_is(pair.server, "connected", "keep")

    for at, pair in enumerate(killed):
        check_killed(world, pair, [*killed[at + 1:], *passing, *alive])

    # As it comes: they end by themselves, or they are ended.
    ended = set()
    for pair in passing:
        kill(pair.client)
    gone = [one for pair in passing for one in pair.members]

    def all_are_gone():
        ended.update(orphans(world).code_is(0).outcomes)
        return not world.alive(gone)

    until("those who could react are gone too", all_are_gone, seconds=30)
    expect(ended <= {one.pid for one in gone}, "nobody else was ended:", ended)

    for _ in range(ROUNDS):
        look = nobody_ended(orphans(world))
        same({look.judged(pair.server.pid) for pair in alive}, {("connected", "keep")}, f"judged in {look}")
    world.all_alive([one for pair in alive for one in pair.members], f"after {ROUNDS} looks")
    for pair in alive:
        pair.still_answers()
    world.note(f"{len(killed)} that were stopped were ended; of {len(gone)} that could react, {len(ended)} were")


@scenario("reap-sdk", "servers of a killed client are ended, those of a living one stay, over 20 looks",
          ["mcp", "python"])
def reap_sdk(world):
    check(world,
          [("typescript", "everything"), ("typescript", "npx"), ("python", "everything"), ("python", "npx")],
          [("typescript", "everything"), ("python", "everything")],
          [("typescript", "npx"), ("python", "everything")])


# Made independent on purpose, with what is left of children that it did not wait for.
DAEMON = """#!/usr/bin/env python3
import asyncio, pathlib, subprocess, time

async def main():
    held = [subprocess.Popen(["true"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(CHILDREN)]
    for one in held:
        one.wait()
    pathlib.Path("ready-CHILDREN").touch()
    time.sleep(300)

asyncio.run(main())
"""


def start_daemon(world, folder, children):
    """A server whose parent has gone, with /dev/null as its standard input."""
    script = folder / f"mcp-server-daemon{children}"
    world.write(script, DAEMON.replace("CHILDREN", str(children)))
    starter = world.start(["sh", "-c", f"{VENV}/python {script} </dev/null >log 2>&1 &"], folder)
    until("the daemon is ready", (folder / f"ready-{children}").exists)
    expect(not starter.is_running(), "its parent has gone")
    found = [one for one in processes.everyone().values() if str(script) in command_line(one.pid)]
    same(len(found), 1, f"daemons of {script}")
    return found[0]


@scenario("reap-sdk-python", "a Python server that moved its streams is ended with its client; a daemon that looks like it is kept",
          ["mcp", "python"])
def reap_sdk_python(world):
    """The Python SDK moves both streams of its server to other descriptors, behind /dev/null."""
    folder = world.folder("clients", "mcp", **{"client.mjs": TYPESCRIPT, "client.py": PYTHON})
    pairs = [Pair(world, folder, language, kind, use) for use in ("killed", "alive")
             for language in LANGUAGES for kind in ("time", "uv")]
    daemons = [start_daemon(world, folder, children) for children in range(3)]
    for pair in pairs:
        pair.wait()
    killed, alive = pairs[:4], pairs[4:]
    look = nobody_ended(orphans(world))
    for pair in pairs:
        look.judged_is(pair.server, "connected", "keep")
    for at, pair in enumerate(killed):
        check_killed(world, pair, [*killed[at + 1:], *alive])
    for _ in range(ROUNDS):
        look = nobody_ended(orphans(world))
        same({look.judged(pair.server.pid) for pair in alive}, {("connected", "keep")}, f"judged in {look}")
        same({look.judged(one.pid) for one in daemons}, {("daemon", "keep")}, f"judged in {look}")
    world.all_alive([*daemons, *(one for pair in alive for one in pair.members)], f"after {ROUNDS} looks")
    for pair in alive:
        pair.still_answers()
