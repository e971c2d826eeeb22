//! The released image beside the one that is explained.

use serde::Serialize;

use super::Meant;
use crate::{
    cli::{Session, args, console::ErrorPart, progress::Bar},
    domain::{
        Digest,
        compare::{
            Comparison, FileChange, FileChanges, LayerPart, Makeup, Origin, Pair, ParameterChange, Question, shown_path,
        },
        image::LocalImage,
    },
    ops::{
        Failure,
        compare::{Reach, compare, compare_files},
        verify::Judgement,
    },
};

/// Both images' layers, and the files of those that differ.
#[derive(Serialize)]
pub struct ComparedPart {
    released: Digest,
    version: Option<u32>,
    /// `measured`, `local` or `registry`: where the released image's layers are known from.
    origin: &'static str,
    layers: Vec<PairPart>,
    /// What differs of how containers are run; `null` where that was not kept of one of them.
    parameters: Option<Vec<ParameterChange>>,
    /// Why the files that differ could not be listed.
    problem: Option<ErrorPart>,
}

#[derive(Serialize)]
struct PairPart {
    same: bool,
    here: Option<LayerPart>,
    released: Option<LayerPart>,
    /// Where they were listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    files: Option<FilesPart>,
}

#[derive(Serialize)]
struct FilesPart {
    same: usize,
    different: usize,
    /// Why what is only on one side is not told.
    problem: Option<String>,
    changes: Vec<FilePart>,
}

#[derive(Serialize)]
struct FilePart {
    path: String,
    change: &'static str,
    words: String,
}

/// The released image's side of one image, as far as it was looked for.
#[derive(Default)]
pub struct Side {
    pub comparison: Option<Result<Comparison, Failure>>,
    /// Pairs that differ, with the files that do.
    pub files: Vec<(Pair, FileChanges)>,
    /// Why they could not be listed.
    pub problem: Option<Failure>,
}

impl Side {
    /// As a document tells it.
    pub fn part(&self) -> Option<ComparedPart> {
        let Some(Ok(comparison)) = &self.comparison else { return None };
        let pair = |pair: Pair| {
            let side = |of: &Makeup, at: Option<usize>| at.and_then(|at| of.layers.get(at)).cloned();
            let files = self.files.iter().find(|(listed, _)| *listed == pair).map(|(_, changes)| FilesPart {
                same: changes.same,
                different: changes.total,
                problem: changes.problem.clone(),
                changes: changes.changes.iter().map(file).collect(),
            });
            PairPart {
                same: pair.is_same(&comparison.here, &comparison.released),
                here: side(&comparison.here, pair.here),
                released: side(&comparison.released, pair.released),
                files,
            }
        };
        Some(ComparedPart {
            released: comparison.released.config,
            version: comparison.version,
            origin: match comparison.origin {
                Origin::Measured => "measured",
                Origin::Local(_) => "local",
                Origin::Registry { .. } => "registry",
            },
            layers: comparison.pairs().into_iter().map(pair).collect(),
            parameters: comparison.parameters(),
            problem: self.problem.as_ref().map(ErrorPart::from),
        })
    }
}

fn file(one: &FileChange) -> FilePart {
    FilePart { path: shown_path(&one.path), change: one.change.word(), words: one.change.words() }
}

/// Compares each image with the released one, as far as the arguments say.
pub async fn sides(
    session: &Session,
    args: &args::Explain,
    meant: &[Meant],
    judgement: &Judgement,
) -> Result<Vec<Side>, Failure> {
    let reach = if args.remote || args.files { Reach::Anywhere } else { Reach::Known };
    let mut answers = judgement.verdicts.iter();
    let mut sides = Vec::with_capacity(meant.len());
    for one in meant {
        let verdict = one.candidate.reference.as_ref().and_then(|_| answers.next());
        let subject = match (&one.image, &one.candidate.reference, verdict) {
            (Some(image), Some(reference), Some(verdict)) => {
                let image = LocalImage { evidence: one.candidate.evidence.clone(), ..image.clone() };
                Question::of(&image, reference, verdict)
            }
            _ => None,
        };
        let Some(subject) = subject else {
            sides.push(Side::default());
            continue;
        };
        let name = subject.reference.familiar();
        let bar = Bar::start(&session.console, &session.token, &format!("comparing {name}"));
        let comparison = compare(&session.context, &subject, reach, bar).await;
        if comparison.as_ref().is_err_and(Failure::is_cancelled) {
            return Err(Failure::cancelled());
        }
        let mut side = Side { comparison: Some(comparison), ..Side::default() };
        if let (true, Some(Ok(comparison))) = (args.files, &side.comparison) {
            let pairs = comparison.different();
            let bar = Bar::start(&session.console, &session.token, &format!("listing the files of {name}"));
            match compare_files(&session.context, &subject, comparison, &pairs, bar).await {
                Ok(changes) => side.files = pairs.into_iter().zip(changes).collect(),
                Err(failure) if failure.is_cancelled() => return Err(failure),
                // The verdict and the layers stand without them.
                Err(failure) => side.problem = Some(failure),
            }
        }
        sides.push(side);
    }
    Ok(sides)
}
