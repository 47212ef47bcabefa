"""The metrics, the dashboard and the alerts, read by Prometheus, promtool and
the textfile collector of node_exporter."""

import json
import socket
import subprocess
import urllib.error
import urllib.parse
import urllib.request

from .failure import Skip, expect, same, until
from .programs import start_tsc_watch
from .registry import scenario
from .scope import TINY
from .world import REAL

BIN = REAL / "prometheus/usr/bin"

SINK = '[[telemetry.sink]]\ntype = "file"\npath = "events.ndjson"\n'

# What the variables of the dashboard stand for when everything is chosen.
VARIABLES = {"$instance": ".*", "$rule": ".*", "$__rate_interval": "1m"}

# Series that go on for an hour, and the alerts that they lead to.
ALERTS = """
rule_files: [rules.yml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - {series: 'brainwav_health_timestamp_seconds{instance="sick"}', values: '0x60'}
      - {series: 'brainwav_problem_processes{instance="sick",rule="vitest"}', values: '2x60'}
      - {series: 'brainwav_problem_processes{instance="well",rule="vitest"}', values: '0x60'}
      - {series: 'brainwav_health_outcomes{instance="sick",outcome="survived"}', values: '1x60'}
      - {series: 'brainwav_health_outcomes{instance="well",outcome="terminated"}', values: '1x60'}
      - {series: 'brainwav_telemetry_dead_events_total{instance="sick",sink="file"}', values: '0+1x60'}
      - {series: 'brainwav_telemetry_oldest_pending_event_age_seconds{instance="sick",sink="file"}', values: '7200x60'}
      - {series: 'brainwav_telemetry_spool_bytes{instance="sick"}', values: '90x60'}
      - {series: 'brainwav_telemetry_spool_bytes{instance="well"}', values: '70x60'}
      - {series: 'brainwav_telemetry_spool_limit_bytes{instance="sick"}', values: '100x60'}
      - {series: 'brainwav_telemetry_spool_limit_bytes{instance="well"}', values: '100x60'}
    promql_expr_test:
      - expr: count by (alertname, instance) (ALERTS{alertstate="firing"})
        eval_time: 50m
        exp_samples:
          - {labels: '{alertname="BrainwavHealthStale",instance="sick"}', value: 1}
          - {labels: '{alertname="BrainwavProcessNotEnded",instance="sick"}', value: 1}
          - {labels: '{alertname="BrainwavProcessOverLimit",instance="sick"}', value: 1}
          - {labels: '{alertname="BrainwavTelemetryDeadLetters",instance="sick"}', value: 1}
          - {labels: '{alertname="BrainwavTelemetryDelayed",instance="sick"}', value: 1}
          - {labels: '{alertname="BrainwavTelemetrySpoolFull",instance="sick"}', value: 1}
  - interval: 1m
    promql_expr_test:
      - expr: count by (alertname) (ALERTS{alertstate="firing"})
        eval_time: 50m
        exp_samples:
          - {labels: '{alertname="BrainwavHealthMissing"}', value: 1}
"""

CONFIG = """
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [rules.yml]
scrape_configs:
  - job_name: node
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def fetch(url):
    """Nothing while nobody answers there."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.read().decode()
    except OSError:
        return ""


