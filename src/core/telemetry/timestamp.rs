//! Moments as RFC 3339 writes them, brought to UTC.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Nanoseconds need no more digits.
const MOST_DIGITS: usize = 9;

/// What is to be written instead.
pub const WANTED: &str = "a moment such as 2026-02-28T12:30:00.000Z or 2026-02-28T14:30:00+02:00 (RFC 3339)";

/// The same moment in UTC, with `Z`; the digits of the fraction stay as they are. `None` when it is no moment, or one
/// that has no year of four digits in UTC. A leap second is none: few can read one.
#[must_use]
pub fn to_utc(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let number = |from: usize, length: usize| digits(bytes.get(from..from + length)?);
    let separators = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if !text.is_ascii() || separators.iter().any(|(at, letter)| bytes.get(*at) != Some(letter)) {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 2)?, number(8, 2)?);
    let (hour, minute, second) = (number(11, 2)?, number(14, 2)?, number(17, 2)?);
    let is_clock = hour < 24 && minute < 60 && second < 60;
    if !(1..=12).contains(&month) || day < 1 || day > days_in(year, month) || !is_clock {
        return None;
    }
    let rest = &text[19..];
    let fraction = rest
        .strip_prefix('.')
        .map_or(0, |rest| 1 + rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len()));
    if fraction == 1 || fraction > MOST_DIGITS + 1 {
        return None;
    }
    let (fraction, zone) = rest.split_at(fraction);
    let offset = offset_minutes(zone)?;
    if offset == 0 {
        return Some(format!("{}{fraction}Z", &text[..19]));
    }
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset * 60;
    civil(seconds).map(|moment| format!("{moment}{fraction}Z"))
}

/// A moment of the clock, to the millisecond. One before 1970 is taken for its beginning.
#[must_use]
pub fn from_clock(moment: SystemTime) -> String {
    let since = moment.duration_since(UNIX_EPOCH).unwrap_or_default();
    let text = i64::try_from(since.as_secs()).ok().and_then(civil);
    let text = text.unwrap_or_else(|| "9999-12-31T23:59:59".to_owned());
    format!("{text}.{:03}Z", since.subsec_millis())
}

/// How long ago a moment was, as [`to_utc`] and [`from_clock`] write it. One that lies ahead, because a clock was set
/// back, is no time ago.
#[must_use]
pub fn age(text: &str, now: SystemTime) -> Option<Duration> {
    let bytes = text.as_bytes();
    let number = |from: usize, length: usize| digits(bytes.get(from..from + length)?);
    let days = days(number(0, 4)?, number(5, 2)?, number(8, 2)?);
    let seconds = days * 86_400 + number(11, 2)? * 3600 + number(14, 2)? * 60 + number(17, 2)?;
    let then = UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).ok()?);
    Some(now.duration_since(then).unwrap_or_default())
}

fn digits(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + i64::from(digit - b'0')))
}

fn offset_minutes(zone: &str) -> Option<i64> {
    let sign = match zone.as_bytes() {
        [b'Z'] => return Some(0),
        [b'+', _, _, b':', _, _] => 1,
        [b'-', _, _, b':', _, _] => -1,
        _ => return None,
    };
    let (hours, minutes) = (digits(&zone.as_bytes()[1..3])?, digits(&zone.as_bytes()[4..6])?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

const fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01, after Hinnant's `days_from_civil`: years begin in March, so that the leap day is the last.
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The way back, after `civil_from_days`; `None` outside of the years of four digits.
fn civil(seconds: i64) -> Option<String> {
    let (days, clock) = (seconds.div_euclid(86_400) + 719_468, seconds.rem_euclid(86_400));
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let part = (5 * of_year + 2) / 153;
    let day = of_year - (153 * part + 2) / 5 + 1;
    let month = if part < 10 { part + 3 } else { part - 9 };
    let year = year_of_era + days.div_euclid(146_097) * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (clock / 3600, clock / 60 % 60, clock % 60);
    (0..=9999)
        .contains(&year)
        .then(|| format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::{age, from_clock, to_utc};

    #[test]
    fn every_moment_is_brought_to_utc_and_nothing_else_is_one() {
        let table = [
            ("2026-02-28T12:30:00Z", Some("2026-02-28T12:30:00Z")),
            ("2026-02-28T12:30:00.5Z", Some("2026-02-28T12:30:00.5Z")),
            ("2026-02-28T12:30:00.123456789Z", Some("2026-02-28T12:30:00.123456789Z")),
            ("2026-02-28T23:30:00-02:00", Some("2026-03-01T01:30:00Z")),
            ("2024-02-28T23:30:00.25-02:00", Some("2024-02-29T01:30:00.25Z")),
            ("2000-03-01T00:30:00+01:00", Some("2000-02-29T23:30:00Z")),
            ("1970-01-01T00:00:00+00:01", Some("1969-12-31T23:59:00Z")),
            ("2026-01-01T00:00:00+00:00", Some("2026-01-01T00:00:00Z")),
            ("0000-01-01T00:00:00+01:00", None),
            ("9999-12-31T23:59:59-01:00", None),
            ("2026-02-29T12:30:00Z", None),
            ("2100-02-29T12:30:00Z", None),
            ("2026-13-01T12:30:00Z", None),
            ("2026-00-01T12:30:00Z", None),
            ("2026-04-31T12:30:00Z", None),
            ("2026-01-01T24:00:00Z", None),
            ("2026-01-01T23:59:60Z", None),
            ("2026-01-01T12:30:00", None),
            ("2026-01-01T12:30:00.Z", None),
            ("2026-01-01T12:30:00.1234567890Z", None),
            ("2026-01-01 12:30:00Z", None),
            ("2026-01-01T12:30:00+0100", None),
            ("2026-01-01T12:30:00+24:00", None),
            ("2026-01-01T12:30Z", None),
            ("2026-01-0üT12:30:00Z", None),
            ("now", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(to_utc(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn the_clock_is_written_and_read_back() {
        for seconds in [0, 951_782_400, 1_709_164_800, 1_767_225_599, 4_102_444_799] {
            let moment = UNIX_EPOCH + Duration::new(seconds, 7_000_000);
            let text = from_clock(moment);
            assert_eq!(text, humantime::format_rfc3339_millis(moment).to_string());
            assert_eq!(to_utc(&text).as_deref(), Some(text.as_str()));
            let later = moment + Duration::from_secs(90);
            assert_eq!(age(&text, later).map(|age| age.as_secs()), Some(90));
            assert_eq!(age(&text, UNIX_EPOCH), Some(Duration::ZERO), "the clock was set back");
        }
        assert_eq!(age("soon", UNIX_EPOCH), None);
    }
}
