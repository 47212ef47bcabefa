//! What kinds of things are taken out, and how often that happened. Never what they were.

/// Why something was taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// It stood behind the name of a secret.
    NamedSecret,
    /// It stood behind a name under which people say things: a prompt, a result, an address.
    Content,
    /// A credential behind `Bearer` or `Basic`.
    Authorization,
    /// A JSON Web Token.
    Jwt,
    /// The shape of a credential of a well-known service.
    ServiceToken,
    /// A private key in PEM or age form.
    PrivateKey,
    /// User and password in an URL.
    UrlCredentials,
    /// An e-mail address.
    Email,
    /// The number of a payment card.
    Card,
    /// An international bank account number.
    Iban,
    /// A social security number.
    SocialSecurity,
    /// Whose home folder it is.
    HomeFolder,
    /// Text as random as a key is.
    HighEntropy,
    /// Deeper than is looked.
    TooDeep,
    /// Longer than is looked.
    TooLong,
    /// Not to be understood.
    Unreadable,
    /// On no list of what may pass.
    NotAllowed,
}

/// Every class, in the order of a report, with its name there.
pub const CLASSES: [(Class, &str); 17] = [
    (Class::NamedSecret, "named-secret"),
    (Class::Content, "content"),
    (Class::Authorization, "authorization"),
    (Class::Jwt, "jwt"),
    (Class::ServiceToken, "service-token"),
    (Class::PrivateKey, "private-key"),
    (Class::UrlCredentials, "url-credentials"),
    (Class::Email, "email"),
    (Class::Card, "card"),
    (Class::Iban, "iban"),
    (Class::SocialSecurity, "social-security"),
    (Class::HomeFolder, "home-folder"),
    (Class::HighEntropy, "high-entropy"),
    (Class::TooDeep, "too-deep"),
    (Class::TooLong, "too-long"),
    (Class::Unreadable, "unreadable"),
    (Class::NotAllowed, "not-allowed"),
];

/// How often something of each class was taken out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts([u64; CLASSES.len()]);

impl Counts {
    /// Counts one more.
    pub fn add(&mut self, class: Class) {
        self.0[class as usize] += 1;
    }

    /// Adds what was counted elsewhere.
    pub fn merge(&mut self, others: &Self) {
        self.0.iter_mut().zip(others.0).for_each(|(count, other)| *count += other);
    }

    /// How often it was this class.
    #[must_use]
    pub const fn of(&self, class: Class) -> u64 {
        self.0[class as usize]
    }

    /// How often it was any class.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// The classes that there was something of, with their names and numbers.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        CLASSES.iter().map(|(class, name)| (*name, self.of(*class))).filter(|(_, count)| *count > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::{CLASSES, Class, Counts};

    #[test]
    fn every_class_is_counted_under_its_own_name() {
        for (index, (class, name)) in CLASSES.iter().enumerate() {
            assert_eq!(*class as usize, index, "{name} stands in its place");
            let mut counts = Counts::default();
            counts.add(*class);
            counts.add(*class);
            assert_eq!(counts.iter().collect::<Vec<_>>(), [(*name, 2)]);
            assert_eq!(counts.total(), 2);
        }
        assert_eq!(Counts::default().of(Class::Email), 0);
    }
}
