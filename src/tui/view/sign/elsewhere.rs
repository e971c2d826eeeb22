//! What an account says of itself, and what is signed elsewhere.

use super::{Canvas, Form, Role, Sign, Step};
use crate::{
    app::{
        action::Action,
        sign::{Given, Purpose, Replaces},
    },
    domain::{
        Address, Reference, Timestamp,
        network::KnownChain,
        publication::{Authority, Statement},
        text::clean_exactly,
    },
};

/// Rows of the dialog of a request without its digests, where a problem is told as well.
const BESIDE: u16 = 20;

/// What the dialog does, before its subject.
pub(super) const fn title(purpose: &Purpose) -> &'static str {
    match purpose {
        Purpose::Revoke { .. } | Purpose::Document(Statement::Revocation { .. }) => "Revoke",
        Purpose::Publish | Purpose::Document(_) => "Publish",
        Purpose::Observe(_) => "Attest",
        Purpose::Replace(Replaces { cancel: false, .. }) => "Speed up",
        Purpose::Replace(Replaces { cancel: true, .. }) => "Take back",
        Purpose::Personal(statement) => personal_title(statement),
        Purpose::Claim(_) => "Vouch for",
        Purpose::Deploy => "Deploy",
        Purpose::Given(given) if given.signed.is_none() => "Sign for",
        Purpose::Given(_) => "Send for",
    }
}

/// What a personal statement does, before its subject.
const fn personal_title(statement: &Statement) -> &'static str {
    match statement {
        Statement::Delegation { expiry: Timestamp(0), .. } => "Take back an appointment under",
        Statement::Delegation { .. } => "Appoint under",
        Statement::SuccessionOffer { successor: Some(_), .. } => "Offer",
        Statement::SuccessionOffer { .. } => "Withdraw the offer of",
        Statement::SuccessionAcceptance { .. } => "Take over",
        Statement::NamespaceClaim { taken_back: false, .. } => "Claim",
        Statement::NamespaceClaim { .. } => "Take the claim back of",
        _ => "Retire",
    }
}

/// What to do with what is carried.
pub(super) fn words(sign: &Sign) -> (Role, String) {
    match &sign.carried {
        Some(_) if sign.to_sign().is_some() => (
            Role::Good,
            "Signed. Carry it back: `y` copies it, `c` shows it to a camera, `w` writes it; `daochain relay` there, or `s` in the accounts pane, sends it.".to_owned(),
        ),
        Some(carried) if carried.request.is_none() => {
            (Role::Plain, "The contract's owners execute this call: `y` copies it, `c` shows it, `w` writes it.".to_owned())
        }
        _ => (
            Role::Plain,
            "Carry the request to the machine that has the key (`daochain sign`): `y` copies it, `c` shows it to a camera, `w` writes it to a file. Then paste here what comes back, or `daochain relay` sends it later.".to_owned(),
        ),
    }
}

