//! Images as their registries serve them: a real registry, one with a login, changed and missing content, and registries
//! that were made to mislead.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use std::{
    fs,
    net::TcpListener,
    process::{Command, Stdio},
    sync::{Arc, Mutex},
};

use daochain::domain::Digest;
use serde_json::{Value, json};
use support::{
    Home, Run,
    layout::{Blobs, INDEX, Image, MANIFEST},
    registry::{Answer, FakeRegistry, Registry, login_file},
    without,
};

/// An image for each of two platforms, with attestations, and the index of all. The first is this machine's.
fn two_platforms() -> (Blobs, [Image; 2], Digest) {
    let own = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    let mut blobs = Blobs::default();
    let images = [own, "riscv64"].map(|architecture| blobs.image(architecture, architecture.as_bytes()));
    let mut children = Vec::new();
    for (image, architecture) in images.iter().zip([own, "riscv64"]) {
        children.push(blobs.child(MANIFEST, image.manifest, &json!({"os": "linux", "architecture": architecture})));
        children.push(blobs.attestation(image, &format!("{{\"of\":\"{architecture}\"}}")));
    }
    let index = blobs.index_of(&children);
    (blobs, images, index)
}

fn states(run: &Run) -> Vec<&str> {
    let images = run.document["images"].as_array().unwrap_or_else(|| panic!("{run:?}"));
    images.iter().map(|image| image["state"].as_str().unwrap()).collect()
}

#[test]
fn every_platform_of_a_registry_is_measured_and_published_at_once() {
    if without("registry") {
        return;
    }
    let registry = Registry::start();
    let (blobs, images, index) = two_platforms();
    registry.push("acme/app", "1", &blobs, INDEX, index);
    let name = format!("{}/acme/app:1", registry.host);
    let home = Home::new();
    let account = home.funded_account();
    assert!(home.run(&["trust", "add", &name, &account]).success());

    let run = home.run(&["hash", "--remote", &name]);
    assert_eq!((run.code, states(&run)), (Some(0), vec!["measured", "measured"]), "{run:?}");
    assert_eq!(run.document["source"], json!({"kind": "registry", "name": name}));
    for (found, image) in run.document["images"].as_array().unwrap().iter().zip(images) {
        assert_eq!(found["config_digest"], json!(image.config));
        assert_eq!(found["manifest_digests"], json!([image.manifest, index]));
        assert_eq!(found["references"], json!([name]));
    }

    // This machine's platform alone: the other one is not even read, and the index, which vouches for both, is not stated.
    let run = home.run(&["publish", "--remote", &name, "--yes"]);
    assert!(run.success(), "{run:?}");
    let kinded = |kind: &str, digest: Digest| json!({"kind": kind, "digest": digest});
    let own = json!([kinded("config", images[0].config), kinded("manifest", images[0].manifest)]);
    assert_eq!(run.document["publications"][0]["digests"], own);

    let run = home.run(&["publish", "--remote", "--all-platforms", &name, "--yes"]);
    assert!(run.success(), "{run:?}");
    let publication = &run.document["publications"][0];
    let said = publication["digests"].as_array().unwrap();
    assert_eq!((said.len(), &publication["version"]), (5, &json!(2)), "{said:?}");
    assert!(said.contains(&kinded("index", index)), "{said:?}");
    for image in images {
        assert!(said.contains(&kinded("config", image.config)), "{said:?}");
        assert!(said.contains(&kinded("manifest", image.manifest)), "{said:?}");
        let archive = home.path().join("alone.tar");
        fs::write(&archive, blobs.archive(&name, MANIFEST, image.manifest)).unwrap();
        let verdict = home.run(&["verify", &name, "--archive", archive.to_str().unwrap()]);
        assert_eq!(verdict.verdict(), ("verified", Some(0)), "{verdict:?}");
    }
}

