//! The rules and the protected programs that hold without any configuration.

use std::time::Duration;

use super::life::LifeRule;
use super::pattern::NamePattern;
use super::rule::{Rule, RuleLimits, Scope};

/// The built-in rules, in the order in which they are asked: the first that matches has the process.
#[must_use]
pub fn rules() -> Vec<Rule> {
    vec![
        built_in(
            "local-memory",
            &["local-memory", "local-memory-mcp*", "@*/local-memory*"],
            &[],
            LifeRule::Server,
            10,
        ),
        built_in("vitest", &["vitest", "vitest-watchdog"], &["node (vitest"], LifeRule::Vitest, 5),
        built_in("nx", &["nx"], &[], LifeRule::Nx, 10),
        Rule { unless: vec!["--lsp".to_owned()], ..built_in("tsc", &["tsc"], &[], LifeRule::Tsc, 5) },
        built_in("mcp", MCP_SERVERS, &[], LifeRule::Server, 10),
    ]
}

/// How MCP servers are called: `mcp` is a whole word of the name, never a part of one.
const MCP_SERVERS: &[&str] = &[
    "mcp-server*",
    "mcp_server*",
    "*-mcp-server*",
    "*_mcp_server*",
    "*-mcp",
    "*_mcp",
    "@*/*-mcp",
    "@*/mcp-*",
    "@*/*-mcp-*",
    "@*/mcp",
    "@modelcontextprotocol/server-*",
    "mcp-remote",
    "mcp-proxy",
];

/// Programs that no rule may end, whatever it says: what people work in, and what holds their session.
const PROTECTED: &[&str] = &[
    // editors and their parts
    "code",
    "code-insiders",
    "codium",
    "cursor",
    "windsurf",
    "zed",
    "zed-editor",
    "vim",
    "nvim",
    "vi",
    "emacs",
    "nano",
    "hx",
    "helix",
    "kak",
    "idea",
    "webstorm",
    "pycharm",
    "rider",
    "clion",
    "goland",
    "fleet",
    "sublime_text",
    "subl",
    // AI clients, the sessions of which this is there to keep healthy
    "claude",
    "codex",
    "gemini",
    "aider",
    "opencode",
    "goose",
    "copilot",
    "@anthropic-ai/claude-code",
    "@openai/codex",
    "@google/gemini-cli",
    "@github/copilot",
    // terminals and multiplexers
    "tmux",
    "tmux: server",
    "tmux: client",
    "screen",
    "zellij",
    "alacritty",
    "kitty",
    "wezterm",
    "wezterm-gui",
    "ghostty",
    "foot",
    "konsole",
    "gnome-terminal",
    "gnome-terminal-server",
    "xterm",
    "iTerm2",
    "Terminal",
    // remote access
    "sshd",
    "sshd-session",
    "ssh",
    "ssh-agent",
    "mosh-server",
    "gpg-agent",
    "login",
    "su",
    "sudo",
    // the system and the desktop
    "systemd",
    "systemd-*",
    "init",
    "launchd",
    "dbus-daemon",
    "dbus-broker",
    "dbus-broker-launch",
    "Xorg",
    "Xwayland",
    "gnome-shell",
    "gnome-session*",
    "plasmashell",
    "kwin_wayland",
    "kwin_x11",
    "sway",
    "Hyprland",
    "pipewire",
    "wireplumber",
    "pulseaudio",
    "gdm*",
    "sddm*",
    "lightdm",
    "cron",
    "crond",
    "atd",
    // containers and data
    "dockerd",
    "containerd",
    "containerd-shim*",
    "docker-init",
    "tini",
    "dumb-init",
    "podman",
    "conmon",
    "kubelet",
    "postgres",
    "mysqld",
    "mariadbd",
    "redis-server",
    "mongod",
];

/// The built-in protected set.
#[must_use]
pub fn protected() -> Vec<NamePattern> {
    patterns(PROTECTED)
}

fn built_in(
    name: &str,
    program: &[&'static str],
    title: &[&str],
    life: LifeRule,
    runtime_minutes: u64,
) -> Rule {
    let max_runtime = (runtime_minutes != 5).then(|| Duration::from_secs(runtime_minutes * 60));
    Rule {
        name: name.to_owned(),
        program: patterns(program),
        title: title.iter().map(|&title| title.to_owned()).collect(),
        unless: Vec::new(),
        command: None,
        cwd: None,
        scope: Scope::User,
        life,
        limits: RuleLimits { max_runtime, ..RuleLimits::default() },
    }
}

/// The tables above hold no pattern that [`NamePattern::new`] refuses: a test below proves it.
fn patterns(names: &[&'static str]) -> Vec<NamePattern> {
    names.iter().filter_map(|name| NamePattern::new(*name).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::{MCP_SERVERS, PROTECTED, protected, rules};

    #[test]
    fn every_built_in_pattern_is_valid() {
        assert_eq!(protected().len(), PROTECTED.len());
        let mcp = rules().into_iter().find(|rule| rule.name == "mcp").unwrap();
        assert_eq!(mcp.program.len(), MCP_SERVERS.len());
    }

    #[test]
    fn the_five_rules_are_there_in_this_order() {
        let names: Vec<String> = rules().into_iter().map(|rule| rule.name).collect();
        assert_eq!(names, ["local-memory", "vitest", "nx", "tsc", "mcp"]);
    }
}
