//! Registries that mislead whoever looks or pulls, each with the error that it is told by. No engine moves a byte here.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::{
    fs,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use daochain::{
    domain::Reference,
    registry::{Access, Host, Repository},
};
use serde_json::json;
use support::{
    Home, Run,
    hostile_registry::{Hostile, Request},
    layout::{Blobs, Image, MANIFEST},
    registry::{Answer, login_file},
};

fn answer(head: &str, body: &[u8]) -> Answer {
    (format!("{head}\r\nContent-Length: {}", body.len()), body.to_vec())
}

fn image() -> (Blobs, Image) {
    let mut blobs = Blobs::default();
    let image = blobs.image("amd64", b"content");
    (blobs, image)
}

/// A manifest with a digest that the registry claims.
fn manifest(bytes: &[u8], said: &str) -> Answer {
    answer(&format!("200 OK\r\nContent-Type: {MANIFEST}\r\nDocker-Content-Digest: {said}"), bytes)
}

fn remote(answers: impl Fn(&Request) -> Option<Answer> + Send + Sync + 'static) -> (Run, Hostile) {
    let hostile = Hostile::start(None, answers);
    let run = Home::new().run(&["remote", &format!("{}/acme/app:1", hostile.host)]);
    (run, hostile)
}

#[test]
fn each_way_to_mislead_has_its_error() {
    let (blobs, image) = image();
    let bytes: &'static [u8] = blobs.0[&image.manifest].clone().leak();
    let wrong = format!("sha256:{}", "0".repeat(64));
    let endless: &'static [u8] = vec![b' '; 5 << 20].leak();
    let says = |head: &'static str, body: &'static [u8]| remote(move |_| Some(answer(head, body))).0;
    let cases = [
        (
            "registry-changed",
            3,
            "is really",
            remote({
                // An index that leads to a manifest of which other bytes are served is told in its place.
                let wrong = wrong.clone();
                move |_| Some(manifest(bytes, &wrong))
            })
            .0,
        ),
        ("registry-error", 1, "more than 4194304 bytes", says("200 OK\r\nContent-Type: x/y", endless)),
        ("registry-error", 1, "no manifest", says("200 OK\r\nContent-Type: x/y", b"<html>")),
        ("registry-error", 1, "leads to no image", says("200 OK\r\nContent-Type: x/y", b"{}")),
        ("registry-busy", 1, "after 700 s", says("429 Too Many\r\nRetry-After: 700", b"{}")),
        ("registry-denied", 1, "how to log in", says("401 No", b"{}")),
        ("registry-error", 1, "without end", says("307 There\r\nLocation: /v2/acme/app/manifests/1", b"")),
    ];
    for (code, exit, words, run) in cases {
        let text = run.document.to_string();
        assert_eq!(run.code, Some(exit), "{code}: {run:?}");
        assert!(text.contains(words) || (code == "registry-changed" && text.contains(&wrong)), "{words}: {run:?}");
        // Of a tag that could be read and not understood there is a row; of a registry that refuses, an error.
        let told =
            run.document["code"].as_str().map_or_else(|| run.document["images"][0]["verdict"].clone(), |it| json!(it));
        assert!([json!(code), json!("mismatch"), json!("undecided")].contains(&told), "{run:?}");
    }
}

#[test]
fn a_registry_that_never_believes_a_login_is_asked_twice_and_no_more() {
    let host = Arc::new(Mutex::new(String::new()));
    let own = Arc::clone(&host);
    let hostile = Hostile::start(None, move |request| {
        if request.path.starts_with("/token") {
            return Some(answer("200 OK", b"{\"token\":\"never-good\"}"));
        }
        let realm = format!("401 No\r\nWWW-Authenticate: Bearer realm=\"http://{}/token\"", own.lock().unwrap());
        Some(answer(&realm, b"{}"))
    });
    hostile.host.clone_into(&mut host.lock().unwrap());
    let run = Home::new().run(&["hash", "--remote", &format!("{}/acme/app:1", hostile.host)]);
    assert_eq!((run.code, &run.document["code"]), (Some(1), &json!("registry-denied")), "{run:?}");
    let asked = hostile.asked();
    let count = |part: &str| asked.iter().filter(|it| it.path.contains(part)).count();
    assert_eq!((count("/manifests/"), count("/token")), (2, 1), "{asked:?}");
    assert!(!format!("{run:?}").contains("never-good"));
}

