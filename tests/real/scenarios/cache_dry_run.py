"""What a dry run asks of the kernel: nothing that changes anything outside of
the folder in which brainwav keeps its own state."""

import os
import re
import shutil
from typing import NamedTuple

from .cache_nx import SETS, fills_up, with_workspace
from .cache_tools import content, limits, prune
from .cache_turbo import Turbo
from .cache_turbo import fills_up as turbo_fills_up
from .cache_whole import FILES, Server, grow_old
from .failure import Skip, expect, same
from .registry import scenario

# Each has a path that strace writes out (-y resolves the descriptor before it).
CHANGES = ("unlink", "unlinkat", "rmdir", "rename", "renameat", "renameat2", "mkdir", "mkdirat", "mknod", "mknodat",
           "link", "linkat", "symlink", "symlinkat", "truncate", "ftruncate", "fallocate", "chmod", "fchmod",
           "fchmodat", "chown", "fchown", "lchown", "fchownat", "utimensat", "futimesat", "setxattr", "fsetxattr",
           "creat")
OPENS = ("open", "openat", "openat2")
PUTS = ("write", "writev", "pwrite64", "pwritev", "pwritev2", "copy_file_range", "sendfile")
WRITES = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_TMPFILE")
# With -y a descriptor is followed by its path: the folder in which a name is
# looked up, or the file that something is done to.
PATH = re.compile(r'(?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"([^"]*)"')
FILE = re.compile(r"^\d+<(/[^>]*)>")
CALL = re.compile(r"^(?:\d+ +)?(\w+)\((.*)")


def places(rest):
    """The paths that a call is about, those of its results aside."""
    named = [os.path.join(folder, path) for folder, path in PATH.findall(rest.rpartition(" = ")[0])]
    return named or FILE.findall(rest)


def is_within(path, folders):
    return any(path == folder or path.startswith(folder + "/") for folder in folders)


def changes(trace, allowed, logs=()):
    """The calls of a trace that could change a file outside of these folders.
    `logs` are write-ahead logs that are there already: SQLite opens them for
    writing, and gives them the owner of the database, even when it only reads.
    What is written into them counts."""
    found = []
    for line in trace.read_text(errors="replace").splitlines():
        call = CALL.match(line)
        if not call:
            continue
        name, rest = call.groups()
        paths = FILE.findall(rest) if name in PUTS else places(rest)
        if name in PUTS:
            is_change = bool(paths)  # a pipe has no path
        elif name in (*OPENS, "fchown") and any(path in logs for path in paths):
            is_change = False
        else:
            is_change = name in CHANGES or (name in OPENS and WRITES.search(rest))
        if is_change and not (paths and all(is_within(path, allowed) for path in paths)):
            found.append(line)
    return found


def own(world):
    """Where brainwav may write at any time."""
    return str(world.root / "state"), "/dev", "/proc"


def files(workspace):
    """All that is in the workspace and in the home, but what a daemon notes."""
    found = [content(folder) for folder in (workspace.folder, workspace.world.home)]
    return {(path, what) for folder in found for path, what in folder.items() if "workspace-data/d/" not in path}


def is_only_looked_at(workspace, *options):
    """Runs brainwav under strace, and shows that it changed nothing."""
    world = workspace.world
    trace = world.root / f"trace-{next(world.numbers)}"
    # A question mark: not every machine has each of them.
    calls = "trace=?" + ",?".join((*CHANGES, *OPENS, *PUTS))
    logs = {str(path) for folder in (workspace.folder, world.home) for path in folder.rglob("*.db-*")}
    before = files(workspace)
    look = prune(workspace, *options, before=("strace", "-f", "-y", "-s", "4096", "-e", calls, "-o", trace))
    expect(look.code in (0, 1), "it succeeds:", look)
    expect(look.entries(workspace.kind), "it has seen the cache:", look)
    same(changes(trace, own(world), logs), [], f"calls that change something in {look}")
    same(files(workspace) ^ before, set(), f"files that are not as before after {look}")
    return look


def is_proved(workspace):
    fills_up(workspace)
    shows(workspace, *limits(workspace)[0], "--min-age", "0s")


def shows(workspace, *options):
    """A dry run and a list change nothing, and the same without them does."""
    look = is_only_looked_at(workspace, *options, "--dry-run")
    expect(look.evictions(workspace.kind), "there was something to do:", look)
    is_only_looked_at(workspace, *options, "--list")
    # The trace shows what it has to show: the same without --dry-run is full of it.
    trace = workspace.world.root / "trace-of-a-prune"
    real = prune(workspace, *options, before=("strace", "-f", "-y", "-s", "4096", "-o", trace)).code_is(0)
    found = "\n".join(changes(trace, own(workspace.world)))
    expect("rename" in found and "unlink" in found, "a real prune renames and unlinks:", real, found)


@scenario("cache-dry-run", "--dry-run and --list change nothing, as the system calls show", SETS)
def cache_dry_run(world):
    if not shutil.which("strace"):
        raise Skip("strace is not on PATH")
    for version, daemon in (("23.2", False), ("20.8", True), ("19.8", False)):
        with_workspace(world, version, is_proved, daemon=daemon, projects=2)


class Place(NamedTuple):
    """A project with a cache that goes as a whole."""
    world: object
    kind: str
    folder: object


def whole(world):
    folder = world.folder("vite", "vitest5", **FILES)
    server = Server(world, folder)
    server.serves_the_dependency()
    server.stop()
    grow_old(folder / "node_modules/.vite/deps")
    webpack = folder / "node_modules/.cache/webpack"
    world.write(webpack / "web-production/0.pack", "x" * 10_000)
    world.write(webpack / "web-production/package.json", "{}")
    grow_old(webpack)
    for kind in ("vite", "webpack"):
        shows(Place(world, kind, folder))


@scenario("cache-dry-run-others", "the same for Turborepo, and for caches that go as a whole",
          ["turbo-cache/2.11", "vitest5"])
def cache_dry_run_others(world):
    if not shutil.which("strace"):
        raise Skip("strace is not on PATH")
    workspace = Turbo(world, "2.11", projects=2)
    turbo_fills_up(workspace)
    shows(workspace, *limits(workspace)[0], "--min-age", "0s")
    whole(world)
