//! `daochain hash`

use serde::Serialize;

use super::{
    Session, args,
    console::{ErrorPart, Page},
    human::{Role, size},
    progress::Bar,
};
use crate::{
    domain::{
        Digest, Reference,
        measurement::{ImageState, LayerState, MeasuredImage, MeasuredLayer},
        reference::ReferenceError,
        text::clean,
    },
    ops::{
        Failure,
        measure::{Measured, Target, TargetKind, measure_target},
    },
};

/// One measured source: `daochain.hash/1` without its schema.
#[derive(Serialize)]
struct SourceDocument {
    source: SourcePart,
    bytes: u64,
    seconds: f64,
    images: Vec<ImagePart>,
    absent_platforms: Vec<String>,
}

#[derive(Serialize)]
struct SourcePart {
    /// `None` for what could not be read.
    kind: Option<&'static str>,
    name: String,
}

#[derive(Serialize)]
struct ImagePart {
    references: Vec<Reference>,
    state: ImageState,
    config_digest: Option<Digest>,
    platform: Option<String>,
    manifest_digests: Vec<Digest>,
    layers: Vec<MeasuredLayer>,
    problem: Option<String>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Outcome {
    Measured(SourceDocument),
    /// A source among several that gave nothing.
    Failed {
        source: SourcePart,
        error: ErrorPart,
    },
}

#[derive(Serialize)]
struct One<'a> {
    schema: &'static str,
    #[serde(flatten)]
    source: &'a SourceDocument,
}

#[derive(Serialize)]
struct Many<'a> {
    schema: &'static str,
    sources: &'a [Outcome],
}

pub async fn run(session: &mut Session, args: args::Hash) -> Result<u8, Failure> {
    let single = args.sources.len() == 1;
    let mut outcomes = Vec::with_capacity(args.sources.len());
    for name in &args.sources {
        match measure(session, name, args.remote).await {
            Ok(measured) => outcomes.push(Outcome::Measured(measured.into())),
            Err(failure) if single || failure.is_cancelled() => return Err(failure),
            Err(failure) => {
                session.console.complain(&failure);
                let source = SourcePart { kind: None, name: clean(name) };
                outcomes.push(Outcome::Failed { source, error: ErrorPart::from(&failure) });
            }
        }
    }
    let code = exit_code(&outcomes);
    match &outcomes[..] {
        [Outcome::Measured(source)] => {
            let document = One { schema: "daochain.hash/1", source };
            session.console.present(&document, |page| describe(page, source));
        }
        sources => {
            let document = Many { schema: "daochain.hash-many/1", sources };
            session.console.present(&document, |page| {
                for outcome in sources {
                    if let Outcome::Measured(source) = outcome {
                        describe(page, source);
                    }
                }
            });
        }
    }
    Ok(code)
}

async fn measure(session: &Session, name: &str, is_remote: bool) -> Result<Measured, Failure> {
    let target = match name {
        name if is_remote => {
            Target::Remote(name.parse().map_err(|error: ReferenceError| Failure::new("usage", &error.to_string()))?)
        }
        "-" => Target::Stdin,
        name => Target::Named(name.to_owned()),
    };
    let bar = Bar::start(&session.console, &session.token, &format!("hashing {name}"));
    measure_target(&session.context, &target, bar).await
}

/// A contradiction outweighs what is only missing.
fn exit_code(outcomes: &[Outcome]) -> u8 {
    let states = |outcome: &Outcome| match outcome {
        Outcome::Measured(source) => source.images.iter().map(|image| image.state).collect(),
        Outcome::Failed { .. } => vec![ImageState::Incomplete],
    };
    let states: Vec<_> = outcomes.iter().flat_map(states).collect();
    if states.contains(&ImageState::Corrupt) {
        3
    } else {
        u8::from(states.contains(&ImageState::Incomplete) || states.is_empty())
    }
}

