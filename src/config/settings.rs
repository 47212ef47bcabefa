//! Every setting, in one table: from it come reading, defaults, the names of environment variables,
//! `config show`, `config init`, and the suggestions for names that are not there.

use std::time::Duration;

use super::environment::PREFIX;
use super::kind::{Key, Kind};
use super::redaction::{MODES, Redaction, mode};
use super::shown::Shown;
use super::sink_keys::SinkSettings;
use super::store_keys::StoreSettings;
use super::telemetry::{ACTIONS, DURABILITIES, FLUSHINGS, TelemetrySettings, actions, durability, flushing};
use crate::core::cache::plan::Limits as CacheLimits;
use crate::core::health::limits::{Limits, Overriding};
use crate::core::process::{NamePattern, Rule, Scope, builtin};
use crate::core::telemetry::event::UNKNOWN_AGENT;
use crate::core::telemetry::topic::{KNOWN, TOPIC};

/// The resolved settings, as the rest of the program uses them.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The general limits.
    pub limits: Limits,
    /// How long the processes that were asked to end have for it, all together.
    pub grace: Duration,
    /// If more processes than this would have to be ended, none is.
    pub max_batch: usize,
    /// Which processes are looked at.
    pub scope: Scope,
    /// How old a server or worker must be before `reap` judges it.
    pub reap_min_age: Duration,
    /// How old a socket file must be before `reap` judges it.
    pub socket_min_age: Duration,
    /// The names of socket files that `reap` judges.
    pub sockets: Vec<NamePattern>,
    /// What is said about caches.
    pub cache: CacheSettings,
    /// The rules in the order in which they are asked; those that are switched off are not among them.
    pub rules: Vec<Rule>,
    /// Where events go, and how.
    pub telemetry: TelemetrySettings,
    /// The places that events are delivered to.
    pub sinks: Vec<SinkSettings>,
    /// What is taken out of telemetry.
    pub redaction: Redaction,
    /// The programs that are never ended: the built-in ones and those that were added.
    pub protected: Vec<NamePattern>,
}

/// What is said about caches.
#[derive(Debug, Clone)]
pub struct CacheSettings {
    /// The general limits.
    pub limits: CacheLimits,
    /// The same without what the file of the workspace says, for stores that the user named.
    pub limits_elsewhere: CacheLimits,
    /// Which of them hold before those of a store, because they were given for this run.
    pub overriding: Vec<&'static str>,
    /// How long to wait until nobody works with a store for which that is needed.
    pub wait: Duration,
    /// What is said about single stores.
    pub stores: Vec<StoreSettings>,
}

/// Before anybody says anything.
const UNLIMITED: CacheLimits =
    CacheLimits { max_bytes: None, target_percent: 100, max_age: None, min_age: Duration::MAX };

