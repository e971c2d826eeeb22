//! `daochain images`

use serde::Serialize;

use super::{
    Session, args,
    console::ErrorPart,
    human::{Cell, Role, Table, size},
    sources,
    verdicts::{Candidate, ImageVerdict, NetworkPart, judge},
};
use crate::{
    domain::{Timestamp, image::LocalImage, time::age},
    ops::{Failure, trust::trust_policy},
};

/// `daochain.images/1`
#[derive(Serialize)]
struct Document {
    schema: &'static str,
    network: Option<NetworkPart>,
    /// Sources, or the network, that could not be read.
    problems: Vec<ErrorPart>,
    images: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    judged: ImageVerdict,
    id: String,
    size: u64,
    created: Option<Timestamp>,
    engine: String,
}

pub async fn run(session: &mut Session, layout: args::Layout) -> Result<u8, Failure> {
    let policy = trust_policy(&session.context)?;
    let list = sources::list(session).await;
    if let (true, [first, others @ ..]) = (list.images.is_empty(), list.problems.as_slice()) {
        for other in others {
            session.console.complain(other);
        }
        return Err(first.clone());
    }
    let mut named: Vec<(Candidate, &LocalImage)> = list.images.iter().flat_map(candidates).collect();
    // Names in order; what has none stands last.
    named.sort_by(|(one, _), (other, _)| {
        (one.reference.is_none(), &one.reference).cmp(&(other.reference.is_none(), &other.reference))
    });
    let (candidates, origins): (Vec<_>, Vec<_>) = named.into_iter().unzip();
    let mut judged = judge(&session.context, candidates, &policy, None).await;
    let failures: Vec<_> = list.problems.iter().chain(judged.network.as_ref().err()).collect();
    for failure in &failures {
        session.console.complain(failure);
    }
    let row = |(judged, image): (ImageVerdict, &LocalImage)| Row {
        judged,
        id: image.id.id.clone(),
        size: image.size,
        created: image.created,
        engine: image.engine.clone(),
    };
    let document = Document {
        schema: "daochain.images/1",
        network: judged.network(),
        problems: failures.iter().map(|failure| ErrorPart::from(*failure)).collect(),
        images: std::mem::take(&mut judged.images).into_iter().zip(origins).map(row).collect(),
    };
    if document.images.is_empty() {
        let words = match (&list.engine, session.context.config().archives.is_empty()) {
            (Some(engine), _) => format!("{engine} has no images"),
            (None, false) => "the archive folders have no images".to_owned(),
            (None, true) => "no engine is asked, and no archive folder is named".to_owned(),
        };
        session.console.note(&format!("daochain: {words}"));
    }
    let (images, format) = (&document.images, layout.format.as_ref());
    session.console.list(&document, images, format, |page| page.table(&table(images, page.look())))?;
    Ok(u8::from(!document.problems.is_empty()))
}

/// An image once under each of its names, or once without any.
fn candidates(image: &LocalImage) -> Vec<(Candidate, &LocalImage)> {
    let candidate = |reference| Candidate::new(image, reference, image.evidence.clone());
    if image.references.is_empty() {
        return vec![(candidate(None), image)];
    }
    image.references.iter().map(|reference| (candidate(Some(reference.clone())), image)).collect()
}

fn table(rows: &[Row], look: &super::human::Look) -> Table {
    let mut table = Table::new(&["", "IMAGE", "SIZE", "AGE", "VERDICT", "PUBLISHER"]).right(&[2, 3]).gives_way(1);
    for row in rows {
        let judged = &row.judged;
        let role = Role::of(judged.verdict, judged.evidence);
        let old = row.created.map_or_else(|| "–".to_owned(), |created| age(judged.checked_at.since(created)));
        table.row(vec![
            Cell::new(role, look.glyph(judged.verdict, judged.evidence)),
            judged.name().into(),
            size(row.size).into(),
            old.into(),
            Cell::new(role, judged.verdict_label()),
            judged.publisher_label().into(),
        ]);
    }
    table
}