def promtool(world, *arguments, given=None):
    done = subprocess.run([BIN / "promtool", *arguments], cwd=world.root, input=given, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    same((done.returncode, "rror" in done.stdout), (0, False), f"promtool {' '.join(arguments)}: {done.stdout}")
    return done.stdout.strip()


def samples(text):
    """Values by series: the order of labels and the form of numbers mean nothing."""
    found = {}
    for line in text.splitlines():
        if line.startswith("brainwav_"):
            series, value = line.rsplit(" ", 1)
            name, _, labels = series.rstrip("}").partition("{")
            found[name, tuple(sorted(labels.split(",")))] = float(value)
    return found


def write_metrics(world, file):
    """Ends a compiler that exceeds its limits, and writes what became of it."""
    compiler = start_tsc_watch(world, world.folder("compiling", "ts5"))
    members = compiler.members()
    written = ("--format", "prometheus", "--output", file)
    world.run("health", *written, *TINY).code_is(1)
    expect('brainwav_problem_processes{rule="tsc"} 1' in file.read_text(), "a problem is written, although the code is 1")
    world.run("health", "--enforce", *written, *TINY).code_is(0)
    world.all_gone(members.values(), "the compiler")
    return compiler.pid


def told(world, pid):
    """What was delivered about a process."""
    world.run("telemetry", "flush").code_is(0)
    lines = (world.root / "events.ndjson").read_text().splitlines()
    events = [json.loads(line)["data"] for line in lines]
    return [event["event"] for event in events if event["labels"].get("pid") == str(pid)]


def expressions(dashboard):
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            text = target["expr"]
            for name, value in VARIABLES.items():
                text = text.replace(name, value)
            yield text


def asks(port, expression):
    """The answer of Prometheus, once it has one."""
    def answer():
        text = fetch(f"http://127.0.0.1:{port}/api/v1/query?{urllib.parse.urlencode({'query': expression})}")
        found = json.loads(text) if text else {}
        expect(found.get("status") != "error", f"{expression}: {text}")
        return found.get("data", {}).get("result")

    return until(f"an answer to {expression}", answer)


def collector(world, folder):
    port = free_port()
    world.start([BIN / "prometheus-node-exporter", "--collector.disable-defaults", "--collector.textfile",
                 f"--collector.textfile.directory={folder}", f"--web.listen-address=127.0.0.1:{port}"], world.root)
    until("the collector answers", lambda: fetch(f"http://127.0.0.1:{port}/metrics"))
    return port


def server(world, target):
    world.write(world.root / "prometheus.yml", CONFIG.format(port=target))
    port = free_port()
    world.start([BIN / "prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=data",
                 f"--web.listen-address=127.0.0.1:{port}"], world.root)
    until("Prometheus is ready", lambda: "is Ready" in fetch(f"http://127.0.0.1:{port}/-/ready"))
    return port


@scenario("prometheus", "metrics, dashboard and alerts are what Prometheus reads", ["ts5", "prometheus"])
def prometheus(world):
    if not (BIN / "promtool").exists():
        raise Skip("there are no packages of Debian here")
    world.write_config(SINK)
    world.root.joinpath("brainwav.toml").write_text("")  # the workspace is the folder of the scenario
    folder = world.root / "textfile"
    folder.mkdir()
    file = folder / "brainwav.prom"
    pid = write_metrics(world, file)
    same(told(world, pid), ["tool_invoked", "tool_result"], "what was told about the compiler")
    promtool(world, "check", "metrics", given=file.read_text())

    world.write(world.root / "rules.yml", world.run("telemetry", "dashboard", "--rules").code_is(0).stdout)
    world.note(promtool(world, "check", "rules", "rules.yml").splitlines()[-1].strip())
    world.write(world.root / "alerts.yml", ALERTS)
    promtool(world, "test", "rules", "alerts.yml")

    target = collector(world, folder)
    read = fetch(f"http://127.0.0.1:{target}/metrics")
    expect("node_textfile_scrape_error 0" in read, "the collector reads the file:", read)
    written, read = samples(file.read_text()), samples(read)
    same({series: read.get(series) for series in written}, written, "what the collector passes on")
    port = server(world, target)
    asked = list(expressions(world.run("telemetry", "dashboard").code_is(0).document))
    for expression in asked:
        asks(port, expression)
    rules = json.loads(fetch(f"http://127.0.0.1:{port}/api/v1/rules"))["data"]["groups"][0]["rules"]
    until("every rule was evaluated", lambda: all(
        rule["health"] == "ok" for rule in
        json.loads(fetch(f"http://127.0.0.1:{port}/api/v1/rules"))["data"]["groups"][0]["rules"]))
    world.note(f"{len(asked)} expressions of the dashboard have an answer, {len(rules)} alerts are evaluated")
