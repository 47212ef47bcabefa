//! What all events of a sender have in common: the resource and the scope.

use super::attribute::Attributes;
use super::wire::Writer;

/// The name of the service that is sent when none is configured.
const SERVICE: &str = "brainwav";

/// Attributes of the resource, each name once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    attributes: Vec<(String, String)>,
}

impl Resource {
    /// A resource of these attributes; an earlier one wins over a later one of its name. The name and the version of
    /// the service are added where they are missing.
    #[must_use]
    pub fn new(given: impl IntoIterator<Item = (String, String)>) -> Self {
        let own = [("service.name", SERVICE), ("service.version", env!("CARGO_PKG_VERSION"))];
        let own = own.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let mut attributes: Vec<(String, String)> = Vec::new();
        for (name, value) in given.into_iter().chain(own) {
            // The version is ours only where the name is.
            let is_strange = name == "service.version"
                && value == env!("CARGO_PKG_VERSION")
                && attributes.iter().any(|(known, value)| known == "service.name" && value != SERVICE);
            if !is_strange && attributes.iter().all(|(known, _)| *known != name) {
                attributes.push((name, value));
            }
        }
        Self { attributes }
    }

    /// The attributes.
    #[cfg(test)]
    pub fn attributes(&self) -> &[(String, String)] {
        &self.attributes
    }

    /// The resource as the first field of a message, with the CI run that its events come from. What is configured wins.
    pub fn write(&self, writer: &mut Writer, run: &[(&str, &str)]) {
        writer.message(1, |resource| {
            let mut attributes = Attributes::new(resource, 1);
            for (name, value) in &self.attributes {
                attributes.text(name, value);
            }
            for (name, value) in run {
                if self.attributes.iter().all(|(known, _)| known != name) {
                    attributes.text(name, value);
                }
            }
        });
    }

    /// The scope, likewise: who made the records of the resource.
    #[allow(clippy::unused_self, reason = "scope and resource are written in one place")]
    pub fn write_scope(&self, writer: &mut Writer) {
        writer.message(1, |scope| {
            scope.text(1, env!("CARGO_PKG_NAME"));
            scope.text(2, env!("CARGO_PKG_VERSION"));
        });
    }
}
