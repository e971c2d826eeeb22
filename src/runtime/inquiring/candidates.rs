//! Who has published a name, and what a registry has under it: what is looked at before anybody is trusted, or anything pulled.

use std::sync::Arc;

use crate::{
    app::{
        model::Tone,
        report::{Fact, Told},
    },
    domain::{
        Address, Digest, Reference,
        discovery::Candidate,
        image::Evidence,
        namespace::Vouching,
        progress::Watch,
        text::{clean, count},
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
        facts.extend(candidate(one, (&policy, &vouching), reference));
        let (observed, other) = one.observed(&found, &policy, reference);
        if observed + other > 0 {
            facts.push(Fact::plain("observers", format!("{observed} of {} saw its newest release", observed + other)));
        }
    }
    let unknown =
        vouching.unknown().map(|(namespace, cause)| format!("{namespace} could not be asked: {}", clean(cause)));
    facts.extend(unknown.map(|words| Fact { tone: Tone::Bad, ..Fact::plain("to know", words) }));
    Ok(Told { facts, ..Told::new(title, policy.explain(reference), Tone::Plain) })
}

/// What is known of one of them, each thing with its label.
fn candidate(one: &Candidate, (policy, vouching): (&TrustPolicy, &Vouching), reference: &Reference) -> Vec<Fact> {
    let good = |label, words: String| Fact { tone: Tone::Good, ..Fact::plain(label, words) };
    let bad = |label, words: String| Fact { tone: Tone::Bad, ..Fact::plain(label, words) };
    let name = policy.name_of(one.publisher).map_or_else(String::new, |name| format!("  {}", clean(name)));
    let released = format!("{}, first {}, last {}", count(one.releases, "release"), one.first, one.last);
    let mut facts = vec![
        Fact::plain("publisher", format!("{}{name}", one.publisher)),
        Fact::plain("newest", format!("version {}; {released}", one.version)),
    ];
    let rule = policy.deciding(reference).into_iter().find(|rule| rule.publisher == one.publisher);
    facts.push(match rule {
        Some(rule) => good("trusted", format!("as {}", rule.role.word())),
        None => Fact::plain("trusted", "no"),
    });
    let vouched = vouching.of(one.publisher);
    facts.extend(vouched.map(|(namespace, _)| good("namespace", format!("{namespace} vouches for it"))));
    facts.extend(one.retired.as_ref().map(|reason| bad("WITHDRAWN", clean(reason))));
    facts.extend(one.successor.map(|heir| bad("successor", format!("handed over to {heir}"))));
    facts.extend((one.revoked > 0).then(|| bad("revoked", count(one.revoked, "digest"))));
    facts
}

/// What a registry has, with verdicts.
pub(super) async fn remote(context: &Context, name: &str) -> Result<Told, Failure> {
    let Offer { images, repositories, is_cut, .. } = look(context, &Sought::read(name, None)?, TOLD).await?;
    let subjects = images.iter().map(|image| (image.reference.clone(), image.evidence.clone())).collect();
    let verdicts = judge(context, subjects, &[]).await?;
    let mut facts: Vec<Fact> = repositories.iter().map(|name| Fact::plain("repository", clean(name))).collect();
    let fact = |(image, verdict): (&RemoteImage, &Verdict)| {
        judged(&image.reference, image.platform.as_deref(), image.digest, verdict)
    };
    facts.extend(images.iter().zip(&verdicts).map(fact));
    if is_cut {
        facts.push(Fact::plain(
            "to know",
            format!("there are more than {TOLD}; `daochain remote --limit` shows others"),
        ));
    }
    let gravest = Conclusion::gravest(verdicts.iter().map(|verdict| verdict.conclusion));
    let sum = match (images.len(), repositories.len()) {
        (0, 0) => "it has nothing there".to_owned(),
        (0, few) => format!("it has {few} repositories there"),
        (few, _) => {
            format!("it has {few} images there; the gravest verdict is {}", gravest.map_or("none", Conclusion::shown))
        }
    };
    let tone = gravest.map_or(Tone::Plain, tone);
    Ok(Told { facts, ..Told::new(format!("What the registry has of {}", clean(name)), sum, tone) })
}

/// An image under a name, on a platform where one is known, and what is known of its content.
pub(super) type Named = (Reference, Option<String>, Evidence);

/// What each image is by the word of `only`, or by the trust policy where that is empty.
pub(super) async fn verdicts(
    context: &Context,
    title: String,
    images: &[Named],
    only: &[Address],
) -> Result<Told, Failure> {
    let subjects = images.iter().map(|(reference, _, evidence)| (reference.clone(), evidence.clone())).collect();
    let verdicts = judge(context, subjects, only).await?;
    let by = only.iter().map(|publisher| Fact::plain("trusting", format!("{publisher}, for this once")));
    let fact = |((reference, platform, evidence), verdict): (&Named, &Verdict)| {
        judged(reference, platform.as_deref(), evidence.config_digest(), verdict)
    };
    let facts = by.chain(images.iter().zip(&verdicts).map(fact)).collect();
    let gravest = Conclusion::gravest(verdicts.iter().map(|verdict| verdict.conclusion));
    let word = gravest.map_or("none", Conclusion::shown);
    let sum = if let [_] = verdicts.as_slice() { word.to_owned() } else { format!("the gravest verdict is {word}") };
    Ok(Told { facts, ..Told::new(title, sum, gravest.map_or(Tone::Plain, tone)) })
}

const fn tone(conclusion: Conclusion) -> Tone {
    match conclusion {
        Conclusion::Verified => Tone::Good,
        Conclusion::Mismatch | Conclusion::Revoked => Tone::Bad,
        _ => Tone::Plain,
    }
}

/// An image under a name, and what was judged of it.
fn judged(reference: &Reference, platform: Option<&str>, digest: Option<Digest>, verdict: &Verdict) -> Fact {
    let platform = platform.map_or_else(String::new, |platform| format!(" {}", clean(platform)));
    let digest = digest.map_or_else(String::new, |digest| format!(" {digest}"));
    let words =
        format!("{}{platform}{digest} {}: {}", reference.familiar(), verdict.conclusion.shown(), verdict.reason);
    Fact { tone: tone(verdict.conclusion), ..Fact::plain("image", words) }
}
