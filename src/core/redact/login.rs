//! Users with their passwords behind an option, as `curl` takes them: `-u ann:pw`, `--user=ann:pw`, `-uann:pw`.

use super::name::Named;
use super::value::{Name, begins_option, behind_quotes, quote_before, value_at};

/// Options that take a user, and of some programs a password with it.
const OPTIONS: [&str; 4] = ["--proxy-user", "--user", "-u", "-U"];

/// The longest login that is looked for in a text, in bytes: what is none must not be looked through again and again.
const LONGEST: usize = 1024;

/// Whether this is such an option, with nothing behind it.
pub fn takes_login(word: &[u8]) -> bool {
    OPTIONS.iter().any(|option| option.as_bytes() == word)
}

/// Where in a word with such an option the user begins: behind the `=`, or right behind `-u`.
pub fn login_within(word: &[u8]) -> Option<usize> {
    let option = OPTIONS.iter().find(|option| word.starts_with(option.as_bytes()))?;
    match word.get(option.len())? {
        b'=' => Some(option.len() + 1),
        byte if option.len() == 2 && !byte.is_ascii_whitespace() => Some(2),
        _ => None,
    }
}

/// Whether a name and a password stand here. Two numbers are a user and a group, and an address is nobody.
pub fn has_password(text: &[u8]) -> bool {
    let Some(colon) = text.iter().position(|byte| *byte == b':') else { return false };
    let (name, password) = (&text[..colon], &text[colon + 1..]);
    let is_number = |text: &[u8]| text.iter().all(u8::is_ascii_digit);
    let is_pair = !name.is_empty() && !password.is_empty();
    is_pair && !(is_number(name) && is_number(password)) && !password.starts_with(b"//")
}

/// The user and the password of the option that begins with the hyphen at `at`.
pub fn login_at(text: &[u8], at: usize, own: &dyn Fn(&[u8]) -> usize) -> Option<(usize, usize)> {
    if !matches!(text.get(at + 1), Some(b'u' | b'U' | b'-')) || !begins_option(text, at) {
        return None;
    }
    let option = OPTIONS.iter().find(|option| text[at..].starts_with(option.as_bytes()))?;
    let behind = at + option.len();
    let around = quote_before(text, at);
    let (start, around) = match text.get(behind)? {
        b'=' => (behind + 1, around),
        b' ' | b'\t' => (behind, around),
        byte if option.len() == 2 && byte.is_ascii_alphanumeric() => (behind, around),
        _ => (behind_quotes(text, behind)?, None),
    };
    let text = &text[..text.len().min(start + LONGEST)];
    let name = Name { named: Named::Secret, quoted: around.is_none(), dashed: true, around, listed: false };
    let (start, end) = value_at(text, start, name, own)?;
    has_password(&text[start..end]).then_some((start, end))
}

#[cfg(test)]
mod tests {
    use super::{has_password, login_at, login_within, takes_login};

    #[test]
    fn a_login_is_a_name_and_a_password() {
        for (text, expected) in [
            ("ann:pw", true),
            ("a:b:c", true),
            ("7:pw", true),
            ("ann", false),
            ("ann:", false),
            (":pw", false),
            ("1000:1000", false),
            ("https://host", false),
            ("", false),
        ] {
            assert_eq!(has_password(text.as_bytes()), expected, "{text}");
        }
        assert!(takes_login(b"-u") && takes_login(b"--user") && !takes_login(b"--users"));
        for (word, expected) in [
            ("--user=a:b", Some(7)),
            ("-ua:b", Some(2)),
            ("-u=a:b", Some(3)),
            ("--userx", None),
            ("-u", None),
        ] {
            assert_eq!(login_within(word.as_bytes()), expected, "{word}");
        }
    }

    #[test]
    fn a_login_is_found_in_a_text() {
        let found = |text: &str| {
            let at = text.find('-').unwrap();
            login_at(text.as_bytes(), at, &|_| 0).map(|(start, end)| text[start..end].to_owned())
        };
        for (text, expected) in [
            ("curl -u ann:pw x", Some("ann:pw")),
            ("curl -uann:pw", Some("ann:pw")),
            ("curl --user=ann:pw x", Some("ann:pw")),
            ("curl --proxy-user 'ann:p w' x", Some("ann:p w")),
            ("sh -c \"curl\" x", None),
            ("['curl', '-u', 'ann:p,w']", Some("ann:p,w")),
            ("ps -u root", None),
            ("docker run -u 1000:1000 x", None),
            ("git push -u https://host/x main", None),
            ("a-u b:c", None),
            ("--username a:b", None),
            ("-u", None),
        ] {
            assert_eq!(found(text).as_deref(), expected, "{text}");
        }
    }
}
