//! `daochain verify`

use std::path::Path;

use serde::Serialize;

use super::{
    Session, args,
    console::{Console, ErrorPart},
    sources::{self, Measuring},
    verdicts::{Candidate, ImageVerdict, Judged, NetworkPart, judge},
};
use crate::{
    domain::{Reference, image::LocalImage, network::Dissent, verdict::Conclusion},
    ops::{Failure, release::standing_for, trust::policy_for},
};

/// `daochain.verify/1`
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    network: Option<NetworkPart>,
    /// Why the network could not be read.
    problem: Option<ErrorPart>,
    log_problem: Option<&'a str>,
    /// Endpoints without which the verdicts were reached.
    dissent: &'a [Dissent],
    verdict: Conclusion,
    images: &'a [ImageVerdict],
}

pub async fn run(session: &mut Session, args: args::Verify) -> Result<u8, Failure> {
    let policy = policy_for(&session.context, &args.publisher)?;
    let measuring = match (args.quick, args.measure) {
        (true, _) => Measuring::Not,
        (_, true) => Measuring::Anew,
        _ => Measuring::Once,
    };
    let candidates = if args.archive.is_empty() {
        of_list(session, &args, measuring).await?
    } else {
        of_archives(session, &args, measuring).await?
    };
    let judged = judge(&session.context, candidates, &policy, args.require_finality).await;
    present(&mut session.console, &judged);
    Ok(judged.verdict().exit_code())
}

/// Prints a judgement, as `verify` and `demo` do.
pub fn present(console: &mut Console, judged: &Judged) {
    if let Err(failure) = &judged.network {
        console.complain(failure);
    }
    if let Some(problem) = &judged.log_problem {
        console.note(&format!("daochain: {problem}"));
    }
    let document = Document {
        schema: "daochain.verify/1",
        network: judged.network(),
        problem: judged.problem(),
        log_problem: judged.log_problem.as_deref(),
        dissent: &judged.dissent,
        verdict: judged.verdict(),
        images: &judged.images,
    };
    console.present(&document, |page| {
        for image in &judged.images {
            image.describe(page);
        }
    });
}

async fn of_list(session: &mut Session, args: &args::Verify, measuring: Measuring) -> Result<Vec<Candidate>, Failure> {
    let list = sources::list(session).await;
    let references = if args.all {
        let mut all: Vec<_> = list.images.iter().flat_map(|image| image.references.iter().cloned()).collect();
        all.sort();
        all.dedup();
        // A source that failed may hold any number of images that nobody looked at.
        match list.problems.first() {
            Some(problem) if all.is_empty() => return Err(problem.clone()),
            None if all.is_empty() => session.console.note("daochain: no local image has a name; nothing was verified"),
            _ => {}
        }
        all
    } else {
        distinct(&args.references)
    };
    let is_meant = |image: &&LocalImage| image.references.iter().any(|reference| references.contains(reference));
    let meant: Vec<_> = list.images.iter().filter(is_meant).cloned().collect();
    let found = sources::evidence_of_all(session, &meant, measuring).await?;
    let mut candidates = Vec::with_capacity(references.len());
    for reference in &references {
        candidates.extend(sources::named(session, &list, reference, &found).await);
    }
    if args.all {
        for problem in &list.problems {
            session.console.complain(problem);
            candidates.push(Candidate::unreadable(None, problem.to_string(), None));
        }
    }
    Ok(candidates)
}

async fn of_archives(
    session: &mut Session,
    args: &args::Verify,
    measuring: Measuring,
) -> Result<Vec<Candidate>, Failure> {
    let references = distinct(&args.references);
    let mut candidates = Vec::new();
    for path in &args.archive {
        match sources::archive(session, path, measuring).await {
            Ok(images) => {
                candidates.extend(of_archive(path, &images, &references)?);
                let nameless = images.iter().filter(|image| image.references.is_empty()).count();
                if references.is_empty() && nameless > 0 {
                    let note = format!(
                        "daochain: {}: {nameless} of its images have no name and were not judged",
                        path.display()
                    );
                    session.console.note(&note);
                }
            }
            // Of a single archive that cannot be read there is no image to tell of.
            Err(failure) if args.archive.len() == 1 || failure.is_cancelled() => return Err(failure),
            Err(failure) => {
                candidates.push(Candidate::unreadable(None, failure.to_string(), Some(path.display().to_string())));
            }
        }
    }
    Ok(candidates)
}

fn of_archive(path: &Path, images: &[LocalImage], references: &[Reference]) -> Result<Vec<Candidate>, Failure> {
    let candidate = |image: &LocalImage, reference: &Reference| {
        Candidate::new(image, Some(reference.clone()), image.evidence.clone())
    };
    let mut candidates = Vec::new();
    if references.is_empty() {
        for image in images {
            candidates.extend(image.references.iter().map(|reference| candidate(image, reference)));
        }
        return if candidates.is_empty() { Err(sources::nameless(path)) } else { Ok(candidates) };
    }
    for reference in references {
        match standing_for(path, images, reference) {
            Ok(standing) => candidates.extend(standing.into_iter().map(|image| candidate(image, reference))),
            Err(failure) => {
                let (name, place) = (Some(reference.clone()), Some(path.display().to_string()));
                candidates.push(Candidate::unreadable(name, failure.to_string(), place));
            }
        }
    }
    Ok(candidates)
}

/// Without repetitions, in the order given.
pub fn distinct(references: &[Reference]) -> Vec<Reference> {
    let mut distinct: Vec<Reference> = Vec::with_capacity(references.len());
    for reference in references {
        if !distinct.contains(reference) {
            distinct.push(reference.clone());
        }
    }
    distinct
}
