"""The cache of Nx: what prune-cache takes from it is rebuilt, and what it leaves is a hit."""

import shutil

from .cache_nx_world import Nx
from .cache_tools import content, limits, nothing_is_left_over, oldest_went_first, prune, runs_as_expected
from .cache_world import NX_VERSIONS, Task, later_second
from .failure import expect, same
from .registry import scenario

SETS = [f"nx-cache/{version}" for version in NX_VERSIONS]
SEEDS = range(4)


def with_workspace(world, version, use, below_tmp=False, **more):
    """Gives `use` a workspace and a home, and ends its daemon whatever comes of it."""
    world.another_home(below_tmp)
    workspace = Nx(world, version, name=f"nx-{version}-{next(world.numbers)}", **more)
    try:
        return use(workspace)
    finally:
        if workspace.daemon:
            workspace.stop_daemon()


def control(workspace):
    """Takes the folder of one entry away, as a naive prune does."""
    workspace.fill([0])
    task = Task("p1", 0)
    shutil.rmtree(workspace.entries()[task].path)
    ran = workspace.build(0)
    if workspace.is_old:
        expect(ran.code != 0, "19.8 fails when only the folder is gone:", ran)
    elif workspace.version.startswith("24."):
        same(ran.good().rebuilt, {task}, f"rebuilt by {ran}")
    else:
        same(ran.code, 0, f"the exit code of {ran}")
        expect(ran.is_empty_hit(task) and "[local cache]" in ran.output, "an empty hit is seen:", ran)
        same(set(ran.short), {task}, f"short in {ran}")
        expect(workspace.build(0).is_empty_hit(task), "and it stays so:", ran)


@scenario("cache-nx-control", "without brainwav: a folder that goes without its row makes an empty hit", SETS)
def cache_nx_control(world):
    for version in NX_VERSIONS:
        with_workspace(world, version, control, projects=2)


def fills_up(workspace):
    """An entry of the first seed is used again after all others were made."""
    workspace.fill(SEEDS)
    again = workspace.build(0, "p1").good()
    same(again.hits, {Task("p1", 0)}, f"hits in {again}")
    later_second()
    return workspace.entries()


def evicts_the_oldest(workspace):
    before = fills_up(workspace)
    same(len(before), len(workspace.projects) * len(SEEDS), "entries")
    options, target = limits(workspace)
    options = (*options, "--min-age", "0s")

    cache = content(workspace.cache())
    dry = prune(workspace, *options, "--dry-run").code_is(1)
    same(content(workspace.cache()), cache, f"the cache after {dry}")
    young = prune(workspace, *options[:-2]).code_is(1)
    same(young.evictions("nx", "removed"), set(), f"entries younger than the least age in {young}")
    same(content(workspace.cache()), cache, f"the cache after {young}")

    look = prune(workspace, *options).code_is(0)
    after = workspace.entries()
    evicted = set(before) - set(after)
    oldest_went_first(before, evicted)
    expect(Task("p1", 0) in after, "what was used again stays:", look)
    named = {before[task].name for task in evicted}
    same(look.evictions("nx", "removed"), named, f"named by {look}")
    same(dry.evictions("nx"), named, f"named by {dry}, and then done by {look}")
    same(named & workspace.terminal_outputs(), set(), f"outputs to the terminal after {look}")
    expect(workspace.used_on_disk() <= target, f"{workspace.used_on_disk()} bytes are left, not {target}:", look)
    nothing_is_left_over(workspace, look)

    runs_as_expected(workspace, before, evicted)
    nothing_is_left_over(workspace, look)
    return len(evicted), len(before)


def tries(world, version, **more):
    went, all_of_them = with_workspace(world, version, evicts_the_oldest, **more)
    how = "with its daemon" if more.get("daemon") else "without a daemon"
    where = ", cacheDirectory" if more.get("cache_directory") else ", home below /tmp" if more.get("below_tmp") else ""
    world.note(f"Nx {version} {how}{where}: {went} of {all_of_them} entries went and were rebuilt")


@scenario("cache-nx", "what goes from the cache of Nx is rebuilt, what stays is a whole hit", SETS)
def cache_nx(world):
    tries(world, "23.2")
    tries(world, "20.8", daemon=True)


@scenario("cache-nx-all", "the same in each version, with and without its daemon", SETS, is_long=True)
def cache_nx_all(world):
    for version in NX_VERSIONS:
        for daemon in (False, True):
            tries(world, version, daemon=daemon)


@scenario("cache-nx-places", "the same where Nx keeps its cache in the workspace", SETS, is_long=True)
def cache_nx_places(world):
    # A home below /tmp is one that Nx 24 does not trust with its cache.
    for version in NX_VERSIONS:
        tries(world, version, below_tmp=True)
        tries(world, version, cache_directory="elsewhere/cache")
