"""Real receivers of OTLP understand what is delivered: every event as a log
record, and what ended as a span too."""

import json
import re
import urllib.request

from .failure import expect, same, until
from .registry import scenario
from .sinks_world import configure, deliver, free_port, listens, names, spool, venv

COUNT = 1000
ENDED = names(COUNT)[::2]
ALL = ["logs", "traces", "metrics"]


@scenario("sinks-rotel", "rotel takes logs, spans and metrics", ["otlp"])
def rotel(world):
    [agent] = venv("otlp").parent.glob("lib/python3*/site-packages/rotel/rotel-agent")
    port = free_port()
    words = [agent, "start", "--otlp-http-endpoint", f"127.0.0.1:{port}", "--otlp-grpc-endpoint",
             f"127.0.0.1:{free_port()}", "--exporter", "blackhole", "--debug-log", "logs", "--debug-log", "traces",
             "--debug-log", "metrics", "--debug-log-verbosity", "detailed"]
    program = listens(world.start(words, world.root), port)
    configure(world, "otlp", f"http://127.0.0.1:{port}", signals=ALL)
    spool(world, COUNT)
    deliver(world, COUNT)

    def found(pattern):
        return set(re.findall(pattern, program.output()))

    # Those of logs and of spans: the log record says which it is.
    until("all events are there", lambda: found(r"brainwav\.labels\.n\W+Str\(\"?(run-\d+)") >= set(names(COUNT)),
          show=lambda: program.output()[:3000])
    for word in ["execute_tool search", "brainwav.agent.tool_result", "service.name", "gen_ai.agent.id", "brainwav.events",
                 "brainwav.operation.duration"]:
        expect(word in program.output(), f"rotel saw {word}:", program.output()[:3000])


@scenario("sinks-oteltap", "oteltap takes logs and spans", ["otlp"])
def oteltap(world):
    port = free_port()
    program = listens(world.start([venv("otlp") / "oteltap", "--port", port], world.root, PYTHONUNBUFFERED="1"), port)
    configure(world, "otlp", f"http://127.0.0.1:{port}")
    spool(world, COUNT)
    deliver(world, COUNT)

    def lines():
        whole = [line for line in program.output().splitlines() if line.startswith("{") and line.endswith("}")]
        return [json.loads(line) for line in whole]

    until("all log records and spans are there", lambda: len(lines()) >= COUNT + len(ENDED),
          show=lambda: program.output()[:3000])
    text = json.dumps(lines())
    same(sorted(set(re.findall(r"run-\d+", text))), sorted(names(COUNT)), "the events that arrived")


def ask(port, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
        return json.load(answer)


def attributes(one):
    return {pair["key"]: next(iter(pair["value"].values())) for pair in one["attributes"]}


def unpacked(requests, resource, scope, records):
    return [one for request in requests for of_resource in request[resource]
            for of_scope in of_resource[scope] for one in of_scope[records]]


@scenario("sinks-ddapm", "the Datadog test agent reads back what the environment says to deliver", ["ddapm"])
def ddapm(world):
    port, otlp = free_port(), free_port()
    words = [venv("ddapm") / "ddapm-test-agent", "--host", "127.0.0.1", "--port", port, "--otlp-http-port", otlp,
             "--otlp-grpc-port", free_port()]
    program = listens(world.start(words, world.root), otlp)
    listens(program, port)
    variables = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{otlp}",
        "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
        "OTEL_SERVICE_NAME": "shop",
        "OTEL_RESOURCE_ATTRIBUTES": "team=a%2Cb",
        # Not the run that the events come from.
        "GITHUB_ACTIONS": "true",
        "GITHUB_RUN_ID": "18",
    }
    configure(world, "otlp", signals=ALL)
    spool(world, COUNT, {"GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "17"})
    deliver(world, COUNT, variables)
    for of_resource in [one for request in ask(otlp, "/test/session/logs") for one in request["resource_logs"]]:
        same(attributes(of_resource["resource"]),
             {"service.name": "shop", "team": "a,b", "cicd.pipeline.run.id": "17"}, "the resource")
    logs = unpacked(ask(otlp, "/test/session/logs"), "resource_logs", "scope_logs", "log_records")
    # The requests come back in an order of their own.
    same(sorted(attributes(one)["brainwav.labels.n"] for one in logs), sorted(names(COUNT)), "the log records")
    spans = unpacked(ask(otlp, "/test/session/traces"), "resource_spans", "scope_spans", "spans")
    same(sorted(attributes(one)["brainwav.labels.n"] for one in spans), sorted(ENDED), "the spans")
    span = spans[0]
    same(int(span["end_time_unix_nano"]) - int(span["start_time_unix_nano"]), 250_000_000, "nanoseconds")
    same(span["name"], "execute_tool search", "the name of a span")
    metrics = unpacked(ask(otlp, "/test/session/metrics"), "resource_metrics", "scope_metrics", "metrics")
    counted = [point for one in metrics if one["name"] == "brainwav.events" for point in one["sum"]["data_points"]]
    same(sum(int(point["as_int"]) for point in counted), COUNT, "events in the metrics")
    same({attributes(point)["brainwav.event"] for point in counted}, {"tool_result", "tool_invoked"}, "their kinds")
    timed = [point for one in metrics if one["name"] == "brainwav.operation.duration"
             for point in one["histogram"]["data_points"]]
    same(sum(int(point["count"]) for point in timed), len(ENDED), "durations in the metrics")
    same(sum(point["sum"] for point in timed), len(ENDED) / 4, "seconds in all")