#[test]
fn what_a_registry_changed_or_lost_is_told_and_never_published() {
    if without("registry") {
        return;
    }
    let registry = Registry::start();
    let (blobs, images, index) = two_platforms();
    registry.push("acme/app", "1", &blobs, INDEX, index);
    let name = format!("{}/acme/app:1", registry.host);
    let home = Home::new();
    home.funded_account();
    let hash = || home.run(&["hash", "--remote", &name]);
    let (layer, whole) = (registry.data(images[0].layer), &blobs.0[&images[0].layer]);
    let mut changed = whole.clone();
    changed[600] ^= 1;
    fs::write(&layer, &changed).unwrap();
    let run = hash();
    assert_eq!((run.code, states(&run)), (Some(3), vec!["corrupt", "measured"]), "{run:?}");
    for option in ["--yes", "--all-platforms"] {
        let run = home.run(&["publish", "--remote", &name, option]);
        assert_eq!((run.code, &run.document["code"]), (Some(3), &json!("image-corrupt")), "{run:?}");
    }
    let refusal = |content: &[u8]| {
        fs::write(&layer, content).unwrap();
        let run = hash();
        assert_eq!(run.code, Some(1), "{run:?}");
        run.document["code"].as_str().unwrap().to_owned()
    };
    assert_eq!(refusal(&whole[..700]), "registry-unreachable", "the end of the content did not come");
    assert_eq!(refusal(&[whole.as_slice(), b"more"].concat()), "registry-error", "more came than the manifest says");
    fs::remove_file(&layer).unwrap();
    let run = hash();
    assert_eq!((run.code, states(&run)), (Some(1), vec!["incomplete", "measured"]), "{run:?}");
    fs::write(&layer, whole).unwrap();
    // A manifest of the same length that names another layer.
    let manifest = registry.data(images[0].manifest);
    let text = String::from_utf8(blobs.0[&images[0].manifest].clone()).unwrap();
    fs::write(&manifest, text.replace(&images[0].layer.hex(), &images[1].layer.hex())).unwrap();
    let run = hash();
    assert_eq!((run.code, states(&run)), (Some(3), vec!["corrupt"]), "{run:?}");

    for (name, exit, code) in [
        (format!("{}/acme/app:2", registry.host), 1, "no-such-image"),
        ("127.0.0.1:1/acme/app:1".to_owned(), 1, "registry-unreachable"),
        ("Not A Name".to_owned(), 2, "usage"),
    ] {
        let run = home.run(&["hash", "--remote", &name]);
        assert_eq!((run.code, run.document["code"].as_str()), (Some(exit), Some(code)), "{run:?}");
    }
}

#[test]
fn a_login_of_dockers_is_used_and_a_wrong_one_is_told() {
    if without("registry") {
        return;
    }
    let registry = Registry::with_login();
    let (blobs, _, index) = two_platforms();
    registry.push("acme/app", "1", &blobs, INDEX, index);
    let name = format!("{}/acme/app:1", registry.host);
    let home = Home::new();
    let hash = |auth: Option<&str>| {
        let folder = tempfile::tempdir().unwrap();
        if let Some(auth) = auth {
            login_file(folder.path(), &registry.host, auth);
        }
        let mut command = home.command(&["hash", "--remote", &name, "--json"]);
        let output = command.env("DOCKER_CONFIG", folder.path()).output().unwrap();
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(!String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).contains("wrong-one"));
        (output.status.code(), document["code"].as_str().map(str::to_owned))
    };
    assert_eq!(hash(Some("bGFiOmxhYg==")), (Some(0), None));
    // lab:wrong-one, and nobody.
    for auth in [Some("bGFiOndyb25nLW9uZQ=="), None] {
        assert_eq!(hash(auth), (Some(1), Some("registry-denied".to_owned())));
    }
}

fn answer(head: &str, body: &str) -> Answer {
    (format!("{head}\r\nContent-Length: {}", body.len()), body.as_bytes().to_vec())
}

/// A document or content of `blobs`; `manifest` under every tag.
fn served(blobs: &Blobs, manifest: Digest, path: &str) -> Answer {
    let digest = path.rsplit('/').next().and_then(|it| it.parse().ok()).unwrap_or(manifest);
    match blobs.0.get(&digest) {
        Some(bytes) => {
            (format!("200 OK\r\nContent-Type: {MANIFEST}\r\nContent-Length: {}", bytes.len()), bytes.clone())
        }
        None => answer("404 Not Found", "{}"),
    }
}

