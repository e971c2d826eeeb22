//! The market pane: what was published on this network, and what my namespaces have in their registries.

use tui_input::Input;

use crate::{
    app::msg::Problem,
    domain::{
        Address, Digest, Reference, Timestamp,
        image::{Evidence, EvidenceLevel, KindedDigest},
        market::{Order, Query},
        namespace::{Namespace, Vouching},
        verdict::Verdict,
        wish::PullWish,
    },
};

/// Rows that are held at once: those that are shown, and many around them.
pub const WINDOW: u32 = 200;

/// What is looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum View {
    /// Everything that is published on this network.
    #[default]
    Published,
    /// What the namespaces of this home's accounts have in their registries.
    Own,
}

/// How old the newest release may be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the ages")]
pub enum Age {
    #[default]
    Any,
    Day,
    Week,
    Month,
    Year,
}

impl Age {
    /// The next of them, around the end.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::Any => Self::Day,
            Self::Day => Self::Week,
            Self::Week => Self::Month,
            Self::Month => Self::Year,
            Self::Year => Self::Any,
        }
    }

    /// In days; `None` for any.
    #[must_use]
    pub const fn days(self) -> Option<u64> {
        match self {
            Self::Any => None,
            Self::Day => Some(1),
            Self::Week => Some(7),
            Self::Month => Some(30),
            Self::Year => Some(365),
        }
    }
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ware {
    /// The name.
    pub reference: Reference,
    /// Who published it; of a registry's image nobody is named.
    pub publisher: Option<Address>,
    /// The newest version; zero of a registry's image.
    pub version: u32,
    /// When the first release was made.
    pub first_at: Option<Timestamp>,
    /// When the newest was.
    pub at: Option<Timestamp>,
    /// Of a registry's image.
    pub platform: Option<String>,
    /// Bytes as the registry stores them.
    pub bytes: Option<u64>,
    /// What is judged: the newest release's digests, or what the registry claims.
    pub evidence: Evidence,
    /// What the trust policy makes of it; `None` while that is asked.
    pub verdict: Option<Verdict>,
}

impl Ware {
    fn choice(&self) -> Choice {
        (self.reference.clone(), self.publisher, self.platform.clone())
    }

    /// A row of what was published.
    #[must_use]
    pub fn published(
        (reference, publisher, version): (Reference, Address, u32),
        (first_at, at): (Timestamp, Timestamp),
        digests: Vec<KindedDigest>,
    ) -> Self {
        Self {
            reference,
            publisher: Some(publisher),
            version,
            first_at: Some(first_at),
            at: Some(at),
            platform: None,
            bytes: None,
            evidence: Evidence::known(EvidenceLevel::Claimed, digests),
            verdict: None,
        }
    }
}

/// A pull that goes on, or ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pull {
    /// Comes back with its news.
    pub ticket: u64,
    /// Of which name, and how.
    pub wish: PullWish,
    /// Layers that are here, and in all.
    pub layers: (usize, usize),
    /// Bytes that are here, and in all.
    pub bytes: (u64, Option<u64>),
    /// Everything is here, and is hashed.
    pub measuring: bool,
}

/// What is known of the market.
#[derive(Debug, Clone, Default)]
pub struct Market {
    /// What is looked at.
    pub view: View,
    /// A part of the name.
    pub input: Input,
    /// The part has the focus.
    pub editing: bool,
    /// Only this publisher's.
    pub publisher: Option<Address>,
    /// Only what is below this namespace.
    pub namespace: Option<Namespace>,
    /// Only what was released lately.
    pub age: Age,
    /// What comes first.
    pub order: Order,
    /// The rows that are held, from position `offset` on.
    pub wares: Vec<Ware>,
    /// Where they begin.
    pub offset: usize,
    /// How many rows there are; `None` before the first answer.
    pub total: Option<usize>,
    /// The last block that was read of the chain.
    pub read_to: Option<u64>,
    /// Why there is nothing, or not everything.
    pub problem: Option<Problem>,
    /// The question whose answer is awaited.
    pub ticket: u64,
    /// It is awaited.
    pub asking: bool,
    /// The question that reads the chain up to its head. Its answer is news for whoever asked something else meanwhile.
    pub reading: Option<u64>,
    /// Why the chain could not be read up to its head.
    pub behind: Option<Problem>,
    /// The question of which verdicts are awaited.
    pub judging: Option<u64>,
    /// The pull that goes on.
    pub pull: Option<Pull>,
    /// For whom the namespaces above a name vouch, once somebody looked at it in full; `None` while that is asked.
    pub vouching: Option<(Reference, Option<Vouching>)>,
    /// The last pull that came to nothing, and why.
    pub failed: Option<(Reference, String)>,
    cursor: usize,
    /// The selected row, where it is known: rows come before it.
    chosen: Option<Choice>,
}

/// What tells a row from all others.
type Choice = (Reference, Option<Address>, Option<String>);

impl Market {
    /// Position of the selected row among all.
    #[must_use]
    pub const fn cursor(&self) -> usize {
        self.cursor
    }

    /// How many rows there are, as far as is known.
    #[must_use]
    pub fn shown(&self) -> usize {
        self.total.unwrap_or_default()
    }

    /// The row at `position` among all, where it is held.
    #[must_use]
    pub fn at(&self, position: usize) -> Option<&Ware> {
        self.wares.get(position.checked_sub(self.offset)?)
    }

    /// The selected row.
    #[must_use]
    pub fn selected(&self) -> Option<&Ware> {
        self.at(self.cursor)
    }

    /// There may be more to come.
    #[must_use]
    pub const fn is_looking(&self) -> bool {
        self.asking || (self.reading.is_some() && matches!(self.view, View::Published))
    }

    /// Selects the row at `position`, or the last.
    pub fn select(&mut self, position: usize) {
        self.cursor = position.min(self.shown().saturating_sub(1));
        self.chosen = self.selected().map(Ware::choice);
    }

    /// Selects the row again that was selected, wherever it stands now, as far as it is held.
    pub fn select_again(&mut self) {
        let is_chosen = |ware: &Ware| self.chosen.as_ref().is_some_and(|chosen| *chosen == ware.choice());
        let place = self.wares.iter().position(is_chosen).map(|at| self.offset + at);
        self.select(place.unwrap_or(self.cursor));
    }

    /// The digest that is looked for in the place of a name's part.
    #[must_use]
    pub fn digest(&self) -> Option<Digest> {
        let typed = self.input.value().trim();
        typed.parse().or_else(|_| format!("sha256:{typed}").parse()).ok()
    }

    /// True where something but the order is asked for.
    #[must_use]
    pub fn is_narrowed(&self) -> bool {
        let text = !self.input.value().trim().is_empty();
        text || self.publisher.is_some() || self.namespace.is_some() || self.age != Age::Any
    }

    /// What is to be asked for, as rows around the selected one.
    #[must_use]
    pub fn query(&self, now: Timestamp) -> Query {
        let half = WINDOW / 2;
        let offset = (self.cursor as u64).saturating_sub(u64::from(half));
        Query {
            text: self.input.value().trim().to_owned(),
            publisher: self.publisher,
            namespace: self.namespace.clone(),
            since: self.age.days().map(|days| Timestamp(now.0.saturating_sub(days * 86_400))),
            order: self.order,
            offset,
            limit: WINDOW,
        }
    }
}
