//! What happened beside the work and must reach the user: a file set aside, a torn record dropped.

/// One sentence for the user, which no error carries because the work went on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice(String);

impl Notice {
    /// A sentence, made safe to show.
    #[must_use]
    pub fn new(sentence: &str) -> Self {
        Self(super::text::clean(sentence))
    }

    /// The sentence.
    #[must_use]
    pub fn sentence(&self) -> &str {
        &self.0
    }
}