/// The table.
pub static SETTINGS: &[Key<Settings>] = &[
    Key {
        name: "health.max-memory",
        kind: Kind::Size(|settings, bytes| settings.limits.max_memory_bytes = bytes),
        default: Some("8GiB"),
        help: "Memory (RSS) that one process may use.",
    },
    Key {
        name: "health.max-tree-memory",
        kind: Kind::OptionalSize(|settings, bytes| settings.limits.max_tree_memory_bytes = bytes),
        default: Some("none"),
        help: "Memory (PSS) that a process and all its descendants may use together; \"none\" for no such limit.",
    },
    Key {
        name: "health.max-cpu",
        kind: Kind::Percent(|settings, percent| settings.limits.max_cpu_percent = percent),
        default: Some("80"),
        help: "Per cent of one core that a process may use, averaged between two looks.",
    },
    Key {
        name: "health.cpu-strikes",
        kind: Kind::Count(|settings, strikes| settings.limits.cpu_strikes = strikes),
        default: Some("3"),
        help: "How many looks in a row a process has to be over max-cpu before it counts.",
    },
    Key {
        name: "health.max-runtime",
        kind: Kind::Duration(|settings, time| settings.limits.max_runtime = time),
        default: Some("5m"),
        help: "Time without progress after which a process that should end by itself counts as hung.",
    },
    Key {
        name: "health.grace",
        kind: Kind::Wait(|settings, time| settings.grace = time),
        default: Some("10s"),
        help: "Time to end after SIGTERM, for all processes together, before SIGKILL.",
    },
    Key {
        name: "health.look-interval",
        kind: Kind::Duration(|settings, time| settings.limits.look_interval = time),
        default: Some("10s"),
        help: "The least time between two looks that are compared; a look that comes sooner changes nothing.",
    },
    Key {
        name: "health.max-batch",
        kind: Kind::Count(|settings, count| settings.max_batch = count as usize),
        default: Some("20"),
        help: "If more processes than this would have to be ended, none is: something else is wrong then.",
    },
    Key {
        name: "health.scope",
        kind: Kind::Choice(SCOPES, |settings, word| settings.scope = scope(word)),
        default: Some("user"),
        help: "\"user\": all processes of the user; \"workspace\": only those that work in the workspace.",
    },
    Key {
        name: "reap.min-age",
        kind: Kind::Wait(|settings, time| settings.reap_min_age = time),
        default: Some("1m"),
        help: "How old a server or a test worker must be before reap judges it.",
    },
    Key {
        name: "reap.socket-min-age",
        kind: Kind::Wait(|settings, time| settings.socket_min_age = time),
        default: Some("1day"),
        help: "How old a socket file must be before reap judges it.",
    },
    Key {
        name: "reap.sockets",
        kind: Kind::Patterns(|settings, patterns| settings.sockets = patterns),
        default: Some("*.mcp.sock, vite-*.sock, nuxt-vite-node-*.sock"),
        help: "Names of socket files, in the user's runtime folder and the temporary one; with a folder in front, in that \
               one. The sockets of nx are known besides.",
    },
    Key {
        name: "cache.max-size",
        kind: Kind::Space(|settings, bytes| settings.cache.limits.max_bytes = bytes),
        default: Some("1GiB"),
        help: "Bytes on the disk that the entries of one cache may take; \"none\" for no such limit. One of Nx or \
               Turborepo is never allowed more than its own maxCacheSize or cacheMaxSize.",
    },
    Key {
        name: "cache.target",
        kind: Kind::Share(|settings, percent| settings.cache.limits.target_percent = percent),
        default: Some("80%"),
        help: "How much of max-size is left of a cache that was larger.",
    },
    Key {
        name: "cache.max-age",
        kind: Kind::OptionalDuration(|settings, age| settings.cache.limits.max_age = age),
        default: Some("none"),
        help: "The time without use after which an entry goes, however small the cache; \"none\" for no such limit. \
               Caches that go as a whole have a limit of 30 days without it.",
    },
    Key {
        name: "cache.min-age",
        kind: Kind::Wait(|settings, age| settings.cache.limits.min_age = age),
        default: Some("10m"),
        help: "What was used within this time is never touched.",
    },
    Key {
        name: "cache.wait",
        kind: Kind::Wait(|settings, wait| settings.cache.wait = wait),
        default: Some("30s"),
        help: "How long to wait until nobody works with a cache for which that is needed.",
    },
    Key {
        name: "telemetry.topic",
        kind: Kind::Text(|settings, topic| settings.telemetry.topic = topic),
        default: Some(TOPIC),
        help: "Where events go. It has to be one of allowed-topics. CORTEX_TELEMETRY_TOPIC gives it too.",
    },
    Key {
        name: "telemetry.allowed-topics",
        kind: Kind::Texts(|settings, topics| settings.telemetry.allowed_topics = topics),
        default: Some(KNOWN),
        help: "The access list: an event for any other topic is refused.",
    },
    Key {
        name: "telemetry.agent-id",
        kind: Kind::Text(|settings, agent| settings.telemetry.agent_id = agent),
        default: Some(UNKNOWN_AGENT),
        help: "Whose an event is that does not say so.",
    },
    Key {
        name: "telemetry.source",
        kind: Kind::Text(|settings, source| settings.telemetry.source = source),
        default: Some("urn:cortex-os:runtime"),
        help: "The source in the envelopes, a URI.",
    },
    Key {
        name: "telemetry.durability",
        kind: Kind::Choice(DURABILITIES, |settings, word| settings.telemetry.durability = durability(word)),
        default: Some("process"),
        help: "What an event has survived when emit succeeds: \"process\": the end of every process; \"disk\": that of \
               the machine, for the price of waiting for the disk.",
    },
    Key {
        name: "telemetry.spool-size",
        kind: Kind::Size(|settings, bytes| settings.telemetry.spool_bytes = bytes),
        default: Some("256MiB"),
        help: "How large the spool may get. When it is full, emit fails; nothing is ever dropped.",
    },
    Key {
        name: "telemetry.flush",
        kind: Kind::Choice(FLUSHINGS, |settings, word| settings.telemetry.flush = flushing(word)),
        default: Some("background"),
        help: "Who starts to deliver: \"background\": whatever keeps an event, without waiting for it, where there is a \
               sink other than stdout; \"manual\": flush alone.",
    },
    Key {
        name: "telemetry.flush-deadline",
        kind: Kind::Duration(|settings, time| settings.telemetry.flush_deadline = time),
        default: Some("30s"),
        help: "How long one run tries to deliver.",
    },
    Key {
        name: "telemetry.actions",
        kind: Kind::Choice(ACTIONS, |settings, word| settings.telemetry.actions = actions(word)),
        default: Some("auto"),
        help: "Events about what health --enforce, reap and prune-cache do: \"auto\": where there is a sink; \"on\"; \"off\".",
    },
    Key {
        name: "telemetry.redact.mode",
        kind: Kind::Choice(MODES, |settings, word| settings.redaction.mode = mode(word)),
        default: Some("mask"),
        help: "What becomes of what must not be seen: \"mask\": a marker stands in its place; \"remove\": nothing does; \
               \"pseudonym\": a name that is the same for the same content, made with the key in key-file.",
    },
    Key {
        name: "telemetry.redact.marker",
        kind: Kind::Text(|settings, marker| settings.redaction.marker = marker),
        default: Some("[brAInwav-REDACTED]"),
        help: "What stands in the place of what must not be seen.",
    },
    Key {
        name: "telemetry.redact.preserve",
        kind: Kind::Texts(|settings, names| settings.redaction.preserve = names),
        default: Some(""),
        help: "Names, or paths such as labels.email, of what is left alone with everything in it.",
    },
    Key {
        name: "telemetry.redact.allow",
        kind: Kind::Texts(|settings, names| settings.redaction.allow = names),
        default: Some(""),
        help: "Names or paths of what may pass, after it was looked at; everything else is taken out. Without any, there \
               is no such list.",
    },
    Key {
        name: "telemetry.redact.content",
        kind: Kind::Switch(|settings, on| settings.redaction.content = on),
        default: Some("true"),
        help: "Whether what people and tools said is taken out too: what stands behind prompt, input, result, email.",
    },
    Key {
        name: "telemetry.redact.key-file",
        kind: Kind::Text(|settings, path| settings.redaction.key_file = path),
        default: Some(""),
        help: "The file with the key of pseudonyms: at least 16 bytes that nobody else can read.",
    },
    Key {
        name: PROTECT,
        kind: Kind::Patterns(|settings, patterns| settings.protected.extend(patterns)),
        default: None,
        help: "Programs that are never ended, whatever else says so; added to the built-in ones. `*` stands for any \
               characters.",
    },
];

