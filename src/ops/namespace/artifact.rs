//! The artifact in which a namespace keeps its publishers' statements.
//!
//! ```text
//! <registry>/<namespace>/daochain-publisher:latest ─▶ manifest (OCI 1.1, artifactType) ─▶ one layer for each statement
//! ```
//! The registry alone is asked, and no mirror: whoever serves the tag decides whose statements count.

use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        Digest, Namespace,
        namespace::{STATEMENT_LIMIT, SignedStatement},
        text::clean_to,
    },
    ops::{Context, Failure, registries::origin},
    registry::{RegistryError, Repository},
};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const STATEMENT: &str = "application/vnd.daochain.publisher-statement.v1+json";
/// The empty descriptor of the OCI image-spec, *Guidance for an Empty Descriptor*.
const EMPTY: (&str, &[u8]) = ("application/vnd.oci.empty.v1+json", b"{}");
/// Statements of one namespace: each costs a request.
const MOST: usize = 16;
/// Sixteen descriptors are four kilobytes.
const MANIFEST_LIMIT: usize = 64 * 1024;

/// What stands at the artifact's name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Artifact {
    /// Digest of the manifest; `None` where nothing stands there.
    pub digest: Option<Digest>,
    /// The statements that can be read.
    pub(super) statements: Vec<(Descriptor, SignedStatement)>,
    /// What else stands there, or why something cannot be read: sentences, safe to show.
    pub problems: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    media_type: String,
    digest: Digest,
    size: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    schema_version: u32,
    media_type: String,
    artifact_type: String,
    config: Descriptor,
    layers: Vec<Descriptor>,
}

impl Descriptor {
    fn of(media_type: &str, bytes: &[u8]) -> Self {
        Self { media_type: media_type.to_owned(), digest: Digest::of(bytes), size: bytes.len() as u64 }
    }
}

impl Artifact {
    /// What of it can be read.
    pub(super) fn signed(&self) -> impl Iterator<Item = &SignedStatement> {
        self.statements.iter().map(|(_, signed)| signed)
    }
}

async fn repository(context: &Context, namespace: &Namespace) -> Result<Repository, RegistryError> {
    origin(context, namespace.artifact()).await
}

/// Reads what the namespace keeps.
///
/// # Errors
/// When the registry does not answer, or refuses. What stands there and is no such artifact is no error: it shows nothing.
pub(super) async fn read(context: &Context, namespace: &Namespace) -> Result<Artifact, RegistryError> {
    let repository = repository(context, namespace).await?;
    let Some(found) = repository.resolve(namespace.artifact().tag()).await? else { return Ok(Artifact::default()) };
    let mut artifact = Artifact { digest: Some(found.digest), ..Artifact::default() };
    let layers = match layers(&found.bytes) {
        Ok(layers) => layers,
        Err(cause) => {
            let name = namespace.artifact().familiar();
            artifact
                .problems
                .push(format!("what stands at `{name}` is no artifact of publishers' statements: {cause}"));
            return Ok(artifact);
        }
    };
    for layer in layers {
        let digest = layer.digest;
        let read = match repository.small_blob(digest, STATEMENT_LIMIT).await? {
            Some(bytes) => SignedStatement::from_json(&bytes).map_err(|error| error.to_string()),
            None => Err("the registry does not hold it".to_owned()),
        };
        match read {
            Ok(signed) => artifact.statements.push((layer, signed)),
            Err(cause) => artifact.problems.push(format!("its statement {digest} cannot be read: {cause}")),
        }
    }
    Ok(artifact)
}

fn layers(manifest: &[u8]) -> Result<Vec<Descriptor>, String> {
    if manifest.len() > MANIFEST_LIMIT {
        return Err(format!("its manifest has more than {MANIFEST_LIMIT} bytes"));
    }
    let manifest: Manifest = serde_json::from_slice(manifest)
        .map_err(|error| clean_to(&format!("its manifest has another form: {error}"), 200))?;
    if manifest.media_type != MANIFEST || manifest.artifact_type != STATEMENT {
        return Err(clean_to(&format!("it is of type `{}`", manifest.artifact_type), 200));
    }
    if manifest.layers.len() > MOST {
        return Err(format!("it has {} layers, more than {MOST}", manifest.layers.len()));
    }
    let other = |layer: &&Descriptor| layer.media_type != STATEMENT || layer.size > STATEMENT_LIMIT as u64;
    match manifest.layers.iter().find(other) {
        Some(layer) => Err(clean_to(
            &format!("its layer {} is of type `{}`, {} bytes", layer.digest, layer.media_type, layer.size),
            300,
        )),
        None => Ok(manifest.layers),
    }
}

