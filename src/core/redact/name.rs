//! Names behind which something stands that must not be seen.

use super::login::has_password;

/// What kind of thing stands behind a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// A secret in one word.
    Secret,
    /// A secret, unless it is a number: tokens are counted too.
    Token,
    /// A secret that in a header goes to the end of the line.
    Header,
    /// A secret of several words.
    Phrase,
    /// Who somebody is, or how to reach them.
    Person,
    /// What somebody said, or was told.
    Speech,
    /// What went in or came out; in free text too common a word to mean that.
    Payload,
    /// A secret where programs are given options, and harmless elsewhere.
    OptionKey,
    /// A secret where it is assigned, and a common word elsewhere.
    Assigned,
    /// The same, unless it is a number: what has passed is counted.
    Pass,
    /// A user, and a secret where a password stands with it.
    Login,
}

impl Named {
    /// Whether a number behind such a name is hidden too.
    #[must_use]
    pub const fn hides_numbers(self) -> bool {
        matches!(self, Self::Secret | Self::Header | Self::Phrase | Self::Person | Self::Assigned)
    }

    /// Whether this text behind such a name is a secret, as far as it can be told by the text.
    #[must_use]
    pub fn hides(self, text: &[u8]) -> bool {
        match self {
            Self::Login => has_password(text),
            named => named.hides_numbers() || !is_count(text),
        }
    }

    /// Whether it is something said rather than a secret.
    #[must_use]
    pub const fn is_content(self) -> bool {
        matches!(self, Self::Person | Self::Speech | Self::Payload)
    }
}

/// Words with which a name *ends*, so that `max_tokens` and `token_count` are none; `^` for the whole name. Their
/// words may be written together (`apikey`).
const NAMES: &[(&str, Named)] = &[
    ("password", Named::Secret),
    ("passwords", Named::Secret),
    ("passwd", Named::Secret),
    ("passcode", Named::Secret),
    ("pwd", Named::Secret),
    ("pw", Named::Assigned),
    ("db pass", Named::Secret),
    ("user pass", Named::Secret),
    ("smtp pass", Named::Secret),
    ("ssh pass", Named::Secret),
    ("key pass", Named::Secret),
    ("store pass", Named::Secret),
    ("become pass", Named::Secret),
    ("pass", Named::Pass),
    ("passphrase", Named::Phrase),
    ("mnemonic", Named::Phrase),
    ("seed phrase", Named::Phrase),
    ("secret", Named::Secret),
    ("secrets", Named::Secret),
    ("client secret", Named::Secret),
    ("api key", Named::Secret),
    ("api keys", Named::Secret),
    ("access key", Named::Secret),
    ("account key", Named::Secret),
    ("secret key", Named::Secret),
    ("private key", Named::Secret),
    ("signing key", Named::Secret),
    ("encryption key", Named::Secret),
    ("master key", Named::Secret),
    ("shared key", Named::Secret),
    ("auth key", Named::Secret),
    ("ssh key", Named::Secret),
    ("authorization", Named::Header),
    ("cookie", Named::Header),
    ("cookies", Named::Header),
    ("token", Named::Token),
    ("auth token", Named::Token),
    ("access token", Named::Token),
    ("refresh token", Named::Token),
    ("id token", Named::Token),
    ("session token", Named::Token),
    ("^tokens", Named::Token),
    ("api tokens", Named::Token),
    ("auth tokens", Named::Token),
    ("access tokens", Named::Token),
    ("refresh tokens", Named::Token),
    ("session tokens", Named::Token),
    ("jwt", Named::Secret),
    ("^bearer", Named::Secret),
    ("credential", Named::Secret),
    ("credentials", Named::Secret),
    ("creds", Named::Secret),
    ("connection string", Named::Secret),
    ("database url", Named::Secret),
    ("webhook url", Named::Secret),
    ("dsn", Named::Secret),
    ("otp", Named::Secret),
    ("totp", Named::Secret),
    ("pin", Named::Secret),
    ("cvv", Named::Secret),
    ("cvc", Named::Secret),
    ("ssn", Named::Secret),
    ("social security number", Named::Secret),
    ("card number", Named::Secret),
    ("iban", Named::Secret),
    ("^auth", Named::Secret),
    ("basic auth", Named::Secret),
    ("proxy auth", Named::Secret),
    ("http auth", Named::Secret),
    ("^sig", Named::Secret),
    ("^signature", Named::Secret),
    ("amz signature", Named::Secret),
    ("goog signature", Named::Secret),
    ("access signature", Named::Secret),
    ("email", Named::Person),
    ("emails", Named::Person),
    ("e mail", Named::Person),
    ("phone", Named::Person),
    ("phone number", Named::Person),
    ("username", Named::Person),
    ("user name", Named::Person),
    ("prompt", Named::Speech),
    ("prompts", Named::Speech),
    ("query", Named::Speech),
    ("user input", Named::Speech),
    ("completion", Named::Speech),
    ("completions", Named::Speech),
    ("messages", Named::Speech),
    ("^content", Named::Payload),
    ("message content", Named::Speech),
    ("input", Named::Payload),
    ("inputs", Named::Payload),
    ("output", Named::Payload),
    ("outputs", Named::Payload),
    ("arguments", Named::Payload),
    ("result", Named::Payload),
    ("results", Named::Payload),
    ("address", Named::Payload),
    ("addresses", Named::Payload),
    ("^key", Named::OptionKey),
];

