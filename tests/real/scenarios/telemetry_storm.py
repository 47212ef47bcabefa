"""Writers and a flusher that are killed at random: what was accepted arrives, whole."""

import fcntl
import json
import os
import random
import signal
import subprocess
import threading
import time

from .failure import expect, same
from .registry import scenario

WRITERS = 16
# Events of one `emit --stdin`; every writer also emits single ones.
STREAM = 50
SINGLE = 4
SINKS = '[telemetry]\nflush = "manual"\n[[telemetry.sink]]\ntype = "file"\npath = "arrived.ndjson"\nmax-size = "1GiB"\n'
# A clock that goes back an hour for every other process that is started with it.
CLOCK = """\
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t clock, struct timespec *now) {
    int result = syscall(SYS_clock_gettime, clock, now);
    if (result == 0 && clock == CLOCK_REALTIME) now->tv_sec -= 3600;
    return result;
}
"""


class Storm:
    """Processes that are started, and some of them killed. Each is our child until it is waited for, so its number
    is its own."""

    def __init__(self, world, seed, sinks=SINKS):
        self.world = world
        self.folder = world.folder("workspace")
        world.write_config(sinks)
        self.clock = clock(world)
        self.random = random.Random(seed)
        self.lock = threading.Lock()
        self.accepted, self.killed, self.refused = set(), 0, []
        self.left = self.flushes = self.torn = 0
        self.is_over = threading.Event()

    def pick(self, choose):
        with self.lock:
            return choose(self.random)

    def name(self, *numbers):
        """What an event is called."""
        return "-".join(map(str, numbers))

    def run(self, arguments, text=b"", may_kill=0.25, within=0.03):
        """Runs brainwav, or kills it after some seconds. Returns its exit code, None when it was killed."""
        words, options = self.world.command(arguments, self.folder)
        if self.clock and self.pick(lambda numbers: numbers.random() < 0.5):
            options["env"]["LD_PRELOAD"] = self.clock
        process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                   **options)
        delay = self.pick(lambda numbers: numbers.uniform(0, within) if numbers.random() < may_kill else None)
        timer = delay is not None and threading.Timer(delay, process.send_signal, [signal.SIGKILL])
        if timer:
            timer.start()
        try:
            _, stderr = process.communicate(text, timeout=120)
        finally:
            if timer:
                timer.cancel()
                timer.join()
        if process.returncode == -signal.SIGKILL:
            with self.lock:
                self.killed += 1
            return None
        if process.returncode != 0:
            with self.lock:
                self.refused.append((process.returncode, stderr.decode("utf-8", "replace")[-300:]))
        return process.returncode

    def write(self, number):
        """One writer: streams and single events, until as many as wanted were written by all."""
        for turn in range(10**9):
            with self.lock:
                if self.left <= 0:
                    return
                self.left -= STREAM + SINGLE
            names = [self.name(number, turn, event) for event in range(STREAM)]
            # Of very different lengths, so that writes end anywhere in a page.
            lines = [json.dumps({"labels": {"n": name, "filler": "word " * (7 * event % 300)}})
                     for event, name in enumerate(names)]
            if self.run(["telemetry", "emit", "--stdin"], "\n".join(lines).encode()) == 0:
                self.accept(names)
            for single in range(SINGLE):
                name = self.name(number, turn, "single", single)
                if self.run(["telemetry", "emit", "--label", f"n={name}"]) == 0:
                    self.accept([name])

    def accept(self, names):
        with self.lock:
            self.accepted.update(names)

    def flush(self):
        while not self.is_over.is_set():
            self.run(["telemetry", "flush"], may_kill=0.7, within=0.1)
            self.flushes += 1

    def tear(self):
        """Now and then a piece of a line, as a writer that was killed in its write leaves it."""
        state = self.world.root / "state" / "telemetry"
        while not self.is_over.wait(0.2):
            # The named configuration has a spool of its own.
            segments = sorted(state.glob("spool-*/segment-*.ndjson"))
            if segments:
                lock = segments[-1].with_name("spool.lock")
                with open(lock, "rb") as lock, open(segments[-1], "ab", buffering=0) as file:
                    fcntl.flock(lock, fcntl.LOCK_SH)
                    try:
                        file.write(b'{"specversion":"1.0","id":"torn')
                    except OSError:
                        # The disk is full, as it was for the writers.
                        continue
                    self.torn += 1

    def rage(self, events):
        self.left = events
        writers = [threading.Thread(target=self.write, args=[number]) for number in range(WRITERS)]
        others = [threading.Thread(target=self.flush), threading.Thread(target=self.tear)]
        for thread in [*writers, *others]:
            thread.start()
        for thread in writers:
            thread.join()
        self.is_over.set()
        for thread in others:
            thread.join()


def clock(world):
    """The library with the clock that goes back; None without a compiler."""
    source, library = world.root / "clock.c", world.root / "clock.so"
    source.write_text(CLOCK)
    made = subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, check=False)
    if made.returncode != 0:
        world.note("not tried: without a compiler there is no clock that goes back")
        return None
    return str(library)


def arrived(path):
    """How often each event arrived; a line that is none may only be what a killed flush has left of one."""
    events, torn = {}, 0
    with open(path, "rb") as file:
        for line in file:
            try:
                envelope = json.loads(line)
            except ValueError:
                torn += 1
                continue
            name = envelope["data"]["labels"]["n"]
            known = events.setdefault(name, [envelope["id"], 0])
            same(envelope["id"], known[0], f"the id of {name} in every attempt")
            known[1] += 1
    return events, torn


def storm(world, events):
    began = time.monotonic()
    one = Storm(world, events)
    one.rage(events)
    for attempt in range(3):
        look = world.run("telemetry", "flush", "--json", cwd=one.folder)
        if look.code == 0:
            break
    # A torn line that nobody was told about is a dead letter, with exit code 1 the first time.
    look.code_is(0)
    found, torn = arrived(one.folder / "arrived.ndjson")
    lost = one.accepted - set(found)
    expect(not lost, f"{len(lost)} accepted events are lost, such as {sorted(lost)[:3]}:", look)
    expect(one.killed > events / 1000, f"only {one.killed} processes were killed:", look)
    expect(one.torn > 0, "no tail of the spool was torn:", look)
    unwanted = [refused for refused in one.refused if refused[0] not in (1, 75)]
    expect(not unwanted, f"{len(unwanted)} runs failed: {unwanted[:3]}", look)
    twice = sum(count > 1 for _, count in found.values())
    world.note(f"{len(one.accepted):,} events accepted and none lost, {one.killed:,} processes killed, "
               f"{one.flushes:,} flushes, {twice:,} events arrived more than once, {one.torn:,} tails torn, "
               f"{torn:,} lines torn by a flush, "
               f"{time.monotonic() - began:.0f} s")


@scenario("telemetry-storm", "16 writers and a flusher that are killed at random lose no event")
def telemetry_storm(world):
    storm(world, 15_000)


@scenario("telemetry-storm-long", "the same with 100,000 events", is_long=True)
def telemetry_storm_long(world):
    storm(world, 100_000)
