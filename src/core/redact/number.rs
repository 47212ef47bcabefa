//! Numbers that belong to a person: payment cards, bank accounts, social security. Each has a check of its own, so
//! that a number of the right length is not enough.

use super::class::Class;
use super::shape::Span;

/// A card or social security number that begins at `at`, a digit before which stands no letter and no digit.
pub fn personal(text: &[u8], at: usize) -> Option<Span> {
    let joined = |byte: u8| matches!(byte, b'.' | b'-' | b'_' | b'+');
    if at > 0 && joined(text[at - 1]) && at > 1 && text[at - 2].is_ascii_alphanumeric() {
        return None;
    }
    let found = social_security(text, at).map(|end| (end, Class::SocialSecurity));
    let (end, class) = found.or_else(|| card(text, at).map(|end| (end, Class::Card)))?;
    let goes_on = text.get(end).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
        || text.get(end).is_some_and(|byte| joined(*byte))
            && text.get(end + 1).is_some_and(u8::is_ascii_alphanumeric);
    (!goes_on).then_some(Span { start: at, end, class })
}

/// Whether these digits alone are the number of a card, with a length that few other numbers have.
pub fn is_card_number(digits: &[u8]) -> bool {
    matches!(digits.len(), 15 | 16)
        && digits.iter().all(u8::is_ascii_digit)
        && is_issued(digits)
        && is_luhn(digits)
}

fn social_security(text: &[u8], at: usize) -> Option<usize> {
    let part = |from: usize, to: usize| {
        let digits = text.get(at + from..at + to)?;
        let number = digits.iter().try_fold(0_u32, |sum, digit| {
            digit.is_ascii_digit().then(|| sum * 10 + u32::from(digit - b'0'))
        })?;
        (number > 0).then_some(number)
    };
    let hyphen = |place: usize| text.get(at + place) == Some(&b'-');
    let area = part(0, 3)?;
    // https://www.ssa.gov/employer/randomization.html: never issued are 000, 666 and 900 to 999.
    let is_issued = area != 666 && area < 900 && hyphen(3) && hyphen(6);
    (is_issued && part(4, 6).is_some() && part(7, 11).is_some()).then_some(at + 11)
}

/// The end of a card number: digits alone, or in the groups that are printed on cards.
fn card(text: &[u8], at: usize) -> Option<usize> {
    let mut digits = [0; 20];
    let mut groups = [0; 6];
    let (mut count, mut group, mut end) = (0, 0, at);
    let separator = text.get(at + 4).copied().filter(|byte| matches!(byte, b' ' | b'-'));
    while let Some(byte) = text.get(end) {
        let next_is_digit = || text.get(end + 1).is_some_and(u8::is_ascii_digit);
        if byte.is_ascii_digit() && count < digits.len() {
            digits[count] = *byte;
            count += 1;
            groups[group] += 1;
        } else if Some(*byte) == separator && next_is_digit() && group < 4 {
            group += 1;
        } else {
            break;
        }
        end += 1;
    }
    let grouped =
        matches!(&groups[..=group], [13..=19] | [4, 4, 4, 1..=4] | [4, 4, 4, 4, 1..=3] | [4, 6, 4 | 5]);
    let digits = &digits[..count];
    (grouped && is_issued(digits) && is_luhn(digits)).then_some(end)
}

/// The prefixes and lengths of ISO/IEC 7812 that the large networks use.
fn is_issued(digits: &[u8]) -> bool {
    let prefix = digits.iter().take(4).fold(0_u32, |sum, digit| sum * 10 + u32::from(digit - b'0'));
    match digits.len() {
        13 => matches!(prefix, 4000..=4999),
        14 => matches!(prefix, 3000..=3059 | 3600..=3699 | 3800..=3999),
        15 => matches!(prefix, 3400..=3499 | 3700..=3799),
        16 => matches!(
            prefix,
            4000..=4999 | 5100..=5599 | 2221..=2720 | 6011 | 6440..=6599 | 3528..=3589 | 6200..=6299
        ),
        17 | 18 => matches!(prefix, 6200..=6299),
        19 => matches!(prefix, 4000..=4999 | 6200..=6299),
        _ => false,
    }
}