#[test]
fn a_token_is_fetched_where_the_registry_says_and_renewed_when_it_expires() {
    let mut blobs = Blobs::default();
    let image = blobs.image("amd64", b"content");
    let (tokens, address) = (Arc::new(Mutex::new(0)), Arc::new(Mutex::new(String::new())));
    let (made, own) = (Arc::clone(&tokens), Arc::clone(&address));
    let fake = FakeRegistry::start(Arc::new(move |path: &str, authorization: Option<&str>| {
        let mut made = made.lock().unwrap();
        if path.starts_with("/token") {
            *made += 1;
            return answer("200 OK", &format!("{{\"token\":\"secret-{made}\"}}"));
        }
        // The first token expires before the layer.
        let is_expired = path.contains(&image.layer.hex()) && *made == 1;
        if path.starts_with("/v2/acme") && (is_expired || authorization != Some(&format!("Bearer secret-{made}"))) {
            let realm = format!("Bearer realm=\"http://{}/token\",service=\"lab\"", own.lock().unwrap());
            return answer(&format!("401 Unauthorized\r\nWWW-Authenticate: {realm}"), "{}");
        }
        served(&blobs, image.manifest, path)
    }));
    address.lock().unwrap().clone_from(&fake.host);
    let run = Home::new().run(&["hash", "--remote", &format!("{}/acme/app:1", fake.host)]);
    assert_eq!((run.code, states(&run)), (Some(0), vec!["measured"]), "{run:?}");
    assert_eq!(*tokens.lock().unwrap(), 2);
    let asked = fake.asked.lock().unwrap();
    let (token, _) = asked.iter().find(|(path, _)| path.starts_with("/token")).expect("a token was asked for");
    assert!(token.contains("service=lab") && token.contains("scope=repository%3Aacme%2Fapp%3Apull"), "{token}");
    assert!(!run.stderr.contains("secret"), "a token is shown");
}

#[test]
fn a_login_is_told_to_nobody_but_the_registry() {
    let mut blobs = Blobs::default();
    let image = blobs.image("amd64", b"content");
    // Where the registry's content lies: it wants a login, to be sent to a realm of its own.
    let own = Arc::new(Mutex::new(String::new()));
    let named = Arc::clone(&own);
    let elsewhere = FakeRegistry::start(Arc::new(move |_: &str, _: Option<&str>| {
        let realm = format!("Bearer realm=\"http://{}/token\"", named.lock().unwrap());
        answer(&format!("401 Unauthorized\r\nWWW-Authenticate: {realm}"), "{\"token\":\"x\"}")
    }));
    own.lock().unwrap().clone_from(&elsewhere.host);
    let there = elsewhere.host.clone();
    let registry = FakeRegistry::start(Arc::new(move |path: &str, authorization: Option<&str>| match path {
        _ if path.starts_with("/v2/acme") && authorization.is_none() => {
            answer("401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"lab\"", "{}")
        }
        _ if path.contains("/blobs/") => answer(&format!("307 There\r\nLocation: http://{there}/content"), ""),
        _ => served(&blobs, image.manifest, path),
    }));
    let folder = tempfile::tempdir().unwrap();
    login_file(folder.path(), &registry.host, "bGFiOmxhYg==");
    let home = Home::new();
    let mut command = home.command(&["hash", "--remote", &format!("{}/acme/app:1", registry.host), "--json"]);
    let output = command.env("DOCKER_CONFIG", folder.path()).output().unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["code"], "registry-denied", "{document}");
    assert!(document["message"].as_str().unwrap().contains("wants a login of its own"), "{document}");
    let asked = elsewhere.asked.lock().unwrap();
    assert!(!asked.is_empty() && asked.iter().all(|(_, authorization)| authorization.is_none()), "{asked:?}");
}

