//! Putting content and manifests into a repository (distribution-spec v1.1, *Push*).

use bytes::Bytes;
use reqwest::{Method, Response, StatusCode, Url, header::LOCATION};

use super::{
    RegistryError, Repository,
    client::SAID_DIGEST,
    endpoint::{Ask, Endpoint, refusal},
    error::Call,
};
use crate::domain::Digest;

/// What a token must allow.
const ACTIONS: &str = "pull,push";
/// Of content whose form the registry does not care for.
const BYTES: &str = "application/octet-stream";

impl Repository {
    /// Puts `bytes` there, unless the registry holds them already; their digest.
    ///
    /// # Errors
    /// When the registry does not answer, or refuses.
    pub async fn push_blob(&self, bytes: &[u8]) -> Result<Digest, RegistryError> {
        let digest = Digest::of(bytes);
        let call = self.call(format!("push the content {digest} to `{}`", self.reference().name()));
        let origin = self.origin().ok_or_else(|| call.unreachable("it has no address"))?;
        let ask = |method, url, content| Ask { method, content, ..Ask::get(url, &self.scope(ACTIONS)) };
        let held = self.url(origin, &format!("blobs/{digest}"), &call)?;
        if origin.ask(&ask(Method::HEAD, held, None), &call).await?.status().is_success() {
            return Ok(digest);
        }
        // In two requests: not every registry takes content with the first.
        let begin = self.url(origin, "blobs/uploads/", &call)?;
        let begun = origin.ask(&ask(Method::POST, begin, Some((BYTES.to_owned(), Bytes::new()))), &call).await?;
        let begun = expect(begun, StatusCode::ACCEPTED, &call).await?;
        let mut upload = location(origin, &begun, &call)?;
        upload.query_pairs_mut().append_pair("digest", &digest.to_string());
        let content = Some((BYTES.to_owned(), Bytes::copy_from_slice(bytes)));
        let done = origin.ask(&ask(Method::PUT, upload, content), &call).await?;
        expect(done, StatusCode::CREATED, &call).await?;
        Ok(digest)
    }

    /// Puts a manifest or index under `name`, a tag or its own digest. What it refers to must be there.
    ///
    /// # Errors
    /// [`RegistryError::Changed`] when the registry stored something else; when it does not answer, or refuses.
    pub async fn push_manifest(&self, name: &str, media_type: &str, bytes: &[u8]) -> Result<Digest, RegistryError> {
        let digest = Digest::of(bytes);
        let call = self.call(format!("push the manifest `{name}` to `{}`", self.reference().name()));
        let origin = self.origin().ok_or_else(|| call.unreachable("it has no address"))?;
        let url = self.url(origin, &format!("manifests/{name}"), &call)?;
        let content = Some((media_type.to_owned(), Bytes::copy_from_slice(bytes)));
        let done =
            origin.ask(&Ask { method: Method::PUT, content, ..Ask::get(url, &self.scope(ACTIONS)) }, &call).await?;
        let done = expect(done, StatusCode::CREATED, &call).await?;
        let said = done.headers().get(SAID_DIGEST).and_then(|value| value.to_str().ok()?.parse::<Digest>().ok());
        match said.filter(|said| *said != digest) {
            Some(said) => Err(call.changed(&format!("the manifest {digest} was pushed, and it stored {said}"))),
            None => Ok(digest),
        }
    }
}

async fn expect(response: Response, status: StatusCode, call: &Call) -> Result<Response, RegistryError> {
    if response.status() == status {
        return Ok(response);
    }
    if response.status().is_success() {
        return Err(call.malformed(&format!(
            "it answers HTTP {} where {} was due",
            response.status().as_u16(),
            status.as_u16()
        )));
    }
    Err(refusal(response, call).await)
}

/// Where the upload goes on: another path, or another host. It is never left unprotected where the registry is not.
fn location(origin: &Endpoint, response: &Response, call: &Call) -> Result<Url, RegistryError> {
    let said = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
    let url = said.and_then(|said| response.url().join(said).ok());
    let url = url.ok_or_else(|| call.malformed("it does not say where to upload"))?;
    let is_as_safe = url.scheme() == "https" || (url.scheme() == "http" && origin.base.scheme() == "http");
    if !is_as_safe {
        return Err(call.malformed("it wants content sent to an address without TLS"));
    }
    Ok(url)
}