/// Names are looked at from their end, and only so far.
const LONGEST: usize = 64;

/// Bits for the hashes of the last words of the table. It tells of nearly every name that it is harmless, without a
/// look at the table.
static GATE: [u64; 64] = gate();

const fn gate() -> [u64; 64] {
    let mut gate = [0; 64];
    let mut row = 0;
    while row < NAMES.len() {
        let name = NAMES[row].0.as_bytes();
        // The last word, and all of them together.
        let (mut last, mut whole) = (0, 0);
        let mut at = if name[0] == b'^' { 1 } else { 0 };
        while at < name.len() {
            if name[at] == b' ' {
                last = 0;
            } else {
                (last, whole) = (hash(last, name[at]), hash(whole, name[at]));
            }
            at += 1;
        }
        gate[last / 64] |= 1 << (last % 64);
        gate[whole / 64] |= 1 << (whole % 64);
        row += 1;
    }
    gate
}

/// A hash of 12 bits, letter by letter.
const fn hash(sum: usize, letter: u8) -> usize {
    (sum.wrapping_mul(37) ^ letter as usize) & 0xfff
}

/// What stands behind this name, if that must not be seen. The name is split into words first, so that `apiKey`,
/// `API_KEY`, `x-api-key` and `--api-key2` are the same.
#[must_use]
pub fn named(name: &[u8]) -> Option<Named> {
    let name = &name[name.len().saturating_sub(LONGEST)..];
    let mut words = [0; 2 * LONGEST];
    let found = look_up(split(name, true, &mut words));
    // `pAsSwOrD` is no camel case.
    let is_mixed = || name.iter().any(u8::is_ascii_uppercase) && name.iter().any(u8::is_ascii_lowercase);
    if found.is_some() || !is_mixed() { found } else { look_up(split(name, false, &mut words)) }
}

/// The words in small letters, with one space between them. Digits at the end say which one of several it is.
fn split<'w>(name: &[u8], camel: bool, words: &'w mut [u8; 2 * LONGEST]) -> &'w [u8] {
    let mut length = 0;
    let mut open = false;
    let mut unseen = 0;
    for (at, letter) in name.iter().enumerate() {
        if at < unseen {
            continue;
        }
        if !letter.is_ascii()
            && let Some((length, is_blank)) = nothing_seen(&name[at..])
        {
            unseen = at + length;
            open &= !is_blank;
            continue;
        }
        if !is_letter(*letter) {
            open = false;
            continue;
        }
        if length > 0 && (!open || camel && is_hump(name, at)) {
            words[length] = b' ';
            length += 1;
        }
        words[length] = letter.to_ascii_lowercase();
        length += 1;
        open = true;
    }
    while length > 0 && (words[length - 1].is_ascii_digit() || words[length - 1] == b' ') {
        length -= 1;
    }
    words[..length].strip_prefix(b"x ").unwrap_or(&words[..length])
}

/// The length of a character that nobody sees at the beginning of this, and whether it is a blank: it must not make
/// another name of a name.
fn nothing_seen(name: &[u8]) -> Option<(usize, bool)> {
    match name {
        // The blank without a break, and the hyphen that is not there.
        [0xc2, byte @ (0xa0 | 0xad), ..] => Some((2, *byte == 0xa0)),
        // Blanks of other widths, of none, joiners, and marks of direction.
        [0xe2, 0x80, byte @ 0x80..=0x8f, ..] => Some((3, *byte < 0x8b)),
        [0xe2, 0x80, byte @ 0xaa..=0xaf, ..] => Some((3, *byte == 0xaf)),
        [0xe2, 0x81, byte @ 0x9f..=0xa4, ..] => Some((3, *byte == 0x9f)),
        [0xe3, 0x80, 0x80, ..] => Some((3, true)),
        [0xef, 0xbb, 0xbf, ..] => Some((3, false)),
        _ => None,
    }
}

const fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii()
}

/// Whether a word begins inside of a run of letters: `apiKey`, `GITHUBToken`.
fn is_hump(name: &[u8], at: usize) -> bool {
    let before = name[at - 1];
    let is_followed = name.get(at + 1).is_some_and(u8::is_ascii_lowercase);
    name[at].is_ascii_uppercase()
        && (before.is_ascii_lowercase()
            || before.is_ascii_digit()
            || before.is_ascii_uppercase() && is_followed)
}

fn look_up(words: &[u8]) -> Option<Named> {
    let start = words.iter().rposition(|letter| *letter == b' ').map_or(0, |space| space + 1);
    let last = &words[start..];
    // `PGPASSWORD`: no word that ends so is anything else.
    if last.ends_with(b"password") || last.ends_with(b"passwd") {
        return Some(Named::Secret);
    }
    let mut sum = 0;
    for letter in last {
        sum = hash(sum, *letter);
    }
    if last.is_empty() || GATE[sum / 64] >> (sum % 64) & 1 == 0 {
        return None;
    }
    NAMES.iter().find(|(name, _)| is_named(words, last, name)).map(|(_, named)| *named)
}