#[test]
fn a_registry_that_is_busy_is_waited_for_as_long_as_it_says() {
    let (blobs, image) = image();
    let bytes = blobs.0[&image.manifest].clone();
    let refusals = AtomicUsize::new(0);
    let began = Instant::now();
    let (run, hostile) = remote(move |request| {
        let limits = "RateLimit-Limit: 100;w=21600\r\nRateLimit-Remaining: 7;w=21600";
        Some(if request.path.contains("/manifests/") && refusals.fetch_add(1, Ordering::Relaxed) == 0 {
            answer("429 Too Many\r\nRetry-After: 2", b"{}")
        } else {
            answer(&format!("200 OK\r\nContent-Type: {MANIFEST}\r\n{limits}"), &bytes)
        })
    });
    assert_eq!(run.verdict(), ("unpublished", Some(4)), "{run:?}");
    assert!(
        began.elapsed() >= Duration::from_secs(2) && run.stderr.contains("asked too often; waiting 2 s"),
        "{run:?}"
    );
    assert_eq!(run.document["rate_limit"], json!({"remaining": 7, "limit": 100, "seconds": 21_600}));
    assert_eq!(hostile.asked().iter().filter(|it| it.path.contains("/manifests/")).count(), 2);
}

#[test]
fn a_million_tags_are_cut_and_said_to_be() {
    let (blobs, image) = image();
    let manifest = blobs.0[&image.manifest].clone();
    let tags: Vec<_> = (0..1_000_000).map(|at| format!("\"v{at:07}\"")).collect();
    let all: &'static [u8] = format!("{{\"name\":\"acme/app\",\"tags\":[{}]}}", tags.join(",")).into_bytes().leak();
    let at_once = AtomicUsize::new(0);
    let most = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&most);
    let hostile = Hostile::start(None, move |request| {
        if request.path.contains("/tags/list") {
            return Some(answer("200 OK", all));
        }
        let now = at_once.fetch_add(1, Ordering::SeqCst) + 1;
        seen.fetch_max(now, Ordering::SeqCst);
        std::thread::park_timeout(Duration::from_millis(20));
        at_once.fetch_sub(1, Ordering::SeqCst);
        Some(answer(&format!("200 OK\r\nContent-Type: {MANIFEST}"), &manifest))
    });
    let name = format!("{}/acme/app", hostile.host);
    let run = Home::new().run(&["remote", &name, "--limit", "40"]);
    assert_eq!((&run.document["cut"], run.document["images"].as_array().unwrap().len()), (&json!(true), 40), "{run:?}");
    assert!(run.stderr.contains("more than 40"), "{}", run.stderr);
    let manifests = hostile.asked().iter().filter(|it| it.path.contains("/manifests/")).count();
    assert!(manifests <= 2 * 40 && most.load(Ordering::SeqCst) <= 8, "{manifests} requests, {most:?} at once");
    // Behind the bytes that are read of one answer.
    let run = Home::new().run(&["remote", &name, "--tags", "v0999999"]);
    assert_eq!((&run.document["cut"], &run.document["images"]), (&json!(true), &json!([])), "{run:?}");
}

#[test]
fn a_list_that_leads_elsewhere_or_to_itself_is_not_followed() {
    for (link, words) in [
        ("</v2/acme/app/tags/list?n=1000>; rel=\"next\"", "leads to itself"),
        ("<http://127.0.0.1:1/v2/acme/app/tags/list>; rel=\"next\"", "goes on at another host"),
    ] {
        let hostile =
            Hostile::start(None, move |_| Some(answer(&format!("200 OK\r\nLink: {link}"), b"{\"tags\":[\"1\"]}")));
        let run = Home::new().run(&["remote", &format!("{}/acme/app", hostile.host)]);
        assert_eq!(run.document["code"], json!("registry-error"), "{run:?}");
        assert!(run.document["message"].as_str().unwrap().contains(words), "{run:?}");
    }
}