/// Puts a statement there, beside those of `kept`; the manifest's digest. Nothing is visible before the last request, which moves the
/// tag; then it is read back, for another process may have done the same at once.
///
/// # Errors
/// `namespace-full` where no more statements fit; `namespace-changed` where another manifest stands there afterwards; when the registry
/// does not answer, or refuses.
pub(super) async fn write(context: &Context, signed: &SignedStatement, kept: &[Descriptor]) -> Result<Digest, Failure> {
    let namespace = &signed.statement.namespace;
    if kept.len() >= MOST {
        let message = format!("`{namespace}` holds {} statements, and no more fit", kept.len());
        return Err(Failure::new("namespace-full", &message).hint("--replace leaves those of others out"));
    }
    let document = signed.to_json().map_err(|error| Failure::new("internal", &error.to_string()))?;
    let own = Descriptor::of(STATEMENT, document.as_bytes());
    let manifest = Manifest {
        schema_version: 2,
        media_type: MANIFEST.to_owned(),
        artifact_type: STATEMENT.to_owned(),
        config: Descriptor::of(EMPTY.0, EMPTY.1),
        layers: kept.iter().cloned().chain([own]).collect(),
    };
    let manifest = serde_json::to_vec(&manifest).map_err(|error| Failure::new("internal", &error.to_string()))?;
    let repository = repository(context, namespace).await?;
    repository.push_blob(EMPTY.1).await?;
    repository.push_blob(document.as_bytes()).await?;
    let tag = namespace.artifact().tag();
    let digest = repository.push_manifest(tag, MANIFEST, &manifest).await?;
    let stands = repository.resolve(tag).await?.map(|found| found.digest);
    if stands == Some(digest) {
        return Ok(digest);
    }
    let message =
        format!("the statement was pushed, and another manifest stands at `{}` now", namespace.artifact().familiar());
    Err(Failure::new("namespace-changed", &message)
        .hint("somebody else pushed at the same time: look with `daochain namespace check`, and claim again"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use serde_json::{Value, json};

    use super::*;

    fn manifest() -> Value {
        json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "artifactType": STATEMENT,
            "config": Descriptor::of(EMPTY.0, EMPTY.1),
            "layers": [Descriptor::of(STATEMENT, b"a"), Descriptor::of(STATEMENT, b"b")],
        })
    }

    fn refused(change: impl FnOnce(&mut Value)) -> String {
        let mut changed = manifest();
        change(&mut changed);
        layers(changed.to_string().as_bytes()).unwrap_err()
    }

    #[test]
    fn the_empty_configuration_is_the_standards() {
        let empty = Descriptor::of(EMPTY.0, EMPTY.1);
        let known = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
        assert_eq!((empty.digest.to_string().as_str(), empty.size), (known, 2));
    }

    #[test]
    fn only_an_artifact_of_statements_is_read() {
        assert_eq!(layers(manifest().to_string().as_bytes()).unwrap().len(), 2);
        assert!(refused(|it| it["artifactType"] = json!("application/vnd.example\u{1b}")).contains("\\u{1b}"));
        refused(|it| it["mediaType"] = json!("application/vnd.oci.image.index.v1+json"));
        refused(|it| it["layers"][0]["mediaType"] = json!("application/octet-stream"));
        refused(|it| it["layers"][0]["size"] = json!(STATEMENT_LIMIT + 1));
        refused(|it| it["layers"][0]["digest"] = json!("sha512:00"));
        refused(|it| it["layers"] = json!(vec![Descriptor::of(STATEMENT, b"a"); MOST + 1]));
        refused(|it| {
            it.as_object_mut().unwrap().remove("artifactType");
        });
        refused(|it| it["more"] = json!(" ".repeat(MANIFEST_LIMIT)));
        assert!(layers(b"").is_err());
    }
}
