"""What `brainwav telemetry` costs: one event next to /bin/true, to curl and to the Python SDK of OpenTelemetry, which
post the same event; and streams of events and of lines."""

import contextlib
import http.server
import json
import os
import shutil
import statistics
import subprocess
import threading

from bench import Target, heading

EVENTS = 200_000
LINES = 400_000
LABEL = ["--event", "tool_invoked", "--label", "tool=search", "--metric", "duration_ms=12"]
BODY = json.dumps({"event": "tool_invoked", "labels": {"tool": "search"}, "metrics": {"duration_ms": 12}})
# One log record, as a script that lives no longer than its event has to do it.
SDK = """\
import sys, logging
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
provider = LoggerProvider()
provider.add_log_record_processor(SimpleLogRecordProcessor(OTLPLogExporter(endpoint=sys.argv[1])))
logger = logging.getLogger("bench")
logger.addHandler(LoggingHandler(logger_provider=provider))
logger.warning("tool_invoked", extra={"tool": "search", "duration_ms": 12})
provider.shutdown()
"""


class Receiver(http.server.BaseHTTPRequestHandler):
    """Takes whatever is posted, and says nothing of it."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def receiver():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/v1/logs"
        finally:
            server.shutdown()
            thread.join()


def compare_telemetry(bench, rounds):
    return [*compare_one(bench, rounds), *compare_streams(bench)]


def compare_one(bench, rounds):
    """One event in one process."""
    emit = "brainwav telemetry emit"
    commands = {"/bin/true": bench.true, emit: [bench.binary, "telemetry", "emit", *LABEL]}
    with receiver() as address:
        if curl := shutil.which("curl"):
            header = "Content-Type: application/json"
            commands["curl"] = [curl, "-s", "-o", os.devnull, "-H", header, "-d", BODY, address]
        medians = {name: took.wall for name, took in bench.medians(commands, 4 * rounds).items()}
        python = with_sdk()
        if python:
            sdk = {"the Python SDK": [python, bench.file("sdk.py", SDK), address]}
            medians |= {name: took.wall for name, took in bench.medians(sdk, 5).items()}
    heading(f"One event from one process; {4 * rounds} rounds in turn")
    for name, wall in medians.items():
        print(f"{name:24}{wall:10.2f} ms wall{medians[emit] / wall:10.3f} brainwav/it")

    def ratio(name):
        return medians[emit] / medians[name] if name in medians else None

    return [
        Target("emit: against /bin/true", ratio("/bin/true"), 2.5, ""),
        Target("emit: against curl", ratio("curl"), 1 / 3, ""),
        Target("emit: against the Python SDK", ratio("the Python SDK"), 0.01, ""),
    ]


def with_sdk():
    """A Python that has the SDK, if the one on PATH does."""
    python = shutil.which("python3")
    probe = [python, "-c", "import opentelemetry.sdk, opentelemetry.exporter.otlp.proto.http"]
    found = subprocess.run(probe, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return python if found.returncode == 0 else None


def compare_streams(bench):
    """Many events through one process, and lines of a log."""
    folder = bench.subfolder("streams")
    few, many, lines = (os.path.join(folder, name) for name in ("few", "many", "lines"))
    write(few, (event(number) for number in range(EVENTS // 4)))
    write(many, (event(number) for number in range(EVENTS)))
    write(lines, (f"2026-01-31 12:00:{number % 60:02} INFO built module {number} of libs/ui in 12 ms" for number in
                  range(LINES)))
    emit = [bench.binary, "telemetry", "emit", "--stdin"]
    redact = [bench.binary, "telemetry", "redact"]
    # The first only fills the memory.
    taken = [stream(bench, emit, few) for _ in range(2)][-1], stream(bench, emit, many), stream(bench, redact, lines)
    (_, small), (wall, large), (redaction, plain) = taken
    events, megabytes = EVENTS / wall, os.path.getsize(lines) / 1e6 / redaction
    heading("Streams")
    print(f"emit --stdin: {events:,.0f} events a second, {small:.1f} MB for {EVENTS // 4:,}, {large:.1f} for {EVENTS:,}")
    print(f"redact: {megabytes:.0f} MB a second of benign lines, {plain:.1f} MB")
    return [
        Target("emit --stdin: microseconds an event", 1e6 / events, 10, "us"),
        Target("emit --stdin: memory of 4 times as many", large / small, 1.1, ""),
        Target("redact: milliseconds a MB", 1000 / megabytes, 10, "ms"),
    ]


def event(number):
    labels = {"tool": "search", "session": f"session-{number % 100}", "attempt": str(number % 3)}
    outcome = {"status": "ok", "exit_code": 0}
    return json.dumps({"event": "tool_result", "agentId": "planner", "correlationId": f"run-{number % 1000}",
                       "labels": labels, "metrics": {"duration_ms": number % 500}, "outcome": outcome})


def write(path, lines):
    with open(path, "w", encoding="ascii") as file:
        file.writelines(f"{line}\n" for line in lines)


def stream(bench, command, path):
    """The median of three runs in seconds, and the peak of memory in MB. Each starts with an empty spool."""
    state = os.path.join(bench.folder, "stream-state")
    script = 'file=$1 BRAINWAV_STATE_DIR=$2; export BRAINWAV_STATE_DIR; shift 2; exec "$@" <"$file"'
    fed = ["/bin/sh", "-c", script, "sh", path, state, *command]

    def fresh(measure):
        shutil.rmtree(state, ignore_errors=True)
        return measure(fed)

    return statistics.median(fresh(bench.run).wall for _ in range(3)), fresh(bench.peak) / 1e6
