//! Logging in with a key instead of a password: the server asks, and what it asks is signed.
//!
//! A key is written as its bytes in base 32 (RFC 4648, without padding), behind one or two that say what it is and
//! before a checksum of two.

use std::fmt;

use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Map, Value};

use super::super::base64;
use super::super::secret::Secret;
use super::super::setting::SettingError;

/// The letters of base 32.
const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// What the first five bits of a seed say.
const SEED: u8 = 18;
/// What the five bits behind them say of a user's, and the first five of a user's public key: both begin with `U` there.
const USER: u8 = 20;
/// The lines that a seed and a JWT stand behind in a credentials file.
const SEED_LINE: &str = "BEGIN USER NKEY SEED";
const JWT_LINE: &str = "BEGIN NATS USER JWT";

/// A key, and the JWT that says whose it is where the server does not know.
pub struct Credentials {
    key: Ed25519KeyPair,
    jwt: Option<Secret>,
}

impl Credentials {
    /// Reads a credentials file, or the seed of a user alone.
    ///
    /// # Errors
    /// When it is neither. The error does not repeat it.
    pub fn parse(text: &Secret) -> Result<Self, SettingError> {
        let wrong =
            || SettingError::new("credentials", "is no credentials file of NATS and no seed of a user");
        let jwt = block(text.expose(), JWT_LINE).map(Secret::new);
        let written =
            block(text.expose(), SEED_LINE).or_else(|| Some(text.expose().trim()).filter(|_| jwt.is_none()));
        let seed = written.and_then(seed).ok_or_else(wrong)?;
        let key = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| wrong())?;
        Ok(Self { key, jwt })
    }

    /// What is said of a login to a server that has asked this.
    pub fn log_in(&self, nonce: &str, options: &mut Map<String, Value>) {
        let (name, value) = match &self.jwt {
            Some(jwt) => ("jwt", jwt.expose().to_owned()),
            None => ("nkey", public(self.key.public_key().as_ref())),
        };
        options.insert(name.to_owned(), Value::String(value));
        let signature = base64::encode_url(self.key.sign(nonce.as_bytes()).as_ref());
        options.insert("sig".to_owned(), Value::String(signature));
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Credentials(..)")
    }
}

/// The first line behind the one that names a block.
fn block<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.find(|line| line.starts_with("--") && line.contains(name))?;
    lines.next().filter(|line| !line.starts_with("--"))
}

fn seed(text: &str) -> Option<[u8; 32]> {
    let bytes = decoded(text)?;
    let (content, checksum) = bytes.split_last_chunk::<2>()?;
    let (kind, seed) = content.split_first_chunk::<2>()?;
    let is_user = kind[0] >> 3 == SEED && (kind[0] & 7) << 2 | kind[1] >> 6 == USER;
    (is_user && crc(content).to_le_bytes() == *checksum).then_some(seed.try_into().ok()?)
}

fn public(key: &[u8]) -> String {
    let mut bytes = [&[USER << 3], key].concat();
    bytes.extend(crc(&bytes).to_le_bytes());
    encoded(&bytes)
}

fn encoded(bytes: &[u8]) -> String {
    let letters = bytes.chunks(5).flat_map(|group| {
        let bits =
            group.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte)) << (8 * (5 - group.len()));
        (0..(8 * group.len()).div_ceil(5))
            .map(move |at| char::from(LETTERS[(bits >> (35 - 5 * at) & 31) as usize]))
    });
    letters.collect()
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    for letter in text.bytes() {
        let value = LETTERS.iter().position(|known| *known == letter)?;
        bits = (bits << 5 | value as u32) & 0xffff;
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    Some(bytes)
}

/// CRC-16/XMODEM.
fn crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |sum, byte| {
        let step = |sum: u16, _| if sum & 0x8000 == 0 { sum << 1 } else { sum << 1 ^ 0x1021 };
        (0..8).fold(sum ^ u16::from(*byte) << 8, step)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use super::{Credentials, crc};
    use crate::core::telemetry::sinks::secret::Secret;

    /// Thirty-two sevens.
    const SEED: &str = "SUAAOBYHA4DQOBYHA4DQOBYHA4DQOBYHA4DQOBYHA4DQOBYHA4DQOBZ5FE";

    fn login(text: &str) -> Map<String, serde_json::Value> {
        let mut options = Map::new();
        Credentials::parse(&Secret::new(text)).unwrap().log_in("nonce", &mut options);
        options
    }

    #[test]
    fn a_challenge_is_signed() {
        assert_eq!(crc(b"123456789"), 0x31c3);
        let options = login(SEED);
        // Made by the crypto module of node from the same seed.
        assert_eq!(options["nkey"], "UDVEU3DD4KOFECV66VIHWEZOYX4ZKR3WV27L464SIIPOU2IUI3JCYSJF");
        let signature =
            "tGzA0mHx0G153n88JvBTKOaRWmSDzbp7vrXQmLDFIewezJGpBo2wfTvbDxtf5lcFAxjK3_cMonLQGCqG5ihzBA";
        assert_eq!(options["sig"], signature);
        let file = format!(
            "-----BEGIN NATS USER JWT-----\r\nthe.jwt\r\n------END NATS USER JWT------\r\n\r\n*****\n\
             -----BEGIN USER NKEY SEED-----\n{SEED}\n------END USER NKEY SEED------\n"
        );
        let options = login(&file);
        assert_eq!((&options["jwt"], options.get("nkey")), (&"the.jwt".into(), None));
        assert_eq!(options["sig"], signature);
    }

    #[test]
    fn what_is_no_seed_is_refused_and_not_repeated() {
        let account = SEED.replace("SUA", "SAA");
        let broken = SEED.replace("Z5FE", "Z5FA");
        let half = format!("-----BEGIN NATS USER JWT-----\n{SEED}\n");
        let empty = "-----BEGIN USER NKEY SEED-----\n------END USER NKEY SEED------\n";
        let table = ["", "secret", "SU", &account, &broken, &SEED[..40], &half, empty, &SEED.to_lowercase()];
        for text in table {
            let error = Credentials::parse(&Secret::new(text)).unwrap_err().to_string();
            assert!(error.starts_with("credentials: ") && !error.contains("SU"), "{text}: {error}");
        }
        let whole = Credentials::parse(&Secret::new(SEED)).unwrap();
        assert_eq!(format!("{whole:?}"), "Credentials(..)");
    }
}
