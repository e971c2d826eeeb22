//! Against a scripted engine on a real socket.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use bollard::errors::Error as Bollard;
use futures_util::StreamExt as _;
use proptest::prelude::*;
use tokio::sync::Notify;

use super::{
    Engine, EngineError, EngineTarget, Removal, Store,
    engine::{Limits, whole_id},
    error::Call,
    fake::{Fake, Running, Script, begun, ended, json, status},
    transport::ANSWER_BYTES,
};
use crate::domain::{
    Digest, Reference, Timestamp,
    digest::DigestKind,
    image::{Evidence, EvidenceLevel, KindedDigest, Source},
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
    Evidence::known(EvidenceLevel::Claimed, digests)
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
    let names: Vec<_> = images[0].references.iter().map(Reference::as_str).collect();
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
async fn an_answer_without_end_is_given_up() {
    let endless = format!("[{}", " ".repeat(usize::try_from(ANSWER_BYTES).unwrap()));
    let fake = Fake::new().on("/images/json", Script::Say(begun(&endless))).start();
    let error = fake.connect().await.list().await.unwrap_err();
    assert!(error.code() == "engine-unreachable" && error.to_string().contains("more than 64 MiB"), "{error}");
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
async fn an_engine_behind_a_port_lists_and_exports_and_is_named_by_its_address() {
    let archive = "the bytes of an archive";
    let export = format!("/images/{}/get", id("a"));
    let fake = Fake::new()
        .on("/images/json", json(&format!("[{}]", line(&id("a"), r#"["nginx:1.27"]"#, ""))))
        .on(&export, Script::Say(ended(archive)));
    let mut running = fake.start_on_tcp().await;
    let engine = running.connect().await;
    let address = running.target().to_string();
    assert!(address.starts_with("tcp://127.0.0.1:"), "{address}");
    assert_eq!(engine.info().endpoint, address);
    let images = engine.list().await.unwrap();
    assert_eq!((images.len(), images[0].id.id.clone()), (1, id("a")));
    let chunks: Vec<_> = engine.export(&id("a")).await.unwrap().map(Result::unwrap).collect().await;
    assert_eq!(chunks.concat(), archive.as_bytes());
    assert_eq!(running.requests().last(), Some(&export));

    running.stop().await;
    let refused = [Engine::connect(&[running.target()]).await.map(drop), engine.list().await.map(drop)];
    for error in refused.map(Result::unwrap_err) {
        let message = error.to_string();
        assert_eq!(error.code(), "engine-unreachable");
        assert!(message.contains(&format!("`{address}`")) && message.contains("Connection refused"), "{message}");
    }
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

#[tokio::test]
async fn a_container_that_the_engine_did_not_stop_is_not_removed() {
    let refused = || status(500, r#"{"message":"restarting"}"#);
    let fake = Fake::new().on("/containers/geth/stop", refused()).on("/containers/geth", refused()).start();
    let engine = fake.connect().await;
    let error = engine.remove_container("geth", Duration::from_secs(1)).await.unwrap_err();
    assert!(matches!(error, EngineError::Refused { status: 500, .. }), "{error}");
    let asked = fake.requests();
    assert!(asked.iter().all(|one| one.split('?').next() != Some("/containers/geth")), "{asked:?}");
    assert_eq!(engine.remove_container("other", Duration::from_secs(1)).await.unwrap(), Removal::Absent);
    assert_eq!(engine.container_end("other").await.unwrap(), Some(-1));

    let stopped = |code: i64| {
        let state = format!(r#"{{"Id":"1","State":{{"Running":false,"ExitCode":{code}}}}}"#);
        Fake::new()
            .on("/containers/geth/stop", status(204, ""))
            .on("/containers/geth/json", json(&state))
            .on("/containers/geth", status(204, ""))
            .start()
    };
    for (code, patience, removal) in [
        (137, Duration::ZERO, Removal::Killed),
        (137, Duration::from_mins(1), Removal::Ended),
        (0, Duration::ZERO, Removal::Ended),
    ] {
        let fake = stopped(code);
        assert_eq!(fake.connect().await.remove_container("geth", patience).await.unwrap(), removal, "{code}");
    }
}