fn is_named(words: &[u8], last: &[u8], name: &str) -> bool {
    // Nearly every row ends already here, without a call.
    let (end, wanted) = (last.len(), name.len());
    if end < 2
        || words[words.len() - 2] != name.as_bytes()[wanted - 2]
        || last[end - 1] != name.as_bytes()[wanted - 1]
    {
        return false;
    }
    if let Some(name) = name.strip_prefix('^') {
        return words == name.as_bytes();
    }
    let before = words.strip_suffix(name.as_bytes());
    before.is_some_and(|before| before.last().is_none_or(|letter| *letter == b' '))
        || name.contains(' ') && name.bytes().filter(|letter| *letter != b' ').eq(last.iter().copied())
}

/// Behind `token` a number is a count; behind `password` it is a password.
#[must_use]
pub fn is_count(text: &[u8]) -> bool {
    let is_number = text.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b','));
    !text.is_empty() && is_number && text.len() <= 7
}

#[cfg(test)]
mod tests {
    use super::{Named, is_count, named};

    const SECRETS: &str = "--token token GITHUB_TOKEN githubToken --api-key apiKey APIKey OPENAI_API_KEY x-api-key \
        password DB_PASSWORD client-secret clientSecret AWS_SECRET_ACCESS_KEY AWSSecretAccessKey _authToken \
        --connection-string SENTRY_DSN sessionCookie Authorization X-Amz-Signature passwd pwd passphrase \
        proxy-authorization set-cookie sessionToken session_token refresh-token id_token IDToken accesstoken \
        credentials privateKey signing_key otp pin cvv ssn userSSN card_number cardNumber iban password2 token_1 \
        PGPASSWORD SSHPASS DBPASSWORD --pass --pw DB_PASS smtp_pass storepass GITHUBToken pAsSwOrD PASSWORD userPassword sig X-Amz-Security-Token tokens auth privatekey clientsecret";
    const CONTENT: &str = "prompt system_prompt query userQuery input user_input output completion messages arguments \
        result tool_result email userEmail phone phoneNumber address email_address username user-name gen_ai.prompt";
    const HARMLESS: &str = "tokens_used input_tokens output_tokens max_tokens --max-tokens maxTokens token_count \
        token_type tokenizer prompt_id query_count keyboard keyword --keyword monkey hotkey key_id key_name \
        key_length primary_key primary-key foreign_key public_key sort_key author authority auth_method pass_rate \
        passed bypass compass access_count session_count password_policy token_url spin design --pool kiwi \
        promptTokens total_tokens correlationId agentId timestamp phase event labels metrics outcome tool";

    #[test]
    fn the_last_words_decide() {
        for name in SECRETS.split_whitespace() {
            assert!(named(name.as_bytes()).is_some_and(|named| !named.is_content()), "{name}");
        }
        for name in CONTENT.split_whitespace() {
            assert!(named(name.as_bytes()).is_some_and(Named::is_content), "{name}");
        }
        for name in HARMLESS.split_whitespace().chain(["", "_", "9", "ü", "Ünïque"]) {
            assert_eq!(named(name.as_bytes()), None, "{name}");
        }
        assert_eq!(named(b"--key"), Some(Named::OptionKey));
        for name in ["pass\u{200b}word", "\u{feff}password", "password\u{a0}", "api\u{a0}key", "api\u{ad}Key"]
        {
            assert_eq!(named(name.as_bytes()), Some(Named::Secret), "{name:?}");
        }
        assert_eq!((named(b"pass"), named(b"--pw")), (Some(Named::Pass), Some(Named::Assigned)));
    }

    #[test]
    fn every_name_of_the_table_is_found_in_each_way_of_writing() {
        for (name, expected) in super::NAMES {
            let words: Vec<&str> = name.trim_start_matches('^').split(' ').collect();
            let camel: String = words
                .iter()
                .enumerate()
                .map(
                    |(at, word)| {
                        if at == 0 { (*word).to_owned() } else { word[..1].to_uppercase() + &word[1..] }
                    },
                )
                .collect();
            let long = format!("{}{}", "x".repeat(100), words.join("_"));
            for written in
                [words.join("_"), words.join("-"), words.join("."), words.join("").to_uppercase(), camel]
            {
                assert_eq!(named(written.as_bytes()), Some(*expected), "{written}");
                assert_eq!(named(format!("x-{written}").as_bytes()), Some(*expected), "{written}");
            }
            assert!(!name.starts_with('^') || named(long.as_bytes()).is_none());
        }
    }

    #[test]
    fn small_numbers_are_counts() {
        for (text, expected) in
            [("5", true), ("4,096", true), ("0.5", true), ("40961234", false), ("", false), ("a", false)]
        {
            assert_eq!(is_count(text.as_bytes()), expected, "{text}");
        }
    }
}
