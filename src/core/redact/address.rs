//! Whose it is: users in URLs, e-mail addresses, home folders.

use super::class::Class;
use super::shape::{Span, run_end};

/// The longest authority of an URL that is looked at.
const LONGEST_USER: usize = 4096;
/// The longest local part that is looked for (RFC 5321, 4.5.3.1.1).
const LONGEST_LOCAL: usize = 64;
/// The longest domain (RFC 5321, 4.5.3.1.2).
const LONGEST_DOMAIN: usize = 255;

/// Endings of files and of systemd's units that stand where an address has its top-level domain.
const NO_DOMAINS: &[&[u8]] = &[
    b"png", b"jpg", b"jpeg", b"gif", b"svg", b"webp", b"avif", b"tgz", b"zip", b"js", b"mjs", b"cjs", b"ts",
    b"json", b"service", b"socket", b"timer", b"slice", b"scope", b"target", b"mount",
];

/// The user part of an URL whose `://` ends before `at`. `git` is everybody's user.
pub fn user_part(text: &[u8], at: usize) -> Option<(usize, usize)> {
    let stops = |byte: &u8| byte.is_ascii_whitespace() || b"\"'<>`\\".contains(byte);
    let most = text.len().min(at + LONGEST_USER);
    let end = at
        + text[at..most].iter().position(|byte| stops(byte) || b"/?#,".contains(byte)).unwrap_or(most - at);
    let authority = &text[at..end];
    // What stands behind a colon and is no port is a password, which may hold what should have been escaped.
    let port = authority.rsplit(|byte| *byte == b':').next().unwrap_or_default();
    let is_torn = port.len() < authority.len()
        && !authority.contains(&b'@')
        && !authority.starts_with(b"[")
        && !port.iter().all(u8::is_ascii_digit);
    let end = if is_torn { at + text[at..most].iter().position(stops).unwrap_or(most - at) } else { end };
    let user = text[at..end].iter().rposition(|byte| *byte == b'@')?;
    (user > 0 && &text[at..at + user] != b"git").then_some((at, at + user))
}

/// The e-mail address around an `@`.
pub fn email(text: &[u8], at: usize, floor: usize) -> Option<Span> {
    let floor = floor.max(at.saturating_sub(LONGEST_LOCAL));
    let local = text[floor..at].iter().rposition(|byte| !is_local(byte)).map_or(0, |before| before + 1);
    let mut start = floor + local;
    while start < at && (text[start] == b'.' || is_continuation(text[start])) {
        start += 1;
    }
    let most = (at + 1 + LONGEST_DOMAIN).min(text.len());
    let mut end = run_end(&text[..most], at + 1, is_domain);
    while end > at && !text[end - 1].is_ascii_alphanumeric() && text[end - 1].is_ascii() {
        end -= 1;
    }
    let whole = start < at && end > at + 1 && &text[start..at] != b"git" && is_host(&text[at + 1..end]);
    whole.then_some(Span { start, end, class: Class::Email })
}

const fn is_local(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii() || matches!(byte, b'.' | b'_' | b'%' | b'+' | b'-')
}

const fn is_domain(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii() || matches!(byte, b'.' | b'-')
}

/// Whether this byte goes on with a letter that has begun before.
const fn is_continuation(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}

/// Whether this is a domain, not a version or a file: `react@18.2.0`, `icon@2x.png`.
fn is_host(domain: &[u8]) -> bool {
    let mut labels = domain.rsplit(|byte| *byte == b'.');
    let top = labels.next().unwrap_or_default();
    let numbers =
        domain.split(|byte| *byte == b'.').filter(|label| label.iter().all(u8::is_ascii_digit)).count();
    let is_top = top.len() >= 2 && top.iter().all(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii());
    is_top
        && top.len() < domain.len()
        && numbers < 2
        && !domain.windows(2).any(|two| two == b"..")
        && !NO_DOMAINS.contains(&top)
}

