//! Logging in to registries: real ones with users and with tokens, a real credential helper, and who is told the password.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::{
    fs,
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Arc, Mutex},
};

use serde_json::Value;
use support::{
    Home,
    hostile_registry::Hostile,
    layout::{Blobs, Image, MANIFEST},
    registry::{Answer, Registry, login_file},
    token::TokenServer,
    without,
};

/// A user with a home, a folder of Docker's settings and the helper of the tests.
struct User {
    home: Home,
    docker: tempfile::TempDir,
    helper: &'static str,
}

impl User {
    fn new() -> Self {
        let docker = tempfile::tempdir().unwrap();
        fs::create_dir(docker.path().join("logins")).unwrap();
        Self { home: Home::new(), docker, helper: "" }
    }

    /// Docker's settings name the helper.
    fn with_helper(self) -> Self {
        fs::write(self.docker.path().join("config.json"), r#"{"credsStore":"lab"}"#).unwrap();
        self
    }

    fn helper_logins(&self) -> PathBuf {
        self.docker.path().join("logins")
    }

    /// Exit code, document and standard error.
    fn run(&self, args: &[&str], input: &str) -> (Option<i32>, Value, String) {
        let path = format!("{}/tests/parts:{}", env!("CARGO_MANIFEST_DIR"), std::env::var("PATH").unwrap());
        let mut command: Command = self.home.command(args);
        command.arg("--json").env("DOCKER_CONFIG", self.docker.path()).env("PATH", path);
        command.env("LAB_LOGINS", self.helper_logins()).env("LAB_HELPER", self.helper).env_remove("REGISTRY_AUTH_FILE");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), serde_json::from_slice(&output.stdout).unwrap_or_default(), stderr)
    }

    fn login(&self, host: &str, password: &str) -> (Option<i32>, Value, String) {
        self.run(&["login", host, "--username", "lab", "--password-stdin"], &format!("{password}\n"))
    }

    fn hash(&self, name: &str) -> Option<i32> {
        self.run(&["hash", "--remote", name], "").0
    }
}

/// Every file below a folder that has the text in it.
fn files_with(folder: &Path, text: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_with(&path, text));
        } else if fs::read(&path).is_ok_and(|bytes| String::from_utf8_lossy(&bytes).contains(text)) {
            found.push(path);
        }
    }
    found
}

fn pushed(registry: &Registry) -> String {
    let mut blobs = Blobs::default();
    let image = blobs.image("amd64", b"content");
    registry.push("acme/app", "1", &blobs, MANIFEST, image.manifest);
    format!("{}/acme/app:1", registry.host)
}

