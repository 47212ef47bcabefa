"""Nx builds while its cache is pruned, and after a prune that was killed."""

from .cache_builders import BUILDERS, is_pruned_while_it_builds
from .cache_nx import SETS, with_workspace
from .cache_tools import survives
from .cache_world import NX_VERSIONS
from .registry import scenario

# The instants at which a debug build ends itself, in the order in which an
# entry passes them: plan written down, rows deleted and not yet the notes of
# 19.8, both deleted, folder renamed, its identity looked at, output to the
# terminal deleted, trash about to be deleted, some of it deleted, and the trash
# of an earlier run about to be deleted.
FAULTS = ("noted", "rows", "struck", "renamed", "checked", "outputs", "deleting", "removing", "deleting+settling")


def concurrent(world, version, rounds, **more):
    # While an Nx 19.8 runs, nothing proves that it is not about to read an entry.
    def use(workspace):
        is_pruned_while_it_builds(workspace, rounds, is_pruned_in_use=not workspace.is_old)

    with_workspace(world, version, use, projects=2 * BUILDERS, **more)


@scenario("cache-nx-concurrent", "no build of Nx fails or restores too little while its cache is pruned", SETS)
def cache_nx_concurrent(world):
    concurrent(world, "23.2", 12)


@scenario("cache-nx-concurrent-all", "the same in each version, longer", SETS, is_long=True)
def cache_nx_concurrent_all(world):
    for version in NX_VERSIONS:
        for daemon in (False, True):
            concurrent(world, version, 50, daemon=daemon)


def crashes(world, version, faults):
    with_workspace(world, version, lambda workspace: survives(workspace, faults), projects=3)
    world.note(f"Nx {version}: killed at {', '.join(faults)}")


@scenario("cache-nx-crash", "a prune that is killed leaves no empty hit, and the next one clears up", SETS)
def cache_nx_crash(world):
    # One that has its cache below the home folder, and one in the workspace,
    # where folders without a row may be of somebody else.
    crashes(world, "23.2", ("struck", "renamed", "removing"))
    crashes(world, "22.7", ("rows", "renamed", "outputs", "removing", "deleting+settling"))


@scenario("cache-nx-crash-all", "the same in each version", SETS, is_long=True)
def cache_nx_crash_all(world):
    for version in NX_VERSIONS:
        crashes(world, version, FAULTS)
