//! What `health` sees, says and does not see.

use crate::support::{Actor, Script, TestEnv};

#[test]
fn nothing_that_matches_is_said_with_what_was_looked_for() {
    let env = TestEnv::new();
    let output = env.run(&["health"]).expect_code(0);
    assert!(output.stdout.starts_with("brAInwav health: "), "{}", output.stdout);
    for word in ["No process matches a rule", "vitest", "nx", "tsc", "mcp", "local-memory", "8 GiB", "80 %"] {
        assert!(output.stdout.contains(word), "{word}: {}", output.stdout);
    }
}

#[test]
fn what_is_within_its_limits_is_one_line() {
    let env = TestEnv::new();
    let actor = Actor::vitest(&env, Script::Wait);
    let output = env.run(&["health"]).expect_code(0);
    assert!(output.stdout.contains("1 process is within every limit"), "{}", output.stdout);
    assert!(!output.stdout.contains("VERDICT"), "{}", output.stdout);
    let output = env.run(&["health", "--all"]).expect_code(0);
    assert!(output.stdout.contains(&actor.pid().to_string()), "{}", output.stdout);
}

#[test]
fn what_exceeds_a_limit_is_named_with_the_reason_and_left_alone() {
    let env = TestEnv::new();
    let mut actor = Actor::vitest(&env, Script::Wait);
    let output = env.run(&["health", "--max-memory", "1MiB"]).expect_code(1);
    for word in ["1 over a limit", "over memory", "limit 1 MiB", "vitest"] {
        assert!(output.stdout.contains(word), "{word}: {}", output.stdout);
    }
    assert!(output.stderr.contains("--enforce"), "{}", output.stderr);
    assert!(actor.is_running());
}

#[test]
fn a_table_fits_into_80_columns() {
    let env = TestEnv::new();
    let long = "x".repeat(300);
    let _actors = [
        Actor::vitest(&env, Script::Wait),
        Actor::node(&env, "node_modules/nx/bin/nx.js", &["build", &long, "--parallel=3"], Script::Wait),
    ];
    let runs: &[&[&str]] = &[
        &["--max-memory", "1MiB", "-v"],
        &["--all", "-v"],
        &["--top", "5"],
        &["-n", "--max-memory", "1MiB"],
    ];
    for arguments in runs {
        let output = env.run(&[&["health"], *arguments].concat());
        for line in output.stdout.lines().chain(output.stderr.lines()) {
            assert!(line.chars().count() <= 100, "{arguments:?}: {line}");
        }
        for line in output.stdout.lines() {
            assert!(line.chars().count() <= 80, "{arguments:?}: {line}");
        }
    }
}

