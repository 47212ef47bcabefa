"""What `brainwav telemetry` costs: one event next to /bin/true, to curl and to the Python SDK of OpenTelemetry, which
post the same event, and to node; streams of events and of lines; and the delivery to a collector.

What is not installed is left out, and named: the Python SDK are the packages opentelemetry-sdk and
opentelemetry-exporter-otlp-proto-http, and `tests/real/install emitter otlp` brings what node loads, and rotel.
"""

import contextlib
import http.server
import json
import os
import shutil
import socket
import statistics
import subprocess
import threading
import time

from bench import Target, heading

EVENTS = 200_000
LINES = 400_000
REAL = os.environ.get("BRAINWAV_REAL_DIR") or os.path.join(os.path.dirname(__file__), "..", "target", "real")
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


# The same with what an emitter in TypeScript does: complete, validate by zod, redact, wrap, and append to a file queue.
NODE = """\
const from = require('node:module').createRequire(process.argv[2])
const { z } = from('zod')
const { randomUUID } = require('node:crypto')
const { appendFileSync } = require('node:fs')
const record = z.record(z.string(), z.unknown()).optional()
const AgentEvent = z.object({
  timestamp: z.string().datetime(),
  agentId: z.string().min(1),
  phase: z.enum(['planning', 'execution', 'completion']),
  event: z.enum(['run_started', 'run_finished', 'plan_created', 'plan_revised', 'reroute', 'tool_invoked', 'tool_result']),
  correlationId: z.string().min(1),
  labels: record, metrics: record, outcome: record,
}).strict()
const secret = new Set(['prompt', 'query', 'input', 'email', 'token', 'password'])
const given = { event: 'tool_invoked', labels: { tool: 'search' }, metrics: { duration_ms: 12 } }
const complete = { timestamp: new Date().toISOString(), agentId: 'bench', phase: 'execution', correlationId: randomUUID() }
const data = AgentEvent.parse({ ...complete, ...given })
data.labels = Object.fromEntries(Object.entries(data.labels).map(([key, value]) => [key, secret.has(key) ? '[..]' : value]))
const envelope = { id: randomUUID(), type: 'cortex.telemetry.agent.event', source: 'urn:bench', specversion: '1.0',
  time: data.timestamp, ttlMs: 60000, headers: {}, data }
appendFileSync(process.argv[3], JSON.stringify(envelope) + '\\n')
"""


