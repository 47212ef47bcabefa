//! "Did you mean": the known word that is nearest to the one that was written.

/// The nearest of the known words, when it is near enough to be a slip of the fingers.
pub fn closest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |word: &str| word.to_lowercase().replace('_', "-");
    let written = plain(written);
    // The distance takes time by the product of the lengths, and a slip does not make a word this long.
    if written.len() > 64 {
        return None;
    }
    known
        .into_iter()
        .map(|word| (strsim::damerau_levenshtein(&written, &plain(word)), word))
        .filter(|(distance, word)| {
            *distance <= (word.len() / 3).max(1) && *distance < written.chars().count().max(1)
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// Help for a word that is not known: the nearest one, or else all of them.
pub fn help(written: &str, known: &[&str], what: &str) -> String {
    match closest(written, known.iter().copied()) {
        Some(word) => format!("did you mean \"{word}\"?"),
        None => format!("{what}: {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::closest;

    #[test]
    fn only_a_slip_is_a_suggestion() {
        let known = ["max-memory", "max-tree-memory", "max-cpu", "grace", "scope"];
        let table = [
            ("max_memory", Some("max-memory")),
            ("maxmemory", Some("max-memory")),
            ("MAX-CPU", Some("max-cpu")),
            ("max-mmeory", Some("max-memory")),
            ("grce", Some("grace")),
            ("colour", None),
            ("x", None),
            ("", None),
        ];
        for (written, expected) in table {
            assert_eq!(closest(written, known), expected, "{written}");
        }
        assert_eq!(closest(&"x".repeat(1 << 20), known), None);
    }
}