/// The name of the user in `/home/NAME`, `/Users/NAME` or `\Users\NAME`, the separator being at `at`.
pub fn home(text: &[u8], at: usize) -> Option<(usize, usize)> {
    let separator = text[at];
    let rest = &text[at..];
    let length = if rest.starts_with(b"/home/") {
        6
    } else if rest.starts_with(b"/Users/") || rest.starts_with(b"\\Users\\") {
        7
    } else if rest.starts_with(b"\\\\Users\\\\") {
        9
    } else {
        return None;
    };
    // `https://host/home/page` and `src/home/page` are no folders of a user; `file:///home/me` and `C:\Users\me` are.
    let before = at.checked_sub(1).map(|before| text[before]);
    let is_root = before.is_none_or(|byte| match byte {
        b'/' => at >= 3 && &text[at - 3..at] == b"://",
        other => other.is_ascii_whitespace() || b"\"'`=([{<,;|&:@".contains(&other),
    });
    let is_drive = at >= 2 && separator == b'/' && text[at - 1].is_ascii_alphabetic() && text[at - 2] == b'/';
    let start = at + length;
    let end =
        run_end(text, start, |byte| !byte.is_ascii_whitespace() && !b"/\\\"'`:;,)]}>|&?#*".contains(byte));
    let name = &text[start..end];
    let is_somebody =
        !name.is_empty() && name != b"Shared" && name != b"Public" && name[0] != b'$' && name[0] != b'<';
    ((is_root || is_drive) && is_somebody).then_some((start, end))
}

#[cfg(test)]
mod tests {
    use super::{email, home, user_part};

    fn cut(text: &str, found: Option<(usize, usize)>) -> Option<&str> {
        found.map(|(start, end)| &text[start..end])
    }

    #[test]
    fn addresses_are_found_whole() {
        for (text, expected) in [
            ("ann@example.com", Some("ann@example.com")),
            ("to <ann.b+c@mail.example.co.uk>.", Some("ann.b+c@mail.example.co.uk")),
            ("jörg@exämple.de", Some("jörg@exämple.de")),
            ("a@163.com.", Some("a@163.com")),
            ("lodash@4.17.21", None),
            ("lodash@4.17.21.tgz", None),
            ("icon@2x.png", None),
            ("user@1000.service", None),
            ("git@github.com", None),
            ("@types/node", None),
            ("a@b", None),
            ("a@", None),
            ("@", None),
            ("a@b..com", None),
        ] {
            let at = text.find('@').unwrap();
            let found = email(text.as_bytes(), at, 0).map(|found| (found.start, found.end));
            assert_eq!(cut(text, found), expected, "{text}");
        }
        let long = format!("{}@example.com", "ü".repeat(100));
        let found = email(long.as_bytes(), 200, 0).unwrap();
        assert!(long.is_char_boundary(found.start) && found.start > 100);
    }

    #[test]
    fn users_of_urls_are_found() {
        for (text, expected) in [
            ("postgres://me:p@w@host/x", Some("me:p@w")),
            ("https://key@host", Some("key")),
            ("redis://:pw@host", Some(":pw")),
            ("ssh://git@host/x", None),
            ("https://me:p/w@host/x", Some("me:p/w")),
            ("https://host/a@b", None),
            ("https://host:8080/@scope/x", None),
            ("http://[::1]:80/@a", None),
            ("https://@host", None),
            ("https://", None),
        ] {
            let at = text.find("://").unwrap() + 3;
            assert_eq!(cut(text, user_part(text.as_bytes(), at)), expected, "{text}");
        }
    }

    #[test]
    fn home_folders_are_told_from_other_paths() {
        for (text, expected) in [
            ("/home/ann/x", Some("ann")),
            ("HOME=/home/ann", Some("ann")),
            ("file:///home/ann/x", Some("ann")),
            ("at (/Users/ann/a.js:1:2)", Some("ann")),
            ("C:\\Users\\ann\\x", Some("ann")),
            ("C:\\\\Users\\\\ann\\\\x", Some("ann")),
            ("/c/Users/ann", Some("ann")),
            ("src/home/page", None),
            ("https://example.com/home/page", None),
            ("/Users/Shared/x", None),
            ("/home/$USER/x", None),
            ("/home/", None),
            ("/homes/ann", None),
        ] {
            let at = |name: &str| text.find(name);
            let at = at("/home").or(at("/Users")).or(at("\\\\Users")).or(at("\\Users")).unwrap();
            assert_eq!(cut(text, home(text.as_bytes(), at)), expected, "{text}");
        }
    }
}
