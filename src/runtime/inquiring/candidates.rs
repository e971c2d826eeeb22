//! Who has published a name, and what a registry has under it: what is looked at before anybody is trusted, or anything pulled.

use std::sync::Arc;

use crate::{
    app::{
        model::Tone,
        report::{Fact, Told},
    },
    domain::{
        Reference,
        discovery::Candidate,
        namespace::Vouching,
        progress::Watch,
        text::clean,
        trust::TrustPolicy,
        verdict::{Conclusion, Verdict},
    },
    ops::{
        Context, Failure,
        namespace::vouched,
        offer::{Offer, RemoteImage, Sought, look},
        trust::trust_policy,
    },
    runtime::market::judge,
};

/// Tags, or repositories, that are told.
const TOLD: usize = 100;

/// Who has published a name, whoever did first before the others.
pub(super) async fn discover(context: &Context, reference: &Reference, watch: Arc<dyn Watch>) -> Result<Told, Failure> {
    let policy = trust_policy(context)?;
    let found = crate::ops::trust::discover(context, reference, watch).await?;
    let vouching = if found.is_empty() { Vouching::default() } else { vouched(context, reference).await };
    let name = reference.familiar();
    let title = format!("Who has published {name}");
    if found.is_empty() {
        return Ok(Told::new(title, format!("nobody has published {name} on this network"), Tone::Plain));
    }
    let mut facts = Vec::new();
    for one in &found {
        let (observed, other) = one.observed(&found, &policy, reference);
        facts.push(Fact::plain("publisher", candidate(one, (&policy, &vouching), reference)));
        if observed + other > 0 {
            facts.push(Fact::plain("", format!("{observed} of {} observers saw its newest release", observed + other)));
        }
    }
    let unknown =
        vouching.unknown().map(|(namespace, cause)| format!("{namespace} could not be asked: {}", clean(cause)));
    facts.extend(unknown.map(|words| Fact { tone: Tone::Bad, ..Fact::plain("to know", words) }));
    Ok(Told { facts, ..Told::new(title, policy.explain(reference), Tone::Plain) })
}

fn candidate(one: &Candidate, (policy, vouching): (&TrustPolicy, &Vouching), reference: &Reference) -> String {
    let rule = policy.deciding(reference).into_iter().find(|rule| rule.publisher == one.publisher);
    let mut told =
        vec![format!("{} version {}, {} releases since {}", one.publisher, one.version, one.releases, one.first)];
    told.extend(vouching.of(one.publisher).map(|(namespace, _)| format!("{namespace} vouches for it")));
    told.push(rule.map_or_else(|| "not trusted".to_owned(), |rule| format!("trusted as {}", rule.role.word())));
    told.extend(one.retired.as_ref().map(|reason| format!("WITHDRAWN {}", clean(reason))));
    told.extend(one.successor.map(|heir| format!("handed over to {heir}")));
    if one.revoked > 0 {
        told.push(format!("{} revoked", one.revoked));
    }
    told.join(", ")
}

/// What a registry has, with verdicts.
pub(super) async fn remote(context: &Context, name: &str) -> Result<Told, Failure> {
    let Offer { images, repositories, is_cut, .. } = look(context, &Sought::read(name, None)?, TOLD).await?;
    let subjects = images.iter().map(|image| (image.reference.clone(), image.evidence.clone())).collect();
    let verdicts = judge(context, subjects).await?;
    let mut facts: Vec<Fact> = repositories.iter().map(|name| Fact::plain("repository", clean(name))).collect();
    facts.extend(images.iter().zip(&verdicts).map(|(image, verdict)| offered(image, verdict)));
    if is_cut {
        facts.push(Fact::plain(
            "to know",
            format!("there are more than {TOLD}; `daochain remote --limit` shows others"),
        ));
    }
    let gravest = Conclusion::gravest(verdicts.iter().map(|verdict| verdict.conclusion));
    let sum = match (images.len(), repositories.len()) {
        (0, 0) => "it has nothing there".to_owned(),
        (0, count) => format!("it has {count} repositories there"),
        (count, _) => {
            format!("it has {count} images there; the gravest verdict is {}", gravest.map_or("none", Conclusion::word))
        }
    };
    let tone = gravest.map_or(Tone::Plain, tone);
    Ok(Told { facts, ..Told::new(format!("What the registry has of {}", clean(name)), sum, tone) })
}

const fn tone(conclusion: Conclusion) -> Tone {
    match conclusion {
        Conclusion::Verified => Tone::Good,
        Conclusion::Mismatch | Conclusion::Revoked => Tone::Bad,
        _ => Tone::Plain,
    }
}

fn offered(image: &RemoteImage, verdict: &Verdict) -> Fact {
    let platform = image.platform.as_ref().map_or_else(String::new, |platform| format!(" {}", clean(platform)));
    let digest = image.digest.map_or_else(String::new, |digest| format!(" {digest}"));
    let words =
        format!("{}{platform}{digest} {}: {}", image.reference.familiar(), verdict.conclusion.word(), verdict.reason);
    Fact { tone: tone(verdict.conclusion), ..Fact::plain("image", words) }
}
