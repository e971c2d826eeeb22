//! The dialog that publishes or revokes, and the publications that outlive it.
//!
//! ```text
//! Measuring, or Looking (observations) ─▶ Reason (revocations) ─▶ Estimating ─▶ Ready ─▶ Working ─▶ closed, or Ready again after an error
//!     └▶ NoAccount, when there is none  │     └── another account or price, or retry ──┘
//!                                       └▶ Asking ─▶ Carrying ─▶ Estimating: the key is elsewhere, and its signature came back
//! ```

mod batch;
mod bounds;
mod carried;
mod claim;
mod publication;
mod sighting;

pub use batch::{Batch, Chosen, Wish};
pub use carried::{Carried, Document, Given, Validity};
pub use claim::{ClaimPlan, ClaimWish};
pub use publication::{OBSERVATION, Publication};
pub use sighting::{Depth, Look, Said, Sighting};
use tui_input::Input;

use crate::{
    app::{
        form::Form,
        msg::{Problem, SecretShape},
        rows::RowKey,
    },
    domain::{
        Address, Reference, Wei,
        digest::DigestKind,
        image::KindedDigest,
        network::NetworkView,
        publication::{Authority, Cost, SigningRequest, Statement, TransactionHash},
        verdict::Conclusion,
        wish::Making,
    },
};

/// Names a publication of this session; never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PublicationId(pub u64);

/// The word for contracts that stand already.
pub const DEPLOYED: &str = "already-deployed";

/// The word for a release that is current already.
const PUBLISHED: &str = "already-published";

/// What a statement is about that names no image.
const EVERYTHING: &str = "every name";

/// What a statement is about that is not about image names.
#[must_use]
pub fn named(statement: &Statement) -> Option<&str> {
    match statement {
        Statement::NamespaceClaim { namespace, .. } => Some(namespace.as_str()),
        Statement::Deployment { what, .. } => Some(what.name()),
        _ => None,
    }
}

/// What the user is shown before anything is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// What will be said.
    pub statement: Statement,
    /// Who says and pays.
    pub from: Address,
    /// What the account holds.
    pub balance: Wei,
    /// What it costs.
    pub cost: Cost,
    /// Price of one gas below which nobody takes it at the moment.
    pub needed: Wei,
    /// Where it is written.
    pub network: NetworkView,
    /// The version that a release becomes; the head's for a revocation.
    pub version: u32,
    /// `Some(Verified)` when the digests are current already, `Some(Revoked)` when all are withdrawn already.
    pub standing: Option<Conclusion>,
    /// The transaction whose place it takes.
    pub replaces: Option<Replaces>,
    /// In whose name it is said.
    pub authority: Authority,
}

impl Quote {
    /// True when the account can pay the most it can cost.
    #[must_use]
    pub fn is_covered(&self) -> bool {
        self.balance >= self.cost.at_most()
    }

    /// True when it is signed for less than is asked for at the moment.
    #[must_use]
    pub fn is_cheap(&self) -> bool {
        self.cost.max_gas_price < self.needed
    }

    /// True when it would repeat what stands already.
    #[must_use]
    pub fn is_repetition(&self) -> bool {
        self.standing.is_some()
    }
}

/// What the dialog is for.
#[derive(Debug, Clone)]
pub enum Purpose {
    /// A release.
    Publish,
    /// A revocation, with the reason that anybody will read.
    Revoke {
        /// The reason as typed so far.
        reason: Input,
    },
    /// What a registry serves under a name, as an observer's release.
    Observe(Look),
    /// What is not about an image here: the release of a trust policy, the revocation of a digest that is named.
    Document(Statement),
    /// Another transaction in the place of one that waits.
    Replace(Replaces),
    /// What an account says of itself: whom it appoints, who succeeds it, that it ends.
    Personal(Statement),
    /// The contracts that do not stand on this network yet, one after the other.
    Deploy,
    /// The registry's half of a claim: a statement that is signed and pushed.
    Claim(Box<ClaimPlan>),
    /// What was carried here: a request to sign, or a signature to send.
    Given(Box<Given>),
}

