"""The surroundings of one scenario: folders of its own, processes of its own,
and a brainwav that can see nothing else."""

import ctypes
import glob
import itertools
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import uuid

from . import processes
from .failure import expect, same, until
from .processes import Family, command_line, executable, is_alive

REPO = pathlib.Path(__file__).resolve().parents[3]
REAL = pathlib.Path(os.environ.get("BRAINWAV_REAL_DIR") or REPO / "target" / "real").resolve()
RULES = ["local-memory", "vitest", "nx", "tsc", "mcp"]
LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1


class Look:
    """What one run of `brainwav health --json` came to."""

    def __init__(self, arguments, done):
        self.arguments = arguments
        self.code = done.returncode
        self.stdout = done.stdout.decode("utf-8", "replace")
        self.stderr = done.stderr.decode("utf-8", "replace")
        self.document = json.loads(self.stdout) if self.stdout.startswith("{") else {}
        self.processes = {entry["pid"]: entry for entry in self.document.get("processes", [])}
        termination = self.document.get("termination") or {}
        self.outcomes = {entry["pid"]: entry for entry in termination.get("outcomes", [])}
        self.refused = termination.get("refused")

    def __str__(self):
        lines = [f"brainwav {' '.join(map(str, self.arguments))}: exit code {self.code}"]
        for pid, entry in self.processes.items():
            found = " / ".join(found["reason"] for found in entry["findings"])
            lines.append(f"  {entry['rule']} {pid} {' '.join(entry['command'])[:80]}: {found or 'no finding'}"
                         f" ({self.against(pid) or 'nothing against'})")
        lines += [f"  {entry['role']} {pid} {entry['name']}: {entry['reason']}" for pid, entry in self.outcomes.items()]
        return "\n".join([*lines, self.stderr] if self.document else [*lines, self.stdout, self.stderr])

    def code_is(self, code):
        expect(self.code == code, f"exit code {code} was expected:", self)
        return self

    def rule(self, pid):
        return self.processes[pid]["rule"] if pid in self.processes else None

    def findings(self, pid):
        return [found["kind"] for found in self.processes.get(pid, {}).get("findings", [])]

    def against(self, pid):
        return " / ".join(self.processes.get(pid, {}).get("against", []))

    def over(self):
        """The numbers of those over a limit."""
        return {pid for pid in self.processes if self.findings(pid)}


class Program:
    """Something that was started, with all that it starts."""

    def __init__(self, words, popen, log):
        self.words = words
        self.popen = popen
        self.log = log
        self.pid = popen.pid
        until(f"{words[0]} is there", lambda: processes.stat(self.pid))
        self.identity = processes.stat(self.pid).identity

    def is_running(self):
        return self.popen.poll() is None

    def output(self):
        return processes.read(self.log).decode("utf-8", "replace")

    def members(self):
        """Itself and all that descends from it, living: number -> Stat."""
        table = processes.everyone()
        pids = {self.pid} | processes.descendants(table, self.pid)
        return {pid: table[pid] for pid in pids if pid in table and not table[pid].is_zombie}

    def find(self, pattern):
        """The one living member whose command line looks like this, if there is one."""
        for one in self.members().values():
            if re.search(pattern, " ".join(command_line(one.pid))):
                return one
        return None


