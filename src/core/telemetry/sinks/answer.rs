//! What an HTTP answer means for the batch that was sent.

use std::time::{Duration, SystemTime};

use super::retry_after::retry_after;
use crate::core::redact::{Counts, Redactor};
use crate::core::telemetry::sink::Delivery;

/// The most of an answer's own words that a reason repeats, in characters.
const MOST_WORDS: usize = 200;

/// An answer, bounded when it was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The header `Retry-After`.
    pub retry_after: Option<String>,
    /// The header `Content-Type`.
    pub content_type: Option<String>,
    /// The beginning of the body.
    pub body: Vec<u8>,
}

impl Answer {
    /// Whether the body is of this media type, whatever its parameters.
    #[must_use]
    pub fn is_of_type(&self, media_type: &str) -> bool {
        let declared = self.content_type.as_deref().unwrap_or_default();
        declared.split(';').next().is_some_and(|name| name.trim().eq_ignore_ascii_case(media_type))
    }
}

/// Which answers mean that the same may succeed soon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryRule {
    /// The four codes of OTLP/HTTP: 429, 502, 503 and 504.
    Otlp,
    /// These, the two by which RFC 9110 and RFC 8470 ask for the same request again, 408 and 425, and 500, which most
    /// receivers of webhooks answer while something behind them is down.
    Http,
}

impl RetryRule {
    fn retries(self, status: u16) -> bool {
        match status {
            429 | 502 | 503 | 504 => true,
            408 | 425 | 500 => self == Self::Http,
            _ => false,
        }
    }
}

/// Answers that are about what was sent: something smaller may pass, and if not, that one event is the reason.
const OF_THE_CONTENT: [u16; 4] = [400, 409, 413, 422];

/// The outcome by status. `words` is what the body says in plain text.
///
/// What is about neither the content nor the moment (a key that is not valid any more, a path that is wrong, a redirect)
/// would be said of every event: they stay where they are, and the next run tries again. A redirect is never followed:
/// it would carry events, and the headers that open the door, to a place that nobody has configured.
#[must_use]
pub fn judge(answer: &Answer, words: &str, rule: RetryRule, now: SystemTime) -> Delivery {
    let reason = || reason(answer.status, words);
    match answer.status {
        200..300 => Delivery::Accepted,
        status if OF_THE_CONTENT.contains(&status) => Delivery::Refused(reason()),
        status if rule.retries(status) => {
            let after = answer.retry_after.as_deref().and_then(|value| retry_after(value, now));
            Delivery::Retry { after, reason: reason() }
        }
        _ => Delivery::Retry { after: Some(Duration::MAX), reason: reason() },
    }
}

/// An answer in one line: its status, what that means, and what it says itself.
#[must_use]
pub fn reason(status: u16, words: &str) -> String {
    let meaning = match status {
        300..400 => " (a redirect, which is not followed: configure the place it leads to)",
        400 => " (bad request)",
        401 => " (it wants credentials: check the headers)",
        403 => " (forbidden: check the headers)",
        404 => " (not found: check the path of the url)",
        405 => " (it takes no POST here: check the url)",
        407 => " (a proxy in between wants credentials)",
        408 => " (request time-out)",
        413 => " (too large)",
        415 => " (it does not take this content type, or not compressed)",
        422 => " (it cannot use the content)",
        500 => " (something is broken there)",
        429 => " (too many requests)",
        502 => " (bad gateway)",
        503 => " (unavailable)",
        504 => " (gateway time-out)",
        _ => "",
    };
    let words = presentable(words);
    let separator = if words.is_empty() { "" } else { ": " };
    format!("it answered {status}{meaning}{separator}{words}")
}

