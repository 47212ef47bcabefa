"""The cache of Turborepo: an archive and its description for each hash."""

import re

from .cache_builders import BUILDERS, is_pruned_while_it_builds
from .cache_tools import content, limits, nothing_is_left_over, oldest_went_first, prune, runs_as_expected, survives
from .cache_world import TURBO_VERSIONS, Entry, Task, Workspace, later_second
from .failure import expect, same
from .registry import scenario

SETS = [f"turbo-cache/{version}" for version in TURBO_VERSIONS]
SEEDS = range(4)
# Where a prune can be killed: nothing is struck out of anywhere here.
FAULTS = ("renamed", "deleting")
PARTS = ("-meta.json", "-manifest.json", ".tar.zst")
# What turbo says of a task: it missed, or it hit, and the hash.
SAID = re.compile(r"(p\d+):build: cache (?:miss, executing|hit, replaying logs|hit, suppressing logs) ([0-9a-f]{16})")


class Turbo(Workspace):
    def __init__(self, world, version, projects=4, name="workspace"):
        super().__init__(world, "turbo", version, projects, name)
        self.tasks = {}

    def write_files(self):
        self.write_json("package.json", {"name": "workspace", "version": "1.0.0", "private": True,
                                         "packageManager": "npm@10.9.2", "workspaces": ["libs/*"]})
        self.write_json("package-lock.json", {"name": "workspace", "version": "1.0.0", "lockfileVersion": 3,
                                              "requires": True, "packages": {}})
        key = "pipeline" if self.version.startswith("1.") else "tasks"
        build = {"env": ["SEED"], "passThroughEnv": ["HOLD", "npm_config_*"], "outputs": ["dist/**"]}
        self.write_json("turbo.json", {key: {"build": build}})
        for name in self.projects:
            self.write_json(f"libs/{name}/package.json", {
                "name": name, "version": "1.0.0", "private": True,
                "scripts": {"build": f"node ../../tools/make.js dist {name} {self.log}"}})

    def dist(self, project):
        return self.folder / "libs" / project / "dist"

    def words(self, projects):
        no_daemon = ["--no-daemon"] if self.version.startswith("1.") else []
        return ["node_modules/.bin/turbo", "run", "build", *no_daemon, *(f"--filter={project}" for project in projects)]

    def variables(self):
        return {"TURBO_TELEMETRY_DISABLED": "1", "DO_NOT_TRACK": "1", "TURBO_NO_UPDATE_NOTIFIER": "1"}

    def finish(self, started):
        ran = super().finish(started)
        seed = next(iter(ran.asked)).seed
        for project, name in SAID.findall(ran.output):
            self.tasks[name] = Task(project, seed)
        return ran

    def cache(self):
        """Where this version keeps it."""
        return self.folder / ("node_modules/.cache/turbo" if self.version.startswith("1.") else ".turbo/cache")

    def groups(self):
        """The files of each hash."""
        found = {}
        for path in self.cache().iterdir() if self.cache().is_dir() else []:
            name, part = path.name[:16], path.name[16:]
            if part in PARTS:
                found.setdefault(name, []).append(path)
        return found

    def entries(self):
        """What could be a hit: task -> Entry."""
        found = {}
        for name, paths in self.groups().items():
            used = max(max(path.stat().st_mtime, path.stat().st_atime) for path in paths)
            if any(path.name.endswith(".tar.zst") for path in paths):
                found[self.tasks[name]] = Entry(name, self.cache() / f"{name}.tar.zst", used)
        return found

    def orphans(self):
        """Parts of a hash without its archive."""
        return {name for name, paths in self.groups().items()
                if not any(path.name.endswith(".tar.zst") for path in paths)}


def fills_up(workspace):
    workspace.fill(SEEDS)
    before = workspace.entries()
    again = workspace.build(0, "p1").good()
    same(again.hits, {Task("p1", 0)}, f"hits in {again}")
    later_second()
    after = workspace.entries()
    same(len(after), len(workspace.projects) * len(SEEDS), "entries")
    # Where the file system notes no times of access, a hit leaves no trace.
    return after, after[Task("p1", 0)].last_use > before[Task("p1", 0)].last_use


def control(workspace):
    """A hash of which a part is missing is a miss, and nothing worse."""
    workspace.build(0).good()
    parts = [path.name[16:] for path in next(iter(workspace.groups().values()))]
    for part in parts:
        task = Task("p0", 0)
        name = workspace.entries()[task].name
        (workspace.cache() / (name + part)).unlink()
        same(workspace.build(0).good().rebuilt - {task}, set(), f"rebuilt without {part}")
    return parts


@scenario("cache-turbo-control", "without brainwav: a hash of which a part is gone makes no empty hit", SETS)
def cache_turbo_control(world):
    for version in TURBO_VERSIONS:
        parts = control(Turbo(world, version, projects=2, name=f"turbo-{version}"))
        world.note(f"turbo {version}: {' '.join(sorted(parts))}")


def evicts_the_oldest(workspace):
    before, is_noted = fills_up(workspace)
    options, target = limits(workspace)
    options = (*options, "--min-age", "0s")
    cache = content(workspace.cache())
    dry = prune(workspace, *options, "--dry-run").code_is(1)
    same(content(workspace.cache()), cache, f"the cache after {dry}")

    look = prune(workspace, *options).code_is(0)
    after = workspace.entries()
    evicted = set(before) - set(after)
    oldest_went_first(before, evicted)
    if is_noted:
        expect(Task("p1", 0) in after, "what was used again stays:", look)
    named = {before[task].name for task in evicted}
    same(look.evictions("turbo", "removed"), named, f"named by {look}")
    same(dry.evictions("turbo"), named, f"named by {dry}, and then done by {look}")
    expect(workspace.used_on_disk() <= target, f"{workspace.used_on_disk()} bytes are left, not {target}:", look)
    nothing_is_left_over(workspace, look)
    runs_as_expected(workspace, before, evicted)
    return len(evicted), len(before)


@scenario("cache-turbo", "what goes from the cache of Turborepo is rebuilt, what stays is a whole hit", SETS)
def cache_turbo(world):
    for version in TURBO_VERSIONS:
        went, all_of_them = evicts_the_oldest(Turbo(world, version, name=f"turbo-{version}"))
        world.note(f"turbo {version}: {went} of {all_of_them} entries went and were rebuilt")


def concurrent(world, rounds):
    for version in TURBO_VERSIONS:
        workspace = Turbo(world, version, projects=2 * BUILDERS, name=f"turbo-{version}")
        is_pruned_while_it_builds(workspace, rounds)


@scenario("cache-turbo-concurrent", "no build of Turborepo restores too little while its cache is pruned", SETS)
def cache_turbo_concurrent(world):
    concurrent(world, 12)


@scenario("cache-turbo-long", "the same, longer", SETS, is_long=True)
def cache_turbo_long(world):
    concurrent(world, 50)


@scenario("cache-turbo-crash", "a prune that is killed leaves no empty hit, and the next one clears up", SETS)
def cache_turbo_crash(world):
    for version in TURBO_VERSIONS:
        survives(Turbo(world, version, projects=3, name=f"turbo-{version}"), FAULTS)
