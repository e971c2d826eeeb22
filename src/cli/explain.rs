//! `daochain explain`

mod compared;

use compared::{ComparedPart, Side, sides};
use serde::Serialize;

use super::{
    Session, args,
    console::{ErrorPart, Page},
    human::{Look, Role},
    search::reading,
    sources::{self, Measuring},
    verdicts::{Candidate, ImageVerdict, NetworkPart, told},
};
use crate::{
    domain::{
        Reference,
        explain::{Case, Line, Section, Step, Tone},
        image::LocalImage,
        network::Dissent,
        verdict::Conclusion,
    },
    ops::{
        Failure,
        explain::{Background, background},
        exported::recall_image,
        now,
        release::standing_for,
        trust::trust_policy,
        verify::{self, Judgement, judge_images},
    },
};

/// Columns where nobody says how many there are.
const USUAL_WIDTH: usize = 100;
/// Narrower than that, no columns stand beside each other.
const LEAST_WIDTH: usize = 40;
/// Columns of a label with its margins.
const LABEL: usize = 14;

/// `daochain.explain/1`
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    network: Option<NetworkPart>,
    /// Why the network could not be read.
    problem: Option<ErrorPart>,
    log_problem: Option<&'a str>,
    dissent: &'a [Dissent],
    verdict: Conclusion,
    images: &'a [Explained],
}

/// One image's verdict with its page.
#[derive(Serialize)]
struct Explained {
    #[serde(flatten)]
    judged: ImageVerdict,
    sections: Vec<Section>,
    next: Vec<Step>,
    /// The layers here and released, where they were compared.
    compared: Option<ComparedPart>,
}

/// One image under one name.
struct Meant {
    image: Option<LocalImage>,
    candidate: Candidate,
}

pub async fn run(session: &mut Session, args: args::Explain) -> Result<u8, Failure> {
    let meant = find(session, &args).await?;
    let policy = trust_policy(&session.context)?;
    let subject = |one: &Meant| {
        let Candidate { image, reference, evidence, .. } = one.candidate.clone();
        Some(verify::Subject { image, reference: reference?, evidence })
    };
    let subjects: Vec<verify::Subject> = meant.iter().filter_map(subject).collect();
    let judgement = judge_images(&session.context, &subjects, &policy).await;
    let references: Vec<_> = meant.iter().filter_map(|one| one.candidate.reference.clone()).collect();
    let known = background(&session.context, &references, reading(session)).await;
    let width = session.console.look().width.unwrap_or(USUAL_WIDTH).max(LEAST_WIDTH) - 2;
    let sides = sides(session, &args, &meant, &judgement).await?;
    for failure in sides.iter().filter_map(|side| side.problem.as_ref()) {
        session.console.complain(failure);
    }
    let pages = pages(&meant, &judgement, &known, &sides, width);
    let candidates = meant.into_iter().map(|one| one.candidate).collect();
    let mut judged = told(candidates, judgement, None);
    if let Err(failure) = &judged.network {
        session.console.complain(failure);
    }
    let (code, verdict) = (judged.verdict().exit_code(), judged.verdict());
    let images: Vec<_> = std::mem::take(&mut judged.images)
        .into_iter()
        .zip(pages)
        .zip(sides)
        .map(|((judged, page), side)| Explained {
            judged,
            sections: page.sections,
            next: page.steps,
            compared: side.part(),
        })
        .collect();
    let document = Document {
        schema: "daochain.explain/1",
        network: judged.network(),
        problem: judged.problem(),
        log_problem: judged.log_problem.as_deref(),
        dissent: &judged.dissent,
        verdict,
        images: &images,
    };
    session.console.present(&document, |page| {
        for (at, image) in images.iter().enumerate() {
            if at > 0 {
                page.line("");
            }
            describe(page, image, width);
        }
    });
    Ok(code)
}

