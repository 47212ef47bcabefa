"""A process that ignores SIGTERM and starts children as fast as it can while it
is being ended. It lives in a PID namespace of its own, which ends with this
scenario, and starts at most 300 processes: a storm without bounds fills the
table of a whole machine.

Run as a program, this file is the first process of that namespace.
"""

import json
import os
import pathlib
import resource
import subprocess
import sys
import time

ROUNDS = int(os.environ.get('R','10'))
CHAINS, HOPS = 5, 55

# The root: a vitest by its name. SIGTERM begins the storm.
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
    """Everybody in this namespace but the first process; zombies have ended."""
    found = {}
    for name in os.listdir("/proc"):
        try:
            stat = pathlib.Path("/proc", name, "stat").read_text() if name.isdigit() else ""
        except OSError:
            continue
        if stat and name != "1" and stat.rpartition(")")[2].split()[0] not in "ZX":
            found[int(name)] = stat.partition("(")[2].rpartition(")")[0]
    return found


def one_round(number, brainwav, folder):
    """Returns what brainwav reported and who is left."""
    mode = "stay" if number % 2 else "leave"
    # From as fast as a shell can to a storm that outlasts the grace.
    words = ["node", "node_modules/vitest/vitest.mjs", "run", str(number % 10 * 1000), mode]
    ready = folder / "ready"
    ready.unlink(missing_ok=True)
    root = subprocess.Popen(words, cwd=folder, start_new_session=True)
    while not ready.exists():
        time.sleep(0.01)
    done = subprocess.run(brainwav, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    left = living()
    document = json.loads(done.stdout)
    termination = document.get("termination") or {}
    outcomes = [entry["outcome"] for entry in termination.get("outcomes", [])]
    # What the report says of those who are left, if it says anything.
    said = [entry for kind in ("outcomes", "kept") for entry in termination.get(kind, []) if entry["pid"] in left]
    # Should somebody have survived, the next round begins without them.
    for pid in left:
        os.kill(pid, 9)
    root.wait()
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0 and not living():
                break
        except ChildProcessError:
            break
    counts = {outcome: outcomes.count(outcome) for outcome in sorted(set(outcomes))}
    return {"mode": mode, "code": done.returncode, "left": left, "said": said, "outcomes": counts}


def main():
    folder, *brainwav = sys.argv[1:]
    if os.getpid() != 1:
        raise SystemExit("this belongs into a PID namespace of its own")
    hard = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    bound = 4096 if hard == resource.RLIM_INFINITY else min(hard, 4096)
    resource.setrlimit(resource.RLIMIT_NPROC, (bound, hard))
    for number in range(ROUNDS):
        print(json.dumps(one_round(number, brainwav, pathlib.Path(folder))), flush=True)


if __name__ == "__main__":
    main()
else:
    from .failure import Skip, expect, same, until
    from .registry import scenario

    ALONE = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc", "--kill-child"]

    @scenario("storm", "who starts children while being ended is ended with all of them")
    def storm(world):
        probe = subprocess.run([*ALONE, "true"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if probe.returncode != 0:
            raise Skip("this user may not make a PID namespace")
        folder = world.folder("storm", **{"node_modules/vitest/vitest.mjs": ROOT, "hop.sh": HOP})
        words, settings = world.command(("health", "--json", "--enforce", "--max-memory", "1MiB", "--grace", "300ms",
                                         "--no-batch-limit"))
        program = world.start([*ALONE, sys.executable, __file__, folder, *words], folder, **settings["env"])
        until("all rounds are over", lambda: not program.is_running(), seconds=150)
        same(program.popen.returncode, 0, "the rounds")
        rounds = [json.loads(line) for line in program.output().splitlines()]
        same(len(rounds), ROUNDS, "rounds")
        for number, found in enumerate(rounds):
            same((found["code"], found["left"]), (0, {}), f"round {number} of {rounds}: exit code, and who is left")
            expect(sum(found["outcomes"].values()) > 2, f"round {number} was a storm: {found}")
        most = max(sum(found["outcomes"].values()) for found in rounds)
        world.note(f"{ROUNDS} rounds, up to {most} processes ended in one; none is left")
