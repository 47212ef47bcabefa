"""How the scenarios of `reap` run brainwav, and the MCP server that does not
end when its client is gone."""

import json
import pathlib
import signal
import subprocess

from . import processes
from .failure import expect, same, until
from .processes import is_alive
from .world import Look

SERVER = "node_modules/@modelcontextprotocol/server-stubborn/index.js"

# Goes on when its standard input has ended, as the bad ones do, and for five
# minutes at most. It tells its number in a file with the name that it was given.
STUBBORN_SERVER = """#!/usr/bin/env node
const { mkdirSync, renameSync, writeFileSync } = require('node:fs')
process.stdin.on('error', () => {})
process.stdin.resume()
setInterval(() => {}, 1000)
setTimeout(() => process.exit(), 300_000)
mkdirSync('ready', { recursive: true })
const file = `ready/${process.argv[2]}-${process.pid}`
writeFileSync(`ready/.${process.pid}`, '')
renameSync(`ready/.${process.pid}`, file)
"""


class Reaped(Look):
    """What one run of `brainwav reap --json` came to."""

    def __init__(self, arguments, done):
        super().__init__(arguments, done)
        self.candidates = {entry["pid"]: entry for entry in self.document.get("candidates", [])}
        self.outcomes = {entry["pid"]: entry for entry in self.document.get("outcomes", [])}

    def __str__(self):
        text = json.dumps(self.document, indent=1) if self.document else self.stdout
        return f"brainwav {' '.join(map(str, self.arguments))}: exit code {self.code}\n{text}\n{self.stderr}"

    def judged(self, pid):
        entry = self.candidates.get(pid)
        return entry and (entry["class"], entry["verdict"])

    def judged_is(self, one, *expected):
        expect(self.judged(one.pid) == expected, f"{one} was to be judged {expected}:", self)


def reap(world, what, *arguments, cwd=None):
    """Runs `brainwav reap`, and proves that it speaks of nobody but ours."""
    arguments = ("reap", what, "--json", *arguments)
    words, settings = world.command(arguments, cwd)
    settings["env"]["XDG_RUNTIME_DIR"] = str(runtime(world))
    ours = set(world.family.look())
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=180, **settings)
    look = Reaped(arguments, done)
    ours |= set(world.family.look())
    strangers = (set(look.candidates) | set(look.outcomes)) - ours
    same(strangers, set(), f"strangers in {look}")
    return look


def orphans(world, *arguments):
    return reap(world, "orphans", "--min-age", "0s", *arguments)


def runtime(world):
    """The user's runtime folder."""
    folder = world.root / "run"
    folder.mkdir(exist_ok=True)
    return folder


def stubborn_folder(world, name="serving"):
    """A folder with the server, also under the name by which npx finds it."""
    folder = world.folder(name, **{SERVER: STUBBORN_SERVER})
    (folder / SERVER).chmod(0o755)
    bin_folder = folder / "node_modules/.bin"
    bin_folder.mkdir()
    (bin_folder / "mcp-server-stubborn").symlink_to(pathlib.Path("../..") / SERVER)
    return folder


def ready(folder, name, number=1):
    """The servers that were started with this name, once so many are ready."""

    def found():
        pids = [int(file.name.rpartition("-")[2]) for file in (folder / "ready").glob(f"{name}-*")]
        living = [one for one in map(processes.stat, pids) if one and not one.is_zombie]
        return sorted(living, key=lambda one: (one.start, one.pid)) if len(living) == number else None

    return until(f"{number} of {name} are ready", found)


def kill(program):
    """Ends a client without a chance to say goodbye to its servers."""
    processes.send(program.identity, signal.SIGKILL)
    until(f"{program.words[0]} is killed", lambda: not program.is_running())


def stop(members):
    """They cannot notice anything until they are continued."""
    for one in members:
        processes.send(one.identity, signal.SIGSTOP)
    until("they have stopped", lambda: all(processes.stat(one.pid).state == "T" for one in members))


def all_ended(world, look, members):
    """Exactly these were ended."""
    same(set(look.outcomes), {one.pid for one in members}, f"ended by {look}")
    look.code_is(0)
    world.all_gone(members, "what was ended")


def nobody_ended(look):
    expect(look.code == 0 and not look.outcomes, "nothing was to be ended:", look)
    return look


def hangs_on_first(one):
    """Whether it hangs on process 1; a subreaper may be in between."""
    now = processes.stat(one.pid)
    return is_alive(one.identity) and now.parent == 1
