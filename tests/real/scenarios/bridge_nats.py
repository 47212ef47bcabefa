"""A bridge that is killed while it reads a real JetStream brings every envelope, and leaves none."""

import json
import os
import subprocess

from .failure import expect, same, until
from .registry import scenario
from .sinks_nats import PUBLIC, SEED, Client, start_server
from .sinks_world import free_port, kill, listens, venv

COUNT = 2_000
STREAM = {"name": "BUS", "subjects": ["cortex.>"], "storage": "file"}


def envelope(number):
    return {"id": f"e-{number}", "type": "orchestration.plan.created", "source": "urn:bus", "specversion": "1.0",
            "time": "2026-01-01T00:00:00Z", "headers": {}, "data": {"planId": f"p-{number}"}}


def publish(client, contents):
    """Each is in the stream when this returns: the server acknowledges all, in order."""
    for content in contents:
        text = json.dumps(content)
        client.say(f"PUB cortex.plans {client.inbox} {len(text)}\r\n{text}\r\n")
    for _ in contents:
        answer = json.loads(client.next()[1])
        expect("seq" in answer, "the stream stores it:", answer)


def spooled(world):
    """The ids in the spool, which is the one of the named configuration. A line that is none is what a bridge has left that
    was killed in its write; what was in it comes again."""
    names = sorted((world.root / "state/telemetry").glob("spool-*/segment-*"))
    found = []
    for line in b"".join(name.read_bytes() for name in names).splitlines():
        try:
            found.append(json.loads(line)["id"])
        except ValueError:
            continue
    return found


def left(client):
    """What was not handed out, and what was not acknowledged."""
    info = client.ask("CONSUMER.INFO.BUS.brainwav-bridge", {})
    return info["num_pending"], info["num_ack_pending"]


def expected_ids(world):
    """The ids that follow from those of the envelopes."""
    text = "".join(json.dumps(envelope(number)) + "\n" for number in range(COUNT))
    words, options = world.command(["telemetry", "bridge", "--stdin", "-n"])
    done = subprocess.run(words, input=text.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
    expect(done.returncode == 0, "a dry run:", done.stderr.decode())
    return {json.loads(line)["id"] for line in done.stdout.splitlines()}


@scenario("bridge-nats", "what JetStream holds reaches the spool, also when the bridge is killed", ["nats"])
def bridge_nats(world):
    port = free_port()
    arguments = ["telemetry", "bridge", "--nats", f"nats://127.0.0.1:{port}", "--json"]
    world.run(*arguments).code_is(4)
    start_server(world, port)
    look = world.run(*arguments).code_is(4)
    expect("no stream holds cortex.>" in look.stderr, "it says why:", look)
    client = Client(port)
    client.ask("STREAM.CREATE.BUS", STREAM)
    same(world.run(*arguments).code_is(0).document["lines"], 0, "envelopes of an empty stream")
    publish(client, [envelope(number) for number in range(COUNT)])
    for _ in range(2):
        before = len(spooled(world))
        words, options = world.command(arguments)
        program = world.start(words, world.root, BRAINWAV_STATE_DIR=options["env"]["BRAINWAV_STATE_DIR"])
        until("some are there", lambda: len(spooled(world)) > before, pause=0.002)
        kill(world, program)
        expect(sum(left(client)) > 0, "it was killed before it had read everything")
    client.say("PUB cortex.plans 6\r\nbroken\r\n")
    look = world.run(*arguments).code_is(1)
    same(look.document["damaged"], 1, "messages that are no envelopes")
    same(left(client), (0, 0), "messages that wait, and that were not acknowledged")
    found = spooled(world)
    same(set(found), expected_ids(world), "the ids in the spool")
    same(world.run(*arguments).code_is(0).document["lines"], 0, "envelopes of the next run")
    world.note(f"{COUNT} envelopes over two crashes, {len(found) - COUNT} of them twice under the same id")


def serve(world, port, config):
    (world.root / "server.json").write_text(json.dumps(config))
    words = [venv("nats") / "nats-server", "-a", "127.0.0.1", "-p", port, "-c", world.root / "server.json"]
    return listens(world.start(words, world.root), port)


@scenario("bridge-nats-refused", "a NATS that would lose something, or forbids it, is told; a key lets in", ["nats"])
def refused(world):
    port = free_port()
    arguments = ["telemetry", "bridge", "--nats", f"nats://127.0.0.1:{port}", "--json"]
    server = serve(world, port, {})
    look = world.run(*arguments).code_is(4)
    expect("no JetStream" in look.stderr, "it says what is missing:", look)
    kill(world, server)
    seed = world.root / "seed"
    seed.write_text(SEED)
    os.chmod(seed, 0o600)
    jetstream = {"store_dir": str(world.root / "store")}
    for permissions, words in [
        ({"publish": "cortex.>"}, "Permissions Violation for Publish"),
        ({"subscribe": "cortex.>"}, "Permissions Violation for Subscription"),
        ({}, "no stream holds cortex.>"),
    ]:
        user = {"nkey": PUBLIC, **({"permissions": permissions} if permissions else {})}
        server = serve(world, port, {"jetstream": jetstream, "authorization": {"users": [user]}})
        look = world.run(*arguments).code_is(4)
        expect("Authorization Violation" in look.stderr, "nobody is let in without a key:", look)
        look = world.run(*arguments, "--credentials", seed).code_is(4)
        expect(words in look.stderr and SEED not in look.stderr, f"it says {words}:", look)
        kill(world, server)
