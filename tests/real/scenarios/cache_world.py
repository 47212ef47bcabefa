"""A real workspace of Nx or Turborepo, and what one run of it did with its cache.

A task is a project and a seed. The seed is an input by way of the environment,
so that another seed is another hash without a file being changed, which a
daemon might notice too late. A task that really runs says so in a file beside
the workspace, and each of its outputs names the task: so a hit that restored
nothing, or too little, or what another task made, cannot pass for a good one.
"""

import copy
import json
import os
import shutil
import time
from typing import NamedTuple

from .failure import expect, until
from .world import REAL

FILES = 20
LINES = 200
NX_VERSIONS = ("19.8", "20.8", "22.7", "23.2", "24.0")
TURBO_VERSIONS = ("1.13", "2.11")

IGNORED = "node_modules\n.nx\n.turbo\ndist\nelsewhere\n"

# Writes the outputs, and then a line in the file that no cache knows. It can be
# told to hold on before its end, so that a run is there for as long as it takes.
MAKE = """
const fs = require('node:fs')
const [folder, name, log] = process.argv.slice(2)
const seed = process.env.SEED
fs.rmSync(folder, { recursive: true, force: true })
fs.mkdirSync(`${folder}/inner`, { recursive: true })
for (let at = 0; at < %d; at += 1)
  fs.writeFileSync(`${folder}/${at %% 2 ? 'inner/' : ''}${at}.txt`, `${name} ${seed} ${at}\\n`.repeat(%d))
fs.appendFileSync(log, `${name} ${seed}\\n`)
console.log(`made ${name} ${seed}`)
while (process.env.HOLD && fs.existsSync(process.env.HOLD))
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)
""" % (FILES, LINES)


class Task(NamedTuple):
    project: str
    seed: int


class Entry(NamedTuple):
    """Everything of one hash: where it is, and when it was last used."""
    name: str
    path: object
    last_use: float


class Ran:
    """What one run came to. `rebuilt` and `short` are of the tasks that were
    asked for; those that are in neither were hits that restored everything."""

    def __init__(self, words, code, output, asked, rebuilt, short):
        self.words, self.code, self.output = words, code, output
        self.asked, self.rebuilt, self.short = asked, rebuilt, short
        self.hits = asked - rebuilt

    def __str__(self):
        short = "; ".join(f"{task.project}#{task.seed}: {why}" for task, why in self.short.items())
        return (f"{' '.join(self.words)}: exit code {self.code}, rebuilt {names(self.rebuilt)}, "
                f"hits {names(self.hits)}, short {short or 'none'}\n{self.output[-3000:]}")

    def good(self):
        """It succeeded, and all outputs of all tasks are there."""
        expect(self.code == 0 and not self.short, "this run was to leave all outputs:", self)
        return self

    def is_empty_hit(self, task):
        return task in self.hits and task in self.short


def names(tasks):
    return " ".join(f"{task.project}#{task.seed}" for task in sorted(tasks)) or "none"


class Workspace:
    """What Nx and Turborepo have in common."""

    def __init__(self, world, kind, version, projects, name):
        self.world, self.kind, self.version = world, kind, version
        self.before = []
        self.projects = [f"p{at}" for at in range(projects)]
        self.folder = world.folder(name, **{"tools/make.js": MAKE, ".gitignore": IGNORED})
        # A folder of its own, because some keep their cache in it.
        (self.folder / "node_modules").mkdir()
        self.install(version)
        self.log = world.root / f"{name}.made"
        self.log.touch()
        self.write_files()
        self.git("init", "--quiet")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "One")

    def install(self, version):
        """Puts this version in place, instead of the one that is there."""
        installed = REAL / f"{self.kind}-cache" / version
        expect((installed / ".stamp").exists(), f"set {self.kind}-cache/{version} is not installed")
        for path in (self.folder / "node_modules").iterdir():
            if path.is_symlink():
                path.unlink()
        for path in (installed / "node_modules").iterdir():
            (self.folder / "node_modules" / path.name).symlink_to(path)
        self.version = version

    def inside(self, container):
        """The same workspace, used by what runs in a container."""
        other = copy.copy(self)
        other.before = container.words
        return other

    def git(self, *words):
        who = ("-c", "user.name=real", "-c", "user.email=real@example.org", "-c", "commit.gpgsign=false")
        git = self.world.start(["git", "-c", "init.defaultBranch=main", *who, *words], self.folder)
        expect(git.popen.wait(60) == 0, f"git {words[0]}:", git.output())
        self.world.forget(git)

    def write_json(self, path, value):
        self.world.write(self.folder / path, json.dumps(value, indent=1) + "\n")

    def dist(self, project):
        return self.folder / "dist" / project

    def wrong(self, task):
        """Why the outputs are not those of this task; nothing if they are."""
        missing = wrong = 0
        for at in range(FILES):
            try:
                text = (self.dist(task.project) / ("inner" if at % 2 else ".") / f"{at}.txt").read_text()
                wrong += text != f"{task.project} {task.seed} {at}\n" * LINES
            except OSError:
                missing += 1
        return f"{missing} files are missing, {wrong} are of another task" if missing or wrong else None

    def made(self):
        words = (line.split() for line in self.log.read_text().splitlines())
        return [Task(project, int(seed)) for project, seed in words]

    def start(self, seed, *projects, **more):
        """Starts a run; `finish` says what came of it."""
        words = [*self.before, *self.words(projects or self.projects)]
        before = len(self.made())
        program = self.world.start(words, self.folder, SEED=str(seed), **{**self.variables(), **more})
        return program, before, {Task(project, seed) for project in projects or self.projects}

    def finish(self, started):
        program, before, asked = started
        until(f"{self.kind} ends", lambda: not program.is_running(), seconds=180, show=program.output)
        rebuilt = asked & set(self.made()[before:])
        short = {task: why for task in asked for why in [self.wrong(task)] if why}
        self.world.forget(program)
        return Ran(program.words, program.popen.returncode, program.output(), asked, rebuilt, short)

    def build(self, seed, *projects, **more):
        """Runs these tasks on a workspace without their outputs."""
        for project in projects or self.projects:
            self.clear(project)
        return self.finish(self.start(seed, *projects, **more))

    def clear(self, project):
        shutil.rmtree(self.dist(project), ignore_errors=True)

    def fill(self, seeds):
        """Fills the cache, each seed in a later second than the one before: the
        time of the last use has whole seconds in most caches."""
        for seed in seeds:
            ran = self.build(seed).good()
            expect(ran.rebuilt == ran.asked, "an empty cache has no hits:", ran)
            later_second()

    def task_of(self, path):
        """Which task an entry is of, as its outputs say."""
        for file in path.rglob("0.txt"):
            project, seed, _ = file.read_text().split("\n", 1)[0].split()
            return Task(project, int(seed))
        return None

    def used_on_disk(self):
        return on_disk(self.cache())


def on_disk(folder):
    """Bytes on the disk of everything in a folder, each inode once."""
    blocks = {}
    for place, _, files in os.walk(folder):
        for path in [place, *(os.path.join(place, file) for file in files)]:
            status = os.lstat(path)
            blocks[status.st_dev, status.st_ino] = status.st_blocks * 512
    return sum(blocks.values())


def later_second():
    """Waits for the clock, which is what is looked at, and for nothing else."""
    now = int(time.time())
    while int(time.time()) <= now:
        time.sleep(0.02)
