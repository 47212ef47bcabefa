"""Each process of the real programs is under its rule, and their helpers under none."""

import re
import subprocess
from typing import NamedTuple

from .failure import same, until
from .processes import command_line, working_directory
from .programs import VENV, bun_on_path, node_path, pnpm_on_path
from .registry import scenario

# No start ends before it has been looked at.
LONG = {"PROJECT_TEST_MS": "600000", "PROJECT_WAIT_MS": "600000"}
# A start without its command line: npm shows a title, node the path of the script.
VITEST_MAIN = r"^node \S*(\.bin/vitest|vitest\.mjs) run"
FORK = r"/vitest/dist/workers/forks\.js$"


class Start(NamedTuple):
    set_name: str
    words: str
    # What has to be there, and its rule. Whatever is not named here belongs to
    # none: shells, esbuild, the programs that nx and npm start.
    expected: dict
    environment: dict = {}
    # What comes and goes, and its rule.
    passing: dict = {}


def check(world, start):
    folder = world.folder(f"start-{len(world.programs)}", start.set_name)
    program = world.start(start.words.split(), folder, path=node_path(start.set_name), stdin=subprocess.PIPE,
                          **{**LONG, **start.environment})
    known = {**start.expected, **start.passing}

    def wrong():
        mine = {pid: " ".join(command_line(pid)) for pid in world.family.look()
                if working_directory(pid).startswith(str(folder))}
        look = world.health("--all")
        missing = [pattern for pattern in start.expected if not any(re.search(pattern, text) for text in mine.values())]
        lines = [f"nobody looks like {pattern}" for pattern in missing]
        for pid, text in mine.items():
            rules = [rule for pattern, rule in known.items() if re.search(pattern, text)]
            rule = rules[0] if rules else None
            if look.rule(pid) != rule:
                lines.append(f"{look.rule(pid)} instead of {rule}: {pid} {text}")
        return lines

    # The programs take a while to start each other; then all has to be right at once.
    until(f"'{start.words}' is recognised", lambda: not wrong(), show=wrong, pause=0.3)
    for one in program.members().values():
        world.family.end_one(one)


def check_all(world, starts):
    for start in starts:
        check(world, start)
    world.note(f"{len(starts)} starts, each with all that it started")


def vitest_starts(set_name):
    """Versions before 4 show a title in the place of their arguments."""
    if set_name in ("vitest1", "vitest3"):
        main, fork = r"^node \(vitest\)$", r"^node \(vitest \d+\)$"
    else:
        main, fork = VITEST_MAIN, FORK
    mains = {main: "vitest"}
    if set_name == "vitest5":
        mains["^vitest-watchdog$"] = "vitest"
    forks = {**mains, fork: "vitest"}
    return [
        Start(set_name, "node_modules/.bin/vitest run --pool=forks", forks),
        Start(set_name, "node_modules/.bin/vitest run --pool=threads", {main: "vitest"}),
        Start(set_name, "npx vitest run --pool=forks", {"^npm exec vitest run": "vitest", **forks}),
        Start(set_name, "npm test -- --pool=forks", {"^npm test": None, **forks}),
        Start(set_name, "node node_modules/vitest/vitest.mjs run --pool=forks", forks),
    ]


def pnpm_starts():
    quick = {"npm_config_verify_deps_before_run": "false"}
    rest = {VITEST_MAIN: "vitest", FORK: "vitest"}
    return [
        Start("vitest-pnpm", "pnpm exec vitest run", {r"^node \S+/pnpm exec vitest run$": "vitest", **rest}, quick),
        Start("vitest-pnpm", "pnpm test", {r"^node \S+/pnpm test$": None, **rest}, quick),
    ]


