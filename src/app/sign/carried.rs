//! What comes from outside of the dialog: what was measured to be released, and what is carried here and from here.

use crate::domain::publication::{SigningRequest, Statement};

/// What was carried here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// What is, or was, to be signed.
    pub request: SigningRequest,
    /// Its registry stands where registries stand.
    pub is_usual: bool,
    /// The text with the signature, where it is signed.
    pub signed: Option<String>,
}

/// What was measured, or read, to be released.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Its release.
    pub statement: Statement,
    /// What is to be known of it, each in a sentence.
    pub notes: Vec<String>,
}

/// What is carried to whoever signs or executes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    /// The request to sign; `None` for a call that a contract account executes.
    pub request: Option<SigningRequest>,
    /// What such a call says.
    pub says: Option<Statement>,
    /// The text that is carried.
    pub text: String,
    /// Numbers of requests that must be relayed before it.
    pub earlier: Vec<u64>,
    /// It left this machine.
    pub left: bool,
}

/// How long a signature is good.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Validity(usize);

impl Validity {
    /// In seconds. The first is the usual one, the days that it may take to walk to a machine and back; none is longer
    /// than a signature may be good.
    const SPANS: [u64; 5] = [7 * 86_400, 30 * 86_400, 90 * 86_400, 12 * 3600, 86_400];

    /// The next of them, around the end.
    #[must_use]
    pub const fn next(self) -> Self {
        Self((self.0 + 1) % Self::SPANS.len())
    }

    /// In seconds.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        Self::SPANS[self.0]
    }
}

impl Carried {
    /// What is said by it; of a signature that is carried back its request tells.
    #[must_use]
    pub fn statement(&self) -> Option<&Statement> {
        self.request.as_ref().map(|request| &request.statement).or(self.says.as_ref())
    }
}