/// The words of the other side, fit to be shown: one short line without secrets, which it may have repeated to us.
#[must_use]
pub fn presentable(words: &str) -> String {
    let mut line = String::new();
    for word in words.split(|letter: char| letter.is_whitespace() || letter.is_control()) {
        if word.is_empty() {
            continue;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if line.len() > 8 * MOST_WORDS {
            break;
        }
    }
    let redacted = Redactor::default().text(&line, &mut Counts::default()).into_owned();
    match redacted.char_indices().nth(MOST_WORDS) {
        Some((end, _)) => format!("{}...", &redacted[..end]),
        None => redacted,
    }
}

/// What a body of text says, when it is text.
#[must_use]
pub fn plain_words(answer: &Answer) -> &str {
    let beginning = answer.body.get(..4 * MOST_WORDS).unwrap_or(&answer.body);
    let is_page = answer.is_of_type("text/html");
    match std::str::from_utf8(beginning) {
        Ok(text) if !is_page => text,
        Err(error) if !is_page && beginning.len() < answer.body.len() => {
            std::str::from_utf8(&beginning[..error.valid_up_to()]).unwrap_or_default()
        }
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::{Answer, RetryRule, judge, plain_words, presentable};
    use crate::core::telemetry::sink::Delivery;

    fn outcome(status: u16, rule: RetryRule) -> char {
        let answer = Answer { status, ..Answer::default() };
        match judge(&answer, "", rule, UNIX_EPOCH) {
            Delivery::Accepted => 'a',
            Delivery::Retry { after: None, .. } => 'r',
            Delivery::Retry { .. } => 'h',
            Delivery::Refused(_) => 'n',
            Delivery::Partly(_) => 'p',
        }
    }

    #[test]
    fn every_status_has_one_outcome() {
        for status in 100..=599 {
            let expected = |also: &[u16]| match status {
                200..300 => 'a',
                400 | 409 | 413 | 422 => 'n',
                429 | 502 | 503 | 504 => 'r',
                _ if also.contains(&status) => 'r',
                _ => 'h',
            };
            assert_eq!(outcome(status, RetryRule::Otlp), expected(&[]), "{status}");
            assert_eq!(outcome(status, RetryRule::Http), expected(&[408, 425, 500]), "{status}");
        }
    }

    #[test]
    fn the_wait_is_the_one_asked_for() {
        let answer =
            |value: &str| Answer { status: 503, retry_after: Some(value.to_owned()), ..Answer::default() };
        for (value, expected) in [("7", Some(7)), ("Thu, 01 Jan 1970 00:00:09 GMT", Some(9)), ("later", None)]
        {
            let delivery = judge(&answer(value), "", RetryRule::Otlp, UNIX_EPOCH);
            let Delivery::Retry { after, .. } = delivery else { panic!("{delivery:?}") };
            assert_eq!(after, expected.map(Duration::from_secs), "{value}");
        }
    }

    #[test]
    fn a_reason_is_one_short_line_without_secrets() {
        let answer = Answer { status: 401, ..Answer::default() };
        let words = "bad\u{1b}[2J header\r\nAuthorization: Bearer abcdefghijklmnopqrstuvwxyz0123456789";
        let Delivery::Retry { reason, .. } = judge(&answer, words, RetryRule::Http, UNIX_EPOCH) else {
            panic!()
        };
        assert!(reason.starts_with("it answered 401 (it wants credentials"), "{reason}");
        assert!(!reason.contains(char::is_control) && !reason.contains("abcdefgh"), "{reason}");
        assert_eq!(presentable(&"long ".repeat(1_000)).chars().count(), 203);
        assert_eq!(presentable(&"é".repeat(100_000)).chars().count(), 203);
    }

    #[test]
    fn only_text_is_repeated() {
        let answer = |content_type: &str, body: &[u8]| Answer {
            content_type: Some(content_type.to_owned()),
            body: body.to_owned(),
            ..Answer::default()
        };
        assert_eq!(plain_words(&answer("text/plain", b"no such bucket")), "no such bucket");
        assert_eq!(plain_words(&answer("Text/HTML; charset=utf-8", b"<html>")), "");
        assert_eq!(plain_words(&answer("application/octet-stream", b"\xff\xfe")), "");
        let cut = "é".repeat(2_000);
        assert!(plain_words(&answer("text/plain", format!("x{cut}").as_bytes())).starts_with("xé"));
    }
}
