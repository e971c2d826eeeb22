//! What registries serve under names now, for observers to attest: digests alone, no layers unless they are asked for.
//!
//! ```text
//! tag ─▶ manifest ─▶ configuration's digest;   tag ─▶ index ─▶ every platform's manifest ─▶ its configuration's digest
//! ```
//! Manifests and indexes are read whole and hashed here; what a manifest names is the registry's claim until `deep` measures it.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::{
    context::now,
    history,
    registries::{absent, origin, read_child},
    remote::{Platforms, measure_origin},
};
use crate::{
    chain::{ChainError, Question},
    domain::{
        Address, Digest, Reference, Timestamp, digest::DigestKind, image::KindedDigest, measurement::ImageState,
        progress::Watch, publication::Statement, record::Record,
    },
    ops::{Context, Failure},
    registry::{Child, Outline, Repository},
};

/// Names that are looked at at once, and manifests of each.
const NAMES_AT_ONCE: usize = 4;
const MANIFESTS_AT_ONCE: usize = 2;
/// Digests that a release may hold (`ImageRegistry.sol`).
const DIGESTS: usize = 64;

/// What one name stands for at its registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// The name.
    pub reference: Reference,
    /// Configurations, manifests and the index, each once.
    pub digests: Vec<KindedDigest>,
}

/// What was read already. A digest tells that it is the same, so that a tag that has not moved costs one request without a body.
#[derive(Debug, Default)]
pub struct Remembered {
    /// The configurations of manifests.
    configs: Mutex<HashMap<Digest, Digest>>,
    /// What names stood for, and what that led to.
    names: Mutex<HashMap<Reference, (Digest, Vec<KindedDigest>)>>,
}

impl Remembered {
    fn config_of(&self, manifest: Digest) -> Option<Digest> {
        self.configs.lock().unwrap_or_else(PoisonError::into_inner).get(&manifest).copied()
    }

    fn keep(&self, configs: impl IntoIterator<Item = (Digest, Digest)>) {
        self.configs.lock().unwrap_or_else(PoisonError::into_inner).extend(configs);
    }

    fn name(&self, reference: &Reference) -> Option<(Digest, Vec<KindedDigest>)> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner).get(reference).cloned()
    }

    fn keep_name(&self, reference: &Reference, root: Digest, digests: &[KindedDigest]) {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.insert(reference.clone(), (root, digests.to_vec()));
    }
}

/// Looks at every name, several at once; each has its observation, or why there is none. With `deep` every byte of every layer is
/// read and hashed as well.
pub async fn observe(
    context: &Context,
    references: &[Reference],
    remembered: &Remembered,
    deep: Option<Arc<dyn Watch>>,
) -> Vec<Result<Observation, Failure>> {
    let look = |reference: &Reference| {
        let (reference, deep) = (reference.clone(), deep.clone());
        async move {
            let digests = match deep {
                Some(watch) => measured(context, &reference, watch).await?,
                None => claimed(context, &reference, remembered).await?,
            };
            if digests.len() > DIGESTS {
                let message = format!(
                    "`{}` leads to {} digests, and one release holds {DIGESTS}",
                    reference.familiar(),
                    digests.len()
                );
                return Err(Failure::new("release-too-large", &message).hint("its publisher can split the index"));
            }
            Ok(Observation { reference, digests })
        }
    };
    stream::iter(references.iter().map(look)).buffered(NAMES_AT_ONCE).collect().await
}