impl Form<'_> {
    /// All that the statement says.
    pub(super) fn personal(&mut self, canvas: &Canvas, statement: &Statement) {
        let under = |reference: &Option<Reference>| {
            reference.as_ref().map_or_else(|| "every image name".to_owned(), Reference::to_string)
        };
        match statement {
            Statement::Delegation { reference, delegate, expiry } => {
                self.push(canvas, "delegate", Role::Plain, &delegate.to_string());
                self.push(canvas, "under", Role::Plain, &under(reference));
                let until = if expiry.0 == 0 { "taken back at once".to_owned() } else { expiry.to_string() };
                self.push(canvas, "until", Role::Plain, &until);
            }
            Statement::SuccessionOffer { reference, successor } => {
                let whom = successor.as_ref().map_or_else(|| "nobody any more".to_owned(), Address::to_string);
                self.push(canvas, "successor", Role::Plain, &whom);
                self.push(canvas, "of", Role::Plain, &under(reference));
            }
            Statement::SuccessionAcceptance { reference, publisher } => {
                self.push(canvas, "from", Role::Plain, &publisher.to_string());
                self.push(canvas, "of", Role::Plain, &under(reference));
                self.push(canvas, "final", Role::Danger, "That publisher can release nothing there any more.");
            }
            Statement::NamespaceClaim { namespace, taken_back } => {
                self.push(canvas, "namespace", Role::Plain, namespace.as_str());
                let says = if *taken_back { "publishes for it no longer" } else { "publishes for it" };
                self.push(canvas, "says", Role::Plain, &format!("the account {says}"));
            }
            Statement::Retirement { reference, reason } => {
                self.push(canvas, "under", Role::Plain, &under(reference));
                self.push(canvas, "reason", Role::Plain, reason);
                self.push(canvas, "final", Role::Danger, "Nothing of the account there can be verified any more.");
            }
            _ => {}
        }
    }

    /// Everything that a request says, in plain words.
    pub(super) fn given(&mut self, canvas: &Canvas, given: &Given) {
        let request = &given.request;
        // What follows must stay in sight: of very many digests the last are counted.
        let mut room = usize::from(self.height.saturating_sub(BESIDE)).max(4);
        for part in request.statement.parts() {
            match part {
                Statement::Revocation { reference, digests, reason } => {
                    self.push(canvas, "revokes", Role::Danger, reference.as_str());
                    self.list(
                        canvas,
                        digests.iter().map(|digest| ("digest".to_owned(), digest.to_string())),
                        &mut room,
                    );
                    self.push(canvas, "reason", Role::Plain, &clean_exactly(reason));
                }
                Statement::Release { reference, digests, amends, annotations } => {
                    self.push(canvas, "releases", Role::Plain, reference.as_str());
                    let digests = digests.iter().map(|kinded| (kinded.kind.to_string(), kinded.digest.to_string()));
                    self.list(canvas, digests, &mut room);
                    if *amends > 0 {
                        self.push(canvas, "amends", Role::Plain, &format!("version {amends}"));
                    }
                    if !annotations.is_empty() {
                        self.push(canvas, "notes", Role::Plain, &clean_exactly(annotations));
                    }
                }
                other => self.push(canvas, "says", Role::Plain, other.word()),
            }
        }
        self.push(canvas, "publisher", Role::Plain, &request.publisher.to_string());
        let chain = KnownChain::by_id(request.chain_id).map_or_else(String::new, |known| format!(" ({})", known.name));
        self.push(canvas, "network", Role::Plain, &format!("chain {}{chain}", request.chain_id));
        self.push(canvas, "contract", Role::Plain, &request.contract.to_string());
        let (role, words) = if given.is_usual {
            (Role::Muted, "the usual address")
        } else {
            (Role::Warning, "NOT the usual address of the registry")
        };
        self.push(canvas, "", role, words);
        if given.signed.is_none() {
            let over = request.deadline < self.model.now;
            let (role, note) = if over { (Role::Danger, ": OVER, no registry takes it") } else { (Role::Plain, "") };
            let words = format!("number {}, good until {}{note}", request.nonce, request.deadline);
            self.push(canvas, "signature", role, &words);
        }
    }

    fn list(&mut self, canvas: &Canvas, digests: impl Iterator<Item = (String, String)>, room: &mut usize) {
        let mut left = 0;
        for (label, digest) in digests {
            let lines = self.lines.len();
            if *room < 2 {
                left += 1;
                continue;
            }
            self.digest(canvas, &label, &digest);
            *room = room.saturating_sub(self.lines.len() - lines);
        }
        if left > 0 {
            let words = format!("and {left} more, which a taller screen, or `daochain sign`, shows");
            self.push(canvas, "", Role::Warning, &words);
        }
    }

    /// In whose name the account speaks, and what the release carries beside its digests: whole, because it is signed.
    pub(super) fn behalf(&mut self, canvas: &Canvas) {
        if !self.sign.annotations.is_empty() && self.sign.step != Step::Noting {
            self.push(canvas, "notes", Role::Plain, &clean_exactly(&self.sign.annotations));
        }
        if let Some(publisher) = self.sign.behalf.filter(|_| self.sign.step != Step::Naming) {
            self.push(canvas, "for", Role::Warning, &format!("{publisher}, in whose name it speaks"));
        }
    }

    /// What is to be signed elsewhere, beside what the dialog tells anyway; and who pays for what was.
    pub(super) fn carried(&mut self, canvas: &Canvas) {
        let Some(carried) = &self.sign.carried else { return };
        // What came back may be of an earlier request.
        let answered = match self.sign.quote.as_ref().map(|quote| &quote.authority) {
            Some(Authority::Signature(signed)) => Some(&signed.request),
            _ => None,
        };
        if let Some(request) = answered.or(carried.request.as_ref()) {
            let words = format!("number {}, good until {}", request.nonce, request.deadline);
            let words = self.turnable(&words, Action::TurnValidity);
            self.push(canvas, "signature", Role::Plain, &words);
        }
        if !carried.earlier.is_empty() && answered.is_none() {
            let numbers: Vec<String> = carried.earlier.iter().map(u64::to_string).collect();
            let words = format!("it comes after number {}, which nobody relayed yet", numbers.join(", "));
            self.push(canvas, "", Role::Warning, &words);
        }
        if let (Some(_), Some(payer)) = (&self.sign.answer, self.sign.payer) {
            let balance = self.sign.quote.as_ref().map(|quote| format!(" {} ETH", quote.balance.ether(4)));
            let words = format!("‹ {payer} ›{}", balance.unwrap_or_default());
            self.push(canvas, "paid by", Role::Plain, &words);
        }
    }
}
