//! What one configuration says of a sink goes to no place that another one has named.

use std::fs;

use crate::support::TestEnv;

/// A configuration of the user, and one of the workspace.
fn with_configs(user: &str, workspace: &str) -> TestEnv {
    let env = TestEnv::new();
    let folder = env.path("home").join(".config/brainwav");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("config.toml"), user).unwrap();
    env.write_config(workspace);
    env
}

const USER: &str = "[[telemetry.sink]]\ntype = \"http\"\nurl = \"https://user.example\"\n\
    headers = [\"Authorization: Bearer 1\"]\nheaders-file = \"/secret/headers\"\ncompression = \"gzip\"\nbatch = 7\n";

#[test]
fn a_place_of_its_own_gets_no_keys_to_another_one() {
    for (workspace, keeps) in [
        ("[[telemetry.sink]]\ntype = \"http\"\nbatch = 9\n", true),
        ("[[telemetry.sink]]\ntype = \"http\"\nurl = \"https://other.example\"\n", false),
        ("[[telemetry.sink]]\ntype = \"http\"\nurl-file = \"place\"\n", false),
        ("[[telemetry.sink]]\ntype = \"otlp\"\nname = \"http\"\n", false),
    ] {
        let shown = with_configs(USER, workspace).run(&["config", "show", "--json"]).expect_code(0).stdout;
        for word in ["Authorization", "/secret/headers", "https://user.example", "gzip"] {
            assert_eq!(shown.contains(word), keeps, "{word} with {workspace}: {shown}");
        }
    }
}

#[test]
fn a_workspace_can_neither_send_nor_write_what_lies_outside_of_it() {
    for key in ["headers-file", "url-file", "credentials", "path"] {
        let sink = |path: &str| format!("[[telemetry.sink]]\ntype = \"nats\"\n{key} = \"{path}\"\n");
        for path in ["~/.ssh/id", "/etc/hostname", "../elsewhere", "link/id", "link/new", "nowhere"] {
            let env = with_configs("", &sink(path));
            std::os::unix::fs::symlink(env.path("home"), env.workspace().join("link")).unwrap();
            std::os::unix::fs::symlink(env.path("home").join("none"), env.workspace().join("nowhere"))
                .unwrap();
            fs::write(env.path("home").join("id"), "secret").unwrap();
            let output = env.run(&["telemetry", "flush"]).expect_code(2);
            assert!(output.stderr.contains("outside of the workspace"), "{path}: {}", output.stderr);
        }
        let inside = with_configs("", &sink(".brainwav/secret")).run(&["config", "check"]);
        assert_eq!(inside.expect_code(0).stderr, "", "{key}");
        let own = with_configs(&sink("~/.config/secret"), "").run(&["config", "check"]);
        assert_eq!(own.expect_code(0).stderr, "", "{key}");
    }
}
