//! Reading one repository: manifests and content.

use std::time::Duration;

use bytes::Bytes;
use reqwest::{Method, Response, StatusCode, Url, header::CONTENT_TYPE};
use tokio::time::{Instant, timeout_at};

use super::{
    Access, RateLimit, RegistryError,
    endpoint::{Ask, Endpoint, read},
    error::Call,
};
use crate::domain::{Digest, Reference, text::clean_to};

/// For content: ten minutes, and as long as it takes at this rate. Whoever sends less holds the reader up on purpose.
const BLOB_TIME_OUT: Duration = Duration::from_mins(10);
const SLOWEST_BYTES_PER_SECOND: u64 = 10 * 1024;
/// Bytes of one manifest or index, and of all behind a tag together: what distribution's registries take of one.
pub(super) const DOCUMENT_BYTES: usize = 4 * 1024 * 1024;
/// Where a registry says which digest it serves (distribution-spec, *Pulling manifests*).
pub(super) const SAID_DIGEST: &str = "docker-content-digest";
/// Characters of a media type that are kept.
const MEDIA_TYPE: usize = 255;

/// One repository of a registry, and its mirrors. Holds a token once the registry wanted one; has no `Debug`.
pub struct Repository {
    /// Mirrors first, the registry itself last. Those before it are only read, and what they say is compared with digests.
    pub(super) endpoints: Vec<Endpoint>,
    reference: Reference,
}

/// A manifest or index, as it was served.
pub(super) struct Document {
    pub bytes: Vec<u8>,
    /// Its media type, as the registry gives it.
    pub media_type: String,
    /// Which digest the registry says that it has, where it does.
    pub said: Option<String>,
}

/// What a name of a repository leads to, hashed here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// Of the bytes.
    pub digest: Digest,
    /// As the registry gives it, made safe to show.
    pub media_type: String,
    /// The manifest or index itself.
    pub bytes: Vec<u8>,
}

/// Content as it comes.
pub struct Blob {
    response: Response,
    /// Bytes that are still to come.
    left: u64,
    /// When all of them must have come.
    deadline: Instant,
    call: Call,
}

impl Repository {
    /// Gets ready to ask the repository of `reference`. TLS always, save where this machine is the registry and has none, or
    /// where the user calls it insecure. A mirror that does not answer is done without.
    ///
    /// # Errors
    /// [`RegistryError::Unreachable`], as far as it was tried; [`RegistryError::Certificate`].
    pub async fn connect(reference: &Reference, access: &Access) -> Result<Self, RegistryError> {
        let registry = reference.registry();
        let call = Call { operation: format!("ask for `{}`", reference.familiar()), registry: registry.to_owned() };
        let mut endpoints = Vec::new();
        for mirror in access.host(registry).mirrors {
            match Endpoint::connect(&mirror, reference.repository(), access, &call).await {
                Ok(endpoint) => endpoints.push(endpoint),
                Err(error) => tracing::info!(%error, mirror, "a mirror is left out"),
            }
        }
        endpoints.push(Endpoint::connect(registry, reference.repository(), access, &call).await?);
        Ok(Self { endpoints, reference: reference.clone() })
    }

    /// The name that is asked for.
    pub(super) const fn reference(&self) -> &Reference {
        &self.reference
    }

    pub(super) fn call(&self, operation: String) -> Call {
        Call { operation, registry: self.reference.registry().to_owned() }
    }

    /// What the registry last said of how much it may still be asked; `None` where it says nothing of it.
    #[must_use]
    pub fn rate_limit(&self) -> Option<RateLimit> {
        self.endpoints.iter().rev().find_map(Endpoint::rate_limit)
    }

    /// The manifest or index under a tag or digest, of at most 4 MiB; `None` where there is none. Its digest is that of the
    /// bytes that came, by one request: nothing can be swapped in between.
    ///
    /// # Errors
    /// [`RegistryError::Changed`] when another digest was asked for, or the registry says another; and as for every request.
    pub async fn resolve(&self, name: &str) -> Result<Option<Resolved>, RegistryError> {
        let asked: Option<Digest> = name.parse().ok();
        let Some(Document { bytes, media_type, said }) = self.document(name, DOCUMENT_BYTES).await? else {
            return Ok(None);
        };
        let digest = Digest::of(&bytes);
        let call = self.call(String::new());
        if let Some(asked) = asked.filter(|asked| *asked != digest) {
            return Err(call.changed(&format!("`{asked}` of `{}` is really {digest}", self.reference.name())));
        }
        // Other algorithms than SHA-256 are not compared.
        if let Some(said) = said.and_then(|said| said.parse::<Digest>().ok()).filter(|said| *said != digest) {
            let of = self.reference.name();
            return Err(call.changed(&format!("it says that `{name}` of `{of}` is {said}, and it is {digest}")));
        }
        Ok(Some(Resolved { digest, media_type: clean_to(&media_type, MEDIA_TYPE), bytes }))
    }

    /// Whether the registry says that a tag still names `known`: one request without a body. False where it says anything else, or
    /// nothing.
    ///
    /// # Errors
    /// When it does not answer, or wants a login that is not there.
    pub async fn still_names(&self, tag: &str, known: Digest) -> Result<bool, RegistryError> {
        let call = self.call(format!("ask for the tag `{tag}` of `{}`", self.reference.name()));
        let Some(endpoint) = self.endpoints.last() else { return Ok(false) };
        let url = self.url(endpoint, &format!("manifests/{tag}"), &call)?;
        let ask = Ask { method: Method::HEAD, known: Some(known), ..Ask::get(url, &self.scope("pull")) };
        let response = endpoint.ask(&ask, &call).await?;
        let said = response.headers().get(SAID_DIGEST).and_then(|value| value.to_str().ok());
        let is_same = said.and_then(|said| said.parse().ok()) == Some(known);
        // Of a registry that answers without regard to what is known, its digest tells.
        Ok(response.status() == StatusCode::NOT_MODIFIED || (response.status().is_success() && is_same))
    }