/// What becomes of a transaction that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replaces {
    /// Which transaction.
    pub transaction: TransactionHash,
    /// Nothing is said in its place, and not the same at a higher price.
    pub cancel: bool,
}

/// How far the dialog has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// There is nobody to sign.
    NoAccount,
    /// Nothing is signed that was not measured.
    Measuring,
    /// The registry is asked what it serves.
    Looking,
    /// The reason is typed.
    Reason,
    /// The node is asked for the cost.
    Estimating,
    /// What is carried to whoever signs is made.
    Asking,
    /// It is carried there; what comes back is pasted.
    Carrying,
    /// The file's name is typed that it is saved to.
    Saving,
    /// The cost is shown; the passphrase is typed.
    Ready,
    /// Another highest price of one gas is typed.
    Price,
    /// The address is typed of a publisher who appointed the account.
    Naming,
    /// What the release carries beside its digests is typed.
    Noting,
    /// It is signed, sent and followed.
    Working(PublicationId),
    /// It cannot be done; the problem says why. Enter tries again.
    Stuck,
}

/// The dialog.
#[derive(Debug, Clone)]
pub struct Sign {
    /// Publish or revoke.
    pub purpose: Purpose,
    /// Which row; `None` for what an account says of itself.
    pub key: Option<RowKey>,
    /// Under which name; `None` for what is about all names.
    pub reference: Option<Reference>,
    /// What the registry serves, once it was asked.
    pub sighting: Option<Box<Sighting>>,
    /// Every digest that is stated, the configuration's first, once measured.
    pub digests: Vec<KindedDigest>,
    /// Who signs.
    pub account: Option<Address>,
    /// How far it is.
    pub step: Step,
    /// What is carried to whoever has the account's key.
    pub carried: Option<Box<Carried>>,
    /// What came back: its signature.
    pub answer: Option<String>,
    /// In whose name the account speaks, where not in its own.
    pub behalf: Option<Address>,
    /// That address as typed so far.
    pub name: Input,
    /// What the release carries beside its digests: JSON, or nothing.
    pub annotations: String,
    /// The same as typed so far.
    pub noted: Input,
    /// What is to be known of what is released, each in a sentence.
    pub notes: Vec<String>,
    /// What a release becomes beside those before it.
    pub making: Making,
    /// How long the signature is good that is asked of another machine.
    pub good_for: Validity,
    /// The next request takes the place of those that nobody relayed.
    pub replace: bool,
    /// The form that it came from, to go back to.
    pub form: Option<Box<Form>>,
    /// Who sends and pays for what was signed elsewhere.
    pub payer: Option<Address>,
    /// The file's name as typed so far.
    pub path: Input,
    /// The newest question about the cost.
    pub ticket: u64,
    /// Its answer.
    pub quote: Option<Quote>,
    /// Highest price of one gas that the user allows, in place of the program's.
    pub cap: Option<Wei>,
    /// The price in gwei as typed so far.
    pub price: Input,
    /// What the passphrase field holds, as far as the model may know.
    pub secret: SecretShape,
    /// What went wrong.
    pub problem: Option<Problem>,
}

impl Sign {
    /// A dialog that has asked nothing yet.
    #[must_use]
    pub fn new(purpose: Purpose, key: Option<RowKey>, reference: Option<Reference>, account: Option<Address>) -> Self {
        Self {
            purpose,
            key,
            reference,
            sighting: None,
            digests: Vec::new(),
            account,
            step: Step::Measuring,
            carried: None,
            answer: None,
            behalf: None,
            name: Input::default(),
            annotations: String::new(),
            noted: Input::default(),
            notes: Vec::new(),
            making: Making::New,
            good_for: Validity::default(),
            replace: false,
            form: None,
            payer: None,
            path: Input::default(),
            ticket: 0,
            quote: None,
            cap: None,
            price: Input::default(),
            secret: SecretShape::default(),
            problem: None,
        }
    }

