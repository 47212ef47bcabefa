"""MCP servers whose client is silent are not hung."""

import json
import re
import time

from .failure import expect, same, until
from .programs import VENV, ask_mcp, start_mcp
from .registry import scenario

TINY = ("--max-runtime", "500ms", "--look-interval", "200ms")


@scenario("servers", "idle MCP servers are never hung", ["mcp", "python"])
def servers(world):
    folder = world.folder("serving", "mcp")
    running = [
        start_mcp(world, ["npx", "mcp-server-everything"], folder),
        start_mcp(world, [VENV / "mcp-server-time"], folder),
        start_mcp(world, [VENV / "python", "-m", "mcp_server_time"], folder),
    ]
    for program in running:
        ask_mcp(program)
    members = [one for program in running for one in program.members().values()]

    def is_judged():
        """All of them are older than the limit, and nothing speaks against them."""
        look = world.health("--enforce", "--all", *TINY).code_is(0)
        same((look.over(), look.outcomes), (set(), {}), "over a limit")
        entries = [look.processes[program.pid] for program in running]
        same([entry["ends_by_itself"] for entry in entries], [False] * len(running), "they are servers")
        return all(entry["age_seconds"] > entry["limits"]["max_runtime_seconds"] for entry in entries)

    until("all are older than the limit", is_judged)
    # Each of these looks comes later than the least time between two of them.
    for _ in range(8):
        until("one more look says the same", is_judged, pause=0.3)
        time.sleep(0.25)
    world.all_alive(members, "after all looks")
    for program in running:
        program.popen.stdin.write(json.dumps({"jsonrpc": "2.0", "id": 2, "method": "ping"}).encode() + b"\n")
        program.popen.stdin.flush()
        until("it still answers", lambda: re.search(r'"id": ?2\b', program.output()))
        expect(program.is_running(), program.words, "goes on")
