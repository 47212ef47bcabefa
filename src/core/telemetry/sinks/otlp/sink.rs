//! The OTLP sink: a batch of events as one request of spans, one of logs and one of metrics.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::super::answer::{RetryRule, judge};
use super::super::http::{DEFAULT_BATCH, DEFAULT_TIMEOUT, named, unreachable_peer};
use super::super::net::{Endpoint, HTTP, HttpClient, client_config};
use super::super::setting::SettingError;
use super::compression::Compression;
use super::event::Event;
use super::metrics::Numbers;
use super::resource::Resource;
use super::response::{Taken, taken, words};
use super::settings::{OtlpSettings, Signal};
use super::{logs, spans};
use crate::core::telemetry::sink::{Delivery, Record, Sink};

/// Answers of a place where nobody knows the signal.
const UNKNOWN: [u16; 3] = [404, 405, 501];

/// A sink that exports events.
#[derive(Debug)]
pub struct OtlpSink {
    name: String,
    resource: Resource,
    logs: Route,
    traces: Option<Route>,
    metrics: Option<Metrics>,
    /// What has arrived of the batch that has to come again: that is not sent twice.
    sent: Option<Sent>,
    /// What nobody takes at the other end.
    notes: Vec<String>,
    batch: usize,
}

/// The way of one signal.
#[derive(Debug)]
struct Route {
    client: HttpClient,
    timeout: Duration,
    compression: Compression,
}

/// The way of the numbers, and those that have not arrived yet.
#[derive(Debug)]
struct Metrics {
    route: Route,
    numbers: Numbers,
    /// When the last request was made, in nanoseconds since 1970.
    since: u64,
    /// Why the last one did not arrive.
    failure: String,
}

/// What has arrived of a batch, by its first and last id.
#[derive(Debug)]
struct Sent {
    batch: (String, String),
    spans: Option<Refusals>,
    logs: Option<Refusals>,
}

/// Events by their place in a batch, and why they were refused.
type Refusals = Vec<(usize, String)>;

/// Those of a request that has arrived, or what came of it instead.
type Exported = Result<Refusals, Delivery>;

impl OtlpSink {
    /// A sink of these settings, which were completed by [`OtlpSettings::completed`]. Nothing is sent yet.
    ///
    /// # Errors
    /// When the settings cannot be followed.
    pub fn new(settings: OtlpSettings) -> Result<Self, SettingError> {
        if settings.batch == Some(0) {
            return Err(SettingError::new("batch", "has to be at least 1"));
        }
        let wanted = |signal: Signal| signal.is_sent(&settings.signals);
        if !wanted(Signal::Logs) {
            return Err(SettingError::new("signals", "has to hold logs: every event is a log record"));
        }
        let traces = wanted(Signal::Traces).then(|| Route::new(&settings, Signal::Traces)).transpose()?;
        let metrics = wanted(Signal::Metrics).then(|| Metrics::new(&settings)).transpose()?;
        Ok(Self {
            logs: Route::new(&settings, Signal::Logs)?,
            traces,
            metrics,
            name: settings.name,
            resource: Resource::new(settings.resource),
            sent: None,
            notes: settings.notes,
            batch: settings.batch.unwrap_or(DEFAULT_BATCH),
        })
    }