async fn claimed(
    context: &Context,
    reference: &Reference,
    remembered: &Remembered,
) -> Result<Vec<KindedDigest>, Failure> {
    let asked = origin(context, reference).await?;
    if let Some((root, digests)) = remembered.name(reference)
        && asked.still_names(reference.tag(), root).await?
    {
        return Ok(digests);
    }
    let found = asked.resolve(reference.tag()).await?.ok_or_else(|| absent(reference))?;
    let mut digests = match asked.outline(&found)? {
        Outline::Manifest { config, .. } => {
            vec![kinded(DigestKind::Config, config), kinded(DigestKind::Manifest, found.digest)]
        }
        Outline::Index(children) => {
            let images = children.into_iter().filter(|child| !child.is_attestation);
            let read = images.map(|child| config_of(&asked, reference, child, remembered));
            let pairs: Vec<(Digest, Digest)> = stream::iter(read).buffered(MANIFESTS_AT_ONCE).try_collect().await?;
            remembered.keep(pairs.iter().copied());
            let of_images = pairs.into_iter().flat_map(|(manifest, config)| {
                [kinded(DigestKind::Config, config), kinded(DigestKind::Manifest, manifest)]
            });
            of_images.chain([kinded(DigestKind::Index, found.digest)]).collect()
        }
    };
    digests.sort();
    digests.dedup();
    remembered.keep_name(reference, found.digest, &digests);
    Ok(digests)
}

const fn kinded(kind: DigestKind, digest: Digest) -> KindedDigest {
    KindedDigest { kind, digest }
}

/// A platform's manifest, and the configuration that it names.
async fn config_of(
    asked: &Repository,
    reference: &Reference,
    child: Child,
    remembered: &Remembered,
) -> Result<(Digest, Digest), Failure> {
    if let Some(config) = remembered.config_of(child.digest) {
        return Ok((child.digest, config));
    }
    Ok((child.digest, read_child(asked, reference, child.digest).await?.0))
}

/// The same digests, of what was read and hashed to the last byte.
async fn measured(
    context: &Context,
    reference: &Reference,
    watch: Arc<dyn Watch>,
) -> Result<Vec<KindedDigest>, Failure> {
    let measured = measure_origin(context, reference, Platforms::All, watch).await?;
    let mut digests = Vec::new();
    for image in &measured.images {
        if image.state != ImageState::Measured {
            let why = image.problem.as_deref().unwrap_or("not all of it is there");
            let message = format!("registry `{}`: `{}`: {why}", reference.registry(), reference.familiar());
            return Err(Failure::new("image-corrupt", &message).hint("whoever pushed it can push it again"));
        }
        let evidence = image.evidence();
        digests.extend(evidence.revocable());
    }
    digests.sort();
    digests.dedup();
    Ok(digests)
}

/// What is new to say, and what stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct News {
    /// Releases of what is seen now and is not what the observer said last, or said longer ago than it is to be said anew.
    pub statements: Vec<Statement>,
    /// Names of which the observer said the same already.
    pub unchanged: Vec<Reference>,
    /// Names of which something was seen that the observer has withdrawn, and can never say again.
    pub withdrawn: Vec<Reference>,
    /// Why digests that a name leads to no longer may have gone unnoticed. One sentence.
    pub log_problem: Option<String>,
}

/// Compares observations with what `observer` said last; `renew` is the seconds after which the same is said again.
///
/// # Errors
/// When the node cannot be asked.
pub async fn news(
    context: &Context,
    observer: Address,
    observations: Vec<Observation>,
    renew: Option<u64>,
) -> Result<News, Failure> {
    let question = |one: &Observation| Question {
        reference: one.reference.clone(),
        publishers: vec![observer],
        digests: one.digests.iter().map(|kinded| kinded.digest).collect(),
    };
    let questions: Vec<_> = observations.iter().map(question).collect();
    let (records, log_problem) = own_records(context, observer, &questions).await?;
    let now = now();
    let mut news = News { log_problem, ..News::default() };
    // Twice the same name is one observation.
    let once: BTreeMap<_, _> = observations
        .into_iter()
        .zip(records)
        .map(|(observation, records)| (observation.reference.clone(), (observation, records)))
        .collect();
    for (reference, (observation, records)) in once {
        let own = records.into_iter().find(|record| record.publisher == observer);
        match own.map_or(Said::Otherwise, |record| said(&record, &observation, renew, now)) {
            Said::Withdrawn => news.withdrawn.push(reference),
            Said::Same => news.unchanged.push(reference),
            Said::Otherwise => {
                let Observation { reference, digests } = observation;
                news.statements.push(Statement::Release { reference, digests, amends: 0, annotations: String::new() });
            }
        }
    }
    Ok(news)
}

