//! Against a scripted engine on a real socket.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    io::{self, Read as _},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bollard::errors::Error as Bollard;
use futures_util::StreamExt as _;
use proptest::prelude::*;
use tokio::{sync::Notify, task::spawn_blocking};

use super::{
    Engine, EngineError, EngineEvent, EngineTarget, ExportReader, Store,
    engine::{Limits, whole_id},
    error::Call,
    fake::{Fake, Running, Script, begun, ended, json, status},
};
use crate::domain::{
    Digest, Timestamp,
    digest::DigestKind,
    image::{Evidence, EvidenceLevel, KindedDigest, Source},
    progress::{Progress, Watch},
};

fn id(seed: &str) -> String {
    Digest::of(seed.as_bytes()).to_string()
}

/// One line of the list, as Docker writes it.
fn line(id: &str, tags: &str, rest: &str) -> String {
    format!(
        r#"{{"Id":"{id}","ParentId":"","RepoTags":{tags},"RepoDigests":null,"Created":1700000000,"Size":1000,
        "SharedSize":-1,"Labels":null,"Containers":-1{rest}}}"#
    )
}

fn listing(fake: Fake, lines: &[String]) -> Running {
    fake.on("/images/json", json(&format!("[{}]", lines.join(",")))).start()
}

fn claimed(kind: DigestKind, seed: &str) -> Evidence {
    let digests = vec![KindedDigest { kind, digest: Digest::of(seed.as_bytes()) }];
    Evidence::Known { level: EvidenceLevel::Claimed, digests }
}

fn gets(image: &str) -> String {
    format!("/images/{image}/get")
}

async fn read_all(mut reader: ExportReader) -> (Vec<u8>, io::Result<usize>) {
    spawn_blocking(move || {
        let mut bytes = Vec::new();
        let end = reader.read_to_end(&mut bytes);
        // What failed once stays failed: a reader that goes on must not take silence for the end.
        assert_eq!(reader.read(&mut [0]).is_err(), end.is_err());
        (bytes, end)
    })
    .await
    .unwrap()
}

fn inner(error: &io::Error) -> &EngineError {
    error.get_ref().unwrap().downcast_ref().unwrap()
}

