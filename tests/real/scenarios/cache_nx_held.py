"""A prune at the worst moment: a build has been told that an entry is there,
and has not copied it yet; or it has copied its outputs into the cache, and has
not said so yet."""

from .cache_nx import SETS, with_workspace
from .cache_tools import nothing_is_left_over, prune, runs_as_expected
from .cache_world import NX_VERSIONS, Task
from .failure import expect, same, until
from .registry import scenario

# Loaded into Nx before anything else. Where it is told to, it writes a file and
# waits until that file has gone: before outputs are copied out of the cache, or
# (19.8, whose cache is written in JavaScript) before `.commit` is written.
HOOK = """
const fs = require('node:fs')
const { PAUSE, PAUSE_AT } = process.env

function pause(at) {
  if (at !== PAUSE_AT || fs.existsSync(PAUSE + '.done')) return
  fs.writeFileSync(PAUSE + '.done', '')
  fs.writeFileSync(PAUSE, '')
  const cell = new Int32Array(new SharedArrayBuffer(4))
  while (fs.existsSync(PAUSE)) Atomics.wait(cell, 0, 0, 20)
}

function before(holder, name, at, counts) {
  const real = holder[name]
  holder[name] = function (...words) {
    if (counts(words)) pause(at)
    return real.apply(this, words)
  }
}

before(require('node:fs/promises'), 'writeFile', 'commit', ([path]) => String(path).endsWith('.commit'))
const Module = require('node:module')
const load = Module._load
const seen = new Map()
Module._load = function (request, ...rest) {
  const found = load.call(this, request, ...rest)
  if (!/native$/.test(request) || !found || !found.NxCache) return found
  if (!seen.has(found)) {
    seen.set(found, { __proto__: found, ...found })
    before(found.NxCache.prototype, 'copyFilesFromCache', 'copy', () => true)
    if (found.copy) before(seen.get(found), 'copy', 'copy', ([from]) => /[.]nx.cache.[0-9]+.outputs/.test(from))
  }
  return seen.get(found)
}
"""


class Paused:
    """A build that waits at one place until it is let go."""

    def __init__(self, workspace, at, seed, project):
        self.workspace = workspace
        self.file = workspace.world.root / f"pause-{next(workspace.world.numbers)}"
        hook = workspace.world.root / "hook.cjs"
        hook.write_text(HOOK)
        workspace.clear(project)
        self.started = workspace.start(seed, project, PAUSE=str(self.file), PAUSE_AT=at,
                                       NODE_OPTIONS=f"--require={hook}")
        program = self.started[0]
        until(f"Nx waits before {at}", lambda: self.file.exists() or not program.is_running(), show=program.output)
        expect(self.file.exists(), f"Nx waits before {at}:", program.output())

    def go_on(self):
        self.file.unlink()
        return self.workspace.finish(self.started)


def is_kept_for_a_reader(workspace):
    """What a build is about to copy stays, however little may stay."""
    workspace.fill([0, 1])
    workspace.age(3600)
    task = Task("p0", 0)
    paused = Paused(workspace, "copy", 0, "p0")
    look = prune(workspace, "--max-size", "1B", "--min-age", "1m", "--wait", "0s")
    expect(look.code in (0, 1), "a prune while a build reads:", look)
    expect(task in workspace.entries(), "what it reads stays:", look)
    ran = paused.go_on().good()
    same(ran.hits, {task}, f"hits in {ran}")
    nothing_is_left_over(workspace, look)
    return len(look.evictions("nx", "removed"))


def is_kept_for_a_writer(workspace):
    """An entry that is being written looks like one that was left over."""
    workspace.fill([0])
    paused = Paused(workspace, "commit", 1, "p0")
    look = prune(workspace, "--max-size", "1B", "--min-age", "0s", "--wait", "0s")
    expect(look.code in (0, 1), "a prune while a build writes:", look)
    paused.go_on().good()
    runs_as_expected(workspace, {Task("p0", 1)}, set())
    nothing_is_left_over(workspace, look)


def held(world, version, daemon):
    taken = with_workspace(world, version, is_kept_for_a_reader, projects=2, daemon=daemon)
    how = "with its daemon" if daemon else "without a daemon"
    world.note(f"Nx {version} {how}: {taken} entries went while a build was about to read another")


@scenario("cache-nx-held", "what a build of Nx is about to read, or is writing, is not taken from it", SETS)
def cache_nx_held(world):
    held(world, "23.2", daemon=False)
    held(world, "19.8", daemon=False)
    with_workspace(world, "19.8", is_kept_for_a_writer, projects=2)


@scenario("cache-nx-held-all", "the same in each version, with and without its daemon", SETS, is_long=True)
def cache_nx_held_all(world):
    for version in NX_VERSIONS:
        for daemon in (False, True):
            held(world, version, daemon)