# What importing the package of the original loads and sets up besides its emitter. Its server for Prometheus is left
# out: with it, node would not end.
ORIGINAL = NODE + """\
const { diag, trace, DiagConsoleLogger, DiagLogLevel } = from('@opentelemetry/api')
const { Resource } = from('@opentelemetry/resources')
const { SEMRESATTRS_SERVICE_NAME } = from('@opentelemetry/semantic-conventions')
const { MeterProvider } = from('@opentelemetry/sdk-metrics')
const { PrometheusExporter } = from('@opentelemetry/exporter-prometheus')
const { NodeTracerProvider } = from('@opentelemetry/sdk-trace-node')
const { SimpleSpanProcessor } = from('@opentelemetry/sdk-trace-base')
const { OTLPTraceExporter } = from('@opentelemetry/exporter-trace-otlp-http')
diag.setLogger(new DiagConsoleLogger(), DiagLogLevel.ERROR)
const resource = new Resource({ [SEMRESATTRS_SERVICE_NAME]: 'bench' })
const readers = [new PrometheusExporter({ preventServerStart: true })]
new MeterProvider({ resource, readers }).getMeter('bench')
const spanProcessors = [new SimpleSpanProcessor(new OTLPTraceExporter({ url: 'http://localhost:4318/v1/traces' }))]
new NodeTracerProvider({ resource, spanProcessors }).register()
trace.getTracer('bench')
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
    return [*compare_one(bench, rounds), *compare_streams(bench), *compare_delivery(bench)]


def compare_one(bench, rounds):
    """One event in one process."""
    emit, filtered = "brainwav telemetry emit", "brainwav telemetry redact"
    line = bench.file("line", event(1) + "\n")
    commands = {
        "/bin/true": bench.true,
        "brainwav --version": bench.start,
        filtered: ["/bin/sh", "-c", 'exec "$0" telemetry redact <"$1"', bench.binary, line],
        "sh": ["/bin/sh", "-c", 'exec "$0" --version <"$1"', bench.binary, line],
        emit: [bench.binary, "telemetry", "emit", *LABEL],
    }
    with receiver() as address:
        if curl := there("curl", shutil.which("curl")):
            header = "Content-Type: application/json"
            commands["curl"] = [curl, "-s", "-o", os.devnull, "-H", header, "-d", BODY, address]
        medians = {name: took.wall for name, took in bench.medians(commands, 4 * rounds).items()}
        medians |= {name: took.wall for name, took in bench.medians(slow(bench, address), 9).items()}
    # What a filter of one event takes beyond its start: more than what `emit` redacts with, as it reads and writes too.
    redaction = medians[filtered] - medians.pop("sh")
    heading(f"One event from one process; {4 * rounds} rounds in turn")
    for name, wall in medians.items():
        print(f"{name:24}{wall:10.2f} ms wall{medians[emit] / wall:10.3f} emit/it")
    print(f"redaction of one event: {redaction:.2f} ms")

    def ratio(name):
        return medians[emit] / medians[name] if name in medians else None

    return [
        Target("emit: against /bin/true", ratio("/bin/true"), 2.5, ""),
        Target("emit: against curl", ratio("curl"), 1 / 3, ""),
        Target("emit: against the Python SDK", ratio("the Python SDK"), 0.01, ""),
        Target("emit: against node as the original", ratio("node as the original"), 0.01, ""),
        Target("emit: redaction", redaction, 1, "ms"),
    ]


def there(name, found):
    """What was found. Where nothing was, that is said."""
    if not found:
        print(f"left out, as it is not installed: {name}")
    return found


def slow(bench, address):
    """The commands that are compared in fewer rounds."""
    commands = {}
    if python := there("the Python SDK", with_sdk()):
        commands["the Python SDK"] = [python, bench.file("sdk.py", SDK), address]
    node, packages = shutil.which("node"), os.path.abspath(os.path.join(REAL, "emitter", "node_modules"))
    if there("node with the packages of the original", node and os.path.isdir(packages) and node):
        behind = [packages, os.path.join(bench.folder, "queue.jsonl")]
        commands["node and zod"] = [node, bench.file("emit.cjs", NODE), *behind]
        commands["node as the original"] = [node, bench.file("original.cjs", ORIGINAL), *behind]
    return commands


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


def compare_delivery(bench):
    """All that is spooled, to a collector of others."""
    agent = there("rotel", find_rotel())
    if not agent:
        return [Target("flush to rotel: microseconds an event", None, 10, "us")]
    few, many = (os.path.join(bench.folder, "streams", name) for name in ("few", "many"))
    with rotel(agent, bench) as address:
        sink = f'[[telemetry.sink]]\ntype = "otlp"\nurl = "{address}"\nsignals = ["logs"]\n'
        settings = bench.file("delivery.toml", sink)
        (_, small), (wall, large) = deliver(bench, settings, few), deliver(bench, settings, many)
    heading("Delivery")
    print(f"flush to rotel: {EVENTS / wall:,.0f} events a second, {small:.1f} MB for {EVENTS // 4:,}, {large:.1f} for "
          f"{EVENTS:,}")
    return [
        Target("flush to rotel: microseconds an event", 1e6 * wall / EVENTS, 10, "us"),
        Target("flush: memory of 4 times as many", large / small, 1.1, ""),
    ]


def find_rotel():
    """The collector, which is a program in a Python package."""
    for folder, _, files in os.walk(os.path.join(REAL, "otlp", "venv", "lib")):
        if "rotel-agent" in files:
            return os.path.join(folder, "rotel-agent")
    return None


@contextlib.contextmanager
def rotel(agent, bench):
    ports = []
    for _ in range(2):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            ports.append(probe.getsockname()[1])
    words = [agent, "start", "--otlp-http-endpoint", f"127.0.0.1:{ports[0]}", "--otlp-grpc-endpoint",
             f"127.0.0.1:{ports[1]}", "--exporter", "blackhole"]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=bench.environment)
    try:
        wait_for(ports[0], process)
        yield f"http://127.0.0.1:{ports[0]}"
    finally:
        process.terminate()
        process.wait()


def wait_for(port, process):
    """Until somebody takes connections."""
    until = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise SystemExit("rotel does not listen")


def deliver(bench, settings, path):
    """The median of three deliveries in seconds, and the peak of memory in MB."""
    def spooled(measure):
        emit = [bench.binary, "--config", settings, "telemetry", "emit", "--stdin", "--no-flush", "-q"]
        with open(path, "rb") as events:
            subprocess.run(emit, stdin=events, env=bench.surroundings(emit), stdout=bench.null, check=True)
        flush = [bench.binary, "--config", settings, "telemetry", "flush", "--deadline", "60s", "-q"]
        return measure(flush)

    return statistics.median(spooled(bench.run).wall for _ in range(3)), spooled(bench.peak) / 1e6
