"""A client of schema registries that many use reads what brainwav registers, asks as it does, and finds the same."""

import contextlib
import http.server
import json
import subprocess
import threading
import urllib.parse

from .failure import expect, same
from .registry import scenario
from .world import REAL

TOPIC = "cortex.telemetry.agent.event"
EVENT = {"timestamp": "2026-01-01T00:00:00Z", "agentId": "a", "phase": "execution", "event": "tool_invoked",
         "correlationId": "c", "labels": {"tool": "search"}}

# Reads the latest schema of the first subject, and registers it under the second as its authors do.
CLIENT = """
const { SchemaRegistry, SchemaType } = require(process.argv[1] + '/@kafkajs/confluent-schema-registry')
const Ajv = require(process.argv[1] + '/ajv/dist/2020')
const [host, subject, other, schema, event] = process.argv.slice(2)
// A validator takes a schema of one name only once.
function client() {
  const ajvInstance = new Ajv({ strict: false, validateFormats: false })
  return new SchemaRegistry({ host }, { [SchemaType.JSON]: { ajvInstance } })
}
async function main() {
  const registry = client()
  const id = await registry.getLatestSchemaId(subject)
  const decoded = await registry.decode(await registry.encode(id, JSON.parse(event)))
  const refused = await registry.encode(id, { ...JSON.parse(event), more: 1 }).then(() => null, String)
  const options = { compatibility: 'FORWARD' }
  const again = await client().register({ type: SchemaType.JSON, schema }, { ...options, subject })
  const first = await client().register({ type: SchemaType.JSON, schema }, { ...options, subject: other })
  console.log(JSON.stringify({ id, decoded, refused, again: again.id, other: first.id }))
}
main().catch(error => { console.error(error); process.exit(1) })
"""


class Handler(http.server.BaseHTTPRequestHandler):
    """The part of the interface that both use, by its reference; compatibility is not judged here."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.serve()

    def do_PUT(self):
        self.serve()

    def do_GET(self):
        self.serve()

    def serve(self):
        length = int(self.headers.get("content-length") or 0)
        body = json.loads(self.rfile.read(length) or b"{}")
        parts = [urllib.parse.unquote(part) for part in self.path.split("?")[0].strip("/").split("/")]
        self.server.requests.append({
            "client": "brainwav" if self.headers["user-agent"].startswith("brainwav/") else "other",
            "asked": [self.command, *parts], "type": self.headers["content-type"], "body": body,
        })
        status, answer = self.answer(parts, body)
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-type", "application/vnd.schemaregistry.v1+json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def answer(self, parts, body):
        server = self.server
        schema = json.loads(body["schema"]) if "schema" in body else None
        versions = server.subjects.get(parts[1]) if len(parts) > 1 else None
        match [self.command, *parts]:
            case ["POST", "subjects", subject]:
                if versions is None:
                    return 404, {"error_code": 40401, "message": f"Subject '{subject}' not found."}
                if schema not in versions:
                    return 404, {"error_code": 40403, "message": "Schema not found"}
                return 200, {"subject": subject, "id": server.schemas.index(schema) + 1,
                             "version": versions.index(schema) + 1, "schema": body["schema"]}
            case ["POST", "subjects", subject, "versions"]:
                if schema not in server.schemas:
                    server.schemas.append(schema)
                versions = server.subjects.setdefault(subject, [])
                if schema not in versions:
                    versions.append(schema)
                return 200, {"id": server.schemas.index(schema) + 1}
            case ["GET", "subjects", subject, "versions", "latest"] if versions:
                return 200, {"subject": subject, "id": server.schemas.index(versions[-1]) + 1,
                             "version": len(versions), "schemaType": "JSON", "schema": json.dumps(versions[-1])}
            case ["GET", "schemas", "ids", number]:
                return 200, {"schemaType": "JSON", "schema": json.dumps(server.schemas[int(number) - 1])}
            case ["GET", "config", subject]:
                if subject in server.levels:
                    return 200, {"compatibilityLevel": server.levels[subject]}
                return 404, {"error_code": 40408, "message": f"Subject '{subject}' has no level of its own"}
            case ["PUT", "config", subject]:
                server.levels[subject] = body["compatibility"]
                return 200, body
        return 404, {"error_code": 404, "message": "HTTP 404 Not Found"}

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def registry():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.requests, server.schemas, server.subjects, server.levels = [], [], {}, {}
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def shape(request):
    """What matters of a request, without the subject and the text of the schema."""
    asked = ["SUBJECT" if part.endswith("-value") else part for part in request["asked"]]
    body = {name: None if name == "schema" else value for name, value in request["body"].items()}
    return json.dumps([asked, request["type"] if body else None, body])


@scenario("schema-registry", "a client of schema registries and brainwav register the same", ["registry"])
def schema_registry(world):
    with registry() as server:
        url = f"http://127.0.0.1:{server.server_port}"
        register = ["telemetry", "schema", "--register", url, "--json"]
        ours = world.run(*register).code_is(0).document
        same((ours["state"], ours["subject"]), ("registered", f"{TOPIC}-value"), "what brainwav did")
        schema = world.run("telemetry", "schema").code_is(0).stdout
        words = ["node", "-e", CLIENT, str(REAL / "registry/node_modules"), url, f"{TOPIC}-value", "other-value",
                 schema, json.dumps(EVENT)]
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120)
        expect(done.returncode == 0, "the client:", done.stderr)
        theirs = json.loads(done.stdout)
        same((theirs["id"], theirs["again"], theirs["other"]), (ours["id"],) * 3, "the numbers that the client gets")
        same(theirs["decoded"], EVENT, "an event that the client encoded and decoded")
        expect("invalid payload" in (theirs["refused"] or ""), "what is no event is refused:", theirs)
        again = world.run(*register, "--subject", "other-value").code_is(0).document
        same((again["state"], again["id"]), ("already-registered", ours["id"]), "what the client has registered")
        same(server.levels, {f"{TOPIC}-value": "FORWARD", "other-value": "FORWARD"}, "the levels")
        by = {name: {shape(one) for one in server.requests if one["client"] == name} for name in ("brainwav", "other")}
        asked = {one for one in by["brainwav"] if "versions" in one or "config" in one}
        same(len(asked), 3, "kinds of requests that change something or ask for the level")
        same(asked - by["other"], set(), "requests that only brainwav sends so")
