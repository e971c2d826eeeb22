//! A server of tokens (distribution's *Token Authentication*), whose tokens a real registry believes.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    time::{SystemTime, UNIX_EPOCH},
};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::json;
use tempfile::TempDir;

use super::hostile_registry::{Hostile, Request};

/// `lab` with the password `lab` may do all that it asks for; nobody else gets a token.
pub struct TokenServer {
    pub host: String,
    pub asked: Arc<Mutex<Vec<Request>>>,
    keys: Arc<Keys>,
    _server: Hostile,
}

struct Keys {
    dir: TempDir,
    /// The certificate as a token's header carries it.
    der: String,
}

impl TokenServer {
    pub fn start() -> Self {
        let keys = Arc::new(Keys::make());
        let (own, asked) = (Arc::clone(&keys), Arc::new(Mutex::new(Vec::new())));
        let noted = Arc::clone(&asked);
        let server = Hostile::start(None, move |request| {
            noted.lock().expect("no poison").push(request.clone());
            let basic = format!("Basic {}", STANDARD.encode("lab:lab"));
            let body = if request.authorization.as_deref() == Some(&basic) {
                json!({"token": own.token(&request.path)}).to_string()
            } else {
                let refusal = r#"{"errors":[{"code":"UNAUTHORIZED","message":"who is there?"}]}"#;
                return Some((format!("401 No\r\nContent-Length: {}", refusal.len()), refusal.as_bytes().to_vec()));
            };
            Some((format!("200 OK\r\nContent-Length: {}", body.len()), body.into_bytes()))
        });
        Self { host: server.host.clone(), asked, keys, _server: server }
    }

    pub fn certificate(&self) -> PathBuf {
        self.keys.dir.path().join("token.crt")
    }
}

impl Keys {
    fn make() -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        openssl(
            dir.path(),
            &[
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-keyout",
                "token.key",
                "-out",
                "token.crt",
                "-subj",
                "/CN=lab",
                "-days",
                "2",
            ],
        );
        openssl(dir.path(), &["x509", "-in", "token.crt", "-outform", "DER", "-out", "token.der"]);
        let der = STANDARD.encode(std::fs::read(dir.path().join("token.der")).expect("a file"));
        Self { dir, der }
    }

    /// A token for the scopes of a request (RFC 7519; distribution, *Token Authentication Implementation*).
    fn token(&self, path: &str) -> String {
        let url = url::Url::parse(&format!("http://lab{path}")).expect("an address");
        let access: Vec<_> = url
            .query_pairs()
            .filter(|(key, _)| key == "scope")
            .filter_map(|(_, scope)| {
                let (kind, rest) = scope.split_once(':')?;
                let (name, actions) = rest.rsplit_once(':')?;
                Some(json!({"type": kind, "name": name, "actions": actions.split(',').collect::<Vec<_>>()}))
            })
            .collect();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_secs();
        let header = json!({"typ": "JWT", "alg": "RS256", "x5c": [self.der]});
        let claims = json!({"iss": "lab", "sub": "lab", "aud": "lab", "exp": now + 300, "nbf": now - 10, "iat": now, "jti": "1", "access": access});
        let signed =
            format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()));
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (text, signature) = (folder.path().join("text"), folder.path().join("signature"));
        std::fs::write(&text, &signed).expect("a file");
        let [text, out] = [&text, &signature].map(|path| path.display().to_string());
        openssl(self.dir.path(), &["dgst", "-sha256", "-sign", "token.key", "-out", &out, &text]);
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(std::fs::read(signature).expect("a file")))
    }
}

fn openssl(folder: &Path, args: &[&str]) {
    let output =
        Command::new("openssl").args(args).current_dir(folder).stdin(Stdio::null()).output().expect("openssl starts");
    assert!(output.status.success(), "openssl {args:?}: {output:?}");
}
