"""How the scenarios of the sinks start receivers, and have brainwav deliver to
them what it has spooled."""

import json
import os
import shutil
import signal
import socket
import subprocess

from .failure import Skip, expect, same, until
from .processes import Identity, send
from .world import REAL

CORRELATION = "7d0e9b52-6a55-4bd4-8e0a-0a3f4f1c9d21"


def venv(set_name):
    return REAL / set_name / "venv/bin"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(program, port):
    """Returns when a program that was started takes connections."""
    def is_open():
        expect(program.is_running(), program.words[0], "goes on:", program.output()[-2000:])
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0
    until(f"{program.words[0]} listens", is_open)
    return program


def configure(world, kind, url=None, **more):
    """One sink of this type, with these keys."""
    keys = {"type": kind, **({"url": url} if url else {}), **more}
    lines = [f"{name} = {json.dumps(value)}" for name, value in keys.items()]
    world.write_config("\n".join(["[[telemetry.sink]]", *lines]))


def spool(world, count, environment=()):
    """Events that are called run-0 and so on; every other one ends what took a quarter of a second."""
    events = []
    for number in range(count):
        ended = number % 2 == 0
        events.append({
            "event": "tool_result" if ended else "tool_invoked",
            "correlationId": CORRELATION,
            "labels": {"n": f"run-{number}", "tool": "search", "deep": {"list": [1, 2.5, True, None, "é"]}},
            "metrics": {"duration_ms": 250, "rows": -3},
            "outcome": {"status": "error" if number % 4 == 0 else "success"},
        })
    path = world.root / "events.ndjson"
    path.write_text("".join(json.dumps(event) + "\n" for event in events))
    words, options = world.command(["telemetry", "emit", "--stdin", "--no-flush", "-q"])
    options["env"].update(environment)
    with open(path, "rb") as events:
        done = subprocess.run(words, stdin=events, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
    expect(done.returncode == 0, "the events are spooled:", done.stdout.decode())


def start_flush(world, deadline="90s", environment=()):
    words, options = world.command(["telemetry", "flush", "--json", "--deadline", deadline])
    return world.start(words, world.root, BRAINWAV_STATE_DIR=options["env"]["BRAINWAV_STATE_DIR"], **dict(environment))


def ended(program):
    """Its exit code, and what it says of its one sink."""
    until("the delivery has ended", lambda: not program.is_running(), seconds=120)
    output = program.output()
    start = output.find("{\n")
    document = json.loads(output[start:output.rfind("}") + 1]) if start >= 0 else {}
    return program.popen.returncode, (document.get("sinks") or [{}])[0], document.get("elapsed_seconds", 0)


def deliver(world, count, environment=()):
    """Delivers all that is spooled, and notes how fast."""
    program = start_flush(world, environment=environment)
    code, sink, seconds = ended(program)
    same(code, 0, f"exit code of the delivery:\n{program.output()}")
    same(sink["delivered"], count, "events that were delivered")
    world.note(f"{count} events, {count / max(seconds, 1e-3):,.0f} a second")
    return program.output()


def stopped(world, deadline="1s"):
    """Why nothing could be delivered."""
    code, sink, _ = ended(start_flush(world, deadline))
    same((code, sink.get("delivered")), (3, 0), "exit code, and what was delivered")
    return sink["reason"]


def kill(world, program):
    """Ends a program that was started here as a crash would."""
    send(Identity(*program.identity), signal.SIGKILL)
    until(f"{program.words[0]} is gone", lambda: not program.is_running())
    world.forget(program)


def names(count):
    return [f"run-{number}" for number in range(count)]


def openssl(folder, *words):
    done = subprocess.run(["openssl", *map(str, words)], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    expect(done.returncode == 0, "openssl", *words, done.stdout.decode())


def certificate(folder):
    """A certificate for this machine, and the authority that has signed it, which nobody else trusts."""
    if not shutil.which("openssl"):
        raise Skip("openssl is not here")
    folder.mkdir()
    new = ["-nodes", "-newkey", "rsa:2048", "-days", "2"]
    openssl(folder, "req", "-x509", *new, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=authority")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")
    openssl(folder, "req", *new[:-2], "-keyout", "own.key", "-out", "own.csr", "-subj", "/CN=receiver")
    openssl(folder, "x509", "-req", "-in", "own.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
            "-days", "2", "-extfile", "names", "-out", "own.pem")
    os.chmod(folder / "own.key", 0o600)
    return folder
