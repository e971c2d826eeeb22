//! How long a passphrase withstands guessing, by zxcvbn: dictionaries, names, dates, keyboards and repetitions count as
//! what they are. The library leaves pieces of the passphrase in memory that it returns.

use zxcvbn::{Score, zxcvbn};

/// The score from which on nothing more need be said.
const FAIR: u8 = 3;

/// What is thought of a passphrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strength {
    /// 0 to 4; below 3 is too weak for a key file that others may come to have.
    pub score: u8,
    /// How long ten thousand guesses a second take: more than a few machines do against geth's scrypt.
    pub withstands: String,
    /// Why it is weak, and what would make it stronger. Never a piece of it.
    pub advice: Vec<String>,
}

impl Strength {
    /// Of `passphrase`.
    #[must_use]
    pub fn of(passphrase: &str) -> Self {
        let found = zxcvbn(passphrase, &["daochain", "ethereum", "geth", "docker", "keystore"]);
        let advice = found.feedback().map_or_else(Vec::new, |feedback| {
            let warning = feedback.warning().map(|warning| warning.to_string());
            warning.into_iter().chain(feedback.suggestions().iter().map(ToString::to_string)).collect()
        });
        let score = match found.score() {
            Score::Zero => 0,
            Score::One => 1,
            Score::Two => 2,
            Score::Three => 3,
            _ => 4,
        };
        Self { score, withstands: found.crack_times().offline_slow_hashing_1e4_per_second().to_string(), advice }
    }

    /// True of one that should be another.
    #[must_use]
    pub const fn is_weak(&self) -> bool {
        self.score < FAIR
    }

    /// A word for the score.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self.score {
            0 | 1 => "very weak",
            2 => "weak",
            3 => "fair",
            _ => "strong",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_passphrases_are_weak_and_unusual_ones_strong() {
        for (passphrase, word) in [
            ("", "very weak"),
            ("password1", "very weak"),
            ("daochain", "very weak"),
            ("qmZ4!veR-tundra-ocelot", "strong"),
        ] {
            let strength = Strength::of(passphrase);
            assert_eq!(strength.word(), word, "{passphrase}: {strength:?}");
            assert_eq!(strength.advice.is_empty(), word == "strong", "{strength:?}");
            assert!(passphrase.is_empty() || !format!("{strength:?}").contains(passphrase));
        }
    }

    #[test]
    fn a_long_one_takes_no_time() {
        assert_eq!(Strength::of(&"correct horse ".repeat(300)).word(), "strong");
    }
}