/// What an observer said last, beside what is seen now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    /// The same, and lately.
    Same,
    /// Something else, or the same too long ago.
    Otherwise,
    /// It took back some of it, and can never say it again.
    Withdrawn,
}

fn said(record: &Record, observation: &Observation, renew: Option<u64>, now: Timestamp) -> Said {
    let (head, entries) = (&record.head, &record.entries);
    if head.retired_at.or(head.publisher_retired_at).is_some() || entries.iter().any(|entry| entry.revoked_at.is_some())
    {
        return Said::Withdrawn;
    }
    let is_seen = |digest: Digest| observation.digests.iter().any(|kinded| kinded.digest == digest);
    let is_current = entries.len() == observation.digests.len()
        && entries.iter().all(|entry| entry.version > 0 && entry.version == head.version)
        // Without the event log nobody knows what else the release holds.
        && record.current.iter().all(|kinded| is_seen(kinded.digest));
    let age = head.published_at.map_or(u64::MAX, |at| now.since(at));
    if is_current && renew.is_none_or(|renew| age < renew) { Said::Same } else { Said::Otherwise }
}

/// What the observer said of each name, with what its newest release holds as far as the event log could be read; and why that
/// may be less.
async fn own_records(
    context: &Context,
    observer: Address,
    questions: &[Question],
) -> Result<(Vec<Vec<Record>>, Option<String>), Failure> {
    let chain = context.chain().await?;
    let mut is_again = false;
    loop {
        let names = questions.iter().map(|one| (one.reference.clone(), one.publishers.clone())).collect();
        let (head, behind) = chain.common_head().await?;
        let (heard, log_problem) = history::heard(context, &chain, &head.latest, names).await;
        match chain.records_at(&head, behind, questions, &heard.only(observer)).await {
            // A reorganisation came between, or goes on.
            Err(ChainError::Disagreement { .. } | ChainError::Unsettled { .. }) if !is_again => is_again = true,
            answers => return Ok((answers?.records, log_problem)),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::domain::record::{Entry, Head};

    #[test]
    fn the_same_is_said_again_once_it_is_old_and_what_was_withdrawn_never() {
        let (now, digest) = (Timestamp(1_000_000), Digest::of(b"a"));
        let digests = vec![kinded(DigestKind::Config, digest)];
        let observation = Observation { reference: "acme/api:1".parse().unwrap(), digests: digests.clone() };
        let record = |age: u64| Record {
            publisher: Address::from_bytes([1; 20]),
            head: Head { version: 2, published_at: Some(Timestamp(now.0 - age)), ..Head::default() },
            entries: vec![Entry { version: 2, ..Entry::absent(digest) }],
            current: digests.clone(),
            head_block: None,
            successor: None,
            retirement_reason: None,
        };
        let said = |record: &Record, renew| said(record, &observation, renew, now);
        assert_eq!(said(&record(90_000), None), Said::Same, "without a time nothing is renewed");
        assert_eq!(said(&record(3599), Some(3600)), Said::Same);
        assert_eq!(said(&record(3600), Some(3600)), Said::Otherwise);
        let mut more = record(1);
        more.current.push(kinded(DigestKind::Index, Digest::of(b"b")));
        assert_eq!(said(&more, None), Said::Otherwise, "what is gone is a change");
        let mut withdrawn = record(90_000);
        withdrawn.entries[0].revoked_at = Some(now);
        assert_eq!(said(&withdrawn, Some(3600)), Said::Withdrawn);
    }
}
