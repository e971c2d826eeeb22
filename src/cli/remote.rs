//! `daochain remote`

use serde::Serialize;

use super::{
    Session, args,
    console::{ErrorPart, Page},
    human::{Cell, Role, Table, size},
    progress::{Bar, lasting},
    verdicts::{Candidate, ImageVerdict, NetworkPart, judge},
};
use crate::{
    domain::{Digest, network::Dissent, time::age, verdict::Conclusion},
    ops::{
        Failure,
        offer::{Offer, RemoteImage, Sought, look},
        trust::trust_policy,
    },
};

/// `daochain.remote/1`
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    network: Option<NetworkPart>,
    /// Why the network could not be read.
    problem: Option<ErrorPart>,
    log_problem: Option<&'a str>,
    dissent: &'a [Dissent],
    /// The gravest; `None` for a namespace.
    verdict: Option<Conclusion>,
    /// There are more tags, or repositories.
    cut: bool,
    rate_limit: Option<RatePart>,
    repositories: &'a [String],
    images: &'a [Row],
}

/// How much the registry may still be asked.
#[derive(Serialize)]
struct RatePart {
    remaining: u64,
    limit: Option<u64>,
    seconds: Option<u64>,
}

#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    judged: ImageVerdict,
    tag: String,
    /// Of what the tag names.
    digest: Option<Digest>,
    manifest_digest: Option<Digest>,
    media_type: Option<String>,
    /// Bytes of configuration and layers as they are stored.
    size: Option<u64>,
}

pub async fn run(session: &mut Session, args: args::Remote) -> Result<u8, Failure> {
    let policy = trust_policy(&session.context)?;
    let sought = Sought::read(&args.name, args.tags)?;
    let bar = Bar::of_seconds(&session.console, &session.token, &format!("asking for {}", args.name));
    let offer = lasting(bar, look(&session.context, &sought, args.limit.into())).await?;
    let candidates = offer.images.iter().map(candidate).collect();
    let mut judged = judge(&session.context, candidates, &policy, None).await;
    if let Err(failure) = &judged.network {
        session.console.complain(failure);
    }
    if let Some(problem) = &judged.log_problem {
        session.console.note(&format!("daochain: {problem}"));
    }
    if offer.is_cut {
        session.console.note(&format!("daochain: there are more than {}; --limit or --tags shows others", args.limit));
    }
    let code = if offer.images.is_empty() { 0 } else { judged.verdict().exit_code() };
    let verdict = (!offer.images.is_empty()).then(|| judged.verdict());
    let (network, problem) = (judged.network(), judged.problem());
    let rows: Vec<_> = std::mem::take(&mut judged.images).into_iter().zip(&offer.images).map(row).collect();
    let rate_limit = offer.rate_limit;
    let document = Document {
        schema: "daochain.remote/1",
        network,
        problem,
        log_problem: judged.log_problem.as_deref(),
        dissent: &judged.dissent,
        verdict,
        cut: offer.is_cut,
        rate_limit: rate_limit.map(|it| RatePart { remaining: it.remaining, limit: it.limit, seconds: it.seconds }),
        repositories: &offer.repositories,
        images: &rows,
    };
    let format = args.layout.format.as_ref();
    session.console.list(&document, &rows, format, |page| {
        describe(page, &offer, &rows, document.rate_limit.as_ref());
    })?;
    Ok(code)
}

fn candidate(image: &RemoteImage) -> Candidate {
    Candidate {
        image: None,
        reference: Some(image.reference.clone()),
        evidence: image.evidence.clone(),
        platform: image.platform.clone(),
        source: None,
    }
}

fn row((mut judged, image): (ImageVerdict, &RemoteImage)) -> Row {
    if judged.verdict == Conclusion::Undecided
        && image.digest.is_some()
        && judged.config_digest.is_none()
        && judged.publisher.is_some()
    {
        judged.reason = format!(
            "only the manifest of {} for {} was read, and it is in no release; `daochain hash --remote` measures its configuration",
            image.reference.familiar(),
            image.platform.as_deref().unwrap_or("a platform without a name"),
        );
    }
    Row {
        judged,
        tag: image.reference.tag().to_owned(),
        digest: image.digest,
        manifest_digest: image.manifest,
        media_type: image.media_type.clone(),
        size: image.bytes,
    }
}

fn describe(page: &mut Page, offer: &Offer, rows: &[Row], rate: Option<&RatePart>) {
    for repository in &offer.repositories {
        page.line(repository);
    }
    if !rows.is_empty() {
        let table = table(rows, page);
        page.table(&table);
        // Why is told where there is one image, or where what is there is no image that could be used.
        let is_told = |row: &&Row| rows.len() == 1 || row.digest.is_none() || row.judged.problem.is_some();
        for row in rows.iter().filter(is_told) {
            page.line(&format!("{}: {}", row.tag, row.judged.reason));
        }
    }
    if offer.repositories.is_empty() && rows.is_empty() {
        page.line("nothing of that name");
    }
    if let Some(rate) = rate {
        let of = rate.limit.map_or_else(String::new, |limit| format!(" of {limit}"));
        let within = rate.seconds.map_or_else(String::new, |seconds| format!(" in {}", age(seconds)));
        page.line(&format!("the registry answers {}{of} more requests{within}", rate.remaining));
    }
}

fn table(rows: &[Row], page: &Page) -> Table {
    let look = page.look();
    let mut table =
        Table::new(&["", "TAG", "PLATFORM", "SIZE", "DIGEST", "VERDICT", "PUBLISHER"]).right(&[3]).gives_way(1);
    let none = || "–".to_owned();
    for row in rows {
        let judged = &row.judged;
        let role = Role::of(judged.verdict, judged.evidence);
        table.row(vec![
            Cell::new(role, look.glyph(judged.verdict, judged.evidence)),
            row.tag.as_str().into(),
            judged.platform.clone().unwrap_or_else(none).into(),
            row.size.map_or_else(none, size).into(),
            row.manifest_digest.map_or_else(none, |digest| digest.short()).into(),
            Cell::new(role, judged.verdict_label()),
            judged.publisher_label().into(),
        ]);
    }
    table
}