    /// The manifest or index under a tag or digest, of at most `limit` bytes; `None` where there is none. A mirror that has
    /// something else under a digest is passed over; what the registry itself has is told as it is.
    pub(super) async fn document(&self, name: &str, limit: usize) -> Result<Option<Document>, RegistryError> {
        let call = self.call(format!("read the manifest `{name}` of `{}`", self.reference.name()));
        let asked: Option<Digest> = name.parse().ok();
        let is_meant = |found: &Document| asked.is_none_or(|asked| Digest::of(&found.bytes) == asked);
        let mut answer = Ok(None);
        for endpoint in &self.endpoints {
            answer = self.document_at(endpoint, name, limit, &call).await;
            match &answer {
                Ok(Some(found)) if is_meant(found) => break,
                Ok(_) => {}
                Err(error) => tracing::info!(%error, endpoint = endpoint.registry, "an endpoint does not serve it"),
            }
        }
        answer
    }

    async fn document_at(
        &self,
        endpoint: &Endpoint,
        name: &str,
        limit: usize,
        call: &Call,
    ) -> Result<Option<Document>, RegistryError> {
        let url = self.url(endpoint, &format!("manifests/{name}"), call)?;
        let Some(response) = endpoint.read(&Ask::get(url, &self.scope("pull")), call).await? else { return Ok(None) };
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let (media_type, said) = (header(CONTENT_TYPE.as_str()).unwrap_or_default(), header(SAID_DIGEST));
        let media_type = media_type.split(';').next().unwrap_or_default().trim().to_owned();
        let bytes = read(response, limit, call).await?;
        Ok(Some(Document { bytes, media_type, said }))
    }

    /// Content of `size` bytes; `None` where the registry does not hold it.
    ///
    /// # Errors
    /// When the registry does not answer, or refuses.
    pub async fn blob(&self, digest: Digest, size: u64) -> Result<Option<Blob>, RegistryError> {
        let call = self.call(format!("read the content {digest} of `{}`", self.reference.name()));
        let response = self.get(&format!("blobs/{digest}"), &call).await?;
        let patience = BLOB_TIME_OUT + Duration::from_secs(size / SLOWEST_BYTES_PER_SECOND);
        let deadline = Instant::now().checked_add(patience).unwrap_or_else(|| Instant::now() + BLOB_TIME_OUT);
        Ok(response.map(|response| Blob { response, left: size, deadline, call }))
    }

    /// Small content, whole: at most `limit` bytes, which have that digest. `None` where the registry does not hold it.
    ///
    /// # Errors
    /// [`RegistryError::Changed`] for other bytes; and as for every request.
    pub async fn small_blob(&self, digest: Digest, limit: usize) -> Result<Option<Vec<u8>>, RegistryError> {
        let call = self.call(format!("read the content {digest} of `{}`", self.reference.name()));
        let Some(response) = self.get(&format!("blobs/{digest}"), &call).await? else { return Ok(None) };
        let bytes = read(response, limit, &call).await?;
        let found = Digest::of(&bytes);
        if found != digest {
            return Err(call.changed(&format!("the content {digest} of `{}` is really {found}", self.reference.name())));
        }
        Ok(Some(bytes))
    }

    /// The scope of a token for reading.
    pub(super) fn scope(&self, actions: &str) -> String {
        format!("repository:{}:{actions}", self.reference.repository())
    }

    /// The registry itself, without its mirrors.
    pub(super) fn origin(&self) -> Option<&Endpoint> {
        self.endpoints.last()
    }

    /// The address of something of this repository.
    pub(super) fn url(&self, endpoint: &Endpoint, path: &str, call: &Call) -> Result<Url, RegistryError> {
        let path = format!("{}/{path}", self.reference.repository());
        endpoint.base.join(&path).map_err(|error| call.malformed(&error.to_string()))
    }

    /// The first endpoint's answer that has it; what mirrors lack or refuse the registry is asked for.
    async fn get(&self, path: &str, call: &Call) -> Result<Option<Response>, RegistryError> {
        let mut answer = Ok(None);
        for endpoint in &self.endpoints {
            let url = self.url(endpoint, path, call)?;
            answer = endpoint.read(&Ask::get(url, &self.scope("pull")), call).await;
            match &answer {
                Ok(Some(_)) => break,
                Ok(None) => {}
                Err(error) => tracing::info!(%error, endpoint = endpoint.registry, "an endpoint does not serve it"),
            }
        }
        answer
    }
}

impl Blob {
    /// The next piece; `None` after the last. Never more than the bytes that were asked for.
    ///
    /// # Errors
    /// When the connection ends before all of them came, or more come.
    pub async fn next(&mut self) -> Result<Option<Bytes>, RegistryError> {
        let chunk = timeout_at(self.deadline, self.response.chunk()).await;
        match chunk.map_err(|_| self.call.too_slow())?.map_err(|error| self.call.failed(&error))? {
            None if self.left > 0 => Err(self.call.unreachable(&format!("{} bytes are missing at its end", self.left))),
            None => Ok(None),
            Some(bytes) => {
                let left = self.left.checked_sub(bytes.len() as u64);
                self.left = left.ok_or_else(|| self.call.malformed("it is longer than its manifest says"))?;
                Ok(Some(bytes))
            }
        }
    }
}
