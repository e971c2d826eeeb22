//! Images on their way between the engine and a registry: pulled by digest, pushed by name, named and removed.

use std::time::Duration;

use bollard::{
    auth::DockerCredentials,
    errors::Error as Bollard,
    models::ProgressDetail,
    query_parameters::{CreateImageOptions, PushImageOptions, RemoveImageOptions, TagImageOptions},
};
use futures_util::{Stream, StreamExt as _};
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::{Engine, EngineError, ImageDetail, engine::whole_id, error::Call, images::unlisted};
use crate::domain::{Digest, Reference, image::LocalImage, text::clean_to};

/// Between two words of an engine that pulls or pushes: it extracts large layers without one.
const SILENCE: Duration = Duration::from_mins(30);
/// Characters of a layer's name and of a step's words that are kept.
const SHOWN: usize = 100;
/// The name that engines know Docker Hub's logins by.
const HUB: (&str, &str) = ("docker.io", "https://index.docker.io/v1/");
/// The user's name by which an identity token is told from a password.
const TOKEN_USER: &str = "<token>";

/// A registry's login for the engine, which passes it on. No `Debug`.
pub struct Credentials {
    user: String,
    secret: Zeroizing<String>,
    server: String,
}

impl Credentials {
    /// Of user and secret, for a registry (host and port).
    #[must_use]
    pub fn new((user, secret): (&str, &str), registry: &str) -> Self {
        let server = if registry == HUB.0 { HUB.1 } else { registry };
        Self { user: user.to_owned(), secret: Zeroizing::new(secret.to_owned()), server: server.to_owned() }
    }

    fn for_engine(&self) -> DockerCredentials {
        let (user, secret) = (Some(self.user.clone()), Some((*self.secret).clone()));
        let serveraddress = Some(self.server.clone());
        if self.user == TOKEN_USER {
            return DockerCredentials { identitytoken: secret, serveraddress, ..DockerCredentials::default() };
        }
        DockerCredentials { username: user, password: secret, serveraddress, ..DockerCredentials::default() }
    }
}

/// What the engine says of one layer, or of the whole. Every text is safe to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerStep {
    /// The layer, by the beginning of its digest; empty for the whole.
    pub layer: String,
    /// What happens to it: `Downloading`, `Pull complete`…
    pub status: String,
    /// Bytes done; `None` where they are not counted.
    pub done: Option<u64>,
    /// Bytes of it.
    pub total: Option<u64>,
}

impl LayerStep {
    fn new(layer: Option<&str>, status: Option<&str>, detail: Option<&ProgressDetail>) -> Self {
        let bytes = |count: Option<i64>| count.and_then(|count| u64::try_from(count).ok()).filter(|count| *count > 0);
        Self {
            layer: clean_to(layer.unwrap_or_default(), SHOWN),
            status: clean_to(status.unwrap_or_default(), SHOWN),
            done: bytes(detail.and_then(|detail| detail.current)),
            total: bytes(detail.and_then(|detail| detail.total)),
        }
    }
}

impl Engine {
    /// Pulls the image of a digest from a reference's repository, without giving it a name. Dropping the future ends it; what
    /// the engine has of layers by then it takes up the next time.
    ///
    /// # Errors
    /// The engine's own: those, too, that it tells inside an answer that began well.
    pub async fn pull(
        &self,
        reference: &Reference,
        digest: Digest,
        platform: Option<&str>,
        credentials: Option<&Credentials>,
        tell: &(dyn Fn(LayerStep) + Send + Sync),
    ) -> Result<(), EngineError> {
        let call = self.call(&format!("pull `{}@{digest}`", reference.name()));
        let options = CreateImageOptions {
            from_image: Some(reference.name().to_owned()),
            tag: Some(digest.to_string()),
            platform: platform.unwrap_or_default().to_owned(),
            ..CreateImageOptions::default()
        };
        let client = self.patient();
        let told = client.create_image(Some(options), None, credentials.map(Credentials::for_engine));
        let step = |info: bollard::models::CreateImageInfo| {
            LayerStep::new(info.id.as_deref(), info.status.as_deref(), info.progress_detail.as_ref())
        };
        follow(&call, told.map(|item| item.map(step)), tell).await
    }

    /// Pushes the image that the engine knows by a name, under that name.
    ///
    /// # Errors
    /// As [`Engine::pull`].
    pub async fn push(
        &self,
        reference: &Reference,
        credentials: Option<&Credentials>,
        tell: &(dyn Fn(LayerStep) + Send + Sync),
    ) -> Result<(), EngineError> {
        let call = self.call(&format!("push `{}`", reference.familiar()));
        let options = PushImageOptions { tag: Some(reference.tag().to_owned()), ..PushImageOptions::default() };
        let client = self.patient();
        let told = client.push_image(reference.name(), Some(options), credentials.map(Credentials::for_engine));
        let step = |info: bollard::models::PushImageInfo| {
            // This kind of answer does not say which layer it is about.
            LayerStep::new(None, info.status.as_deref(), info.progress_detail.as_ref())
        };
        follow(&call, told.map(|item| item.map(step)), tell).await
    }

    /// The image that was pulled from a reference's repository by a digest; `None` where there is none.
    ///
    /// # Errors
    /// The engine's own.
    pub async fn pulled(&self, reference: &Reference, digest: Digest) -> Result<Option<LocalImage>, EngineError> {
        match self.inspect_path(&format!("{}@{digest}", reference.name())).await {
            Ok(detail) => Ok(Some(self.nameless(&detail))),
            Err(error) if error.is_absence() => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn nameless(&self, detail: &ImageDetail) -> LocalImage {
        unlisted(Vec::new(), detail, self.info())
    }

    /// Gives an image, by its whole ID, a name. Another image that has it loses it.
    ///
    /// # Errors
    /// The engine's own.
    pub async fn tag(&self, id: &str, reference: &Reference) -> Result<(), EngineError> {
        let call = self.call(&format!("name an image `{}`", reference.familiar()));
        let id = whole_id(id)?.to_string();
        let (repo, tag) = (Some(reference.name().to_owned()), Some(reference.tag().to_owned()));
        let named = self.quick().tag_image(&id, Some(TagImageOptions { repo, tag })).await;
        named.map_err(|error| call.failed(&error))
    }

    /// Removes what a pull by digest left, and the image with it where nothing else names it.
    ///
    /// # Errors
    /// The engine's own; none where it is not there.
    pub async fn forget_pulled(&self, reference: &Reference, digest: Digest) -> Result<(), EngineError> {
        let name = format!("{}@{digest}", reference.name());
        let call = self.call(&format!("remove `{name}`"));
        let removed = self.quick().remove_image(&name, None::<RemoveImageOptions>, None).await;
        match removed.map_err(|error| call.failed(&error)) {
            Ok(_) | Err(EngineError::Refused { status: 404, .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// Reads what an engine says of its work to the end.
async fn follow(
    call: &Call,
    told: impl Stream<Item = Result<LayerStep, Bollard>>,
    tell: &(dyn Fn(LayerStep) + Send + Sync),
) -> Result<(), EngineError> {
    let mut told = std::pin::pin!(told);
    loop {
        match timeout(SILENCE, told.next()).await.map_err(|_| call.late(SILENCE))? {
            None => return Ok(()),
            Some(Ok(step)) => tell(step),
            Some(Err(error)) => return Err(call.failed(&error)),
        }
    }
}
