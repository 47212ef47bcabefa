//! Names behind which a secret stands.

/// Word sequences that name a secret when a name *ends* with them: `max_tokens` and `token_count` do not.
const SECRET_ENDINGS: &[&[&str]] = &[
    &["password"],
    &["passwd"],
    &["pwd"],
    &["passphrase"],
    &["secret"],
    &["apikey"],
    &["api", "key"],
    &["access", "key"],
    &["secret", "key"],
    &["private", "key"],
    &["signing", "key"],
    &["authorization"],
    &["cookie"],
    &["token"],
    &["credentials"],
    &["credential"],
    &["connection", "string"],
    &["dsn"],
    &["otp"],
    &["pin"],
    &["database", "url"],
    &["auth"],
    &["signature"],
    &["sig"],
];

/// Whether what stands behind this name is a secret. The name is split into words first, so that `apiKey`,
/// `API_KEY` and `--api-key` are the same.
pub fn names_secret(name: &str) -> bool {
    let words = words(name);
    // `--key` alone is how some servers call theirs; `primary_key` is none.
    if words == ["key"] {
        return true;
    }
    SECRET_ENDINGS.iter().any(|ending| {
        words.len() >= ending.len() && words[words.len() - ending.len()..].iter().eq(ending.iter())
    })
}

/// Whether a number behind this name may be a count, as in `--token 5`.
pub fn names_count(name: &str) -> bool {
    words(name).last().is_some_and(|word| word == "token")
}

fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut previous_is_lower = false;
    let mut open = false;
    for letter in name.chars() {
        if !letter.is_alphanumeric() {
            open = false;
            previous_is_lower = false;
            continue;
        }
        if !open || (letter.is_uppercase() && previous_is_lower) {
            words.push(String::new());
        }
        open = true;
        previous_is_lower = letter.is_lowercase() || letter.is_numeric();
        if let Some(word) = words.last_mut() {
            word.extend(letter.to_lowercase());
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::names_secret;

    const SECRETS: &str = "--token token GITHUB_TOKEN githubToken --api-key apiKey OPENAI_API_KEY x-api-key password \
        DB_PASSWORD --key client-secret clientSecret AWS_SECRET_ACCESS_KEY _authToken --connection-string SENTRY_DSN \
        sessionCookie Authorization X-Amz-Signature";
    const HARMLESS: &str = "max_tokens --max-tokens token_count tokenizer keyboard monkey key_id public_key primary-key \
        author authority passed compass pass_rate --keyword sort_key --pool token_url password_policy spin design";

    #[test]
    fn the_last_words_decide() {
        for name in SECRETS.split_whitespace() {
            assert!(names_secret(name), "{name}");
        }
        for name in HARMLESS.split_whitespace().chain([""]) {
            assert!(!names_secret(name), "{name}");
        }
    }
}
