//! Where a sink delivers to: what a URL says, with its user and password kept apart from all that is shown.

use std::fmt;

use super::super::percent;
use super::super::secret::Secret;
use super::super::setting::SettingError;

/// What may stand before `://`: its port where none is named, and whether TLS is spoken from the first byte.
#[derive(Debug, PartialEq, Eq)]
pub struct Scheme {
    /// The scheme, in lower case.
    pub name: &'static str,
    /// The port where the URL names none.
    pub port: u16,
    /// Whether TLS is spoken.
    pub tls: bool,
}

/// What HTTP is spoken over: RFC 9110, section 4.2.
pub const HTTP: &[Scheme] =
    &[Scheme { name: "http", port: 80, tls: false }, Scheme { name: "https", port: 443, tls: true }];

/// What NATS is spoken over; the port is the one that its servers listen on.
pub const NATS: &[Scheme] =
    &[Scheme { name: "nats", port: 4222, tls: false }, Scheme { name: "tls", port: 4222, tls: true }];

/// A URL, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The scheme.
    pub scheme: &'static Scheme,
    /// The name or the address of the host, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Path and query, at least `/`. It may hold a secret, as the addresses of webhooks do.
    pub target: Secret,
    /// The user before the `@`.
    pub user: Option<Secret>,
    /// The password before the `@`.
    pub password: Option<Secret>,
}

impl Endpoint {
    /// Takes a URL apart.
    ///
    /// # Errors
    /// When it is none, or of another scheme. The error does not repeat it: it may hold a password.
    pub fn parse(url: &str, schemes: &'static [Scheme]) -> Result<Self, SettingError> {
        let wrong = |reason: &str| SettingError::new("url", reason);
        if !url.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(wrong("it holds a blank or a letter that is not ASCII: write it percent-encoded"));
        }
        let (scheme, rest) = url.split_once("://").ok_or_else(|| wrong("it has no scheme before ://"))?;
        let scheme = schemes.iter().find(|known| known.name.eq_ignore_ascii_case(scheme));
        let names: Vec<&str> = schemes.iter().map(|scheme| scheme.name).collect();
        let scheme = scheme.ok_or_else(|| wrong(&format!("its scheme has to be {}", names.join(" or "))))?;
        let rest = rest.split('#').next().unwrap_or_default();
        let (authority, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (user, address) =
            authority.rsplit_once('@').map_or((None, authority), |(user, address)| (Some(user), address));
        let (host, port) =
            host_and_port(address).ok_or_else(|| wrong("it names no host, or a wrong port"))?;
        let (user, password) = match user.map(|user| user.split_once(':').unwrap_or((user, ""))) {
            None => (None, None),
            Some((user, password)) => (decoded(user), decoded(password)),
        };
        let target = if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
        let port = port.unwrap_or(scheme.port);
        Ok(Self { scheme, host: host.to_owned(), port, target: Secret::new(target), user, password })
    }

    /// The same with more behind its path, and without a query.
    #[must_use]
    pub fn below(&self, path: &str) -> Self {
        let base = self.target.expose().split('?').next().unwrap_or_default().trim_end_matches('/');
        Self { target: Secret::new(format!("{base}{path}")), ..self.clone() }
    }

    /// What stands in the header `Host`.
    #[must_use]
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == self.scheme.port { host } else { format!("{host}:{}", self.port) }
    }
}

/// Scheme, host and port: all that is shown.
impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}://{}", self.scheme.name, self.authority())
    }
}

fn host_and_port(address: &str) -> Option<(&str, Option<u16>)> {
    let (host, rest) = match address.strip_prefix('[') {
        Some(address) => address.split_once(']').filter(|(host, _)| host.contains(':'))?,
        None => address.split_at(address.find(':').unwrap_or(address.len())),
    };
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:%".contains(&byte);
    let port = match rest.strip_prefix(':') {
        None if rest.is_empty() => None,
        None => return None,
        Some(port) => Some(port.parse().ok().filter(|port| *port > 0)?),
    };
    (!host.is_empty() && host.bytes().all(is_host)).then_some((host, port))
}

/// A part of a URL without its encoding; `None` when it is empty.
fn decoded(text: &str) -> Option<Secret> {
    (!text.is_empty()).then(|| Secret::new(percent::decoded(text)))
}

#[cfg(test)]
mod tests {
    use super::{Endpoint, HTTP, NATS};

    #[test]
    fn a_url_is_taken_apart() {
        let table = [
            ("http://127.0.0.1:4318", "http://127.0.0.1:4318", "127.0.0.1", 4318, "/"),
            ("HTTPS://Example.com/a/b?c=d#e", "https://Example.com", "Example.com", 443, "/a/b?c=d"),
            ("http://[::1]:80?x", "http://[::1]", "::1", 80, "/?x"),
            ("http://[::1]:81/", "http://[::1]:81", "::1", 81, "/"),
            ("http://me:pa%40ss@host/x@y", "http://host", "host", 80, "/x@y"),
        ];
        for (url, shown, host, port, target) in table {
            let endpoint = Endpoint::parse(url, HTTP).unwrap();
            assert_eq!(endpoint.to_string(), shown, "{url}");
            assert_eq!((endpoint.host.as_str(), endpoint.port), (host, port), "{url}");
            assert_eq!(endpoint.target.expose(), target, "{url}");
        }
        assert!(Endpoint::parse("tls://host", NATS).unwrap().scheme.tls);
        assert_eq!(Endpoint::parse("nats://host", NATS).unwrap().port, 4222);
    }

    #[test]
    fn user_and_password_are_kept_apart() {
        let table = [
            ("http://host", None, None),
            ("http://me@host", Some("me"), None),
            ("http://me:pa%40s%zz%@host", Some("me"), Some("pa@s%zz%")),
            ("http://:secret@host", None, Some("secret")),
        ];
        for (url, user, password) in table {
            let endpoint = Endpoint::parse(url, HTTP).unwrap();
            assert_eq!(endpoint.user.as_ref().map(|user| user.expose()), user, "{url}");
            assert_eq!(endpoint.password.as_ref().map(|password| password.expose()), password, "{url}");
            assert!(!format!("{endpoint:?} {endpoint}").contains("secret"), "{endpoint:?}");
        }
    }

    #[test]
    fn what_is_no_url_is_refused_and_not_repeated() {
        let table = [
            "",
            "secret",
            "ftp://secret@host",
            "http://",
            "http://secret@",
            "http://secret@host:0",
            "http://secret@host:99999",
            "http://secret@[::1",
            "http://secret@[host]",
            "http://secret@[::1]x",
            "http://secret@a b",
            "http://secret@host/\u{e9}",
            "http://secret@ho\"st/",
            "http://host\r\nsecret: 1",
        ];
        for url in table {
            let error = Endpoint::parse(url, HTTP).unwrap_err().to_string();
            assert!(error.starts_with("url: ") && !error.contains("secret"), "{url}: {error}");
        }
    }

    #[test]
    fn a_path_is_added_behind_the_own() {
        for (url, expected) in [
            ("http://host", "/v1/logs"),
            ("http://host/", "/v1/logs"),
            ("http://host/otlp/?a=b", "/otlp/v1/logs"),
        ] {
            let endpoint = Endpoint::parse(url, HTTP).unwrap().below("/v1/logs");
            assert_eq!(endpoint.target.expose(), expected, "{url}");
        }
    }
}