/// The images that the arguments mean, measured unless they say otherwise.
async fn find(session: &Session, args: &args::Explain) -> Result<Vec<Meant>, Failure> {
    let measuring = if args.quick { Measuring::Not } else { Measuring::Once };
    let of = |image: &LocalImage, reference: Option<Reference>| {
        let candidate = Candidate::new(image, reference, image.evidence.clone());
        Meant { image: Some(image.clone()), candidate }
    };
    if let Some(path) = &args.archive {
        let images = sources::archive(session, path, measuring).await?;
        let Some(reference) = &args.reference else {
            let named = |image: &LocalImage| -> Vec<Meant> {
                let all = image.references.iter().map(|reference| of(image, Some(reference.clone())));
                let all: Vec<_> = all.collect();
                if all.is_empty() { vec![of(image, None)] } else { all }
            };
            return Ok(images.iter().flat_map(named).collect());
        };
        let standing = standing_for(path, &images, reference)?;
        return Ok(standing.into_iter().map(|image| of(image, Some(reference.clone()))).collect());
    }
    let Some(reference) = &args.reference else { return Ok(Vec::new()) };
    let list = sources::list(session).await;
    let mut found = Vec::new();
    for image in list.images.iter().filter(|image| image.references.contains(reference)) {
        let evidence = sources::evidence(session, image, measuring).await;
        let image = recall_image(&session.context, image.clone()).await;
        let candidate = Candidate::new(&image, Some(reference.clone()), evidence);
        found.push(Meant { image: Some(image), candidate });
    }
    if found.is_empty() {
        let cause = sources::absent(&list, reference).to_string();
        found.push(Meant { image: None, candidate: Candidate::unreadable(Some(reference.clone()), cause, None) });
    }
    Ok(found)
}

/// The page of each, in their order.
fn pages(
    meant: &[Meant],
    judgement: &Judgement,
    known: &Background,
    sides: &[Side],
    width: usize,
) -> Vec<crate::domain::explain::Page> {
    let mut answers = judgement.verdicts.iter().zip(&judgement.last);
    let page = |(one, side): (&Meant, &Side)| {
        let reference = one.candidate.reference.as_ref();
        let (verdict, last) = reference.and_then(|_| answers.next()).map_or((None, None), |(v, last)| (Some(v), *last));
        let case = Case {
            reference,
            image: one.image.as_ref(),
            evidence: &one.candidate.evidence,
            measured_at: None,
            verdict,
            last,
            checked_at: Some(judgement.checked_at),
            history: reference.map(|reference| known.history(reference)),
            policy: Some(known.policy.as_ref().map_err(ToString::to_string)),
            network: judgement.network.as_ref().ok(),
            unreachable: judgement.network.as_ref().err().map(ToString::to_string),
            log_problem: judgement.log_problem.as_deref(),
            witnesses: known.witnesses.clone(),
            must_agree: known.must_agree,
            comparison: side.comparison.as_ref().map(|asked| asked.as_ref().map_err(ToString::to_string)),
            files: &side.files,
            now: now(),
            age: crate::domain::time::age,
            width,
        };
        case.page()
    };
    meant.iter().zip(sides).map(page).collect()
}

fn describe(page: &mut Page, image: &Explained, width: usize) {
    image.judged.headline(page);
    for section in &image.sections {
        page.line("");
        page.spans(&[(Role::Strong, &section.title)]);
        for line in &section.lines {
            tell(page, line, width);
        }
    }
    if image.next.is_empty() {
        return;
    }
    page.line("");
    page.spans(&[(Role::Strong, "What to do next")]);
    for step in &image.next {
        for (at, part) in wrapped(&step.words, width.saturating_sub(4)).iter().enumerate() {
            page.line(&format!("  {} {part}", if at == 0 { "-" } else { " " }));
        }
        if let Some(command) = &step.command {
            // Never broken: it is copied.
            page.line(&format!("      {command}"));
        }
    }
}

fn tell(page: &mut Page, line: &Line, width: usize) {
    let role = match line.tone {
        Tone::Plain => Role::Plain,
        Tone::Good => Role::Good,
        Tone::Caution => Role::Caution,
        Tone::Bad => Role::Bad,
        Tone::Muted => Role::Muted,
    };
    if line.is_row {
        return page.spans(&[(Role::Plain, "  "), (role, &line.text)]);
    }
    let is_labelled = !line.label.is_empty();
    let indent = if is_labelled { LABEL } else { 2 };
    for (at, part) in wrapped(&line.text, width.saturating_sub(indent)).iter().enumerate() {
        let label = match at {
            0 if is_labelled => format!("  {:<rest$}", line.label, rest = LABEL - 2),
            _ => " ".repeat(indent),
        };
        page.spans(&[(Role::Muted, &label), (role, part)]);
    }
}

/// Broken at spaces. A word that is longer, a digest for one, stands alone.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    use unicode_width::UnicodeWidthStr as _;
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let last = lines.last().map_or(0, |line| line.width());
        if last > 0 && last + 1 + word.width() > width {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

impl ImageVerdict {
    /// Its first line.
    fn headline(&self, page: &mut Page) {
        let look: Look = *page.look();
        let role = Role::of(self.verdict, self.evidence);
        page.spans(&[
            (role, look.glyph(self.verdict, self.evidence)),
            (Role::Plain, " "),
            (Role::Strong, self.name()),
            (Role::Plain, "  "),
            (role, &self.verdict_label()),
        ]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_kept_whole() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("a sha256:0123456789", 5), ["a", "sha256:0123456789"]);
    }
}
