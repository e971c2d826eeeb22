//! Exports and events, against a scripted engine on a real socket.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    io::{self, Read as _},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use futures_util::StreamExt as _;
use tokio::{sync::Notify, task::spawn_blocking};

use super::{
    Engine, EngineError, EngineEvent, ExportReader,
    fake::{Fake, Script, begun, ended, json, status},
    transport::ANSWER_BYTES,
};
use crate::domain::{
    Digest,
    progress::{Progress, Unwatched, Watch},
};

fn id(seed: &str) -> String {
    Digest::of(seed.as_bytes()).to_string()
}

fn gets(image: &str) -> String {
    format!("/images/{image}/get")
}

/// Opens an export as a blocking thread does, and hands it to `work`.
async fn exported<T: Send + 'static>(
    engine: &Engine,
    id: &str,
    watch: Arc<dyn Watch>,
    work: impl FnOnce(Result<ExportReader<'_>, EngineError>) -> T + Send + 'static,
) -> T {
    let (engine, id) = (engine.clone(), id.to_owned());
    spawn_blocking(move || work(engine.export_reader(&[&id], &*watch))).await.unwrap()
}

async fn refusal(engine: &Engine, id: &str) -> EngineError {
    exported(engine, id, Arc::new(Unwatched), |reader| reader.err().unwrap()).await
}

async fn read_all(engine: &Engine, id: &str, watch: Arc<dyn Watch>) -> (Vec<u8>, io::Result<usize>) {
    exported(engine, id, watch, |reader| {
        let mut reader = reader.unwrap();
        let mut bytes = Vec::new();
        let end = reader.read_to_end(&mut bytes);
        // What failed once stays failed: a reader that goes on must not take silence for the end.
        assert_eq!(reader.read(&mut [0]).is_err(), end.is_err());
        (bytes, end)
    })
    .await
}

fn inner(error: &io::Error) -> &EngineError {
    error.get_ref().unwrap().downcast_ref().unwrap()
}

#[tokio::test]
async fn an_export_is_every_byte() {
    let long = "x".repeat(300_000);
    let fake = Fake::new().on(&gets(&id("a")), Script::Say(ended(&long))).start();
    let engine = fake.connect().await;
    let chunks: Vec<_> = engine.export(&id("a")).await.unwrap().collect().await;
    let streamed: usize = chunks.into_iter().map(|chunk| chunk.unwrap().len()).sum();
    assert_eq!(streamed, long.len());
    let (bytes, end) = read_all(&engine, &id("a"), Arc::new(Unwatched)).await;
    assert_eq!((bytes.len(), end.unwrap()), (long.len(), long.len()));
}

#[tokio::test]
async fn an_engine_that_dies_mid_stream_is_an_error_and_no_end() {
    let fake = Fake::new().on(&gets(&id("a")), Script::Say(begun("half of it"))).start();
    let engine = fake.connect().await;
    let chunks: Vec<_> = engine.export(&id("a")).await.unwrap().collect().await;
    assert!(chunks[0].is_ok());
    assert_eq!(chunks.last().unwrap().as_ref().unwrap_err().code(), "engine-unreachable");
    let (bytes, end) = read_all(&engine, &id("a"), Arc::new(Unwatched)).await;
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
    let error = refusal(&engine, &id("a")).await;
    assert!(error.code() == "engine-error" && error.to_string().contains("layer missing"), "{error}");
    // An image that is gone is refused with 500 by Docker 20.10, with 404 by others.
    for absent in ["b", "c"] {
        assert_eq!(refusal(&engine, &id(absent)).await.code(), "no-such-image");
    }
    for bad in ["nginx", "../info?x=", &id("a").to_uppercase(), &id("a")[..70], &id("a")["sha256:".len()..]] {
        assert!(matches!(refusal(&engine, bad).await, EngineError::BadName { .. }), "{bad}");
    }
}

#[tokio::test]
async fn dropping_the_reader_ends_the_request_though_the_engine_is_silent() {
    let hung_up = Arc::new(Notify::new());
    let fake = Fake::new().on(&gets(&id("a")), Script::SayAndWait(begun("x"), Arc::clone(&hung_up))).start();
    exported(&fake.connect().await, &id("a"), Arc::new(Unwatched), |reader| drop(reader.unwrap())).await;
    hung_up.notified().await;
}

#[tokio::test]
async fn an_export_has_no_bound_and_its_refusal_has_one() {
    let long = "x".repeat(usize::try_from(ANSWER_BYTES).unwrap() + 1);
    let fake =
        Fake::new().on(&gets(&id("a")), Script::Say(ended(&long))).on(&gets(&id("b")), status(500, &long)).start();
    let engine = fake.connect().await;
    let (bytes, end) = read_all(&engine, &id("a"), Arc::new(Unwatched)).await;
    assert_eq!((bytes.len(), end.unwrap()), (long.len(), long.len()));
    let error = refusal(&engine, &id("b")).await;
    assert!(error.to_string().contains("more than 64 MiB"), "{error}");
}

struct Cancelled(AtomicBool);

impl Watch for Cancelled {
    fn report(&self, _: Progress) {}

    fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

#[tokio::test]
async fn whoever_waits_for_a_silent_engine_is_cancelled_before_the_first_byte_and_after_it() {
    for said in [Vec::new(), begun("x")] {
        let wait = Script::SayAndWait(said.clone(), Arc::new(Notify::new()));
        let fake = Fake::new().on(&gets(&id("a")), wait).start();
        let watch = Arc::new(Cancelled(AtomicBool::new(false)));
        let canceller = Arc::clone(&watch);
        let cancel = move || canceller.0.store(true, Ordering::Relaxed);
        let engine = fake.connect().await;
        let code = if said.is_empty() {
            std::thread::spawn(cancel);
            exported(&engine, &id("a"), watch, |reader| reader.err().unwrap().code()).await
        } else {
            exported(&engine, &id("a"), watch, |reader| {
                let mut reader = reader.unwrap();
                assert_eq!(reader.read(&mut [0; 8]).unwrap(), 1);
                std::thread::spawn(cancel);
                inner(&reader.read(&mut [0]).unwrap_err()).code()
            })
            .await
        };
        assert_eq!(code, "cancelled");
    }
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