#[tokio::test]
async fn a_classic_engines_id_is_the_configurations_digest() {
    let lines = [
        line(&id("a"), r#"["nginx:1.27","nginx:latest"]"#, ""),
        line(&id("b"), r#"["<none>:<none>"]"#, ""),
        line(&id("c"), "null", "").replace("1700000000", "-62135596800"),
    ];
    let fake = listing(Fake::new(), &lines);
    let engine = fake.connect().await;
    let info = engine.info();
    assert_eq!((info.label().as_str(), info.api.as_str(), info.store), ("docker 20.10.24", "1.41", Store::Classic));
    assert_eq!((info.id.as_str(), info.endpoint.clone()), ("AAAA:BBBB", format!("unix://{}", fake.socket().display())));
    let images = engine.list().await.unwrap();
    let names: Vec<_> = images[0].references.iter().map(|reference| reference.as_str()).collect();
    assert_eq!(names, ["docker.io/library/nginx:1.27", "docker.io/library/nginx:latest"]);
    assert_eq!((images[0].id.source.clone(), images[0].id.id.clone()), (Source::Engine, id("a")));
    assert_eq!((images[0].size, images[0].created), (1000, Some(Timestamp(1_700_000_000))));
    assert_eq!(images[0].evidence, claimed(DigestKind::Config, "a"));
    assert_eq!(engine.export_size(&images[0]), Some(1000));
    assert!(images[1].references.is_empty() && images[2].references.is_empty());
    assert_eq!(images[2].created, None);
}

#[tokio::test]
async fn a_containerd_engines_id_is_no_configuration() {
    let of = |media: &str| format!(r#","Descriptor":{{"mediaType":"{media}","digest":"x","size":1}}"#);
    let lines = [
        line(&id("i"), r#"["a:1"]"#, &of("application/vnd.oci.image.index.v1+json")),
        line(&id("l"), "[]", &of("application/vnd.docker.distribution.manifest.list.v2+json")),
        line(&id("m"), "[]", &of("application/vnd.oci.image.manifest.v1+json")),
        line(&id("u"), "[]", ""),
    ];
    let fake = listing(Fake::containerd(), &lines);
    let engine = fake.connect().await;
    assert_eq!(engine.info().store, Store::Containerd);
    let images = engine.list().await.unwrap();
    let expected =
        [(DigestKind::Index, "i"), (DigestKind::Index, "l"), (DigestKind::Manifest, "m"), (DigestKind::Other(0), "u")];
    for (image, (kind, seed)) in images.iter().zip(expected) {
        assert_eq!(image.evidence, claimed(kind, seed));
        assert_eq!((image.evidence.config_digest(), engine.export_size(image)), (None, None));
    }
}

#[tokio::test]
async fn podman_is_told_apart_and_its_bare_ids_are_understood() {
    let bare = id("p").replace("sha256:", "");
    let fake = listing(Fake::podman(), &[line(&bare, r#"["localhost/x:1"]"#, "")]);
    let engine = fake.connect().await;
    let images = engine.list().await.unwrap();
    assert_eq!(images[0].engine, "podman 5.2.0");
    assert_eq!((images[0].id.id.clone(), images[0].evidence.clone()), (id("p"), claimed(DigestKind::Config, "p")));
    assert_eq!(engine.info().id, engine.info().endpoint, "podman's own ID changes with every answer");
}

#[tokio::test]
async fn what_the_engine_says_is_made_safe_and_what_it_must_not_say_is_kept_as_unreadable() {
    let lines = [line("sha256:../../info\\u001b[2J", r#"["UP PER","x\u001b[2J:1","ok:1"]"#, "")];
    let fake = listing(Fake::new(), &lines);
    let engine = fake.connect().await;
    let images = engine.list().await.unwrap();
    assert_eq!(images[0].references.len(), 1);
    assert!(matches!(&images[0].evidence, Evidence::Unreadable { cause } if cause.contains("\\u{1b}[2J")));
    assert!(!images[0].id.id.contains('\u{1b}'));
    assert!(matches!(engine.export(&images[0].id.id).await.map(|_| ()), Err(EngineError::BadName { .. })));
}

#[tokio::test]
async fn a_proxy_that_forbids_questions_still_serves() {
    let fake = listing(Fake::new().on("/info", status(403, "Forbidden")), &[line(&id("a"), r#"["a:1"]"#, "")]);
    let engine = fake.connect().await;
    assert_eq!((engine.info().store, &engine.info().id), (Store::Unknown, &engine.info().endpoint));
    assert_eq!(engine.list().await.unwrap()[0].evidence.config_digest(), None);
}

#[tokio::test]
async fn ten_thousand_images_are_one_call() {
    let lines: Vec<_> =
        (0..10_000).map(|n| line(&id(&n.to_string()), &format!(r#"["bench/image-{n:05}:1"]"#), "")).collect();
    let fake = listing(Fake::new(), &lines);
    let engine = fake.connect().await;
    assert_eq!(engine.list().await.unwrap().len(), 10_000);
    assert_eq!(engine.resolve("bench/image-09999:1").await.unwrap().id.id, id("9999"));
    assert_eq!(fake.requests().iter().filter(|path| path.starts_with("/images")).count(), 2);
}

#[tokio::test]
async fn an_image_is_found_by_name_id_and_beginning() {
    let (a, b) = (format!("sha256:abc{}", "0".repeat(61)), format!("sha256:abd{}", "0".repeat(61)));
    let lines = [line(&a, r#"["nginx:latest"]"#, ""), line(&b, r#"["abc:latest"]"#, "")];
    let fake = listing(Fake::new(), &lines);
    let engine = fake.connect().await;
    for (name, expected) in [
        ("nginx", &a),
        ("docker.io/library/nginx:latest", &a),
        (a.as_str(), &a),
        (&a["sha256:".len()..], &a),
        ("sha256:abc", &a),
        ("abd0", &b),
        ("abc", &b),
    ] {
        assert_eq!(&engine.resolve(name).await.unwrap().id.id, expected, "{name}");
    }
    assert_eq!(engine.resolve("ab").await.unwrap_err(), EngineError::Ambiguous { name: "ab".to_owned(), count: 2 });
    for absent in ["nginx:2", "ffff", &id("none"), "sha256:ff"] {
        assert!(matches!(engine.resolve(absent).await, Err(EngineError::NoSuchImage { .. })), "{absent}");
    }
    for bad in ["", "../info?x=", "a b", "x@sha256:00", "sha256:", "sha256:XYZ"] {
        let error = engine.resolve(bad).await.unwrap_err();
        assert!(matches!(error, EngineError::BadName { .. } | EngineError::NoSuchImage { .. }), "{bad}: {error}");
        assert_eq!(error.code(), "no-such-image");
    }
    assert!(
        fake.requests().iter().all(|path| matches!(path.as_str(), "/_ping" | "/version" | "/info" | "/images/json"))
    );
}

#[tokio::test]
async fn details_come_from_inspecting() {
    let body = format!(
        r#"{{"Id":"{}","RepoTags":["a:1"],"Created":"2023-11-14T22:13:20.5Z","Os":"linux","Architecture":"arm64","Variant":"v8","Size":7}}"#,
        id("a")
    );
    let fake = Fake::new().on(&format!("/images/{}/json", id("a")), json(&body)).start();
    let detail = fake.connect().await.inspect(&id("a")).await.unwrap();
    assert_eq!(detail.platform.as_deref(), Some("linux/arm64/v8"));
    assert_eq!((detail.id, detail.created, detail.size), (id("a"), Some(Timestamp(1_700_000_000)), 7));
    assert!(matches!(fake.connect().await.inspect(&id("b")).await, Err(EngineError::NoSuchImage { .. })));
}

#[tokio::test]
async fn an_absent_engine_is_named_with_the_next_step() {
    let absent = EngineTarget::Unix(PathBuf::from("/nonexistent/docker.sock"));
    let error = Engine::connect(&[absent]).await.unwrap_err();
    let message = error.to_string();
    assert_eq!(error.code(), "engine-unreachable");
    assert!(message.contains("`unix:///nonexistent/docker.sock`") && message.contains("--docker-host"), "{message}");
    let mut fake = Fake::new().start();
    let stale = fake.target();
    fake.stop().await;
    assert_eq!(Engine::connect(&[stale]).await.unwrap_err().code(), "engine-unreachable");
    assert_eq!(Engine::connect(&[]).await.unwrap_err().code(), "engine-config");
}

#[tokio::test]
async fn the_first_candidate_that_answers_is_taken() {
    let fake = Fake::new().start();
    let absent = EngineTarget::Unix(PathBuf::from("/nonexistent/docker.sock"));
    let engine = Engine::connect(&[absent, fake.target()]).await.unwrap();
    assert_eq!(engine.info().endpoint, fake.target().to_string());
}

#[test]
fn a_missing_permission_says_how_to_get_it() {
    let call = Call::new("connect to the engine", "unix:///var/run/docker.sock");
    let error = call.io(&io::Error::from(io::ErrorKind::PermissionDenied));
    let message = error.to_string();
    assert_eq!(error.code(), "engine-permission");
    assert!(message.contains("group `docker`") && message.contains("unix:///var/run/docker.sock"), "{message}");
}

#[tokio::test]
async fn a_socket_closed_to_this_user_is_told_from_an_absent_one() {
    use std::os::unix::fs::PermissionsExt as _;
    let fake = Fake::new().start();
    std::fs::set_permissions(fake.socket(), std::fs::Permissions::from_mode(0o000)).unwrap();
    match fake.try_connect().await {
        Err(error) => assert_eq!(error.code(), "engine-permission", "{error}"),
        // Root may use any socket.
        Ok(engine) => assert_eq!(engine.info().name, "docker"),
    }
}

#[tokio::test]
async fn an_engine_that_stays_silent_is_given_up_in_time() {
    let silent = || Script::SayAndWait(Vec::new(), Arc::new(Notify::new()));
    let fake = Fake::new().on("/_ping", silent()).start();
    let short = Limits { connect: Duration::from_millis(20), answer: Duration::from_mins(1) };
    let error = Engine::connect_within(&[fake.target()], short).await.unwrap_err();
    assert_eq!(error.code(), "engine-unreachable");
    assert!(error.to_string().contains("no answer within 0.02 s"), "{error}");
    let headers_only = Script::SayAndWait(begun("["), Arc::new(Notify::new()));
    for slow in [silent(), headers_only] {
        let fake = Fake::new().on("/images/json", slow).start();
        // Long enough for the fake's other answers on a busy machine.
        let short = Limits { connect: Duration::from_secs(5), answer: Duration::from_millis(500) };
        let engine = Engine::connect_within(&[fake.target()], short).await.unwrap();
        assert_eq!(engine.list().await.unwrap_err().code(), "engine-unreachable");
    }
}

#[tokio::test]
async fn an_engines_refusal_is_repeated_without_its_escapes() {
    let fake = Fake::new().on("/images/json", status(500, r#"{"message":"no space\u001b]0;x\u0007\nleft"}"#)).start();
    let error = fake.connect().await.list().await.unwrap_err();
    assert_eq!(error.code(), "engine-error");
    let message = error.to_string();
    assert!(message.contains("list images") && message.contains("no space\\u{1b}]0;x\\u{7} left"), "{message}");
    assert!(!message.contains('\u{1b}'), "{message}");
}

#[tokio::test]
async fn what_is_no_engine_is_said_to_be_none() {
    for body in ["<html>", r#"{"a":1}"#, "[1]", ""] {
        let fake = Fake::new().on("/images/json", json(body)).start();
        let error = fake.connect().await.list().await.unwrap_err();
        assert_eq!(error.code(), "engine-error", "{body}: {error}");
    }
    let garbage = Fake::new().on("/_ping", Script::Say(b"SSH-2.0-OpenSSH\r\n".to_vec())).start();
    assert!(garbage.try_connect().await.is_err());
}

#[tokio::test]
async fn an_export_is_every_byte() {
    let long = "x".repeat(300_000);
    let fake = Fake::new().on(&gets(&id("a")), Script::Say(ended(&long))).start();
    let engine = fake.connect().await;
    let chunks: Vec<_> = engine.export(&id("a")).await.unwrap().collect().await;
    let streamed: usize = chunks.into_iter().map(|chunk| chunk.unwrap().len()).sum();
    assert_eq!(streamed, long.len());
    let (bytes, end) = read_all(engine.export_reader(&id("a")).await.unwrap()).await;
    assert_eq!((bytes.len(), end.unwrap()), (long.len(), long.len()));
}

#[tokio::test]
async fn an_engine_that_dies_mid_stream_is_an_error_and_no_end() {
    let fake = Fake::new().on(&gets(&id("a")), Script::Say(begun("half of it"))).start();
    let engine = fake.connect().await;
    let chunks: Vec<_> = engine.export(&id("a")).await.unwrap().collect().await;
    assert!(chunks[0].is_ok());
    assert_eq!(chunks.last().unwrap().as_ref().unwrap_err().code(), "engine-unreachable");
    let (bytes, end) = read_all(engine.export_reader(&id("a")).await.unwrap()).await;
    let error = end.unwrap_err();
    assert_eq!((bytes.as_slice(), inner(&error).code()), (b"half of it".as_slice(), "engine-unreachable"));
    assert!(error.to_string().contains(&id("a")), "{error}");
}

#[tokio::test]
async fn an_export_that_is_refused_is_no_stream() {
    let broken = || status(500, r#"{"message":"layer missing"}"#);
    let fake = Fake::new().on(&gets(&id("a")), broken()).on(&gets(&id("b")), broken());
    let held = json(&format!(r#"{{"Id":"{}"}}"#, id("a")));
    let fake = fake.on(&format!("/images/{}/json", id("a")), held).start();
    let engine = fake.connect().await;
    let error = engine.export_reader(&id("a")).await.err().unwrap();
    assert!(error.code() == "engine-error" && error.to_string().contains("layer missing"), "{error}");
    // An image that is gone is refused with 500 by Docker 20.10, with 404 by others.
    for absent in ["b", "c"] {
        assert_eq!(engine.export_reader(&id(absent)).await.err().unwrap().code(), "no-such-image");
    }
    for bad in ["nginx", "../info?x=", &id("a").to_uppercase(), &id("a")[..70], &id("a")["sha256:".len()..]] {
        assert!(matches!(engine.export_reader(bad).await, Err(EngineError::BadName { .. })), "{bad}");
    }
}

#[tokio::test]
async fn dropping_the_reader_ends_the_request_though_the_engine_is_silent() {
    let hung_up = Arc::new(Notify::new());
    let fake = Fake::new().on(&gets(&id("a")), Script::SayAndWait(begun("x"), Arc::clone(&hung_up))).start();
    let reader = fake.connect().await.export_reader(&id("a")).await.unwrap();
    drop(reader);
    hung_up.notified().await;
}

struct Cancelled(AtomicBool);

impl Watch for Cancelled {
    fn report(&self, _: Progress) {}

    fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_reader_stops_waiting_for_a_silent_engine() {
    let wait = Script::SayAndWait(begun("x"), Arc::new(Notify::new()));
    let fake = Fake::new().on(&gets(&id("a")), wait).start();
    let watch = Arc::new(Cancelled(AtomicBool::new(false)));
    let reader = fake.connect().await.export_reader(&id("a")).await.unwrap().watched(Arc::clone(&watch) as _);
    let reading = tokio::spawn(read_all(reader));
    watch.0.store(true, Ordering::Relaxed);
    let (_, end) = reading.await.unwrap();
    assert_eq!(inner(&end.unwrap_err()).code(), "cancelled");
}

#[tokio::test]
async fn events_are_changes_of_images_and_end_with_an_error() {
    let lines =
        [("tag", "a:1"), ("save", "a:1"), ("push", "a:1"), ("pull", "b\\u001b[2J"), ("untag", "c"), ("delete", "d")]
            .map(|(action, name)| {
                format!("{{\"Type\":\"image\",\"Action\":\"{action}\",\"Actor\":{{\"ID\":\"{name}\"}}}}\n")
            });
    let changed = |image: &str| EngineEvent::Changed { image: image.to_owned() };
    let removed = |image: &str| EngineEvent::Removed { image: image.to_owned() };
    for bytes in [ended(&lines.concat()), begun(&lines.concat())] {
        let fake = Fake::new().on("/events", Script::Say(bytes)).start();
        let mut events: Vec<_> = fake.connect().await.events().collect().await;
        assert_eq!(events.pop().unwrap().unwrap_err().code(), "engine-unreachable");
        let events: Vec<_> = events.into_iter().map(Result::unwrap).collect();
        assert_eq!(events, [changed("a:1"), changed("b\\u{1b}[2J"), removed("c"), removed("d")]);
        let request = fake.requests().pop().unwrap();
        assert!(request.contains("filters=") && request.contains("image") && request.contains("since="), "{request}");
    }
}

#[tokio::test]
async fn events_that_are_refused_or_garbled_end_at_once() {
    for (script, code) in [(status(403, "no"), "engine-error"), (Script::Say(ended("{\"Type\":7}\n")), "engine-error")]
    {
        let fake = Fake::new().on("/events", script).start();
        let events: Vec<_> = fake.connect().await.events().collect().await;
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].as_ref().unwrap_err().code(), code);
    }
}

#[test]
fn certificates_that_cannot_be_read_are_a_matter_of_configuration() {
    let call = Call::new("connect to the engine", "https://engine.example:2376");
    let error = call.failed(&Bollard::CertPathError { path: PathBuf::from("/certs/ca.pem") });
    assert!(error.code() == "engine-config" && error.to_string().contains("/certs/ca.pem"), "{error}");
}

#[tokio::test]
async fn a_missing_certificate_is_named_before_anything_is_sent() {
    let certs = tempfile::TempDir::new().unwrap();
    let target = EngineTarget::Https { url: "https://127.0.0.1:9".parse().unwrap(), certs: certs.path().to_owned() };
    let error = Engine::connect(&[target]).await.unwrap_err();
    assert!(error.code() == "engine-config" && error.to_string().contains("key.pem"), "{error}");
}

proptest! {
    #[test]
    fn only_whole_ids_get_into_a_path(text in "(sha256:)?[0-9a-fA-F/.?%]{0,70}") {
        if let Ok(digest) = whole_id(&text) {
            prop_assert_eq!(digest.to_string(), text);
        }
    }
}
