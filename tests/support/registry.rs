//! A schema registry of the test's own, by the reference of the interface that Confluent's has made common.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use brainwav::core::telemetry::compatibility::breaks;
use serde_json::{Value, json};

use super::receiver::{Reply, Request};

/// What it holds.
#[derive(Default)]
pub struct Contents {
    /// The schemas of a subject, the earliest first, each with its number in the registry.
    pub subjects: BTreeMap<String, Vec<(u64, Value)>>,
    /// The level of those subjects that have one of their own.
    pub levels: BTreeMap<String, String>,
}

/// Its contents, which outlive a request.
pub type Shared = Arc<Mutex<Contents>>;

const OK: &str = "200 OK\r\nContent-Type: application/vnd.schemaregistry.v1+json";
const MISSING: &str = "404 Not Found\r\nContent-Type: application/vnd.schemaregistry.v1+json";

fn say(head: &'static str, body: &Value) -> Reply {
    Reply::Made(head, body.to_string().into_bytes())
}

fn problem(head: &'static str, code: u64, message: &str) -> Reply {
    say(head, &json!({ "error_code": code, "message": message }))
}

impl Contents {
    fn id_of(&self, schema: &Value) -> u64 {
        let all = self.subjects.values().flatten();
        let highest = all.clone().map(|(id, _)| *id).max().unwrap_or_default();
        all.clone().find(|(_, known)| known == schema).map_or(highest + 1, |(id, _)| *id)
    }

    /// Every level other than FORWARD lets all pass here; the registry as a whole has BACKWARD.
    fn problems(&self, subject: &str, schema: &Value) -> Vec<String> {
        let latest = self.subjects.get(subject).and_then(|versions| versions.last());
        match (latest, self.levels.get(subject).map(String::as_str)) {
            (Some((_, latest)), Some("FORWARD")) => {
                breaks(latest, schema).into_iter().map(|one| format!("{}: {}", one.at, one.reason)).collect()
            }
            _ => Vec::new(),
        }
    }

    fn look_up(&self, subject: &str, schema: &Value) -> Reply {
        let Some(versions) = self.subjects.get(subject) else {
            return problem(MISSING, 40401, &format!("Subject '{subject}' not found."));
        };
        match versions.iter().position(|(_, known)| known == schema) {
            Some(at) => say(OK, &json!({ "subject": subject, "id": versions[at].0, "version": at + 1 })),
            None => problem(MISSING, 40403, "Schema not found"),
        }
    }

    fn add(&mut self, subject: &str, schema: Value) -> Reply {
        let problems = self.problems(subject, &schema);
        if !problems.is_empty() {
            return problem(
                "409 Conflict",
                409,
                &format!("Schema being registered is incompatible: {problems:?}"),
            );
        }
        let id = self.id_of(&schema);
        let versions = self.subjects.entry(subject.to_owned()).or_default();
        if !versions.iter().any(|(_, known)| *known == schema) {
            versions.push((id, schema));
        }
        say(OK, &json!({ "id": id }))
    }
}

/// Answers a request.
pub fn answer(shared: &Shared, request: &Request) -> Reply {
    let mut contents = shared.lock().unwrap();
    let (path, query) = request.path().split_once('?').unwrap_or((request.path(), ""));
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let schema = || {
        assert_eq!(body["schemaType"], "JSON");
        assert!(request.head.contains("\r\nContent-Type: application/vnd.schemaregistry.v1+json\r\n"));
        serde_json::from_str::<Value>(body["schema"].as_str().unwrap()).unwrap()
    };
    match (request.method(), parts.as_slice()) {
        ("POST", ["subjects", subject]) => contents.look_up(subject, &schema()),
        ("POST", ["subjects", subject, "versions"]) => contents.add(subject, schema()),
        ("POST", ["compatibility", "subjects", subject, "versions", "latest"]) => {
            assert_eq!(query, "verbose=true");
            let messages = contents.problems(subject, &schema());
            say(OK, &json!({ "is_compatible": messages.is_empty(), "messages": messages }))
        }
        ("GET", ["config", subject]) => match contents.levels.get(*subject) {
            Some(level) => say(OK, &json!({ "compatibilityLevel": level })),
            None => problem(MISSING, 40408, "Subject has no level of its own"),
        },
        ("PUT", ["config", subject]) => {
            contents.levels.insert((*subject).to_owned(), body["compatibility"].as_str().unwrap().to_owned());
            say(OK, &body)
        }
        _ => problem(MISSING, 404, "HTTP 404 Not Found"),
    }
}