class World:
    def __init__(self, brainwav):
        self.binary = str(brainwav)
        self.mark = f"REAL_TEST_MARK={uuid.uuid4()}"
        self.family = Family(self.mark)
        # Short, because the path of a unix socket has to fit into it.
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="bw-")).resolve()
        for name in ("home", "tmp", "log", "bin"):
            (self.root / name).mkdir()
        self.home = self.root / "home"
        self.elsewhere = []
        self.programs = []
        self.numbers = itertools.count()
        self.notes = []
        self.config = self.root / "config.toml"
        self.write_config()

    def write_config(self, lines=""):
        """The built-in rules keep their programs and see only what works below
        the folder of the scenario: whatever else runs here is invisible."""
        below = json.dumps(glob.escape(str(self.root)) + "/**")
        rules = [f'[[process]]\nname = "{name}"\ncwd = {below}\n' for name in RULES]
        self.config.write_text("\n".join([lines, *rules]))

    def another_home(self, below_tmp=False):
        """An empty home. Some programs do not trust one that is below /tmp."""
        place = self.root if below_tmp else "/var/tmp"
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="bw-", dir=place)).resolve()
        self.elsewhere.append(self.home)

    def folder(self, name, project=None, **files):
        """A workspace; `project` is a set that tests/real/install put in place."""
        folder = self.root / name
        if project:
            expect((REAL / project / ".stamp").exists(), f"set {project} is not installed")
            leave = shutil.ignore_patterns(".install.log", ".stamp", ".nx", "*.tsbuildinfo")
            shutil.copytree(REAL / project, folder, symlinks=True, ignore=leave)
        folder.mkdir(exist_ok=True)
        for path, text in files.items():
            self.write(folder / path, text)
        return folder

    @staticmethod
    def write(path, text):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def environment(self, path=()):
        """Nothing of the caller's environment but what finds programs."""
        return {
            "PATH": os.pathsep.join([*map(str, path), str(self.root / "bin"), os.environ["PATH"]]),
            "HOME": str(self.home),
            "TMPDIR": str(self.root / "tmp"),
            "LANG": "C.UTF-8",
        }

    def start(self, words, cwd, path=(), stdin=subprocess.DEVNULL, **more):
        """Starts a real program, in a session of its own as a terminal would."""
        words = [str(word) for word in words]
        log = self.root / "log" / str(next(self.numbers))
        key, _, value = self.mark.partition("=")
        # Offline: what a scenario needs is installed, so nothing has to be fetched.
        env = {**self.environment(path), key: value, "npm_config_offline": "true",
               "npm_config_update_notifier": "false", "NX_NO_CLOUD": "true", **more}

        def die_with_us():
            LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

        with open(log, "wb") as out:
            popen = subprocess.Popen(words, cwd=cwd, env=env, stdin=stdin, stdout=out, stderr=out,
                                     start_new_session=True, preexec_fn=die_with_us)
        program = Program(words, popen, log)
        self.programs.append(program)
        return program

    def forget(self, program):
        """It has ended, and nobody wants to read of it."""
        self.programs.remove(program)

    def run(self, *arguments, cwd=None, before=()):
        """Runs brainwav, perhaps by another program."""
        words, options = self.command(arguments, cwd)
        done = subprocess.run([*map(str, before), *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=180, **options)
        return Look(arguments, done)

    def command(self, arguments, cwd=None):
        env = {**self.environment(), "BRAINWAV_STATE_DIR": str(self.root / "state")}
        words = [self.binary, *map(str, arguments), "--config", str(self.config)]
        return words, {"cwd": cwd or self.root, "env": env}

    def health(self, *arguments, cwd=None):
        """Runs `brainwav health`, and proves that it speaks of nobody but ours."""
        look = self.run("health", "--json", *arguments, cwd=cwd)
        for entry in look.processes.values():
            place = pathlib.Path(entry.get("working_directory", "/"))
            expect(self.root in [place, *place.parents], f"{entry['pid']} is a stranger:", look)
        return look

    def alive(self, members):
        return {one.pid for one in members if is_alive(one.identity)}

    def all_alive(self, members, why):
        """Each of them lives, and is the same as before."""
        gone = [one for one in members if not is_alive(one.identity)]
        expect(not gone, f"{why}: these are gone: {gone}")

    def all_gone(self, members, why):
        until(f"{why}: all are gone", lambda: not self.alive(members), seconds=30,
              show=lambda: f"these are not: {sorted(self.alive(members))}")

    def note(self, text):
        self.notes.append(text)

    def story(self):
        """What a reader of a failure wants to know."""
        lines = []
        for one in self.family.look().values():
            words = " ".join(command_line(one.pid))
            lines.append(f"  {one.pid} (started by {one.parent}) {executable(one.pid)}: {words[:160]}")
        for program in self.programs:
            state = "running" if program.is_running() else f"exit code {program.popen.returncode}"
            output = program.output()[-1500:].strip().replace("\n", "\n    | ")
            lines.append(f"  {' '.join(program.words)[:160]} ({state})" + (f"\n    | {output}" if output else ""))
        return "\n".join(lines)

    def close(self):
        left = self.family.end()
        for program in self.programs:
            for stream in (program.popen.stdin, program.popen.stdout):
                if stream:
                    stream.close()
            program.popen.poll()
        for folder in [self.root, *self.elsewhere]:
            shutil.rmtree(folder, ignore_errors=True)
        same(sorted(left), [], "processes that could not be ended")
