//! Events as agents, tools and CI steps send them, with nothing in them that must not be seen.

use serde_json::json;

use super::letters::Letters;

const TOOLS: &[&str] =
    &["search", "read_file", "write_file", "vitest", "tsc", "nx", "git", "mcp__memory__recall"];
const MODELS: &[&str] =
    &["claude-sonnet-4-20250514", "gpt-4o-2024-08-06", "o3-mini", "llama3.1:70b-instruct-q4_K_M"];
const FILES: &[&str] = &[
    "packages/core/src/index.ts",
    "apps/web/src/components/UserProfile2/index.test.tsx",
    "node_modules/.pnpm/@babel+core@7.24.0_supports-color@8.1.1/node_modules/@babel/core/lib/index.js",
    "/usr/lib/node_modules/npm/bin/npm-cli.js",
    "./dist/assets/index-BxK3a9Zq.js",
    "/var/cache/nx/12345678901234567890/outputs",
];
const NOTES: &[&str] = &[
    "finished: 120 tests passed, 3 skipped, 0 failed in 12.4 s",
    "error TS2345: Argument of type 'string' is not assignable to parameter of type 'number'.",
    "GET https://api.example.com/v1/users?page=2&per_page=50&sort=name HTTP/1.1 200 in 132 ms",
    "listening on http://127.0.0.1:3026/health and http://[::1]:3028/api/v1/health",
    "installed react@18.2.0, @types/node@20.11.5 and typescript@5.4.5 with pnpm@9.1.0",
    "feat(auth): let the author choose the auth method (#1234)",
    "used 5,120 tokens of max_tokens=8192; the token count was reset",
    "at async Promise.all (index 0) at runTests (file:///srv/app/node_modules/vitest/dist/run.js:10:20)",
    "cloned git@github.com:acme/web.git at refs/heads/feature/PROJ-123-HTTP-API-v2",
    "retry 2 of 5 after 1.5s: connect ECONNREFUSED 127.0.0.1:4318",
    "cache hit for nx:build, key_id=build-42, public_key unchanged",
    "docker image ghcr.io/acme/web@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 pulled",
];

/// One event as a line of JSON.
pub fn event(number: usize, letters: &mut Letters) -> String {
    let metrics = json!({
        "duration_ms": letters.below(100_000),
        "input_tokens": letters.below(200_000),
        "output_tokens": letters.below(8_000),
        "tokens_used": letters.below(200_000),
        "started_ns": 1_767_225_600_000_000_000_u64 + u64::try_from(number).unwrap() * 1_000_003,
        "pass_rate": 0.98,
        "rss_bytes": letters.below(usize::MAX >> 24),
    });
    let labels = json!({
        "tool": letters.one_of(TOOLS),
        "model": letters.one_of(MODELS),
        "file": letters.one_of(FILES),
        "note": letters.one_of(NOTES),
        "commit": letters.hex(40),
        "trace_id": letters.hex(32),
        "span_id": letters.hex(16),
        "digest": format!("sha256:{}", letters.hex(64)),
        "call": format!("toolu_01{}", letters.of("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz123456789", 22)),
        "ulid": format!("01{}", letters.of("0123456789ABCDEFGHJKMNPQRSTVWXYZ", 24)),
        "prompt_id": letters.uuid(),
        "author": "a team",
        "keyword": letters.one_of(&["cache", "worker", "session"]),
        "traceparent": format!("00-{}-{}-01", letters.hex(32), letters.hex(16)),
        "container": letters.hex(12),
        "nx_hash": letters.of("0123456789", 20),
    });
    let event = json!({
        "timestamp": format!("2026-01-{:02}T{:02}:{:02}:{:02}.{:03}Z", 1 + number % 28, number % 24, number % 60, number % 59, number % 997),
        "agentId": format!("brAInwav-agent-{}", number % 40),
        "phase": letters.one_of(&["planning", "execution", "completion"]),
        "event": letters.one_of(&["run_started", "tool_invoked", "tool_result", "plan_created", "reroute"]),
        "correlationId": format!("brAInwav-{}", letters.uuid()),
        "labels": labels,
        "metrics": metrics,
        "outcome": {"status": letters.one_of(&["ok", "error", "rate_limited"]), "exit_code": number % 3},
    });
    event.to_string()
}
