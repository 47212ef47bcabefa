//! tests/data/redaction, with its gaps filled.

use std::fs;
use std::path::Path;

use super::letters::Letters;

const LOWER: &str = "abcdefghijklmnopqrstuvwxyz0123456789";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const ALNUM: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const BASE64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const WORD: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A text with something in it that must not be seen.
#[derive(Debug, Clone)]
pub struct Sample {
    pub class: String,
    pub text: String,
    secret: String,
}

impl Sample {
    /// Whether the secret, or a good part of it, can be read in what became of the text.
    pub fn survives_in(&self, seen: &str) -> bool {
        let letters: Vec<char> = self.secret.chars().collect();
        let part = letters.len().min(12);
        letters.windows(part).any(|window| seen.contains(&window.iter().collect::<String>()))
    }
}

fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/redaction").join(name);
    fs::read_to_string(path).unwrap()
}

/// Every row so many times, each time with other letters.
pub fn secrets(rounds: u64) -> Vec<Sample> {
    let text = read("secrets.tsv");
    let rows = text.lines().filter(|line| !line.starts_with('#'));
    let rows: Vec<(&str, &str)> = rows.map(|line| line.split_once('\t').expect("two columns")).collect();
    let fill = |round: u64| {
        let mut letters = Letters::new(round);
        rows.iter().map(move |(class, row)| sample(class, row, &mut letters)).collect::<Vec<_>>()
    };
    (1..=rounds).flat_map(fill).collect()
}

fn sample(class: &str, row: &str, letters: &mut Letters) -> Sample {
    // One backslash and a letter stands for itself, as in a log; two stand for one that is escaped.
    let filled = filled(row, letters);
    let (before, rest) = filled.split_once('«').expect("a secret begins");
    let (secret, after) = rest.split_once('»').expect("a secret ends");
    Sample { class: class.to_owned(), text: format!("{before}{secret}{after}"), secret: secret.to_owned() }
}

fn filled(row: &str, letters: &mut Letters) -> String {
    let mut result = String::new();
    let mut rest = row;
    while let Some((before, gap)) = rest.split_once('{') {
        result.push_str(before);
        match gap.split_once('}').and_then(|(gap, after)| Some((letters_for(gap, letters)?, after))) {
            Some((made_up, after)) => {
                result.push_str(&made_up);
                rest = after;
            }
            None => {
                result.push('{');
                rest = gap;
            }
        }
    }
    result + rest
}

fn letters_for(gap: &str, letters: &mut Letters) -> Option<String> {
    if gap == "user:pass" {
        let pair = format!("{}:{}", letters.of(LOWER, 5), letters.of(ALNUM, 10));
        return Some(base64(pair.as_bytes()));
    }
    let (name, count) = gap.split_once(':')?;
    let alphabet = match name {
        "alnum" => ALNUM,
        "word" => WORD,
        "hex" => "0123456789abcdef",
        "upper" => UPPER,
        "base64" => BASE64,
        "lower" => LOWER,
        "digits" => "0123456789",
        _ => return None,
    };
    Some(letters.of(alphabet, count.parse().ok()?))
}

fn base64(bytes: &[u8]) -> String {
    let mut result = String::new();
    for three in bytes.chunks(3) {
        let bits =
            three.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for place in 0..4 {
            let letter = BASE64.as_bytes()[(bits >> (18 - 6 * place) & 63) as usize];
            result.push(if place > three.len() { '=' } else { char::from(letter) });
        }
    }
    result
}

/// The texts that have to stay.
pub fn harmless() -> Vec<String> {
    read("harmless.tsv").lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
}