def nx_starts(set_name):
    alone = {"NX_DAEMON": "false", "CI": "true"}
    main, task = r"^node \S*\.bin/nx build app", r"^node \S*tools/wait\.js"
    return [
        Start(set_name, "npx nx build app --skip-nx-cache",
              {"^npm exec nx build app": "nx", main: "nx", task: None}, alone),
        Start(set_name, "node_modules/.bin/nx build app --skip-nx-cache",
              {main: "nx", task: None, r"/daemon/server/start\.js": "nx"},
              {"NX_DAEMON": "true", "CI": "true"}, {r"/plugin-worker": "nx"}),
        Start(set_name, "node_modules/.bin/nx dev pkg",
              {r"^node \S*\.bin/nx dev pkg": "nx", r"/nx/(dist/)?bin/run-executor\.js": "nx", task: None}, alone),
        Start(set_name, "node tools/wait.js 600000 vitest nx tsc", {task: None}),
    ]


def tsc_starts():
    return [
        Start("ts5", "npx tsc --watch", {"^npm exec tsc --watch": "tsc", r"\.bin/tsc --watch$": "tsc"}),
        Start("ts5", "node node_modules/typescript/bin/tsc -b --watch", {r"bin/tsc -b --watch$": "tsc"}),
        Start("ts5", "node_modules/.bin/tsserver", {r"\.bin/tsserver$": None}),
        Start("ts5", "tail -f tsconfig.json", {"^tail": None}),
    ]


def mcp_starts():
    server = r"^node \S+/mcp-server-everything"
    return [
        Start("mcp", "npx mcp-server-everything", {"^npm exec mcp-server-everything": "mcp", server: "mcp"}),
        Start("mcp", "npx @modelcontextprotocol/server-everything",
              {"^npm exec @modelcontextprotocol/server-everything": "mcp", server: "mcp"}),
        Start("mcp", "node node_modules/@modelcontextprotocol/server-memory/dist/index.js", {r"server-memory": "mcp"}),
        Start("ts5", f"{VENV}/mcp-server-time", {r"bin/mcp-server-time$": "mcp"}),
        Start("ts5", f"{VENV}/python -m mcp_server_time", {r"-m mcp_server_time$": "mcp"}),
    ]


@scenario("recognise-vitest", "vitest, its workers and its launchers", ["vitest4", "vitest3", "pnpm10", "vitest-pnpm"])
def recognise_vitest(world):
    pnpm_on_path(world)
    check_all(world, [*vitest_starts("vitest4"), *vitest_starts("vitest3")[:1], *pnpm_starts()])


@scenario("recognise-nx", "nx, its daemon and its workers", ["nx"])
def recognise_nx(world):
    check_all(world, nx_starts("nx"))


@scenario("recognise-tsc", "tsc, and not the language server", ["ts5"])
def recognise_tsc(world):
    check_all(world, tsc_starts())


@scenario("recognise-mcp", "MCP servers of npm and of Python", ["mcp", "ts5", "python"])
def recognise_mcp(world):
    check_all(world, mcp_starts())


@scenario("recognise-bun", "vitest and MCP servers under bun", ["bun", "vitest4", "mcp"])
def recognise_bun(world):
    bun_on_path(world)
    main = r"^bun node_modules/\.bin/vitest run"
    launched = {"^bun run mcp-server-memory": "mcp", r"^node \S+/mcp-server-memory": "mcp"}
    check_all(world, [
        Start("vitest4", "bun node_modules/.bin/vitest run", {main: "vitest", FORK: "vitest"}),
        Start("mcp", "bun run mcp-server-memory", launched),
        Start("mcp", "bun run node_modules/@modelcontextprotocol/server-memory/dist/index.js",
              {"server-memory": "mcp"}),
    ])


@scenario("versions", "every version of vitest and nx is recognised",
          ["node24", "vitest5", "vitest4", "vitest3", "vitest1", "nx", "nx22"], is_long=True)
def versions(world):
    for set_name in ("vitest5", "vitest3", "vitest1"):
        check_all(world, vitest_starts(set_name))
    check_all(world, nx_starts("nx22"))
    same(world.health("--all").over(), set(), "over a limit")