#[test]
fn a_login_is_checked_and_then_kept_in_our_own_file() {
    if without("registry") {
        return;
    }
    let registry = Registry::with_login();
    let (name, user) = (pushed(&registry), User::new());
    let own = user.home.path().join("registries.json");
    assert_eq!(user.hash(&name), Some(1));

    let (code, document, stderr) = user.login(&registry.host, "a-wrong-one");
    assert_eq!((code, document["code"].as_str()), (Some(1), Some("registry-denied")), "{document}");
    assert!(!own.exists() && !format!("{document}{stderr}").contains("a-wrong-one"));

    let (code, document, stderr) = user.login(&registry.host, "lab");
    assert_eq!(
        (code, &document["checked"], &document["kept"][0]["by"]),
        (Some(0), &true.into(), &"file".into()),
        "{document}"
    );
    assert!(stderr.contains("unencrypted"), "{stderr}");
    assert_eq!(fs::metadata(&own).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(user.hash(&name), Some(0));
    // Ours wins over Docker's: lab:wrong-one.
    login_file(user.docker.path(), &registry.host, "bGFiOndyb25nLW9uZQ==");
    assert_eq!(user.hash(&name), Some(0));

    let (code, document, _) = user.run(&["logout", &registry.host], "");
    assert_eq!((code, document["kept"].as_array().unwrap().len()), (Some(0), 1), "{document}");
    assert_eq!(user.hash(&name), Some(1));
    let (code, document, _) = user.run(&["logout", &registry.host], "");
    assert_eq!((code, document["kept"].as_array().unwrap().len()), (Some(0), 0), "{document}");
}

#[test]
fn a_helper_that_dockers_settings_name_keeps_the_login() {
    if without("registry") {
        return;
    }
    let registry = Registry::with_login();
    let (name, mut user) = (pushed(&registry), User::new().with_helper());
    assert_eq!(user.hash(&name), Some(1), "the helper has nothing yet");
    let (code, document, stderr) = user.login(&registry.host, "lab");
    assert_eq!((code, &document["kept"][0]["by"]), (Some(0), &"helper".into()), "{document}");
    assert!(!stderr.contains("unencrypted") && !user.home.path().join("registries.json").exists());
    assert_eq!(fs::read_dir(user.helper_logins()).unwrap().count(), 1);
    assert_eq!(user.hash(&name), Some(0));

    // One that answers nonsense costs a login, and is told without its words reaching the terminal.
    user.helper = "broken";
    let (code, document, stderr) = user.run(&["hash", "--remote", &name], "");
    assert_eq!((code, document["code"].as_str()), (Some(1), Some("registry-denied")), "{document}");
    assert!(stderr.contains("docker-credential-lab") && !stderr.contains('\u{1b}'), "{stderr}");
    // One that fails and tells all that it knows is not repeated.
    user.helper = "telling";
    for (code, document, stderr) in [user.login(&registry.host, "lab"), user.run(&["hash", "--remote", &name], "")] {
        let said = format!("{document}{stderr}");
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("docker-credential-lab") && said.contains("is not shown"), "{said}");
        assert!(!said.contains("Secret"), "{said}");
    }
    user.helper = "";

    let (code, document, _) = user.run(&["logout", &registry.host], "");
    assert_eq!((code, &document["kept"][0]["by"]), (Some(0), &"helper".into()), "{document}");
    assert_eq!(fs::read_dir(user.helper_logins()).unwrap().count(), 0);
    assert_eq!(user.hash(&name), Some(1));
}

#[test]
fn a_token_is_got_for_what_is_done_and_no_more() {
    if without("registry") {
        return;
    }
    let tokens = TokenServer::start();
    let (registry, user) = (Registry::with_tokens(&tokens), User::new());
    let (code, document, _) = user.login(&registry.host, "a-wrong-one");
    assert_eq!((code, document["code"].as_str()), (Some(1), Some("registry-denied")), "{document}");
    let (code, document, _) = user.login(&registry.host, "lab");
    assert_eq!((code, &document["checked"]), (Some(0), &true.into()), "{document}");
    let name = format!("{}/acme/app:1", registry.host);
    let (code, document, _) = user.run(&["remote", &name], "");
    assert_eq!((code, document["code"].as_str()), (Some(1), Some("no-such-image")), "{document}");
    let asked = tokens.asked.lock().unwrap();
    let scopes: Vec<_> = asked.iter().filter(|it| it.path.contains("scope=")).map(|it| it.path.clone()).collect();
    assert!(
        !scopes.is_empty() && scopes.iter().all(|path| path.contains("acme%2Fapp%3Apull") && !path.contains("push")),
        "{scopes:?}"
    );
    // Whoever reads the folder of the home later finds the password in one place only.
    assert_eq!(files_with(user.home.path(), "bGFiOmxhYg==").len(), 1);
}