/// With Docker's login `lab:lab` for a registry.
fn access(folder: &tempfile::TempDir, host: &str) -> Access {
    login_file(folder.path(), host, "bGFiOmxhYg==");
    let path = folder.path().display().to_string();
    Access::new(move |name| (name == "DOCKER_CONFIG").then(|| path.clone()))
}

#[tokio::test]
async fn an_upload_that_goes_on_at_another_host_takes_no_login_along() {
    let elsewhere = Hostile::start(None, |_| Some(answer("201 Created", b"")));
    let there = format!("http://{}/upload", elsewhere.host);
    let registry = Hostile::start(None, move |request| {
        Some(match (request.method.as_str(), request.authorization.is_some()) {
            (_, false) => answer("401 No\r\nWWW-Authenticate: Basic realm=\"lab\"", b"{}"),
            ("POST", _) => answer(&format!("202 Accepted\r\nLocation: {there}"), b""),
            _ => answer("404 No", b"{}"),
        })
    });
    let folder = tempfile::tempdir().unwrap();
    let reference: Reference = format!("{}/acme/app:1", registry.host).parse().unwrap();
    let repository = Repository::connect(&reference, &access(&folder, &registry.host)).await.unwrap();
    repository.push_blob(b"content").await.unwrap();
    let asked = elsewhere.asked();
    assert_eq!((asked.len(), asked[0].body.as_str(), &asked[0].authorization), (1, "content", &None), "{asked:?}");
    assert!(asked[0].path.contains("digest=sha256"));
    assert!(registry.asked().iter().any(|it| it.authorization.as_deref() == Some("Basic bGFiOmxhYg==")));
}

#[tokio::test]
async fn a_mirror_is_asked_first_and_done_without_where_it_lacks_something() {
    let (blobs, image) = image();
    let bytes = blobs.0[&image.manifest].clone();
    let serve = move |request: &Request| {
        let is_asked = request.path.ends_with("/manifests/1");
        Some(if is_asked {
            answer(&format!("200 OK\r\nContent-Type: {MANIFEST}"), &bytes)
        } else {
            answer("404 No", b"{}")
        })
    };
    let full = Hostile::start(None, serve.clone());
    let empty = Hostile::start(None, |_| Some(answer("404 No", b"{}")));
    let registry = Hostile::start(None, serve);
    let folder = tempfile::tempdir().unwrap();
    let reference: Reference = format!("{}/acme/app:1", registry.host).parse().unwrap();
    for (mirrors, expected) in [(vec![&full], 0), (vec![&empty], 1), (vec![&empty, &full], 0)] {
        let before = registry.asked().iter().filter(|it| it.path.contains("/manifests/")).count();
        let mut names: Vec<_> = mirrors.iter().map(|mirror| mirror.host.clone()).collect();
        names.insert(0, "127.0.0.1:1".to_owned());
        let host = Host { mirrors: names, ..Host::default() };
        let hosts = [(registry.host.clone(), host)].into();
        let access = access(&folder, &registry.host).with_hosts(hosts);
        let repository = Repository::connect(&reference, &access).await.unwrap();
        assert_eq!(repository.resolve("1").await.unwrap().unwrap().digest, image.manifest);
        let after = registry.asked().iter().filter(|it| it.path.contains("/manifests/")).count();
        assert_eq!(after - before, expected);
    }
}

#[test]
fn what_is_configured_of_registries_is_checked_and_used() {
    let home = Home::new();
    let config = |text: &str| fs::write(home.path().join("config.toml"), text).unwrap();
    config("[registries.\"https://r.example\"]\ninsecure = true\n");
    let run = home.run(&["remote", "127.0.0.1:1/acme/app"]);
    assert_eq!(run.document["code"], json!("config-invalid"), "{run:?}");
    config("[registries.\"r.example\"]\nmirror = [\"x\"]\n");
    let run = home.run(&["remote", "127.0.0.1:1/acme/app"]);
    assert!(run.stderr.contains("registries.r.example.mirror"), "{run:?}");
    config("[registries.\"127.0.0.1:1\"]\nca = \"absent.crt\"\n");
    let run = home.run(&["remote", "127.0.0.1:1/acme/app"]);
    assert_eq!(run.document["code"], json!("certificate-unusable"), "{run:?}");
}