    /// What it is about, in a word.
    #[must_use]
    pub fn subject(&self) -> &str {
        match (&self.reference, &self.purpose) {
            (Some(reference), _) => reference.familiar(),
            (None, Purpose::Claim(plan)) => plan.wish.namespace.as_str(),
            (None, Purpose::Deploy) => {
                self.quote.as_ref().and_then(|quote| named(&quote.statement)).unwrap_or("the contracts")
            }
            (None, Purpose::Personal(statement)) => named(statement).unwrap_or(EVERYTHING),
            (None, _) => EVERYTHING,
        }
    }

    /// Who signs the transaction: not the account, where that signed elsewhere.
    #[must_use]
    pub fn sender(&self) -> Option<Address> {
        if self.answer.is_some() { self.payer } else { self.account }
    }

    /// True for a revocation.
    #[must_use]
    pub const fn is_revocation(&self) -> bool {
        matches!(self.purpose, Purpose::Revoke { .. } | Purpose::Document(Statement::Revocation { .. }))
    }

    /// The registry's half of a claim, where that is what the dialog is for.
    #[must_use]
    pub const fn claims(&self) -> Option<&ClaimPlan> {
        match &self.purpose {
            Purpose::Claim(plan) => Some(plan),
            _ => None,
        }
    }

    /// The request that is signed here, where that is what the dialog is for.
    #[must_use]
    pub fn to_sign(&self) -> Option<&Given> {
        match &self.purpose {
            Purpose::Given(given) if given.signed.is_none() => Some(given),
            _ => None,
        }
    }

    /// Lets go of what is carried, and of what came back; the request, if it never left this machine.
    pub fn let_go(&mut self) -> Option<Box<SigningRequest>> {
        self.answer = None;
        let carried = self.carried.take()?;
        carried.request.filter(|_| !carried.left).map(Box::new)
    }

    /// What is replaced, where that is what the dialog is for.
    #[must_use]
    pub const fn replaces(&self) -> Option<Replaces> {
        match self.purpose {
            Purpose::Replace(replaces) => Some(replaces),
            _ => None,
        }
    }

    /// What a release becomes: an observation was compared before, and is said though it is current.
    #[must_use]
    pub const fn makes(&self) -> Making {
        if self.look().is_some() { Making::Again } else { self.making }
    }

    /// True where it releases an image, or a policy.
    #[must_use]
    pub const fn is_release(&self) -> bool {
        matches!(self.purpose, Purpose::Publish | Purpose::Document(Statement::Release { .. }))
    }

    /// True where it releases a trust policy.
    #[must_use]
    pub fn is_policy(&self) -> bool {
        self.digests.iter().any(|kinded| kinded.kind == DigestKind::Document)
    }

    /// What is signed, as far as it is made: an amendment may say less than was measured.
    #[must_use]
    pub fn said(&self) -> Option<&Statement> {
        let quoted = self.quote.as_ref().map(|quote| &quote.statement);
        quoted.or_else(|| self.carried.as_ref().and_then(|carried| carried.statement()))
    }

    /// The digests that are signed: of an amendment those that the current version does not hold yet.
    #[must_use]
    pub fn signed_digests(&self) -> &[KindedDigest] {
        match self.said() {
            Some(Statement::Release { digests, amends: 1.., .. }) => digests,
            _ => &self.digests,
        }
    }

    /// How the name is looked at, where an observer's word is what the dialog is for.
    #[must_use]
    pub const fn look(&self) -> Option<Look> {
        match self.purpose {
            Purpose::Observe(look) => Some(look),
            _ => None,
        }
    }

    /// The publication that the dialog shows.
    #[must_use]
    pub const fn publication(&self) -> Option<PublicationId> {
        match self.step {
            Step::Working(id) => Some(id),
            _ => None,
        }
    }
}
