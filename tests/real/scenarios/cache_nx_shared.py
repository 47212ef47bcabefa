"""One cache that several use: the checkouts of a repository, a container that
has a machine id, and so a database, of its own, and two versions of Nx."""

import signal
import subprocess

from .cache_nx import SETS, with_workspace
from .cache_tools import nothing_is_left_over, oldest_went_first, prune, runs_as_expected
from .cache_world import NX_VERSIONS, later_second
from .failure import Skip, expect, same
from .registry import scenario

NAMESPACE = ["unshare", "--user", "--map-root-user", "--mount"]
MACHINE_IDS = ("/etc/machine-id", "/var/lib/dbus/machine-id")


def is_pruned_from_a_worktree(workspace):
    """The same cache, pruned by one who stands in another checkout."""
    workspace.fill([0, 1])
    later_second()
    linked = workspace.world.root / f"linked-{next(workspace.world.numbers)}"
    workspace.git("worktree", "add", "--quiet", str(linked))
    before = workspace.entries()
    used = workspace.used_on_disk()
    look = prune(workspace, "--max-size", f"{used * 5 // 8}B", "--target", "80%", "--min-age", "0s", cwd=linked)
    evicted = set(before) - set(workspace.entries())
    oldest_went_first(before, evicted)
    same(look.evictions("nx", "removed"), {before[task].name for task in evicted}, f"named by {look}")
    nothing_is_left_over(workspace, look)
    runs_as_expected(workspace, before, evicted)


@scenario("cache-nx-worktree", "a linked worktree prunes the cache that its main checkout uses", SETS)
def cache_nx_worktree(world):
    with_workspace(world, "22.7", is_pruned_from_a_worktree, projects=2)


@scenario("cache-nx-worktree-all", "the same in each version in which checkouts share", SETS, is_long=True)
def cache_nx_worktree_all(world):
    for version in NX_VERSIONS[2:]:
        with_workspace(world, version, is_pruned_from_a_worktree, projects=2)


class Container:
    """Words that start a program where this machine has another id."""

    def __init__(self, world):
        if subprocess.run([*NAMESPACE, "true"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode != 0:
            raise Skip("this user may not make a mount namespace")
        other = world.root / "machine-id"
        other.write_text("0123456789abcdef0123456789abcdef\n")
        binds = " && ".join(f"{{ [ ! -e {path} ] || mount --bind {other} {path}; }}" for path in MACHINE_IDS)
        self.words = [*NAMESPACE, "sh", "-c", binds + ' && exec "$@"', "sh"]


def is_pruned_with_two_machines(workspace):
    """Rows of an entry go from the databases of both, or neither has a hit
    that restores nothing."""
    container = Container(workspace.world)
    workspace.fill([0, 1])
    same(len(workspace.databases()), 1, "databases")
    inside = workspace.inside(container)
    ran = inside.build(0).good()
    same(ran.rebuilt, ran.asked, f"the container knows nothing of the host: {ran}")
    same(len(workspace.databases()), 2, "databases")
    same(inside.build(0).good().rebuilt, set(), "rebuilt in the container, now that it knows")
    later_second()
    options = ("--max-size", "1B", "--min-age", "0s")
    killed = prune(workspace, *options, fault="committed")
    same(killed.code, -signal.SIGKILL, f"it ended itself between the two databases: {killed}")
    look = prune(workspace, *options)
    expect(look.evictions("nx", "removed"), "entries went:", look)
    nothing_is_left_over(workspace, look)
    for one in (inside, workspace):
        for seed in (0, 1):
            one.build(seed).good()


@scenario("cache-nx-machines", "what goes is struck out of the database of every machine that uses the cache", SETS)
def cache_nx_machines(world):
    with_workspace(world, "23.2", is_pruned_with_two_machines, projects=2)


@scenario("cache-nx-machines-all", "the same in each version that has rows", SETS, is_long=True)
def cache_nx_machines_all(world):
    for version in NX_VERSIONS[1:]:
        with_workspace(world, version, is_pruned_with_two_machines, projects=2)


def is_pruned_after_an_upgrade(workspace):
    """Both versions know the same hashes, each from a database of its own."""
    workspace.fill([0, 1])
    workspace.install("22.7")
    for seed in (0, 1):
        workspace.build(seed).good()
    same(len(workspace.databases()), 2, "databases")
    later_second()
    look = prune(workspace, "--max-size", "1B", "--min-age", "0s")
    expect(look.evictions("nx", "removed"), "entries went:", look)
    nothing_is_left_over(workspace, look)
    for version in ("22.7", "20.8"):
        workspace.install(version)
        for seed in (0, 1):
            workspace.build(seed).good()


@scenario("cache-nx-upgrade", "what goes is struck out of the databases of two versions of Nx", SETS, is_long=True)
def cache_nx_upgrade(world):
    with_workspace(world, "20.8", is_pruned_after_an_upgrade, projects=2)
