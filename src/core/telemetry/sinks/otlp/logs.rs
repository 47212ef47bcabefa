//! Events as log records: `opentelemetry/proto/logs/v1`.

use super::attribute::Attributes;
use super::event::Event;
use super::resource::Resource;
use super::wire::Writer;

/// The severity of an event that tells of a failure: its number and its text.
const ERROR: (u64, &str) = (17, "ERROR");
/// That of any other.
const INFO: (u64, &str) = (9, "INFO");

/// What stands before the name of an event, as the conventions ask for a namespace.
const NAMESPACE: &str = "brainwav.agent.";

/// A request for `/v1/logs`.
#[must_use]
pub fn request(resource: &Resource, events: &[Event<'_>]) -> Vec<u8> {
    let mut writer = Writer::default();
    for of_run in events.chunk_by(|one, next| one.run == next.run) {
        writer.message(1, |of_resource| {
            resource.write(of_resource, &of_run[0].run);
            of_resource.message(2, |of_scope| {
                resource.write_scope(of_scope);
                for event in of_run {
                    of_scope.message(2, |record| write(record, event));
                }
            });
        });
    }
    writer.into_bytes()
}

fn write(record: &mut Writer, event: &Event<'_>) {
    let name = if event.name.is_empty() { "event" } else { event.name };
    let (number, text) = if event.failure.is_some() { ERROR } else { INFO };
    if let Some(time) = event.time {
        record.fixed64(1, time);
    }
    record.varint(2, number);
    record.text(3, text);
    record.message(5, |body| body.joined(1, &event.title(name)));
    Attributes::new(record, 6).of(event);
    if let Some(trace) = &event.trace {
        record.fixed32(8, u32::from(trace.flags));
        record.bytes(9, &trace.trace);
        if let Some(span) = event.span.map(|span| span.id).or(trace.span) {
            record.bytes(10, &span);
        }
    }
    if let Some(observed) = event.observed.or(event.time) {
        record.fixed64(11, observed);
    }
    record.joined(12, &[NAMESPACE, name]);
}
