//! Asking one repository over HTTP(S).

use std::{
    error::Error,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http_auth::ChallengeParser;
use reqwest::{
    Client, Response, StatusCode, Url,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE},
    redirect::{Attempt, Policy},
};
use serde::Deserialize;
use tokio::time::{Instant, timeout, timeout_at};
use zeroize::Zeroizing;

use super::{RegistryError, error::Call, login::Login};
use crate::domain::{Digest, Reference, network::is_loopback};

/// Docker Hub's name in references.
pub(super) const HUB: &str = "docker.io";
/// Where it serves images.
const HUB_HOST: &str = "registry-1.docker.io";
/// For a connection.
const CONNECT_TIME_OUT: Duration = Duration::from_secs(10);
/// Between two pieces of an answer.
const READ_TIME_OUT: Duration = Duration::from_mins(1);
/// For a whole manifest, token or error.
const DOCUMENT_TIME_OUT: Duration = Duration::from_mins(2);
/// For content: ten minutes, and as long as it takes at this rate. Whoever sends less holds the reader up on purpose.
const BLOB_TIME_OUT: Duration = Duration::from_mins(10);
const SLOWEST_BYTES_PER_SECOND: u64 = 10 * 1024;
/// Tokens and errors are a few kilobytes.
const SMALL_ANSWER: usize = 256 * 1024;
const REDIRECTS: usize = 10;
/// All that are understood: without them registries convert, and answer with another digest (distribution 2.8).
const MANIFEST_TYPES: &str = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, \
     application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json";

/// Reads an environment variable.
type Environment = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// One repository of a registry. Holds a token once the registry wanted one; has no `Debug`.
pub struct Repository {
    client: Client,
    base: Url,
    reference: Reference,
    env: Environment,
    authorization: Mutex<Option<HeaderValue>>,
}

