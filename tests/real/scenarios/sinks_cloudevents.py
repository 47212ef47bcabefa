"""The CloudEvents SDKs take what is posted, and refuse the original's form."""

import contextlib
import http.server
import json
import ssl
import subprocess
import threading

from .failure import expect, same
from .registry import scenario
from .sinks_world import CORRELATION, certificate, configure, deliver, names, spool, stopped, venv
from .world import REAL

# Each line is one request; one line is answered: what was there, or why not.
PYTHON = """
import json, sys
from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from cloudevents.core.formats.json import JSONFormat
for line in sys.stdin:
    request = json.loads(line)
    try:
        message = HTTPMessage(headers=request["headers"], body=request["body"].encode())
        event = from_http_event(message, JSONFormat())
        print(json.dumps([event.get_data()["labels"]["n"], event.get_extension("correlationid")]))
    except Exception as error:
        print(json.dumps("refused: " + repr(error)))
"""
JAVASCRIPT = """
const { HTTP } = require(process.argv[1])
for (const line of require('node:fs').readFileSync(0, 'utf8').split('\\n').filter(Boolean)) {
  try {
    const event = HTTP.toEvent(JSON.parse(line))
    event.validate()
    console.log(JSON.stringify([event.data.labels.n, event.correlationid]))
  } catch (error) {
    console.log(JSON.stringify('refused: ' + error))
  }
}
"""

class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.requests.append({"headers": headers, "body": body})
        self.send_response(202)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def receiving(tls=None):
    """A server on this machine that keeps what it is sent."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        server.requests = []
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def posted(world, **keys):
    with receiving() as server:
        configure(world, "http", f"http://127.0.0.1:{server.server_port}/events", **keys)
        spool(world, 4)
        deliver(world, 4)
        return server.requests


def judged(words, requests):
    lines = "".join(json.dumps(request) + "\n" for request in requests)
    done = subprocess.run(list(map(str, words)), input=lines, stdout=subprocess.PIPE, text=True, timeout=120)
    same(done.returncode, 0, f"exit code of {words[0]}")
    return [json.loads(line) for line in done.stdout.splitlines()]


@scenario("sinks-cloudevents", "the CloudEvents SDKs take what is posted", ["cloudevents"])
def cloudevents(world):
    sdks = {
        "Python": [venv("cloudevents") / "python", "-c", PYTHON],
        "JavaScript": ["node", "-e", JAVASCRIPT, REAL / "cloudevents/node_modules/cloudevents"],
    }
    good, original = posted(world), posted(world, envelope="cortex")
    expected = [[name, CORRELATION] for name in names(4)]
    for name, words in sdks.items():
        same(judged(words, good), expected, f"what the SDK of {name} reads")
        for request in original:
            request["headers"]["content-type"] = "application/cloudevents+json"
        verdicts = judged(words, original)
        expect(len(verdicts) == 4 and all("refused" in str(one) for one in verdicts),
               f"the SDK of {name} refuses the original's form:", verdicts)


@scenario("sinks-https", "events are posted by TLS, and only to who is trusted")
def https(world):
    folder = certificate(world.root / "tls")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(folder / "own.pem", folder / "own.key")
    with receiving(tls) as server:
        url = f"https://127.0.0.1:{server.server_port}/events"
        configure(world, "http", url)
        spool(world, 4)
        reason = stopped(world)
        expect("certificate" in reason, "it is not trusted:", reason)
        same(server.requests, [], "what was posted to a stranger")
        configure(world, "http", url, authorities=str(folder / "ca.pem"))
        deliver(world, 4)
        found = [json.loads(one["body"])["data"]["labels"]["n"] for one in server.requests]
        same(found, names(4), "what was posted")
