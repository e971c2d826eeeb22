//! What a registry serves, before an observer attests it.

use super::{Canvas, Form, LABEL, Role, Sign, digests::DIGEST};
use crate::{app::sign::Sighting, domain::verdict::Observed};

/// Rows of the dialog without its digests, where a problem is told as well.
const BESIDE: u16 = 21;

impl Form<'_> {
    /// The name, what is served under it, and what others saw.
    pub(super) fn sighting(&mut self, canvas: &Canvas) {
        let sign: &Sign = self.sign;
        if let Some(reference) = &sign.reference {
            self.push(canvas, "image", Role::Plain, &reference.to_string());
        }
        match &sign.sighting {
            Some(seen) => self.seen(canvas, seen),
            None => self.push(canvas, "serves", Role::Muted, "not known before its registry is asked"),
        }
        if let Some(quote) = &sign.quote {
            self.push(canvas, "becomes", Role::Plain, &format!("version {} of what the account saw", quote.version));
        }
        self.terms(canvas);
    }

    fn seen(&mut self, canvas: &Canvas, seen: &Sighting) {
        let lines = if DIGEST + LABEL <= self.width { 1 } else { 2 };
        let room = usize::from(self.height.saturating_sub(BESIDE)) / lines;
        let (all, shown) = (seen.digests.len(), seen.digests.len().min(room.max(1)));
        // The index or manifest first that the name itself leads to.
        for kinded in seen.digests.iter().rev().take(shown) {
            self.digest(canvas, &kinded.kind.to_string(), &kinded.digest.to_string());
        }
        if shown < all {
            let words = format!("and {} more that it leads to, which a taller screen shows", all - shown);
            self.push(canvas, "", Role::Warning, &words);
        }
        let Some(verdict) = &seen.verdict else {
            return self.push(canvas, "others", Role::Muted, "what others said of it could not be told");
        };
        let (role, words) = verdict.observed.as_ref().map_or((Role::Muted, NOBODY.to_owned()), counted);
        self.push(canvas, "observers", role, &words);
        self.push(canvas, "verdict", Role::Plain, &format!("{}: {}", verdict.conclusion.word(), verdict.reason));
        if let Some(doubt) = &seen.doubt {
            self.push(canvas, "", Role::Warning, doubt);
        }
    }
}

const NOBODY: &str = "none whom the trust policy names has seen the name";

/// Who saw the same, and who did not.
fn counted(observed: &Observed) -> (Role, String) {
    let Observed { agreeing, dissenting, stale, of } = observed;
    let mut words = vec![format!("{} of {of} saw the same", agreeing.len())];
    if !dissenting.is_empty() {
        words.push(format!("{} saw something else", dissenting.len()));
    }
    if !stale.is_empty() {
        words.push(format!("{} looked too long ago", stale.len()));
    }
    (if dissenting.is_empty() { Role::Plain } else { Role::Danger }, words.join(", "))
}
