"""What a dry run asks of the kernel: nothing that changes anything outside of
the folder in which brainwav keeps its own state."""

import re
import shutil

from .cache_nx import SETS, fills_up, with_workspace
from .cache_tools import content, limits, prune
from .failure import Skip, expect, same
from .registry import scenario

# Each has a path that strace writes out (-y resolves the descriptor before it).
CHANGES = ("unlink", "unlinkat", "rmdir", "rename", "renameat", "renameat2", "mkdir", "mkdirat", "mknod", "mknodat",
           "link", "linkat", "symlink", "symlinkat", "truncate", "ftruncate", "fallocate", "chmod", "fchmod",
           "fchmodat", "chown", "fchown", "lchown", "fchownat", "utimensat", "futimesat", "setxattr", "fsetxattr",
           "creat")
OPENS = ("open", "openat", "openat2")
WRITES = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_TMPFILE")
CALL = re.compile(r"^(?:\d+ +)?(\w+)\((.*)")


def changes(trace, allowed):
    """The calls of a trace that could change a file outside of these folders."""
    found = []
    for line in trace.read_text(errors="replace").splitlines():
        call = CALL.match(line)
        if not call:
            continue
        name, rest = call.groups()
        if name in CHANGES or (name in OPENS and WRITES.search(rest)):
            places = [path for path in re.findall(r'"(/[^"]*)"|<(/[^>]*)>', rest) for path in path if path]
            at = [path for path in places if path != str(trace)]
            if not at or not all(path.startswith(allowed) for path in at):
                found.append(line)
    return found


def is_only_looked_at(workspace, *options):
    """Runs brainwav under strace, and shows that it changed nothing."""
    world = workspace.world
    trace = world.root / f"trace-{next(world.numbers)}"
    calls = ",".join((*CHANGES, *OPENS))
    before = [content(folder) for folder in (workspace.folder, world.home)]
    look = prune(workspace, *options, before=("strace", "-f", "-y", "-s", "4096", "-e", f"trace=?{calls.replace(',', ',?')}",
                                             "-o", trace))
    expect(look.code in (0, 1), "it succeeds:", look)
    expect(look.store("nx")["entries"], "it has seen the cache:", look)
    same(changes(trace, (str(world.root / "state"), "/dev/", "/proc/")), [], f"calls that change something in {look}")
    same([content(folder) for folder in (workspace.folder, world.home)], before, f"files after {look}")
    return look


def is_proved(workspace):
    fills_up(workspace)
    options = (*limits(workspace)[0], "--min-age", "0s")
    look = is_only_looked_at(workspace, *options, "--dry-run")
    expect(look.evictions("nx"), "there was something to do:", look)
    is_only_looked_at(workspace, *options, "--list")
    # The trace shows what it has to show: the same without --dry-run is full of it.
    trace = workspace.world.root / "trace-of-a-prune"
    real = prune(workspace, *options, before=("strace", "-f", "-y", "-s", "4096", "-o", trace)).code_is(0)
    found = "\n".join(changes(trace, (str(workspace.world.root / "state"), "/dev/", "/proc/")))
    expect("rename" in found and "unlink" in found, "a real prune renames and unlinks:", real, found)


@scenario("cache-dry-run", "--dry-run and --list change nothing, as the system calls show", SETS)
def cache_dry_run(world):
    if not shutil.which("strace"):
        raise Skip("strace is not on PATH")
    for version, daemon in (("23.2", False), ("20.8", True), ("19.8", False)):
        with_workspace(world, version, is_proved, daemon=daemon, projects=2)