/// ISO/IEC 7812-1, annex B. A number of one digit repeated is nobody's.
fn is_luhn(digits: &[u8]) -> bool {
    let value = |(place, digit): (usize, &u8)| {
        let digit = u32::from(digit - b'0');
        if place % 2 == 1 { digit * 2 / 10 + digit * 2 % 10 } else { digit }
    };
    let sum: u32 = digits.iter().rev().enumerate().map(value).sum();
    sum.is_multiple_of(10) && digits.iter().any(|digit| *digit != digits[0])
}

/// The length of account numbers by country (the SWIFT registry of IBAN formats).
const COUNTRIES: &str = "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 \
    ES24 FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 \
    LU20 LV21 LY25 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SD18 SE24 SI19 \
    SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20";

/// A bank account number that begins at `at`, together or in groups of four.
pub fn iban(text: &[u8], at: usize) -> Option<Span> {
    let start = text.get(at..at + 4)?;
    let is_start = start[..2].iter().all(u8::is_ascii_uppercase) && start[2..].iter().all(u8::is_ascii_digit);
    let country = COUNTRIES.split(' ').find(|country| is_start && country.as_bytes()[..2] == start[..2])?;
    let length: usize = country[2..].parse().ok()?;
    let mut letters = [0; 34];
    let (mut count, mut end) = (0, at);
    while count < length {
        let byte = *text.get(end)?;
        let is_gap = byte == b' ' && count % 4 == 0 && count > 0 && text[end - 1] != b' ';
        if !is_gap {
            letters[count] = Some(byte).filter(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())?;
            count += 1;
        }
        end += 1;
    }
    let is_end = text.get(end).is_none_or(|byte| !byte.is_ascii_alphanumeric());
    (is_end && remainder(&letters[..length]) == 1).then_some(Span { start: at, end, class: Class::Iban })
}

/// ISO 7064, MOD 97-10: the first four letters count as the last.
fn remainder(letters: &[u8]) -> u32 {
    letters[4..].iter().chain(&letters[..4]).fold(0, |rest, letter| match letter {
        b'0'..=b'9' => (rest * 10 + u32::from(letter - b'0')) % 97,
        _ => (rest * 100 + u32::from(letter - b'A') + 10) % 97,
    })
}

#[cfg(test)]
mod tests {
    use super::{iban, is_card_number, personal};

    fn length_of(text: &str) -> Option<usize> {
        personal(text.as_bytes(), 0).map(|found| found.end)
    }

    #[test]
    fn numbers_that_pass_their_check_are_found() {
        // The numbers that the networks and the registry print in their own documents for tests.
        for text in [
            "4111111111111111",
            "4111 1111 1111 1111",
            "4111-1111-1111-1111",
            "5555555555554444",
            "378282246310005",
            "3782 822463 10005",
            "6011111111111117",
            "30569309025904",
            "3530111333300000",
            "2223003122003222",
            "4222222222222",
            "219-09-9999",
        ] {
            assert_eq!(length_of(text), Some(text.len()), "{text}");
            assert_eq!(length_of(&format!("{text}, and")), Some(text.len()), "{text}");
        }
        for text in ["DE89370400440532013000", "GB29 NWBK 6016 1331 9268 19", "FR1420041010050500013M02606"] {
            assert_eq!(iban(text.as_bytes(), 0).map(|found| found.end), Some(text.len()), "{text}");
        }
        assert!(is_card_number(b"4111111111111111") && !is_card_number(b"4222222222222"));
    }

    #[test]
    fn numbers_that_do_not_are_left_alone() {
        for text in [
            "4111111111111112",
            "1234567890123456",
            "1717171717171",
            "41111111111111111",
            "411111111111111a",
            "4111111111111111-22",
            "0000000000000000",
            "4111 111111 111111",
            "000-12-3456",
            "666-12-3456",
            "900-12-3456",
            "123-00-4567",
            "123-45-0000",
            "123-45-67890",
            "2024-05-06",
            "123-456-7890",
            "4",
            "",
        ] {
            assert_eq!(length_of(text), None, "{text}");
        }
        for text in [
            "DE89370400440532013001",
            "XX89370400440532013000",
            "DE8937040044053201300",
            "DE89",
            "DE89370400440532013000A",
        ] {
            assert_eq!(iban(text.as_bytes(), 0), None, "{text}");
        }
        assert_eq!(personal(b"a-4111111111111111", 2), None);
    }
}