/// A manifest or index, as it was served.
pub(super) struct Document {
    pub bytes: Vec<u8>,
    /// Its media type, as the registry gives it.
    pub media_type: String,
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
    /// Gets ready to ask the repository of `reference`. TLS always, save where this machine is the registry and has none.
    /// `env` reads an environment variable: where Docker keeps its logins.
    ///
    /// # Errors
    /// [`RegistryError::Unreachable`], as far as it was tried.
    pub async fn connect(
        reference: &Reference,
        env: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
    ) -> Result<Self, RegistryError> {
        let registry = reference.registry();
        let call = Call { operation: format!("ask for `{}`", reference.familiar()), registry: registry.to_owned() };
        let host = if registry == HUB { HUB_HOST } else { registry };
        let address = |scheme: &str| {
            Url::parse(&format!("{scheme}://{host}/v2/")).map_err(|error| call.unreachable(&error.to_string()))
        };
        let mut base = address("https")?;
        let is_here = is_loopback(&base);
        let mut client = Client::builder()
            .use_rustls_tls()
            .user_agent(concat!("daochain/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIME_OUT)
            .read_timeout(READ_TIME_OUT)
            .redirect(Policy::custom(redirect));
        if is_here {
            client = client.no_proxy();
        }
        let client = client.build().map_err(|error| call.failed(&error))?;
        if is_here && client.get(base.clone()).send().await.is_err_and(|error| !speaks_tls(&error)) {
            base = address("http")?;
        }
        let env = Box::new(env);
        Ok(Self { client, base, reference: reference.clone(), env, authorization: Mutex::new(None) })
    }

    /// The name that is asked for.
    pub(super) const fn reference(&self) -> &Reference {
        &self.reference
    }

    pub(super) fn call(&self, operation: String) -> Call {
        Call { operation, registry: self.reference.registry().to_owned() }
    }

    /// The manifest or index under a tag or digest, of at most `limit` bytes; `None` where there is none.
    pub(super) async fn document(&self, name: &str, limit: usize) -> Result<Option<Document>, RegistryError> {
        let call = self.call(format!("read the manifest `{name}` of `{}`", self.reference.name()));
        let Some(response) = self.get(&format!("manifests/{name}"), &call).await? else { return Ok(None) };
        let media_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let media_type = media_type.split(';').next().unwrap_or_default().trim().to_owned();
        let bytes = read(response, limit, &call).await?;
        Ok(Some(Document { bytes, media_type }))
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

    /// The answer, once the registry knows who asks; `None` for what it does not have.
    async fn get(&self, path: &str, call: &Call) -> Result<Option<Response>, RegistryError> {
        let path = format!("{}/{path}", self.reference.repository());
        let url = self.base.join(&path).map_err(|error| call.malformed(&error.to_string()))?;
        let mut response = self.send(&url, call).await?;
        if response.status() == StatusCode::UNAUTHORIZED {
            if response.url().origin() != self.base.origin() {
                // Where content lies elsewhere, its address carries the right to read it. Whoever is there is not the registry,
                // and is told no login (containerd's CVE-2020-15157).
                let host = response.url().host_str().unwrap_or_default();
                return Err(call.denied(&format!("it leads to `{host}`, which wants a login of its own")));
            }
            // The first time, or the token expired.
            self.authorize(&response, call).await?;
            response = self.send(&url, call).await?;
        }
        match response.status() {
            status if status.is_success() => Ok(Some(response)),
            StatusCode::NOT_FOUND => Ok(None),
            _ => Err(refusal(response, call).await),
        }
    }

    async fn send(&self, url: &Url, call: &Call) -> Result<Response, RegistryError> {
        let mut request = self.client.get(url.clone()).header(ACCEPT, MANIFEST_TYPES);
        let authorization = self.authorization.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(authorization) = authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        request.send().await.map_err(|error| call.failed(&error))
    }

    /// Answers the registry's challenge: a token from where it says, or the login itself (distribution-spec's companion
    /// *Token Authentication*).
    async fn authorize(&self, response: &Response, call: &Call) -> Result<(), RegistryError> {
        let challenges = response.headers().get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
        let login = Login::find(self.reference.registry(), &self.env)?;
        let mut refusal = "it does not say how to log in";
        for challenge in challenges.flat_map(ChallengeParser::new).flatten() {
            let param = |name: &str| {
                let found = challenge.params.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
                found.map(|(_, value)| value.to_unescaped())
            };
            let authorization = if challenge.scheme.eq_ignore_ascii_case("bearer") {
                let Some(realm) = param("realm") else { continue };
                let token = self.token(&realm, param("service"), param("scope"), login.as_ref(), call).await?;
                Zeroizing::new(format!("Bearer {}", *token))
            } else if challenge.scheme.eq_ignore_ascii_case("basic") {
                let Some(login) = &login else {
                    // Another way may need none.
                    refusal = "it wants a login, and there is none";
                    continue;
                };
                login.basic()
            } else {
                continue;
            };
            let mut value =
                HeaderValue::from_str(&authorization).map_err(|_| call.malformed("its token is no text of HTTP"))?;
            value.set_sensitive(true);
            *self.authorization.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
            return Ok(());
        }
        Err(call.denied(refusal))
    }

    async fn token(
        &self,
        realm: &str,
        service: Option<String>,
        scope: Option<String>,
        login: Option<&Login>,
        call: &Call,
    ) -> Result<Zeroizing<String>, RegistryError> {
        #[derive(Deserialize)]
        struct Answer {
            token: Option<Zeroizing<String>>,
            access_token: Option<Zeroizing<String>>,
        }
        let mut url = Url::parse(realm).map_err(|_| call.malformed("it names no address for tokens"))?;
        let may_lack_tls = self.base.scheme() == "http" && is_loopback(&url);
        if url.scheme() != "https" && !may_lack_tls {
            return Err(call.malformed("it wants the login sent without TLS"));
        }
        let scope = scope.unwrap_or_else(|| format!("repository:{}:pull", self.reference.repository()));
        url.query_pairs_mut().extend_pairs(service.map(|service| ("service", service))).append_pair("scope", &scope);
        let mut request = self.client.get(url);
        if let Some(login) = login {
            let (user, password) = login.parts();
            request = request.basic_auth(user, Some(password));
        }
        let response = request.send().await.map_err(|error| call.failed(&error))?;
        if !response.status().is_success() {
            return Err(refusal(response, call).await);
        }
        let text = Zeroizing::new(read(response, SMALL_ANSWER, call).await?);
        let answer: Answer = serde_json::from_slice(&text).map_err(|_| call.malformed("it gives no token"))?;
        answer.token.or(answer.access_token).ok_or_else(|| call.malformed("it gives no token"))
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

/// A whole answer of at most `limit` bytes.
async fn read(response: Response, limit: usize, call: &Call) -> Result<Vec<u8>, RegistryError> {
    timeout(DOCUMENT_TIME_OUT, read_all(response, limit, call)).await.map_err(|_| call.too_slow())?
}

async fn read_all(mut response: Response, limit: usize, call: &Call) -> Result<Vec<u8>, RegistryError> {
    let mut bytes = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(|error| call.failed(&error))? {
        if bytes.len() + piece.len() > limit {
            return Err(call.malformed(&format!("it has more than {limit} bytes")));
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

/// The error of an answer that is no success. Registries give their reasons as JSON (distribution-spec, *Error Codes*).
async fn refusal(response: Response, call: &Call) -> RegistryError {
    #[derive(Deserialize)]
    struct Errors {
        #[serde(default)]
        errors: Vec<Reason>,
    }
    #[derive(Deserialize)]
    struct Reason {
        #[serde(default)]
        code: String,
        #[serde(default)]
        message: String,
    }
    let status = response.status().as_u16();
    let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let text = read(response, SMALL_ANSWER, call).await.unwrap_or_default();
    let reason = serde_json::from_slice::<Errors>(&text).ok().and_then(|answer| answer.errors.into_iter().next());
    let words = reason.map_or_else(String::new, |it| if it.message.is_empty() { it.code } else { it.message });
    call.refused(status, retry_after.as_deref(), &words)
}

/// True where what answers has TLS, and it was this end that did not accept it, or the other: then nothing is sent without.
fn speaks_tls(error: &reqwest::Error) -> bool {
    let mut next: Option<&dyn Error> = Some(error);
    while let Some(error) = next {
        let cause = error.to_string();
        // rustls' words for a certificate that is not trusted, and for what the other end refused.
        if cause.contains("certificate") || cause.contains("alert") {
            return true;
        }
        next = error.source();
    }
    false
}

/// Follows to where registries keep their content; never from TLS to none.
fn redirect(attempt: Attempt<'_>) -> reqwest::redirect::Action {
    let loses_tls = attempt.url().scheme() != "https" && attempt.previous().iter().any(|url| url.scheme() == "https");
    if loses_tls || attempt.previous().len() > REDIRECTS {
        return attempt.error("a redirection that is not followed");
    }
    attempt.follow()
}
