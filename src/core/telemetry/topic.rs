//! Topics, and the list of those that events may go to.

use thiserror::Error;

/// The topic of agent events.
pub const TOPIC: &str = "cortex.telemetry.agent.event";

/// The topics that the bus knows: the access list where nobody gives another.
pub const KNOWN: &str = "cortex.telemetry.agent.event, cortex.health.check, cortex.mcp.event, cortex.config.change, \
                         cortex.service.status, cortex.mcp.tool.execution.started, cortex.mcp.tool.execution.completed";

/// A topic that events may not go to.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the topic {topic:?} is not on the access list, which has {list}")]
pub struct Denied {
    /// The topic.
    pub topic: String,
    list: String,
}

/// Lets a topic pass that stands on the list, letter for letter.
///
/// # Errors
/// When it does not: what nobody allowed is denied.
pub fn check(topic: &str, allowed: &[String]) -> Result<(), Denied> {
    if allowed.iter().any(|allowed| allowed == topic) {
        return Ok(());
    }
    let list = if allowed.is_empty() { "no topic".to_owned() } else { allowed.join(", ") };
    Err(Denied { topic: topic.to_owned(), list })
}

/// Whether this is a URI, as the source of an envelope has to be: a scheme, a colon, and something without blanks.
#[must_use]
pub fn is_uri(text: &str) -> bool {
    let (scheme, rest) = text.split_once(':').unwrap_or_default();
    let is_name = |letter: u8| letter.is_ascii_alphanumeric() || b"+.-".contains(&letter);
    scheme.as_bytes().first().is_some_and(u8::is_ascii_alphabetic)
        && scheme.bytes().all(is_name)
        && !rest.is_empty()
        && rest.bytes().all(|letter| letter.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&letter))
}

#[cfg(test)]
mod tests {
    use super::{KNOWN, TOPIC, check, is_uri};

    #[test]
    fn a_source_is_a_uri() {
        for (text, expected) in [
            ("urn:cortex-os:runtime", true),
            ("https://example.com/a?b#c", true),
            ("cortex", false),
            ("1x:y", false),
            (":y", false),
            ("urn:", false),
            ("urn:a b", false),
            ("urn:\"", false),
            ("", false),
        ] {
            assert_eq!(is_uri(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_not_on_the_list_is_denied() {
        let known: Vec<String> = KNOWN.split(", ").map(str::to_owned).collect();
        assert_eq!(known.len(), 7);
        assert_eq!(check(TOPIC, &known), Ok(()));
        for topic in ["", "cortex", "cortex.telemetry.agent", "cortex.telemetry.agent.event ", "*", "other"] {
            assert!(check(topic, &known).unwrap_err().to_string().contains("access list"), "{topic}");
        }
        assert!(check(TOPIC, &[]).unwrap_err().to_string().ends_with("no topic"));
    }
}