#[test]
fn an_identity_token_is_sent_in_a_body_and_to_the_realm_alone() {
    let mut blobs = Blobs::default();
    let image = blobs.image("amd64", b"content");
    let realm = Arc::new(Mutex::new(String::new()));
    let tokens = Hostile::start(None, |_| Some(answer("200 OK", b"{\"access_token\":\"short\"}")));
    format!("http://{}/token", tokens.host).clone_into(&mut realm.lock().unwrap());
    let registry = Hostile::start(None, move |request| {
        Some(if request.authorization.as_deref() == Some("Bearer short") {
            served(&blobs, image, &request.path)
        } else {
            answer(
                &format!("401 No\r\nWWW-Authenticate: Bearer realm=\"{}\",service=\"lab\"", realm.lock().unwrap()),
                b"{}",
            )
        })
    });
    let user = User::new();
    let file = format!("{{\"auths\":{{\"{}\":{{\"identitytoken\":\"long-lived\"}}}}}}", registry.host);
    fs::write(user.docker.path().join("config.json"), file).unwrap();
    assert_eq!(user.hash(&format!("{}/acme/app:1", registry.host)), Some(0));
    let asked = tokens.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!((asked[0].method.as_str(), asked[0].path.as_str()), ("POST", "/token"));
    for part in ["grant_type=refresh_token", "refresh_token=long-lived", "service=lab", "client_id=daochain"] {
        assert!(asked[0].body.contains(part), "{asked:?}");
    }
    let all = registry.asked();
    assert!(all.iter().all(|it| !format!("{it:?}").contains("long-lived")), "{all:?}");
    assert!(files_with(user.home.path(), "long-lived").is_empty());
}

#[test]
fn a_realm_that_leads_elsewhere_takes_no_identity_token_along() {
    let elsewhere = Hostile::start(None, |_| Some(answer("200 OK", b"{\"access_token\":\"x\"}")));
    let there = format!("307 There\r\nLocation: http://{}/token", elsewhere.host);
    let tokens = Hostile::start(None, move |_| Some(answer(&there, b"")));
    let realm = format!("401 No\r\nWWW-Authenticate: Bearer realm=\"http://{}/token\"", tokens.host);
    let registry = Hostile::start(None, move |_| Some(answer(&realm, b"{}")));
    let user = User::new();
    let file = format!("{{\"auths\":{{\"{}\":{{\"identitytoken\":\"long-lived\"}}}}}}", registry.host);
    fs::write(user.docker.path().join("config.json"), file).unwrap();
    let (code, document, _) = user.run(&["hash", "--remote", &format!("{}/acme/app:1", registry.host)], "");
    assert_eq!((code, document["code"].as_str()), (Some(1), Some("registry-error")), "{document}");
    assert_eq!((tokens.asked().len(), elsewhere.asked().len()), (1, 0), "{:?}", elsewhere.asked());
}

fn answer(head: &str, body: &[u8]) -> Answer {
    (format!("{head}\r\nContent-Length: {}", body.len()), body.to_vec())
}

fn served(blobs: &Blobs, image: Image, path: &str) -> Answer {
    let digest = path.rsplit('/').next().and_then(|it| it.parse().ok()).unwrap_or(image.manifest);
    match blobs.0.get(&digest) {
        Some(bytes) => answer(&format!("200 OK\r\nContent-Type: {MANIFEST}"), bytes),
        None => answer("404 Not Found", b"{}"),
    }
}

#[test]
fn what_is_no_login_is_refused_before_anybody_is_asked() {
    let user = User::new();
    let cases: &[(&[&str], &str, &str)] = &[
        (&["login", "https://r.example", "--username", "a", "--password-stdin"], "x\n", "usage"),
        (&["login", "r.example", "--username", "a:b", "--password-stdin"], "x\n", "usage"),
        (&["login", "r.example", "--username", "a"], "", "passphrase-needed"),
        (&["login", "r.example", "--username", "a", "--password-stdin"], "", "passphrase-unreadable"),
        (&["login", "r.example", "--username", "a", "--password-stdin"], "\n", "passphrase-empty"),
        (&["login", "127.0.0.1:1", "--username", "a", "--password-stdin"], "x\n", "registry-unreachable"),
    ];
    for (args, input, code) in cases {
        let (exit, document, _) = user.run(args, input);
        assert_eq!(document["code"], **code, "{args:?} {document}");
        assert_ne!(exit, Some(0));
    }
    assert!(!user.home.path().join("registries.json").exists());
}
