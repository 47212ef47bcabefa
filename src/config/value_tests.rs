//! Tables for the values that people write.

use std::time::Duration;

use super::{format_duration, format_size_exact, parse_duration, parse_number, parse_size};

#[test]
fn sizes_are_read() {
    let table: &[(&str, u64)] = &[
        ("8GiB", 8 << 30),
        ("8 GiB", 8 << 30),
        (" 8GiB ", 8 << 30),
        ("512MB", 512_000_000),
        ("512MiB", 512 << 20),
        ("1.5GiB", 3 << 29),
        ("0.5KiB", 512),
        ("1kB", 1000),
        ("1KB", 1000),
        ("1kiB", 1024),
        ("2TB", 2_000_000_000_000),
        ("2TiB", 2 << 40),
        ("0B", 0),
        ("18446744073709551615B", u64::MAX),
        ("0.1B", 0),
    ];
    for (text, bytes) in table {
        assert_eq!(parse_size(text), Ok(*bytes), "{text}");
    }
}

#[test]
fn what_is_no_size_says_what_to_write() {
    let table: &[(&str, &str, &str)] = &[
        ("8", "needs a unit", "\"8GiB\""),
        ("1.5", "needs a unit", "\"1.5GiB\""),
        ("8gib", "is no unit", "did you mean \"8GiB\"?"),
        ("8GIB", "is no unit", "did you mean \"8GiB\"?"),
        ("8gb", "is no unit", "did you mean \"8GB\"?"),
        ("8g", "is no unit", "did you mean \"8GiB\"?"),
        ("8k", "is no unit", "iB\"?"),
        ("8G", "is no unit", "did you mean \"8GiB\"?"),
        ("8 parsecs", "is no unit", "B, KB, MB"),
        ("", "is no size", "write a number"),
        ("GiB", "is no size", "write a number"),
        ("-1GiB", "is no size", "write a number"),
        ("+1GiB", "is no size", "write a number"),
        ("1..5GiB", "is no size", "write a number"),
        (".5GiB", "is no size", "write a number"),
        ("5.GiB", "is no size", "write a number"),
        ("1,5GiB", "is no unit", "B, KB, MB"),
        ("1e3GiB", "is no unit", "B, KB, MB"),
        ("99999999999999999999GiB", "is no size", "write a number"),
        ("\u{661}GiB", "is no size", "write a number"),
        ("1.0000000000000000000GiB", "is no size", "write a number"),
    ];
    for (text, message, help) in table {
        let error = parse_size(text).unwrap_err();
        assert!(error.message.contains(message), "{text}: {error}");
        assert!(error.help.as_deref().unwrap_or_default().contains(help), "{text}: {error}");
    }
    assert!(parse_size("18446744073709551616B").is_err());
    assert!(parse_size("17000000TiB").unwrap_err().message.contains("16 EiB"));
}

#[test]
fn a_size_written_exactly_is_read_back_as_itself() {
    let table = [
        (8 << 30, "8GiB"),
        (512_000_000, "512MB"),
        (1000, "1KB"),
        (1536, "1536B"),
        (0, "0B"),
        (1 << 50, "1024TiB"),
    ];
    for (bytes, text) in table {
        assert_eq!(format_size_exact(bytes), text);
    }
    let mut bytes = 1_u64;
    for round in 0..20_000_u64 {
        bytes = bytes.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        for number in [bytes, bytes >> (round % 64), (bytes >> 40) * 1000, (bytes >> 44) << 20, round] {
            assert_eq!(parse_size(&format_size_exact(number)), Ok(number));
        }
    }
}

#[test]
fn durations_are_read_and_written() {
    let table: &[(&str, u64)] = &[
        ("5m", 300_000),
        ("1h 30m", 5_400_000),
        ("250ms", 250),
        ("10s", 10_000),
        ("2days", 172_800_000),
        ("0s", 0),
    ];
    for (text, milliseconds) in table {
        let duration = Duration::from_millis(*milliseconds);
        assert_eq!(parse_duration(text), Ok(duration), "{text}");
        assert_eq!(parse_duration(&format_duration(duration)), Ok(duration), "{text}");
    }
    for round in 0..20_000_u64 {
        let duration = Duration::from_millis(round * round * 7 + round);
        assert_eq!(parse_duration(&format_duration(duration)), Ok(duration));
    }
}

#[test]
fn what_is_no_duration_says_what_to_write() {
    let table: &[(&str, &str)] = &[
        ("5", "needs a unit"),
        ("0", "needs a unit"),
        ("", "is no duration"),
        ("m", "is no duration"),
        ("5 parsecs", "unknown time unit"),
        ("-5m", "is no duration"),
        ("11years", "more than ten years"),
        ("18446744073709551615s 1000ms", "too many digits"),
        ("999999999years", "more than ten years"),
    ];
    for (text, message) in table {
        let error = parse_duration(text).unwrap_err();
        assert!(error.message.contains(message), "{text}: {error}");
    }
}

#[test]
fn numbers_stay_in_their_bounds() {
    assert_eq!(parse_number("80", 1, 100), Ok(80));
    for text in ["0", "101", "-1", "1.5", "", "80x", "99999999999999999999"] {
        assert!(parse_number(text, 1, 100).unwrap_err().help.unwrap().contains("from 1 to 100"), "{text}");
    }
}
