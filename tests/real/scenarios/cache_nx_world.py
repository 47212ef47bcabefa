"""An Nx workspace, its daemon, and the entries and rows of its cache."""

import os
import pathlib
import sqlite3
from contextlib import closing
from datetime import datetime, timezone

from .cache_world import Entry, Workspace
from .failure import expect, until
from .processes import command_line

MARKER = ".commit"


class Nx(Workspace):
    """`daemon`: Nx starts one and asks it. `cache_directory`: as nx.json may
    name one, which keeps Nx 23.2 and newer from sharing the cache below ~/.nx."""

    def __init__(self, world, version, projects=4, daemon=False, cache_directory=None, name="workspace"):
        self.daemon, self.cache_directory, self.found = daemon, cache_directory, None
        super().__init__(world, "nx", version, projects, name)

    def write_files(self):
        self.write_json("package.json", {"name": "workspace", "version": "1.0.0", "private": True})
        settings = {"neverConnectToCloud": True, "analytics": False, "targetDefaults": {"build": {
            "cache": True, "inputs": ["{projectRoot}/**/*", {"env": "SEED"}],
            "outputs": ["{workspaceRoot}/dist/{projectName}"]}}}
        if self.cache_directory:
            settings["cacheDirectory"] = self.cache_directory
        self.write_json("nx.json", settings)
        for name in self.projects:
            command = f"node tools/make.js dist/{name} {name} {self.log}"
            self.write_json(f"libs/{name}/project.json", {
                "name": name, "root": f"libs/{name}", "projectType": "library",
                "targets": {"build": {"executor": "nx:run-commands", "options": {"command": command}}}})

    @property
    def is_old(self):
        """19.8: one `.commit` beside each folder, and no rows."""
        return self.version.startswith("19.")

    def words(self, projects):
        return ["node_modules/.bin/nx", "run-many", "--target=build", "--outputStyle=static", "--parallel=2",
                "--projects=" + ",".join(projects)]

    def variables(self):
        return {"NX_DAEMON": "true" if self.daemon else "false", "NX_INTERACTIVE": "false"}

    def daemon_process(self):
        """The daemon, if one is there: the member of this family that says so."""
        return next((one for one in self.world.family.look().values() if is_daemon(one.pid)), None)

    def stop_daemon(self):
        stop = self.world.start(["node_modules/.bin/nx", "daemon", "--stop"], self.folder, **self.variables())
        stop.popen.wait(60)
        self.world.forget(stop)
        until("the daemon of Nx is gone", lambda: not self.daemon_process(), seconds=30)

    def cache(self):
        """The folder where its entries are: one, wherever this Nx keeps it."""
        if self.found:
            return self.found
        homes = [path for path in pathlib.Path(self.world.home).glob(".nx/*/cache") if folders(path)]
        named = self.folder / (self.cache_directory or ".nx/cache")
        found = [path for path in [named, *homes] if folders(path)]
        expect(len(found) == 1, f"Nx {self.version} keeps its entries in one folder:", found)
        self.found = found[0]
        return self.found

    def databases(self):
        """Those that may have rows of this cache."""
        cache = self.cache()
        places = [cache.parent / "databases", self.folder / ".nx/workspace-data"]
        return [path for place in places for path in place.glob("*.db") if has_table(path)]

    def rows(self):
        """What the databases say: hash -> the last use, in seconds since 1970."""
        found = {}
        for path in self.databases():
            with closing(sqlite3.connect(path, timeout=10)) as database:
                for name, used in database.execute("SELECT hash, accessed_at FROM cache_outputs"):
                    when = datetime.strptime(used, "%Y-%m-%d %H:%M:%S").replace(tzinfo=timezone.utc)
                    found[name] = max(found.get(name, 0), when.timestamp())
        return found

    def age(self, seconds):
        """Makes all that is in the cache so much older than it is."""
        for path in self.databases():
            with closing(sqlite3.connect(path, timeout=10)) as database, database:
                database.execute("UPDATE cache_outputs SET accessed_at = datetime(accessed_at, ?)",
                                 [f"-{seconds} seconds"])
        for path in sorted(self.cache().rglob("*"), reverse=True):
            status = path.lstat()
            os.utime(path, (status.st_atime - seconds, status.st_mtime - seconds), follow_symlinks=False)

    def entries(self):
        """What could be a hit: task -> Entry."""
        rows, found = self.rows(), {}
        for path in folders(self.cache()):
            used = last_read(path) if self.is_old else rows.get(path.name)
            if used is not None:
                found[self.task_of(path)] = Entry(path.name, path, used)
        return found

    def orphans(self):
        """Folders and outputs to the terminal that no row (and no `.commit`)
        speaks of, and rows without a folder."""
        known = set(self.rows())
        if self.is_old:
            known = {path.stem for path in self.cache().glob("*" + MARKER)}
        return ({path.name for path in folders(self.cache())} ^ known) | (self.terminal_outputs() - known)

    def terminal_outputs(self):
        return {path.name for path in self.cache().glob("terminalOutputs/*")}


def is_daemon(pid):
    return any("daemon/server/start" in word for word in command_line(pid))


def folders(cache):
    """The entries: folders whose name is a number."""
    return [path for path in cache.iterdir() if path.name.isdigit() and path.is_dir()] if cache.is_dir() else []


def last_read(path):
    """When Nx 19.8 last read an entry: nothing, if it would not read it."""
    if not path.with_name(path.name + MARKER).exists():
        return None
    return max((path / name).stat().st_atime for name in ("terminalOutput", "code", "source"))


def has_table(path):
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as database:
        return bool(database.execute("SELECT 1 FROM sqlite_master WHERE name = 'cache_outputs'").fetchall())
