"""Caches that go as a whole: filled by their real tools, pruned when they are
old and idle, held back while a tool works with them, and filled again after."""

import os
import re
import subprocess
import time
import urllib.request

from .cache_tools import Pruned, content
from .failure import expect, same, until
from .registry import scenario

OLD = 40 * 86_400
VITE_SETS = ("vitest1", "vitest3", "vitest4", "vitest5")

# A page with one dependency, which Vite bundles ahead into its cache.
FILES = {
    "package.json": '{"name": "app", "version": "1.0.0", "private": true, "type": "module"}\n',
    "index.html": '<script type="module" src="/main.js"></script>\n',
    "main.js": "import { small } from 'small-dependency'\ndocument.title = small\n",
    "node_modules/small-dependency/package.json": '{"name": "small-dependency", "version": "1.0.0"}\n',
    "node_modules/small-dependency/index.js": "exports.small = 'small'\n",
}
# Nothing but what is below the folder of the scenario, whatever the environment says of proxies.
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def grow_old(folder):
    """As if nobody had used it for weeks."""
    then = time.time() - OLD
    for place, _, files in os.walk(folder, topdown=False):
        for path in [*(os.path.join(place, file) for file in files), place]:
            os.utime(path, (then, then), follow_symlinks=False)


def prune(world, folder, *options, alone=False):
    """Runs `brainwav prune-cache`; alone, where it sees nobody else's processes."""
    arguments = ("prune-cache", "--json", "--wait", "0s", *options)
    words, settings = world.command(arguments, folder)
    who = ["--user", "--map-root-user"] if os.getuid() else []
    before = ["unshare", *who, "--pid", "--fork", "--mount-proc"] if alone else []
    done = subprocess.run([*before, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=180, **settings)
    return Pruned(arguments, done)


def is_kept(world, folder, cache, why, *options, code):
    before = content(cache)
    look = prune(world, folder, *options).code_is(code)
    same(content(cache), before, f"the cache, {why}, after {look}")
    return look


class Server:
    """A dev server that answers."""

    def __init__(self, world, folder):
        self.program = world.start(["node", "node_modules/vite/bin/vite.js", "--host", "127.0.0.1", "--port", "0"],
                                   folder)
        address = until("vite says where it listens", self.address, show=self.program.output)
        self.url = address.group(1)

    def address(self):
        plain = re.sub(r"\x1b\[[0-9;]*m", "", self.program.output())
        return re.search(r"(http://127\.0\.0\.1:\d+)/", plain)

    def get(self, path):
        with DIRECT.open(self.url + path, timeout=60) as answer:
            return answer.read().decode()

    def serves_the_dependency(self):
        """As a browser would load it, out of the cache."""
        way = re.search(r'from "(/node_modules/\.vite/deps/[^"]+)"', self.get("/main.js"))
        expect(way, "the dependency comes from the cache:", self.program.output())
        expect("small" in self.get(way.group(1)), "it is what was bundled")

    def stop(self):
        self.program.popen.terminate()
        until("vite ends", lambda: not self.program.is_running())
        until("and all that it started", lambda: not self.program.members())


def vite(world, version):
    folder = world.folder(f"vite-{version}", version, **FILES)
    cache = folder / "node_modules/.vite/deps"
    server = Server(world, folder)
    server.serves_the_dependency()
    expect((cache / "package.json").exists(), "vite writes a package.json:", list(content(cache)))
    grow_old(cache)
    look = is_kept(world, folder, cache, "with a dev server", "vite", code=1)
    pids = {pid for store in look.stores for pid in store["in_use_by_pids"]}
    expect(server.program.pid in pids, "the dev server is named:", look)
    server.serves_the_dependency()
    server.stop()

    grow_old(cache)
    is_kept(world, folder, cache, "in a list", "--list", code=1)
    is_kept(world, folder, cache, "that was not named", code=0)
    is_kept(world, folder, cache, "in a dry run", "vite", "--dry-run", code=1)
    look = prune(world, folder, "vite").code_is(0)
    expect(not cache.exists(), "it goes:", look)
    same([path.name for path in cache.parent.iterdir() if "trash" in path.name], [], "trash")
    again = Server(world, folder)
    again.serves_the_dependency()
    again.stop()
    is_kept(world, folder, cache, "that is new", "vite", code=0)


@scenario("cache-vite", "the cache of Vite goes when it is old and no dev server runs, and comes back", VITE_SETS)
def cache_vite(world):
    for version in VITE_SETS:
        vite(world, version)
    world.note(f"{len(VITE_SETS)} versions of vite")


def run_jest(world, folder):
    run = world.start(["node", "node_modules/.bin/jest", "--maxWorkers=1"], folder)
    until("jest ends", lambda: not run.is_running(), show=run.output)
    same(run.popen.returncode, 0, f"exit code of jest: {run.output()}")


@scenario("cache-jest", "the cache of Jest goes when it is old and no jest runs, and comes back", ["jest"])
def cache_jest(world):
    # One that waits for a file, which is not there yet.
    waits = ("test('waits', async () => { const fs = require('node:fs'); fs.writeFileSync('ready', '')\n"
             "while (!fs.existsSync('go')) await new Promise((done) => setTimeout(done, 20)) }, 600_000)\n")
    folder = world.folder("jest-project", "jest", **{"waits.test.js": waits})
    (folder / "go").touch()
    run_jest(world, folder)
    caches = [path for path in (world.root / "tmp").iterdir() if path.name.startswith("jest_")]
    same(len(caches), 1, f"caches of jest in {list((world.root / 'tmp').iterdir())}")
    cache = caches[0]
    expect(content(cache), "jest has filled it")

    (folder / "go").unlink()
    (folder / "ready").unlink()
    busy = world.start(["node", "node_modules/.bin/jest", "--maxWorkers=1", "waits"], folder)
    until("the test waits", lambda: (folder / "ready").exists() or not busy.is_running(), show=busy.output)
    grow_old(cache)
    look = is_kept(world, folder, cache, "with a run", "jest", code=1)
    expect(any(store["in_use_by_pids"] for store in look.stores), "it is in use:", look)
    (folder / "go").touch()
    until("jest ends", lambda: not busy.is_running(), show=busy.output)
    same(busy.popen.returncode, 0, f"exit code of jest: {busy.output()}")

    grow_old(cache)
    look = prune(world, folder, "jest", alone=True).code_is(0)
    expect(not cache.exists(), "it goes:", look)
    run_jest(world, folder)
    expect(content(cache), "jest has filled it again")