#[test]
fn where_no_login_is_known_a_token_for_everybody_is_asked_for() {
    let mut blobs = Blobs::default();
    let image = blobs.image("amd64", b"content");
    let address = Arc::new(Mutex::new(String::new()));
    let own = Arc::clone(&address);
    let fake = FakeRegistry::start(Arc::new(move |path: &str, authorization: Option<&str>| {
        if path.starts_with("/token") {
            return answer("200 OK", "{\"token\":\"for-everybody\"}");
        }
        if path.starts_with("/v2/acme") && authorization != Some("Bearer for-everybody") {
            let ways = format!("Basic realm=\"lab\", Bearer realm=\"http://{}/token\"", own.lock().unwrap());
            return answer(&format!("401 Unauthorized\r\nWWW-Authenticate: {ways}"), "{}");
        }
        served(&blobs, image.manifest, path)
    }));
    address.lock().unwrap().clone_from(&fake.host);
    let run = Home::new().run(&["hash", "--remote", &format!("{}/acme/app:1", fake.host)]);
    assert_eq!((run.code, states(&run)), (Some(0), vec!["measured"]), "{run:?}");
}

#[test]
fn a_registry_that_does_not_answer_is_given_up_at_once_when_nobody_waits() {
    // It accepts, and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let name = format!("{}/acme/app:1", silent.local_addr().unwrap());
    let home = Home::new();
    let mut program = home.command(&["hash", "--remote", &name]);
    let program = program.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let (connected, _) = silent.accept().unwrap();
    let interrupted = Command::new("kill").args(["-INT", &program.id().to_string()]).status().unwrap();
    assert!(interrupted.success());
    let output = program.wait_with_output().unwrap();
    drop(connected);
    assert_eq!(output.status.code(), Some(130));
    assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"), "{output:?}");
}

/// What the registry's answers make of `hash --remote`.
fn hash_of(answers: impl Fn(&str, Option<&str>) -> Answer + Send + Sync + 'static) -> Run {
    let fake = FakeRegistry::start(Arc::new(answers));
    Home::new().run(&["hash", "--remote", &format!("{}/acme/app:1", fake.host)])
}

#[test]
fn a_registry_that_misleads_is_told_by_what_it_did() {
    let of_manifest = |body: &'static [u8]| (format!("200 OK\r\nContent-Type: {MANIFEST}"), body.to_vec());
    let says = |head: &'static str, body: &'static str| hash_of(move |_, _| answer(head, body));
    let endless: &'static [u8] = vec![b' '; 5 << 20].leak();
    let evil = "{\"errors\":[{\"code\":\"DENIED\",\"message\":\"not for \\u001b[2Jyou\"}]}";
    let cases = [
        ("registry-error", "more than 4194304 bytes", hash_of(move |_, _| of_manifest(endless))),
        ("registry-error", "no manifest", hash_of(move |_, _| of_manifest(b"<html>"))),
        ("digest-algorithm", "not compared", {
            hash_of(move |_, _| of_manifest(b"{\"config\":{\"digest\":\"sha512:00\"},\"layers\":[]}"))
        }),
        ("registry-error", "no image has", says("200 OK\r\nContent-Type: text/html", "<html>")),
        ("registry-busy", "after 700 s", says("429 Too Many\r\nRetry-After: 700", "{}")),
        ("registry-error", "HTTP 503: no reason", says("503 Unavailable", "<html>")),
        ("registry-denied", "not for \\u{1b}[2Jyou", says("403 Forbidden", evil)),
        ("registry-error", "without TLS", {
            says("401 No\r\nWWW-Authenticate: Bearer realm=\"http://192.0.2.1/token\"", "{}")
        }),
        ("registry-denied", "how to log in", says("401 No", "{}")),
        ("registry-denied", "there is none", says("401 No\r\nWWW-Authenticate: Basic realm=\"x\"", "{}")),
        ("registry-error", "without end", says("307 There\r\nLocation: /v2/acme/app/manifests/1", "{}")),
    ];
    for (code, words, run) in cases {
        let message = run.document["message"].as_str().unwrap_or_default();
        assert_eq!((run.code, run.document["code"].as_str()), (Some(1), Some(code)), "{run:?}");
        assert!(message.contains(words), "{words}: {message}");
        assert!(!run.stderr.contains('\u{1b}'), "{run:?}");
        assert!(run.document["hint"].is_string(), "{run:?}");
    }
}
