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

#[cfg(test)]
mod tests {
    use super::{KNOWN, TOPIC, check};

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
