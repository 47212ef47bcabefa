//! Numbers for people.

use std::time::Duration;

/// A size in the largest binary unit in which it is at least one: `9.1 GiB`.
#[must_use]
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if value < 10.0 && !bytes.is_multiple_of(1 << (10 * (unit + 1))) {
        format!("{value:.1} {}", UNITS[unit])
    } else {
        format!("{value:.0} {}", UNITS[unit])
    }
}

/// A time in its two largest units: `3h 12m`.
#[must_use]
pub fn time(duration: Duration) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3600, "h"), (60, "m"), (1, "s")];
    let seconds = duration.as_secs();
    if seconds == 0 {
        return if duration.is_zero() {
            "0s".to_owned()
        } else {
            format!("{} ms", duration.as_millis().max(1))
        };
    }
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (length, unit) in UNITS {
        if rest >= length {
            parts.push(format!("{}{unit}", rest / length));
            rest %= length;
        } else if !parts.is_empty() {
            break;
        }
        if parts.len() == 2 {
            break;
        }
    }
    parts.join(" ")
}

/// A number with a comma between each three digits: `2,113`.
#[must_use]
pub fn count(number: usize) -> String {
    let digits = number.to_string();
    let mut result = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            result.push(',');
        }
        result.push(digit);
    }
    result
}

/// `1 process`, `2 processes`.
#[must_use]
pub fn plural(number: usize, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::{count, size, time};
    use std::time::Duration;

    #[test]
    fn sizes() {
        let table: &[(u64, &str)] = &[
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1 KiB"),
            (1536, "1.5 KiB"),
            (10_240, "10 KiB"),
            (512 << 20, "512 MiB"),
            (8 << 30, "8 GiB"),
            ((9 << 30) + (100 << 20), "9.1 GiB"),
            (u64::MAX, "16384 PiB"),
        ];
        for (bytes, expected) in table {
            assert_eq!(size(*bytes), *expected);
        }
    }

    #[test]
    fn times() {
        let table: &[(u64, &str)] = &[
            (0, "0s"),
            (400, "400 ms"),
            (5_000, "5s"),
            (65_000, "1m 5s"),
            (3_600_000, "1h"),
            (3_660_000, "1h 1m"),
            (3_605_000, "1h"),
            (90_061_000, "1d 1h"),
        ];
        for (milliseconds, expected) in table {
            assert_eq!(time(Duration::from_millis(*milliseconds)), *expected);
        }
    }

    #[test]
    fn counts() {
        for (number, expected) in
            [(0, "0"), (999, "999"), (1000, "1,000"), (2_113, "2,113"), (1_234_567, "1,234,567")]
        {
            assert_eq!(count(number), expected);
        }
    }
}
