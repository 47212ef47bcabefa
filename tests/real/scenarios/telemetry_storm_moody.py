"""The storm against receivers in a bad mood: each event arrives, or is a dead letter with what they said of it."""

import http.server
import json
import random
import re
import socket
import struct
import threading
import time

from .failure import expect
from .registry import scenario
from .telemetry_storm import Storm

# What an event is called, whatever it is encoded in.
NAME = re.compile(rb"storm:[0-9a-z-]+;")
# Receivers take no more in one request.
MOST = 60
SINKS = """\
[telemetry]
flush = "manual"
[[telemetry.sink]]
type = "http"
url = "http://127.0.0.1:{}/"
batch = 100
timeout = "500ms"
[[telemetry.sink]]
type = "otlp"
url = "http://127.0.0.1:{}/"
batch = 100
timeout = "500ms"
"""


class Moody(http.server.ThreadingHTTPServer):
    """Takes events, or has one of its moods."""

    daemon_threads = True

    def __init__(self, seed, is_otlp):
        super().__init__(("127.0.0.1", 0), Answer)
        self.random, self.is_otlp, self.lock = random.Random(seed), is_otlp, threading.Lock()
        self.arrived, self.partly, self.moods = set(), set(), {}
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        """Whoever asked was killed."""

    def mood(self, names):
        """What to do about these events, told in one word."""
        with self.lock:
            asked = sum(self.moods.values())
            # Each of its moods comes up for certain, in turn, and by chance besides.
            is_turn = asked % TURN == 0
            chance = MOODS[asked // TURN % len(MOODS)][0] - 0.001 if is_turn else self.random.random()
            if chance < 0.2:
                mood = next(mood for below, mood in MOODS if chance < below)
            elif len(names) > MOST:
                mood = "large"
            elif any(name.endswith("bad;") for name in names):
                # One that is not told apart takes the others of its request along.
                mood = "partly" if self.is_otlp and len(names) < 4 else "bad"
            else:
                mood = "well"
            taken = {"well": names, "partly": [name for name in names if not name.endswith("bad;")]}.get(mood, [])
            self.arrived.update(taken)
            self.partly.update(names if mood == "partly" else [])
            self.moods[mood] = self.moods.get(mood, 0) + 1
            return mood


MOODS = [(0.03, "slow down"), (0.1, "unavailable"), (0.14, "reset"), (0.17, "closed"), (0.18, "hangs"), (0.2, "lost")]
# Each so many requests the next mood has its turn.
TURN = 12
STATUS = {"slow down": 429, "unavailable": 503, "bad": 400, "large": 413}


class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        names = [name.decode() for name in dict.fromkeys(NAME.findall(body))]
        mood = self.server.mood(names)
        if mood in ("reset", "closed", "hangs", "lost"):
            self.leave(mood, names)
            return
        answer = b"" if self.server.is_otlp else b"what it says"
        if mood == "partly":
            bad = sum(name.endswith("bad;") for name in names)
            inner = b"\x08" + bytes([bad]) + b"\x12\x06a whim"
            answer = b"\x0a" + bytes([len(inner)]) + inner
        self.send_response(STATUS.get(mood, 200))
        self.send_header("Content-Type", "application/x-protobuf" if self.server.is_otlp else "text/plain")
        self.send_header("Content-Length", str(len(answer)))
        if mood == "slow down":
            self.send_header("Retry-After", "1")
        self.end_headers()
        self.wfile.write(answer)

    def leave(self, mood, names):
        """Without an answer; in one of these moods it has taken what it was sent."""
        if mood == "lost":
            with self.server.lock:
                self.server.arrived.update(name for name in names if not name.endswith("bad;"))
        if mood == "hangs":
            time.sleep(1)
        if mood == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def log_message(self, *_):
        """Nobody reads it."""


class Moods(Storm):
    def name(self, *numbers):
        return f"storm:{super().name(*numbers)}{'-bad' if numbers[-1] == 13 else ''};"

    def flush(self):
        while not self.is_over.is_set():
            self.run(["telemetry", "flush", "--deadline", "2s"], may_kill=0.7, within=0.5)
            self.flushes += 1


def letters(one, sink):
    """The reasons of each dead letter that is an event, by its name."""
    found = {}
    for path in (one.world.root / "state" / "telemetry").glob(f"spool-*/dead-{sink}.ndjson"):
        for line in path.read_text("utf-8", "replace").splitlines():
            # One that was torn by a kill came again.
            letter = json.loads(line) if line.endswith("}") and line.startswith('{"dead_at"') else {}
            name = (letter.get("envelope") or {}).get("data", {}).get("labels", {}).get("n")
            found.setdefault(name, []).append(letter.get("reason", ""))
    return found


def judge(one, sink, receiver):
    """Each accepted event arrived, or was refused for good and is kept with what was said of it."""
    dead = letters(one, sink)
    bad = {name for name in one.accepted if name.endswith("bad;")}
    lost = one.accepted - receiver.arrived - set(dead)
    expect(not lost, f"{sink}: {len(lost)} accepted events are lost, such as {sorted(lost)[:3]}")
    unkept = {name for name in bad if not any("400" in said or "whim" in said for said in dead.get(name, []))}
    expect(not unkept, f"{sink}: {len(unkept)} that were refused have no reason, such as {sorted(unkept)[:3]}")
    wrong = (one.accepted - bad) & set(dead) - receiver.partly
    expect(not wrong, f"{sink}: {len(wrong)} are dead letters that nobody refused, such as {sorted(wrong)[:3]}")
    return len(bad), sum(receiver.moods.values())


def storm(world, events):
    began = time.monotonic()
    receivers = {"http": Moody(events, False), "otlp": Moody(events + 1, True)}
    one = Moods(world, events, SINKS.format(*(receiver.server_address[1] for receiver in receivers.values())))
    one.rage(events)
    for _ in range(12):
        one.run(["telemetry", "flush", "--deadline", "60s"], may_kill=1, within=3)
        one.flushes += 1
    for _ in range(20):
        look = world.run("telemetry", "flush", "--json", "--deadline", "60s", cwd=one.folder)
        if all(sink["end"] == "done" for sink in look.document.get("sinks", [{"end": ""}])):
            break
    expect(look.code in (0, 1), "everything is delivered at last:", look)
    counts = {sink: judge(one, sink, receiver) for sink, receiver in receivers.items()}
    unwanted = [refused for refused in one.refused if refused[0] not in (1, 3, 75)]
    expect(not unwanted, f"{len(unwanted)} runs failed: {unwanted[:3]}")
    for receiver in receivers.values():
        expect(len(receiver.moods) >= len(MOODS) + 3, f"it had these moods only: {receiver.moods}")
        receiver.shutdown()
    told = ", ".join(f"{sink} refused {bad:,} in {requests:,} requests" for sink, (bad, requests) in counts.items())
    world.note(f"{len(one.accepted):,} events accepted and each arrived or is a dead letter: {told}; "
               f"{one.killed:,} processes killed, {one.flushes:,} flushes, {time.monotonic() - began:.0f} s")


@scenario("telemetry-storm-moody", "the same against receivers that slow down, refuse, hang and reset, by HTTP and OTLP")
def telemetry_storm_moody(world):
    storm(world, 3_000)


@scenario("telemetry-storm-moody-long", "the same with 20,000 events", is_long=True)
def telemetry_storm_moody_long(world):
    storm(world, 20_000)