#[test]
fn the_document_has_its_schema_and_its_units() {
    let env = TestEnv::new();
    let actor = Actor::vitest(&env, Script::Wait);
    let output = env.run(&["health", "--json", "--all"]).expect_code(0);
    let document = output.json();
    assert_eq!(document["schema"], "brainwav.health/1");
    assert_eq!(document["brand"], "brAInwav");
    assert_eq!(document["exit_code"], 0);
    assert!(document["generated_at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(document["limits"]["max_memory_bytes"], 8_u64 << 30);
    let process = output.process(actor.pid());
    assert_eq!(process["rule"], "vitest");
    assert!(process["rss_bytes"].as_u64().unwrap() > 0);
    assert!(process["age_seconds"].as_f64().unwrap() >= 0.0);
    assert!(process["start_ticks"].as_u64().unwrap() > 0);
    assert_eq!(process["findings"].as_array().unwrap().len(), 0);
    assert_eq!(process["command"][2], "run");
    assert_eq!(process["ends_by_itself"], true);
}

#[test]
fn the_built_in_rules_recognise_real_processes() {
    let env = TestEnv::new();
    let actors = [
        ("vitest", Actor::vitest(&env, Script::Wait)),
        ("vitest", Actor::titled(&env, "node (vitest 3)")),
        ("vitest", Actor::titled(&env, "npm exec vitest run")),
        ("nx", Actor::node(&env, "node_modules/.bin/nx", &["build", "app"], Script::Wait)),
        ("nx", Actor::node(&env, "node_modules/nx/src/daemon/server/start.js", &[], Script::Wait)),
        ("tsc", Actor::node(&env, "node_modules/typescript/bin/tsc", &["--watch"], Script::Wait)),
        (
            "mcp",
            Actor::node(
                &env,
                "node_modules/@modelcontextprotocol/server-memory/dist/index.js",
                &[],
                Script::Wait,
            ),
        ),
        ("local-memory", Actor::node(&env, "local-memory-mcp-server.js", &[], Script::Wait)),
    ];
    let stranger = Actor::node(&env, "node_modules/typescript/lib/tsserver.js", &[], Script::Wait);
    let output = env.health(&["--all"]).expect_code(0);
    for (rule, actor) in &actors {
        assert_eq!(output.process(actor.pid())["rule"], *rule);
    }
    assert!(!output.lists(stranger.pid()));
}

#[test]
fn a_rule_can_be_chosen() {
    let env = TestEnv::new();
    let vitest = Actor::vitest(&env, Script::Wait);
    let nx = Actor::node(&env, "node_modules/.bin/nx", &["build"], Script::Wait);
    let output = env.health(&["--all", "--rule", "nx"]).expect_code(0);
    assert!(output.lists(nx.pid()) && !output.lists(vitest.pid()));
    assert_eq!(output.json()["rules"], serde_json::json!(["nx"]));
}

#[test]
fn the_scope_is_the_workspace_on_request() {
    let env = TestEnv::new();
    let inside = Actor::vitest(&env, Script::Wait);
    let script = Script::Run("while read -r line; do :; done");
    let outside = Actor::node_with(&env, "home-vitest/node_modules/vitest/vitest.mjs", script, |command| {
        command.arg("run").current_dir(env.path("home"));
    });
    let both = env.health(&["--all"]).expect_code(0);
    assert!(both.lists(inside.pid()) && both.lists(outside.pid()));
    let one = env.health(&["--all", "--scope", "workspace"]).expect_code(0);
    assert!(one.lists(inside.pid()) && !one.lists(outside.pid()));
}

#[test]
fn a_rule_of_the_user_sees_what_it_describes() {
    let env = TestEnv::new();
    let token = env.path("").display().to_string();
    env.write_config(&format!(
        "[[process]]\nname = \"mine\"\ncommand = \"token-[0-9]+ .*tail$\"\ncwd = \"{token}**\"\nmax-memory = \"1MiB\"\n"
    ));
    let hit = Actor::node(&env, "server.js", &["token-17", "x", "tail"], Script::Wait);
    let miss = Actor::node(&env, "server.js", &["token-x", "x", "tail"], Script::Wait);
    let output = env.health(&["--all"]).expect_code(1);
    assert_eq!(output.process(hit.pid())["rule"], "mine");
    assert_eq!(output.findings(hit.pid()), ["memory"]);
    assert!(!output.lists(miss.pid()));
}

#[test]
fn the_largest_trees_are_shown_although_nothing_is_wrong() {
    let env = TestEnv::new();
    let family = Actor::vitest(&env, Script::Family);
    let single = Actor::node(&env, "node_modules/.bin/nx", &["build"], Script::Wait);
    let output = env.run(&["health", "--json", "--top", "1"]).expect_code(0);
    let trees = output.json()["trees"].as_array().unwrap().clone();
    assert_eq!(trees.len(), 1);
    assert_eq!(trees[0]["pid"], family.pid());
    assert!(trees[0]["processes"].as_u64().unwrap() >= 3);
    let rss = trees[0]["rss_bytes"].as_u64().unwrap();
    if cfg!(feature = "portable") {
        assert_eq!(trees[0]["pss_bytes"], serde_json::Value::Null);
    } else {
        let pss = trees[0]["pss_bytes"].as_u64().unwrap();
        assert!(0 < pss && pss <= rss, "{pss} of {rss}");
    }
    let human = env.run(&["health", "--top", "2"]).expect_code(0);
    assert!(human.stdout.contains("LARGEST TREES") && human.stdout.contains(&single.pid().to_string()));
}
