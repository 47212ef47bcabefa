"""The first process of a PID namespace, in which a storm is ended again and again.

    storm_inside.py ROUNDS FOLDER BRAINWAV...

A storm is a process that takes SIGTERM as the sign to start children, which
start children in turn while they are being ended. It is at most 300 processes
a round: one without bounds fills the table of a whole machine. Each round is
one line of JSON.
"""

import json
import os
import pathlib
import resource
import signal
import subprocess
import sys
import time

CHAINS, HOPS = 10, 28

# The root: a vitest by its name.
ROOT = """
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'

const [pause, mode] = process.argv.slice(3)
let chains = %d
process.on('SIGTERM', () => {
  for (; chains > 0; chains -= 1) spawn('sh', ['hop.sh', '%d', pause, mode], { stdio: 'ignore' })
})
setTimeout(() => process.exit(), 600_000)
writeFileSync('ready', '')
""" % (CHAINS, HOPS)

# Each hop starts the next one, and then stays or leaves it to the first process.
HOP = """
trap '' TERM
i=0
while [ $i -lt $2 ]; do i=$((i + 1)); done
if [ $1 -gt 0 ]; then sh hop.sh $(($1 - 1)) $2 $3 & fi
if [ $1 -eq 0 ] || [ $3 = stay ]; then exec sleep 600; fi
"""


def living():
    """Everybody in this namespace but its first process; zombies have ended."""
    found = {}
    for name in os.listdir("/proc"):
        try:
            stat = pathlib.Path("/proc", name, "stat").read_text() if name.isdigit() else ""
        except OSError:
            continue
        if stat and name != "1" and stat.rpartition(")")[2].split()[0] not in "ZX":
            found[int(name)] = stat.partition("(")[2].rpartition(")")[0]
    return found


def end_the_rest():
    """Should somebody have survived, the next round begins without them. All
    that is in here came from this program, and number 1 is the program itself."""
    while True:
        for pid in living():
            os.kill(pid, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.01)


def one_round(number, folder, brainwav):
    """What brainwav reported, who is left, and what it said of them."""
    mode = "stay" if number % 2 else "leave"
    # From as fast as a shell can to a storm that outlasts the grace.
    pause = str(number % 10 * 200)
    ready = folder / "ready"
    ready.unlink(missing_ok=True)
    root = subprocess.Popen(["node", "node_modules/vitest/vitest.mjs", "run", pause, mode],
                            cwd=folder, start_new_session=True)
    while not ready.exists():
        if root.poll() is not None:
            raise SystemExit("the root of the storm did not start")
        time.sleep(0.01)
    done = subprocess.run(brainwav, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    left = living()
    termination = json.loads(done.stdout).get("termination") or {}
    outcomes = [entry["outcome"] for entry in termination.get("outcomes", [])]
    said = [entry for kind in ("outcomes", "kept") for entry in termination.get(kind, []) if entry["pid"] in left]
    end_the_rest()
    root.wait()
    counts = {outcome: outcomes.count(outcome) for outcome in sorted(set(outcomes))}
    return {"mode": mode, "code": done.returncode, "outcomes": counts, "left": left, "said_of_them": said}


def main():
    rounds, folder, *brainwav = sys.argv[1:]
    if os.getpid() != 1:
        raise SystemExit("this has to be the first process of a PID namespace")
    # Should a bound above be wrong, this one is there for everybody but root.
    hard = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    resource.setrlimit(resource.RLIMIT_NPROC, (4096 if hard < 0 else min(hard, 4096), hard))
    for number in range(int(rounds)):
        print(json.dumps(one_round(number, pathlib.Path(folder), brainwav)), flush=True)


if __name__ == "__main__":
    main()
