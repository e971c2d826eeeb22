//! Answering a registry that wants to know who asks (distribution's *Token Authentication*, RFC 7617).

use std::sync::PoisonError;

use http_auth::{ChallengeParser, ChallengeRef};
use reqwest::{
    Response, Url,
    header::{HeaderValue, WWW_AUTHENTICATE},
};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::{
    Login, RegistryError,
    endpoint::{Endpoint, SMALL_ANSWER, read, refusal},
    error::Call,
};
use crate::domain::network::is_loopback;

/// Whom a registry's log will name as having asked for a token by a refresh token.
const CLIENT: &str = "daochain";

impl Endpoint {
    /// Answers the registry's challenge: a token from where it says, or the login itself. `used` is what it refused: where
    /// another request has got something else meanwhile, that is taken.
    pub(super) async fn authorize(
        &self,
        used: Option<&HeaderValue>,
        response: &Response,
        scope: &str,
        call: &Call,
    ) -> Result<(), RegistryError> {
        let _alone = self.logging_in.lock().await;
        if self.authorization.lock().unwrap_or_else(PoisonError::into_inner).as_ref() != used {
            return Ok(());
        }
        let challenges = response.headers().get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
        let (login, trouble) = match &self.given {
            Some(login) => (Some(login.again()), None),
            None => Login::find(&self.registry, &self.repository, &self.access).await?,
        };
        let mut refusal = "it does not say how to log in";
        for challenge in challenges.flat_map(ChallengeParser::new).flatten() {
            let authorization = if challenge.scheme.eq_ignore_ascii_case("bearer") {
                let Some(realm) = param(&challenge, "realm") else { continue };
                let scope = param(&challenge, "scope").unwrap_or_else(|| scope.to_owned());
                let token = self.token(&realm, param(&challenge, "service"), &scope, login.as_ref(), call).await?;
                Zeroizing::new(format!("Bearer {}", *token))
            } else if challenge.scheme.eq_ignore_ascii_case("basic") {
                let Some(basic) = login.as_ref().and_then(Login::basic) else {
                    // Another way may need none.
                    refusal = "it wants a login, and there is none";
                    continue;
                };
                basic
            } else {
                continue;
            };
            let mut value =
                HeaderValue::from_str(&authorization).map_err(|_| call.malformed("its token is no text of HTTP"))?;
            value.set_sensitive(true);
            *self.authorization.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
            return Ok(());
        }
        Err(call.denied(&trouble.map_or_else(|| refusal.to_owned(), |trouble| format!("{refusal} ({trouble})"))))
    }

    async fn token(
        &self,
        realm: &str,
        service: Option<String>,
        scope: &str,
        login: Option<&Login>,
        call: &Call,
    ) -> Result<Zeroizing<String>, RegistryError> {
        #[derive(Deserialize)]
        struct Answer {
            token: Option<Zeroizing<String>>,
            access_token: Option<Zeroizing<String>>,
        }
        let url = Url::parse(realm).map_err(|_| call.malformed("it names no address for tokens"))?;
        let may_lack_tls = self.base.scheme() == "http" && (is_loopback(&url) || self.is_insecure(&url));
        if url.scheme() != "https" && !may_lack_tls {
            return Err(call.malformed("it wants the login sent without TLS"));
        }
        let mut said: Vec<(&str, &str)> = service.iter().map(|service| ("service", service.as_str())).collect();
        if !scope.is_empty() {
            said.push(("scope", scope));
        }
        let client = self.for_realm(&url, matches!(login, Some(Login::Identity(_))), call)?;
        let request = match login {
            // *Token Authentication*, OAuth2: a refresh token is sent in the body, never in an address.
            Some(Login::Identity(token)) => {
                said.extend([
                    ("grant_type", "refresh_token"),
                    ("client_id", CLIENT),
                    ("refresh_token", token.as_str()),
                ]);
                client.post(url).form(&said)
            }
            Some(Login::Password { user, password }) => {
                client.get(url).query(&said).basic_auth(user, Some(password.as_str()))
            }
            None => client.get(url).query(&said),
        };
        let response = request.send().await.map_err(|error| call.failed(&error))?;
        if !response.status().is_success() {
            return Err(refusal(response, call).await);
        }
        let text = Zeroizing::new(read(response, SMALL_ANSWER, call).await?);
        let answer: Answer = serde_json::from_slice(&text).map_err(|_| call.malformed("it gives no token"))?;
        answer.token.or(answer.access_token).ok_or_else(|| call.malformed("it gives no token"))
    }
}

fn param(challenge: &ChallengeRef<'_>, name: &str) -> Option<String> {
    let found = challenge.params.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.to_unescaped())
}