/// The one setting that has no default in the table: its built-in part is a list of the core.
pub const PROTECT: &str = "protect.program";

/// The words for [`Scope`].
pub const SCOPES: &[&str] = &["user", "workspace"];

/// The [`Scope`] that one of [`SCOPES`] speaks of.
#[must_use]
pub fn scope(word: &str) -> Scope {
    if word == "workspace" { Scope::Workspace } else { Scope::User }
}

/// The word for a [`Scope`].
#[must_use]
pub const fn scope_word(scope: Scope) -> &'static str {
    match scope {
        Scope::User => "user",
        Scope::Workspace => "workspace",
    }
}

/// Variables of ours that are no settings, with what they are for.
pub static OTHER_VARIABLES: &[(&str, &str)] = &[
    ("BRAINWAV_CONFIG", "A configuration file that is read instead of all others, as --config does."),
    ("BRAINWAV_WORKSPACE", "The root of the workspace, as --workspace does."),
    ("BRAINWAV_STATE_DIR", "The folder for what is remembered between runs."),
];

/// The name of the environment variable of a setting: `health.max-memory` is `BRAINWAV_HEALTH_MAX_MEMORY`.
#[must_use]
pub fn variable(setting: &str) -> String {
    format!("{PREFIX}{}", setting.replace(['.', '-'], "_").to_ascii_uppercase())
}

/// Whether [`variable`] of a setting is this.
#[must_use]
pub fn is_variable(setting: &str, name: &str) -> bool {
    let written = |byte: u8| if matches!(byte, b'.' | b'-') { b'_' } else { byte.to_ascii_uppercase() };
    name.strip_prefix(PREFIX).is_some_and(|rest| rest.bytes().eq(setting.bytes().map(written)))
}

/// The setting of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Key<Settings>> {
    SETTINGS.iter().find(|setting| setting.name == name)
}

impl Settings {
    /// What holds before the defaults of the table are read: no limit has a value that could do harm.
    pub(super) fn unlimited() -> Self {
        Self {
            limits: Limits {
                max_memory_bytes: u64::MAX,
                max_tree_memory_bytes: None,
                max_cpu_percent: u32::MAX,
                cpu_strikes: u32::MAX,
                max_runtime: Duration::MAX,
                look_interval: Duration::ZERO,
                overriding: Overriding::default(),
            },
            grace: Duration::ZERO,
            max_batch: 0,
            scope: Scope::User,
            reap_min_age: Duration::MAX,
            socket_min_age: Duration::MAX,
            sockets: Vec::new(),
            cache: CacheSettings {
                limits: UNLIMITED,
                limits_elsewhere: UNLIMITED,
                overriding: Vec::new(),
                wait: Duration::ZERO,
                stores: Vec::new(),
            },
            rules: Vec::new(),
            telemetry: TelemetrySettings::default(),
            sinks: Vec::new(),
            redaction: Redaction::default(),
            protected: builtin::protected(),
        }
    }

    /// The programs that are protected so far, as they are shown.
    pub(super) fn protected_shown(&self) -> Shown {
        Shown::List(self.protected.iter().map(|pattern| pattern.text().clone()).collect())
    }
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