    /// Spans go first: a receiver that gets one twice knows it by its id.
    fn send(&mut self, events: &[Event<'_>], sent: &mut Sent, deadline: Instant) -> Result<(), Delivery> {
        if sent.spans.is_none() {
            sent.spans = Some(self.send_spans(events, deadline)?);
        }
        if sent.logs.is_none() {
            let request = logs::request(&self.resource, events);
            let places: Vec<usize> = (0..events.len()).collect();
            sent.logs = Some(self.logs.export(&request, &places, deadline).1?);
        }
        self.send_metrics(events, deadline);
        Ok(())
    }

    /// Numbers follow from the log records, which have arrived: they hold nothing up. What a receiver cannot take now
    /// goes with the next batch; what it will not take in this run is left out, and said.
    fn send_metrics(&mut self, events: &[Event<'_>], deadline: Instant) {
        let Some(metrics) = &mut self.metrics else { return };
        events.iter().for_each(|event| metrics.numbers.add(event));
        let now = nanoseconds_now();
        let request = metrics.numbers.request(&self.resource, (metrics.since, now));
        // On a kept connection that breaks it would be sent again, whether it was counted or not.
        metrics.route.client.hang_up();
        let (status, exported) = metrics.route.export(&request, &[0], deadline);
        let reason = match exported {
            Ok(refused) if refused.is_empty() => {
                (metrics.numbers, metrics.since) = (Numbers::default(), now);
                return;
            }
            Err(Delivery::Retry { after, reason }) if status.is_some() && after != Some(Duration::MAX) => {
                metrics.failure = reason;
                return;
            }
            Err(_) if status.is_some_and(|status| UNKNOWN.contains(&status)) => {
                unknown(Signal::Metrics, metrics.route.client.endpoint(), status)
            }
            Ok(refused) => uncounted(metrics.numbers.count(), &refused[0].1),
            Err(Delivery::Retry { reason, .. } | Delivery::Refused(reason)) => {
                uncounted(metrics.numbers.count(), &reason)
            }
            Err(other) => uncounted(metrics.numbers.count(), &format!("{other:?}")),
        };
        self.notes.push(reason);
        self.metrics = None;
    }

    fn send_spans(&mut self, events: &[Event<'_>], deadline: Instant) -> Exported {
        let Some(route) = &mut self.traces else { return Ok(Refusals::new()) };
        let Some(request) = spans::request(&self.resource, events) else { return Ok(Refusals::new()) };
        let places = events.iter().enumerate().filter(|(_, event)| event.span.is_some());
        let places: Vec<usize> = places.map(|(place, _)| place).collect();
        let (status, exported) = route.export(&request, &places, deadline);
        let refused = match exported {
            Ok(refused) => refused,
            Err(_) if status.is_some_and(|status| UNKNOWN.contains(&status)) => {
                self.notes.push(unknown(Signal::Traces, route.client.endpoint(), status));
                self.traces = None;
                return Ok(Refusals::new());
            }
            // Smaller batches would not help, and the log record is still to come.
            Err(Delivery::Refused(reason)) if events.len() == 1 => vec![(0, reason)],
            Err(other) => return Err(other),
        };
        let of_span = |reason: &str| format!("its log record was sent, its span was refused: {reason}");
        Ok(refused.into_iter().map(|(place, reason)| (place, of_span(&reason))).collect())
    }
}

fn unknown(signal: Signal, endpoint: &Endpoint, status: Option<u16>) -> String {
    let (word, status) = (signal.word(), status.unwrap_or_default());
    format!(
        "{endpoint} takes no {word} (it answered {status}): they are left out, and logs go on; leave {word} out of the \
         signals of the sink to hear no more of it"
    )
}

fn uncounted(count: u64, reason: &str) -> String {
    format!("the metrics leave out {count} events and what came after: {reason}")
}

fn nanoseconds_now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or_default()
}

impl Metrics {
    fn new(settings: &OtlpSettings) -> Result<Self, SettingError> {
        let route = Route::new(settings, Signal::Metrics)?;
        Ok(Self { route, numbers: Numbers::default(), since: nanoseconds_now(), failure: String::new() })
    }
}

impl Route {
    fn new(settings: &OtlpSettings, signal: Signal) -> Result<Self, SettingError> {
        let own = settings.own(signal);
        let endpoint = match &own.url {
            Some(url) => Endpoint::parse(url.expose(), HTTP)?,
            None => Endpoint::parse(settings.base().expose(), HTTP)?.below(signal.path()),
        };
        let tls = endpoint.scheme.tls.then(|| client_config(settings.authorities.as_deref())).transpose()?;
        let headers = own.headers.as_ref().unwrap_or(&settings.headers);
        let timeout = own.timeout.or(settings.timeout).unwrap_or(DEFAULT_TIMEOUT);
        let compression = own.compression.or(settings.compression).unwrap_or_default();
        Ok(Self { client: HttpClient::new(endpoint, tls, headers)?, timeout, compression })
    }

    /// Sends one request; the status of the answer, if there was one, and the outcome. `places` are those of the events
    /// in the request.
    fn export(&mut self, request: &[u8], places: &[usize], deadline: Instant) -> (Option<u16>, Exported) {
        let deadline = deadline.min(Instant::now() + self.timeout);
        let (encoding, request) = self.compression.pack(request);
        let headers = format!("Content-Type: application/x-protobuf\r\n{encoding}");
        let answer = match self.client.post(&headers, &request, deadline) {
            Ok(answer) => answer,
            Err(error) => return (None, Err(unreachable_peer(self.client.endpoint(), &error))),
        };
        let delivery = match judge(&answer, &words(&answer), RetryRule::Otlp, SystemTime::now()) {
            Delivery::Accepted => partial(taken(&answer), places),
            other => other,
        };
        let exported = match named(delivery, self.client.endpoint()) {
            Delivery::Accepted => Ok(Refusals::new()),
            Delivery::Partly(refused) => Ok(refused),
            other => Err(other),
        };
        (Some(answer.status), exported)
    }
}

impl Sink for OtlpSink {
    fn name(&self) -> &str {
        &self.name
    }

    fn most(&self) -> usize {
        self.batch
    }

    fn deliver(&mut self, batch: &[Record], deadline: Instant) -> Delivery {
        let (Some(first), Some(last)) = (batch.first(), batch.last()) else { return Delivery::Accepted };
        let key = (first.id.clone(), last.id.clone());
        let events: Vec<Event<'_>> = batch.iter().map(Event::of).collect();
        let known = self.sent.take().filter(|sent| sent.batch == key);
        let mut sent = known.unwrap_or(Sent { batch: key, spans: None, logs: None });
        match self.send(&events, &mut sent, deadline) {
            Ok(()) => together(sent.spans.unwrap_or_default(), sent.logs.unwrap_or_default()),
            Err(delivery) => {
                self.sent = Some(sent);
                delivery
            }
        }
    }

    fn note(&self) -> Option<String> {
        let left = self.metrics.as_ref().filter(|metrics| metrics.numbers.count() > 0);
        let left = left.map(|metrics| uncounted(metrics.numbers.count(), &metrics.failure));
        let notes: Vec<&str> = self.notes.iter().chain(&left).map(String::as_str).collect();
        Some(notes.join("; ")).filter(|notes| !notes.is_empty())
    }
}

/// Each event once; what is said of its log record counts more.
fn together(of_spans: Refusals, mut of_logs: Refusals) -> Delivery {
    for (place, reason) in of_spans {
        if of_logs.iter().all(|(known, _)| *known != place) {
            of_logs.push((place, reason));
        }
    }
    of_logs.sort_by_key(|(place, _)| *place);
    if of_logs.is_empty() { Delivery::Accepted } else { Delivery::Partly(of_logs) }
}

/// A receiver says how many it has refused, and not which. As none of them may be sent again, and none may be lost,
/// each is kept with what was said.
fn partial(taken: Taken, places: &[usize]) -> Delivery {
    let (count, words) = match taken {
        Taken::All => return Delivery::Accepted,
        Taken::NotOtlp(reason) => return Delivery::Retry { after: None, reason },
        Taken::AllBut(count, words) => (count, words),
    };
    let which = if count >= places.len() as u64 {
        "the receiver refused it".to_owned()
    } else {
        format!(
            "the receiver refused {count} of the {} in this request, and does not say which",
            places.len()
        )
    };
    let reason = if words.is_empty() { which } else { format!("{which}: {words}") };
    Delivery::Partly(places.iter().map(|place| (*place, reason.clone())).collect())
}

#[cfg(test)]
#[path = "sink_tests.rs"]
mod tests;
