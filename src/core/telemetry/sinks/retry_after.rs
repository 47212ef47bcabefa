//! When the other side wants to be asked again: the header `Retry-After` of RFC 9110, section 10.2.3.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The longest wait that is believed. What asks for more is asked again after a day.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// How long to wait from `now` on, by a number of seconds or by a date in one of the three forms of HTTP. `None` when
/// it says neither; a date that has passed is no wait at all.
#[must_use]
pub fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(value.parse().map_or(LONGEST, Duration::from_secs).min(LONGEST));
    }
    let then = UNIX_EPOCH.checked_add(Duration::from_secs(http_date(value, now)?))?;
    Some(then.duration_since(now).unwrap_or_default().min(LONGEST))
}

/// The seconds since 1970 that a date of HTTP names: `Sun, 06 Nov 1994 08:49:37 GMT`, and the two forms of old,
/// `Sunday, 06-Nov-94 08:49:37 GMT` and `Sun Nov  6 08:49:37 1994`.
fn http_date(text: &str, now: SystemTime) -> Option<u64> {
    if !text.is_ascii() {
        return None;
    }
    let words: Vec<&str> = text.split([' ', ',', '-']).filter(|word| !word.is_empty()).collect();
    let (day, month, year, clock) = match words[..] {
        [_, day, month, year, clock, "GMT"] => (day, month, year, clock),
        [_, month, day, clock, year] => (day, month, year, clock),
        _ => return None,
    };
    let month = 1 + MONTHS.iter().position(|name| *name == month)?;
    let day: u64 = day.parse().ok().filter(|day| (1..=31).contains(day))?;
    let days = days_since_1970(full_year(year, now)?, month, day)?;
    Some(days * 86_400 + seconds_of_day(clock)?)
}

fn seconds_of_day(clock: &str) -> Option<u64> {
    let parts: Vec<u64> = clock.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    match parts[..] {
        [hours, minutes, seconds] if hours < 24 && minutes < 60 && seconds <= 60 => {
            Some(hours * 3_600 + minutes * 60 + seconds)
        }
        _ => None,
    }
}

/// A year of two digits is at most fifty years from now, as the RFC has it.
fn full_year(text: &str, now: SystemTime) -> Option<u64> {
    let year: u64 = text.parse().ok().filter(|year| *year < 10_000)?;
    if text.len() != 2 {
        return Some(year);
    }
    let this_year = 1970 + now.duration_since(UNIX_EPOCH).ok()?.as_secs() / 31_556_952;
    let year = this_year - this_year % 100 + year;
    Some(if year > this_year + 50 { year - 100 } else { year })
}

/// Days from 1 January 1970 to a date of the Gregorian calendar; `None` before it.
fn days_since_1970(year: u64, month: usize, day: u64) -> Option<u64> {
    // Years that begin in March end with the leap day.
    let (year, month) = if month < 3 { (year.checked_sub(1)?, month + 9) } else { (year, month - 3) };
    let of_year = (153 * u64::try_from(month).ok()? + 2) / 5 + day - 1;
    (year * 365 + year / 4 - year / 100 + year / 400 + of_year).checked_sub(719_468)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::{LONGEST, retry_after};

    #[test]
    fn it_is_seconds_or_a_date() {
        // Ten seconds before the date of the RFC's example.
        let now = UNIX_EPOCH + Duration::from_secs(784_111_777 - 10);
        let table = [
            ("0", Some(0)),
            (" 120 ", Some(120)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(10)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(10)),
            ("Sun Nov  6 08:49:37 1994", Some(10)),
            ("Sun, 06 Nov 1994 08:49:00 GMT", Some(0)),
            ("Tue, 29 Feb 2000 00:00:00 GMT", Some(LONGEST.as_secs())),
            ("99999999999999999999999", Some(LONGEST.as_secs())),
            ("Thu, 01 Jan 0000 00:00:00 GMT", None),
            ("Sun, 06 Nov 1994 24:49:37 GMT", None),
            ("Sun, 99 Nov 1994 08:49:37 GMT", None),
            ("Sun, 06 Xxx 1994 08:49:37 GMT", None),
            ("Sun, 06 Nov 1994 08:49:37 CET", None),
            ("Sun, 06 Nov 99999999999999999999 08:49:37 GMT", None),
            ("-1", None),
            ("soon", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(retry_after(text, now).map(|wait| wait.as_secs()), expected, "{text:?}");
        }
    }
}
