//! What a dialog cannot take back, and where it comes to its end.

use super::{DEPLOYED, PUBLISHED, Purpose, Quote, Said, Sign, Step};
use crate::domain::publication::Statement;

impl Sign {
    /// True where the user may say what a release carries.
    #[must_use]
    pub fn can_note(&self) -> bool {
        let is_open = matches!(self.step, Step::Ready | Step::Stuck | Step::Carrying) && self.answer.is_none();
        is_open && self.is_release() && !self.is_policy()
    }

    /// True where the user may say what becomes of a release: of one that is signed, whether it is sent though the same is
    /// current.
    #[must_use]
    pub fn can_turn(&self) -> bool {
        let is_current = || self.step == Step::Stuck && self.quote.as_ref().is_some_and(Quote::is_repetition);
        let is_release = || matches!(self.said(), Some(Statement::Release { .. }));
        self.can_note() || (self.answer.is_some() && is_current() && is_release())
    }

    /// True of what cannot be undone: a revocation, a retirement, and taking over.
    #[must_use]
    pub const fn is_for_ever(&self) -> bool {
        let statement = match &self.purpose {
            Purpose::Revoke { .. } => return true,
            Purpose::Personal(statement) | Purpose::Document(statement) => statement,
            Purpose::Given(given) => &given.request.statement,
            _ => return false,
        };
        matches!(
            statement,
            Statement::Revocation { .. } | Statement::Retirement { .. } | Statement::SuccessionAcceptance { .. }
        )
    }

    /// True when nothing is left to be said: the digest is the current release already, or was taken back.
    #[must_use]
    pub fn is_repetition(&self) -> bool {
        let is_there = self.problem.as_ref().is_some_and(|problem| [DEPLOYED, PUBLISHED].contains(&problem.code));
        let is_said = self.sighting.as_ref().is_some_and(|seen| seen.said != Said::Otherwise);
        self.step == Step::Stuck && (is_there || is_said || self.quote.as_ref().is_some_and(Quote::is_repetition))
    }
}
