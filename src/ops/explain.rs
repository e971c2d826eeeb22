//! What explaining a verdict takes beside the verdict: the policy, what was said of the name, and who said so.

use std::{collections::BTreeMap, sync::Arc};

use super::{history::read_history, node::node_status, trust::trust_policy};
use crate::{
    domain::{Reference, explain::Witness, progress::Watch, record::HistoryEvent, trust::TrustPolicy},
    ops::{Context, Failure},
};

/// What is known beside verdicts. Each part may be missing with a reason: the rest is told all the same.
#[derive(Debug, Clone)]
pub struct Background {
    /// The part of the trust policy that holds on the current network.
    pub policy: Result<TrustPolicy, Failure>,
    /// The network's endpoints, as far as they could be asked.
    pub witnesses: Vec<Witness>,
    /// How many of them must say the same.
    pub must_agree: usize,
    histories: BTreeMap<Reference, Result<Vec<HistoryEvent>, Failure>>,
}

impl Background {
    /// What was said of a name, oldest first.
    ///
    /// # Errors
    /// Why it is not known.
    pub fn history(&self, reference: &Reference) -> Result<&[HistoryEvent], String> {
        match self.histories.get(reference) {
            Some(Ok(events)) => Ok(events),
            Some(Err(failure)) => Err(failure.to_string()),
            None => Err("it was not asked for".to_owned()),
        }
    }
}

/// Reads all that explaining verdicts about `references` takes.
pub async fn background(context: &Context, references: &[Reference], watch: Arc<dyn Watch>) -> Background {
    let mut histories = BTreeMap::new();
    for reference in references {
        let read = read_history(context, reference, None, Arc::clone(&watch)).await;
        histories.insert(reference.clone(), read);
    }
    let (witnesses, must_agree) = match node_status(context).await {
        Ok(status) => {
            let alone = status.endpoints.len() == 1;
            let told = |failure: &Failure| failure.to_string();
            let of = |endpoint| Witness::of(endpoint, alone, told);
            (status.endpoints.iter().map(of).collect(), status.must_agree)
        }
        Err(_) => (Vec::new(), 0),
    };
    Background { policy: trust_policy(context), witnesses, must_agree, histories }
}
