"""A real JetStream keeps every event once, whatever happens to the server."""

import json
import os
import socket
import uuid

from .failure import expect, same, until
from .registry import scenario
from .sinks_world import certificate, configure, deliver, ended, free_port, kill, listens, names, spool, start_flush, stopped, venv

STREAM = {"name": "EVENTS", "subjects": ["cortex.>"], "storage": "file"}
COUNT = 20_000


class Client:
    """As much of the protocol as it takes to look into a stream."""

    def __init__(self, port):
        self.port = port
        self.inbox = f"me-{uuid.uuid4()}"
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.file = self.socket.makefile("rb")
        self.file.readline()
        self.say('CONNECT {"verbose":false,"headers":true}\r\nSUB ' + self.inbox + " 1\r\n")

    def say(self, text):
        self.socket.sendall(text.encode())

    def next(self):
        """Headers and content of the next message."""
        while True:
            words = self.file.readline().split()
            expect(words, "the server goes on")
            if words[0] == b"PING":
                self.say("PONG\r\n")
            if words[0] in (b"MSG", b"HMSG"):
                split = int(words[-2]) if words[0] == b"HMSG" else 0
                content = self.file.read(int(words[-1]) + 2)[:-2]
                return content[:split].decode(), content[split:]

    def ask(self, subject, document):
        text = json.dumps(document)
        self.say(f"PUB $JS.API.{subject} {self.inbox} {len(text)}\r\n{text}\r\n")
        answer = json.loads(self.next()[1])
        expect("error" not in answer, subject, answer)
        return answer

    def count(self):
        return self.ask("STREAM.INFO.EVENTS", {})["state"]["messages"]

    def stored(self):
        """The ids and the contents of all that the stream holds."""
        count = self.count()
        reader = Client(self.port)
        self.ask("CONSUMER.CREATE.EVENTS", {"stream_name": "EVENTS", "config": {
            "deliver_subject": reader.inbox, "ack_policy": "none", "deliver_policy": "all"}})
        found = []
        while len(found) < count:
            headers, content = reader.next()
            of_id = [line for line in headers.splitlines() if line.startswith("Nats-Msg-Id: ")]
            found.append((of_id[0].partition(": ")[2], json.loads(content)))
        return found


def start_server(world, port, *more):
    words = [venv("nats") / "nats-server", "-a", "127.0.0.1", "-p", port, "-js", "-sd", world.root / "store", *more]
    return listens(world.start(words, world.root), port)


@scenario("sinks-nats", "JetStream keeps each event once, killed and restarted", ["nats"])
def nats(world):
    port = free_port()
    server = start_server(world, port)
    Client(port).ask("STREAM.CREATE.EVENTS", STREAM)
    configure(world, "nats", f"nats://127.0.0.1:{port}", batch=20)
    spool(world, COUNT)
    program = start_flush(world)
    for part in (4, 2):
        client = Client(port)
        until("some are delivered", lambda: client.count() >= COUNT // part, pause=0.002)
        kill(world, server)
        expect(program.is_running(), "the delivery was not done before the server was killed")
        server = start_server(world, port)
    code, sink, _ = ended(program)
    same((code, sink["delivered"]), (0, COUNT), f"exit code, and what was delivered:\n{program.output()[-2000:]}")
    stored = Client(port).stored()
    same([content["data"]["labels"]["n"] for _, content in stored], names(COUNT), "what the stream holds, in order")
    same(len({name for name, _ in stored}), COUNT, "ids")
    world.note(f"{COUNT} events once each, over two crashes of the server")


@scenario("sinks-nats-stream", "what no stream takes waits", ["nats"])
def no_stream(world):
    port = free_port()
    start_server(world, port)
    configure(world, "nats", f"nats://127.0.0.1:{port}")
    spool(world, 4)
    reason = stopped(world)
    expect("no stream takes its subject" in reason, "it says why:", reason)
    client = Client(port)
    client.ask("STREAM.CREATE.EVENTS", {**STREAM, "max_msg_size": 100})
    code, sink, _ = ended(start_flush(world))
    same((code, sink["dead"]), (1, 4), "exit code, and events that are too large for the stream")
    client.ask("STREAM.UPDATE.EVENTS", STREAM)
    spool(world, 4)
    deliver(world, 4)
    same([content["data"]["labels"]["n"] for _, content in client.stored()], names(4), "what the stream holds")


@scenario("sinks-nats-tls", "NATS by TLS and password, and only to who is trusted", ["nats"])
def tls(world):
    folder = certificate(world.root / "tls")
    port = free_port()
    config = {
        "jetstream": {"store_dir": str(world.root / "store")},
        "tls": {"cert_file": str(folder / "own.pem"), "key_file": str(folder / "own.key")},
        "authorization": {"user": "me", "password": "right"},
    }
    (world.root / "server.json").write_text(json.dumps(config))
    words = [venv("nats") / "nats-server", "-a", "127.0.0.1", "-p", port, "-c", world.root / "server.json"]
    server = listens(world.start(words, world.root), port)
    spool(world, 4)
    trusted = {"authorities": str(folder / "ca.pem")}
    table = [("right", {}, "certificate"), ("wrong", trusted, "Authorization Violation"),
             ("right", trusted, "no stream takes its subject")]
    for scheme in ("tls", "nats"):
        for password, more, words in table:
            configure(world, "nats", f"{scheme}://me:{password}@127.0.0.1:{port}", **more)
            reason = stopped(world)
            expect(words in reason and password not in reason, f"it says {words}:", reason)
    expect(server.is_running(), "the server goes on")


# A key that was made up: thirty-two sevens, and what belongs to them.
SEED = "SUAAOBYHA4DQOBYHA4DQOBYHA4DQOBYHA4DQOBYHA4DQOBYHA4DQOBZ5FE"
PUBLIC = "UDVEU3DD4KOFECV66VIHWEZOYX4ZKR3WV27L464SIIPOU2IUI3JCYSJF"


@scenario("sinks-nats-key", "NATS by a key that never leaves", ["nats"])
def key(world):
    port = free_port()
    config = {"jetstream": {"store_dir": str(world.root / "store")}, "authorization": {"users": [{"nkey": PUBLIC}]}}
    (world.root / "server.json").write_text(json.dumps(config))
    words = [venv("nats") / "nats-server", "-a", "127.0.0.1", "-p", port, "-c", world.root / "server.json"]
    listens(world.start(words, world.root), port)
    seed = world.root / "seed"
    seed.write_text(SEED)
    os.chmod(seed, 0o600)
    spool(world, 4)
    table = [({"credentials": str(seed)}, "no stream takes its subject"), ({}, "Authorization Violation")]
    for more, words in table:
        configure(world, "nats", f"nats://127.0.0.1:{port}", **more)
        reason = stopped(world)
        expect(words in reason, f"it says {words}:", reason)
