//! Envelopes as they stand in the spool, read without trust, and the form of them that the original bus has.

use hmac_sha256::Hash;
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::Map;

use super::json::{Document, Json};
use super::sink::Record;
use super::uuid::{derived, is_uuid};

/// How long the original bus keeps an event, in milliseconds.
const TTL_MS: u64 = 60_000;

/// Reads a line of the spool.
///
/// # Errors
/// What is wrong with it.
pub fn record(line: &[u8]) -> Result<Record, String> {
    let envelope = Document::read(line).map_err(|error| format!("it is no envelope: {error}"))?;
    let text = |name: &str| envelope.get(name).and_then(Json::as_str).filter(|text| !text.is_empty());
    for name in ["id", "source", "type"] {
        if text(name).is_none() {
            return Err(format!("its envelope has no {name}"));
        }
    }
    if text("specversion") != Some("1.0") {
        return Err("its envelope is of no known version".to_owned());
    }
    if envelope.get("data").and_then(Json::as_object).is_none() {
        return Err("its envelope holds no event".to_owned());
    }
    let id = text("id").unwrap_or_default().to_owned();
    Ok(Record { id, envelope })
}

/// An envelope in the form of the original bus. It is no valid CloudEvent.
pub struct Cortex<'a>(pub &'a Record);

impl Serialize for Cortex<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let plain =
            ["id", "type", "source", "specversion", "time", "subject", "datacontenttype", "dataschema"];
        for name in plain {
            if let Some(value) = self.0.envelope.get(name) {
                map.serialize_entry(name, &value)?;
            }
        }
        for (name, ours) in [("causationId", "causationid"), ("correlationId", "correlationid")] {
            if let Some(id) = self.0.attribute(ours) {
                map.serialize_entry(name, &as_uuid(id))?;
            }
        }
        map.serialize_entry("ttlMs", &TTL_MS)?;
        map.serialize_entry("headers", &Map::new())?;
        for name in ["traceparent", "tracestate", "baggage", "data"] {
            if let Some(value) = self.0.envelope.get(name) {
                map.serialize_entry(name, &value)?;
            }
        }
        map.end()
    }
}

/// The original bus takes nothing but UUIDs as ids: one that is none, or is behind the usual prefix, becomes one of
/// version 8 (RFC 9562) that is always the same.
fn as_uuid(id: &str) -> String {
    let bare = id.strip_prefix("brAInwav-").unwrap_or(id);
    if is_uuid(bare) {
        return bare.to_owned();
    }
    derived(&Hash::hash(id.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::{as_uuid, is_uuid, record};

    #[test]
    fn a_hostile_line_is_no_envelope() {
        let whole = r#"{"specversion":"1.0","id":"i","source":"s","type":"t","data":{}}"#;
        assert!(record(whole.as_bytes()).is_ok());
        for end in 0..whole.len() {
            assert!(record(&whole.as_bytes()[..end]).is_err());
        }
        for (from, to) in [
            ("\"1.0\"", "\"0.3\""),
            ("\"i\"", "7"),
            ("\"i\"", "\"\""),
            ("\"data\":{}", "\"data\":[]"),
            ("\"type\"", "\"kind\""),
        ] {
            assert!(record(whole.replace(from, to).as_bytes()).is_err(), "{to}");
        }
        for line in [&b"\xff\xfe"[..], b"\0\0\0", &b"[".repeat(100_000)] {
            assert!(record(line).is_err());
        }
    }

    #[test]
    fn every_id_becomes_a_uuid() {
        let uuid = "11111111-2222-4333-8444-555555555555";
        assert_eq!(as_uuid(uuid), uuid);
        assert_eq!(as_uuid(&format!("brAInwav-{uuid}")), uuid);
        let made = as_uuid("build 7");
        assert!(is_uuid(&made) && made.as_bytes()[14] == b'8', "{made}");
        assert_eq!(made, as_uuid("build 7"));
        assert_ne!(made, as_uuid("build 8"));
    }
}
