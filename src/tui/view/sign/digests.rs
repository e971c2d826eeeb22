//! What is signed of an image, and what it becomes.

use super::{Canvas, Form, LABEL, Purpose, Role, labelled, text};
use crate::{
    app::{
        action::{Action, BINDINGS, Binding},
        clock::coarse_age,
    },
    domain::{digest::DigestKind, publication::Statement, verdict::Verdict, wish::Making},
};

/// Columns of a digest.
pub(super) const DIGEST: usize = "sha256:".len() + 64;
/// Rows of the dialog without its digests, where a problem is told as well.
const BESIDE_DIGESTS: u16 = 18;
/// More of them, once it was signed elsewhere: the signature's number, what comes before it, who pays.
const OF_ANSWER: u16 = 3;
impl Form<'_> {
    /// What it becomes beside the publisher's releases before it, by the image's verdict; and what turns that.
    pub(super) fn becomes(&mut self, canvas: &Canvas, verdict: Option<&Verdict>) {
        let quoted = self.sign.quote.as_ref().map(|quote| quote.version);
        let words = match (self.sign.said(), quoted) {
            (Some(Statement::Release { amends: version @ 1.., .. }), _) => {
                format!("part of version {version}, which holds all of this then")
            }
            (_, Some(version)) => format!("version {version}{}", self.now(verdict)),
            (_, None) => match self.sign.makes() {
                Making::New => "a new version",
                Making::Amended => "part of the current version",
                Making::Again => "a new version of the same",
            }
            .to_owned(),
        };
        let words = self.turnable(&words, Action::TurnVersion);
        self.push(canvas, "becomes", Role::Plain, &words);
    }

    /// The words with the key that turns them to others, where there is one.
    pub(super) fn turnable(&self, words: &str, action: Action) -> String {
        let place = self.model.place();
        let turns = |row: &&Binding| row.action == action && row.places.contains(&place);
        let turn = BINDINGS.iter().find(turns).filter(|row| (row.allowed)(self.model).is_ok());
        let turn = turn.and_then(|row| self.model.keymap.first_key(row, place));
        turn.map_or_else(|| words.to_owned(), |key| format!("‹ {words} › {key}"))
    }

    /// The version that is current, and how old it is.
    fn now(&self, verdict: Option<&Verdict>) -> String {
        let now = verdict.and_then(|verdict| Some((verdict.current_version?, verdict.published_at)));
        now.map_or_else(String::new, |(version, at)| {
            let age = at.map_or_else(String::new, |at| format!(", {} ago", coarse_age(self.model.now.since(at))));
            format!(" (now version {version}{age})")
        })
    }

    /// Every digest that is signed: the configuration's, then those of the manifests that lead to it. What follows must stay
    /// in sight, so that many are counted where there is no room for them.
    pub(super) fn digests(&mut self, canvas: &Canvas) {
        let lines = if DIGEST + LABEL <= self.width { 1 } else { 2 };
        let mut beside = BESIDE_DIGESTS + if self.sign.answer.is_some() { OF_ANSWER } else { 0 };
        beside += 2 * u16::try_from(self.sign.notes.len()).unwrap_or_default();
        if let Purpose::Revoke { reason } = &self.sign.purpose {
            let lines = text::wrap(reason.value(), self.width.saturating_sub(LABEL)).len();
            beside += u16::try_from(lines.saturating_sub(1)).unwrap_or_default();
        }
        let room = usize::from(self.height.saturating_sub(beside)) / lines;
        let digests = self.sign.signed_digests();
        let (all, shown) = (digests.len(), digests.len().min(room.max(1)));
        // Of what is not here nobody knows what it stands for.
        let is_strange = matches!(self.sign.purpose, Purpose::Document(Statement::Revocation { .. }));
        for (at, kinded) in digests.iter().take(shown).enumerate() {
            let label = match kinded.kind {
                _ if is_strange => "digest",
                DigestKind::Config | DigestKind::Document if at == 0 => "digest",
                // As a chain's number is no digest.
                DigestKind::ChainId => "layers",
                kind => kind.word(),
            };
            self.digest(canvas, label, &kinded.digest.to_string());
        }
        if shown < all {
            let words = format!("and {} more, which a taller screen shows", all - shown);
            self.push(canvas, "", Role::Warning, &words);
        }
    }

    /// Whole, because it is signed: in two halves where one line is too short, so that the eye finds its place.
    pub(super) fn digest(&mut self, canvas: &Canvas, label: &str, digest: &str) {
        if text::width(digest) + LABEL <= self.width {
            return self.push(canvas, label, Role::Plain, digest);
        }
        let (algorithm, hex) = digest.split_at("sha256:".len().min(digest.len()));
        let (first, second) = hex.split_at(hex.len() / 2);
        self.push(canvas, label, Role::Plain, &format!("{algorithm}{first}"));
        let below = format!("{}{second}", " ".repeat(algorithm.len()));
        self.lines.push(labelled(canvas, "", [canvas.span(Role::Plain, below)]));
    }
}
