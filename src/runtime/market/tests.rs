//! What of the market is stopped, waited for and asked.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use tempfile::TempDir;

use super::*;
use crate::{
    config::{Config, Options},
    domain::{
        Digest,
        image::{EvidenceLevel, KindedDigest},
    },
};

fn runtime() -> (TempDir, Runtime, mpsc::Receiver<Msg>) {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { home: Some(folder.path().to_owned()), ..Options::default() };
    let (runtime, messages) = Runtime::new(Context::open(Config::load(options, &|_| None).unwrap()).unwrap());
    (folder, runtime, messages)
}

/// Takes its time to be cleared up.
struct Begun(Arc<AtomicBool>);

impl Drop for Begun {
    fn drop(&mut self) {
        thread::sleep(Duration::from_millis(200));
        self.0.store(true, Ordering::SeqCst);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_waits_until_a_pull_has_told_what_it_leaves() {
    let (_folder, mut runtime, messages) = runtime();
    let (is_cleared, token) = (Arc::new(AtomicBool::new(false)), runtime.undoable(1));
    let (begun, (started, starts)) = (Begun(Arc::clone(&is_cleared)), tokio::sync::oneshot::channel());
    let pulled = |result| Msg::Market(MarketMsg::Pulled { ticket: 1, result });
    runtime.answer_cleared("a test", pulled, move |_| {
        beside(token, move || async move {
            let _begun = begun;
            let _ = started.send(());
            std::future::pending().await
        })
    });
    starts.await.unwrap();
    drop(messages);
    runtime.close().await;
    assert!(is_cleared.load(Ordering::SeqCst), "it is not left behind");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_look_at_ones_own_ends_the_one_before() {
    let (_folder, mut runtime, _messages) = runtime();
    runtime.trade(Effect::ReadOwn { ticket: 1 });
    let first = runtime.own.clone().unwrap();
    assert!(!first.is_cancelled());
    runtime.trade(Effect::ReadOwn { ticket: 2 });
    assert!(first.is_cancelled() && !runtime.own.clone().unwrap().is_cancelled());
    runtime.close().await;
}

#[test]
fn of_a_large_release_configurations_and_manifests_are_asked_for() {
    let digests = |count: u8| {
        let kinds = [DigestKind::Index, DigestKind::Manifest, DigestKind::Config];
        (0..count).map(|at| KindedDigest { kind: kinds[usize::from(at) % 3], digest: Digest::of(&[at]) }).collect()
    };
    let small = Evidence::known(EvidenceLevel::Claimed, digests(16));
    assert_eq!(bounded(small.clone()), small);
    let large = bounded(Evidence::known(EvidenceLevel::Claimed, digests(64)));
    let of = |kind| large.digests().iter().filter(|one| one.kind == kind).count();
    assert_eq!((of(DigestKind::Config), of(DigestKind::Manifest), of(DigestKind::Index)), (16, 0, 0));
    let middle = bounded(Evidence::known(EvidenceLevel::Claimed, digests(24)));
    let of = |kind| middle.digests().iter().filter(|one| one.kind == kind).count();
    assert_eq!((of(DigestKind::Config), of(DigestKind::Manifest), of(DigestKind::Index)), (8, 8, 0));
}

/// A registry with two repositories, of which one is for others.
fn registry() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let (mut reader, mut asked, mut line) =
                (BufReader::new(stream.try_clone().unwrap()), String::new(), String::new());
            while reader.read_line(&mut line).is_ok_and(|bytes| bytes > 2) {
                if asked.is_empty() {
                    asked.clone_from(&line);
                }
                line.clear();
            }
            let (status, body) = match asked.split(' ').nth(1).unwrap_or_default() {
                path if path.contains("_catalog") => ("200 OK", r#"{"repositories":["acme/denied","acme/open"]}"#),
                path if path.contains("acme/denied") => ("403 Forbidden", "{}"),
                path if path.contains("tags/list") => ("200 OK", r#"{"name":"acme/open","tags":["1"]}"#),
                _ => ("404 Not Found", "{}"),
            };
            let length = body.len();
            let _ = write!(stream, "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}");
        }
    });
    host
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_that_is_denied_hides_no_other() {
    let (_folder, runtime, _messages) = runtime();
    let namespace: Namespace = format!("{}/acme", registry()).parse().unwrap();
    let (images, missing) = of_namespace(&runtime.context, &namespace).await.unwrap();
    let names: Vec<_> = images.iter().map(|image| image.reference.repository()).collect();
    assert_eq!((names, missing.unwrap().code), (vec!["acme/open"], "registry-denied"));
}
