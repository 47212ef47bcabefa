//! What has a start and an end as a span: `opentelemetry/proto/trace/v1`.

use super::attribute::Attributes;
use super::convention;
use super::event::{Ended, Event};
use super::resource::Resource;
use super::trace::{TraceContext, parent_span};
use super::wire::Writer;

/// `SPAN_KIND_INTERNAL`.
const INTERNAL: u64 = 1;
/// `STATUS_CODE_ERROR`. Success is left unset, as the conventions ask of libraries.
const ERROR: u64 = 2;

/// A request for `/v1/traces`, when one of the events ends a span.
#[must_use]
pub fn request(resource: &Resource, events: &[Event<'_>]) -> Option<Vec<u8>> {
    let spans: Vec<_> = events.iter().filter_map(|event| Some((event, event.span?, event.trace?))).collect();
    if spans.is_empty() {
        return None;
    }
    let mut writer = Writer::default();
    for of_run in spans.chunk_by(|(one, ..), (next, ..)| one.run == next.run) {
        writer.message(1, |of_resource| {
            resource.write(of_resource, &of_run[0].0.run);
            of_resource.message(2, |of_scope| {
                resource.write_scope(of_scope);
                for (event, ended, trace) in of_run {
                    of_scope.message(2, |span| write(span, event, *ended, trace));
                }
            });
        });
    }
    Some(writer.into_bytes())
}

fn write(span: &mut Writer, event: &Event<'_>, ended: Ended, trace: &TraceContext) {
    span.bytes(1, &trace.trace);
    span.bytes(2, &ended.id);
    if let Some(state) = event.record.attribute("tracestate") {
        span.text(3, state);
    }
    if let Some(parent) = parent_span(event.record, trace, ended.id) {
        span.bytes(4, &parent);
    }
    span.joined(5, &event.title(convention::operation(event.name).unwrap_or(event.name)));
    span.varint(6, INTERNAL);
    span.fixed64(7, ended.start);
    span.fixed64(8, ended.end);
    Attributes::new(span, 9).of(event);
    if let Some(failure) = event.failure {
        span.message(15, |status| {
            status.text(2, failure);
            status.varint(3, ERROR);
        });
    }
    span.fixed32(16, u32::from(trace.flags));
}