impl From<Measured> for SourceDocument {
    fn from(measured: Measured) -> Self {
        let kind = match measured.kind {
            TargetKind::Engine => "engine",
            TargetKind::Archive => "archive",
            TargetKind::Layout => "layout",
            TargetKind::Stdin => "stdin",
            TargetKind::Registry => "registry",
        };
        let found = measured.measurement;
        Self {
            source: SourcePart { kind: Some(kind), name: measured.name },
            bytes: found.bytes,
            seconds: found.seconds,
            images: found.images.into_iter().map(ImagePart::from).collect(),
            absent_platforms: found.absent_platforms,
        }
    }
}

impl From<MeasuredImage> for ImagePart {
    fn from(image: MeasuredImage) -> Self {
        Self {
            layers: image.layers,
            manifest_digests: image.manifests.iter().map(|manifest| manifest.digest).collect(),
            references: image.references,
            state: image.state,
            config_digest: image.config_digest,
            platform: image.platform,
            problem: image.problem,
        }
    }
}

fn describe(page: &mut Page, source: &SourceDocument) {
    for image in &source.images {
        let (glyph, role, word) = match (image.state, page.look().unicode) {
            (ImageState::Measured, true) => ("✔", Role::Good, "measured"),
            (ImageState::Measured, false) => ("OK", Role::Good, "measured"),
            (ImageState::Corrupt, true) => ("✘", Role::Bad, "CORRUPT"),
            (ImageState::Corrupt, false) => ("BAD", Role::Bad, "CORRUPT"),
            (ImageState::Incomplete, true) => ("…", Role::Muted, "incomplete"),
            (ImageState::Incomplete, false) => ("...", Role::Muted, "incomplete"),
        };
        let names: Vec<_> = image.references.iter().map(Reference::familiar).collect();
        let names = if names.is_empty() { source.source.name.clone() } else { names.join(", ") };
        let platform = image.platform.as_deref().map_or_else(String::new, |platform| format!("  {platform}"));
        page.spans(&[
            (role, glyph),
            (Role::Plain, " "),
            (Role::Strong, &names),
            (Role::Plain, "  "),
            (role, word),
            (Role::Muted, &platform),
        ]);
        if let Some(problem) = &image.problem {
            page.line(&format!("  {problem}"));
        }
        if let Some(config) = image.config_digest {
            page.field("config", config);
        }
        for manifest in &image.manifest_digests {
            page.field("manifest", manifest);
        }
        for layer in &image.layers {
            describe_layer(page, layer);
        }
    }
    if !source.absent_platforms.is_empty() {
        page.field("absent", source.absent_platforms.join(", "));
    }
    page.line(&format!("  {} in {:.2} s", size(source.bytes), source.seconds));
}

fn describe_layer(page: &mut Page, layer: &MeasuredLayer) {
    let state = match (layer.state, layer.found) {
        (LayerState::Measured, _) => size(layer.bytes),
        (LayerState::Missing, _) => "MISSING".to_owned(),
        (LayerState::Corrupt, Some(found)) => format!("CORRUPT: it is {found}"),
        (LayerState::Corrupt, None) => "CORRUPT".to_owned(),
    };
    page.field("layer", format!("{}  {state}", layer.diff_id));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(states: &[ImageState]) -> Outcome {
        let image = |state: &ImageState| ImagePart {
            references: Vec::new(),
            state: *state,
            config_digest: None,
            platform: None,
            manifest_digests: Vec::new(),
            layers: Vec::new(),
            problem: None,
        };
        Outcome::Measured(SourceDocument {
            source: SourcePart { kind: Some("stdin"), name: "-".to_owned() },
            bytes: 0,
            seconds: 0.0,
            images: states.iter().map(image).collect(),
            absent_platforms: Vec::new(),
        })
    }

    #[test]
    fn a_contradiction_outweighs_what_is_missing() {
        use ImageState::{Corrupt, Incomplete, Measured};
        assert_eq!(exit_code(&[source(&[Measured]), source(&[Measured])]), 0);
        assert_eq!(exit_code(&[source(&[Measured, Incomplete])]), 1);
        assert_eq!(exit_code(&[source(&[Incomplete]), source(&[Corrupt])]), 3);
        assert_eq!(exit_code(&[source(&[])]), 1);
    }
}
