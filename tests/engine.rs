//! The room `docker` against a real engine, which `tests/run` starts. Each test makes images of its own name and removes
//! them; the engine may hold others.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test fails by panicking, and names its parts on stderr"
)]

use std::{
    collections::BTreeSet,
    io::{BufRead as _, BufReader, Cursor, Read as _},
    path::Path,
    pin::pin,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use bollard::{
    API_DEFAULT_VERSION, Docker, body_full,
    query_parameters::{ImportImageOptions, RemoveImageOptions, TagImageOptions},
};
use daochain::{
    docker::{Engine, EngineError, EngineEvent, EngineTarget, Store},
    domain::{
        Digest, Reference,
        digest::DigestKind,
        image::{EvidenceLevel, KindedDigest, LocalImage},
        measurement::ImageState,
        progress::Unwatched,
    },
    image::{Behind, Branch, identify_export, measure},
};
use futures_util::StreamExt as _;
use tokio_util::bytes::Bytes;

/// An engine that does not tell of a change within this time has failed; on an idle machine it takes milliseconds.
const DEADLINE: Duration = Duration::from_secs(30);

/// True when the caller asked to do without an engine (`DAOCHAIN_WITHOUT=docker`).
fn without_docker() -> bool {
    let skipped = std::env::var("DAOCHAIN_WITHOUT").unwrap_or_default().split(',').any(|part| part == "docker");
    if skipped {
        eprintln!("part: docker left out, as DAOCHAIN_WITHOUT asks");
    }
    skipped
}

/// The room's engine, and bollard's for what the room does not do: load, tag, remove.
struct Lab {
    engine: Engine,
    docker: Docker,
    /// Unique to this test.
    repository: String,
    loaded: BTreeSet<String>,
}

/// An image of one layer with one file, as `docker save` of Docker 20.10 writes it.
struct Tiny {
    archive: Vec<u8>,
    config: Digest,
    reference: Reference,
}

fn tarball(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

impl Lab {
    async fn open() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let host = std::env::var("DAOCHAIN_TEST_DOCKER")
            .expect("DAOCHAIN_TEST_DOCKER names no engine; run tests/run, or set DAOCHAIN_WITHOUT=docker");
        let targets = EngineTarget::discover(Some(&host), &|_| None).unwrap();
        let engine = Engine::connect(&targets).await.unwrap();
        eprintln!("part: {} at {}", engine.info().label(), engine.info().endpoint);
        let docker = match &targets[0] {
            EngineTarget::Unix(path) => {
                Docker::connect_with_unix(path.to_str().unwrap(), 120, API_DEFAULT_VERSION).unwrap()
            }
            other => panic!("the tests' engine listens on a socket, not at {other}"),
        };
        let repository = format!("daochain-test/p{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        Self { engine, docker, repository, loaded: BTreeSet::new() }
    }

    /// An image that no other test and no other `content` has.
    fn tiny(&self, tag: &str, content: &[u8]) -> Tiny {
        let name = format!("{}:{tag}", self.repository);
        let layer = tarball(&[("content", content), ("owner", name.as_bytes())]);
        let config = format!(
            r#"{{"architecture":"amd64","os":"linux","created":"2023-11-14T22:13:20Z","config":{{}},"rootfs":{{"type":"layers","diff_ids":["{}"]}}}}"#,
            Digest::of(&layer)
        );
        let digest = Digest::of(config.as_bytes());
        let manifest =
            format!(r#"[{{"Config":"{0}.json","RepoTags":["{name}"],"Layers":["l/layer.tar"]}}]"#, digest.hex());
        let archive = tarball(&[
            (&format!("{}.json", digest.hex()), config.as_bytes()),
            ("l/layer.tar", &layer),
            ("manifest.json", manifest.as_bytes()),
        ]);
        Tiny { archive, config: digest, reference: name.parse().unwrap() }
    }

    async fn load(&mut self, tiny: &Tiny) -> LocalImage {
        let options = ImportImageOptions { quiet: true, ..Default::default() };
        let mut answer = pin!(self.docker.import_image(options, body_full(Bytes::from(tiny.archive.clone())), None));
        while let Some(line) = answer.next().await {
            line.unwrap();
        }
        self.loaded.insert(tiny.reference.familiar().to_owned());
        self.engine.resolve(tiny.reference.as_str()).await.unwrap()
    }

    async fn tag(&mut self, from: &Tiny, tag: &str) {
        let options = TagImageOptions { repo: Some(self.repository.clone()), tag: Some(tag.to_owned()) };
        self.docker.tag_image(from.reference.familiar(), Some(options)).await.unwrap();
        self.loaded.insert(format!("{}:{tag}", self.repository));
    }

    async fn remove(&mut self, name: &str) {
        self.docker.remove_image(name, None::<RemoveImageOptions>, None).await.unwrap();
        self.loaded.remove(name);
    }

    async fn close(mut self) {
        for name in std::mem::take(&mut self.loaded) {
            self.remove(&name).await;
        }
    }
}

#[tokio::test]
async fn a_loaded_image_is_listed_found_and_described() {
    if without_docker() {
        return;
    }
    let mut lab = Lab::open().await;
    let tiny = lab.tiny("1", b"listed");
    let image = lab.load(&tiny).await;
    assert_eq!(image.references, std::slice::from_ref(&tiny.reference));
    assert_eq!(image.evidence.level(), EvidenceLevel::Claimed);
    if lab.engine.info().store == Store::Classic {
        assert_eq!(image.id.id, tiny.config.to_string());
        assert_eq!(image.evidence.digests(), [KindedDigest { kind: DigestKind::Config, digest: tiny.config }]);
    } else {
        assert_eq!(image.evidence.config_digest(), None);
    }
    assert!(lab.engine.list().await.unwrap().contains(&image));
    for name in [tiny.reference.familiar(), &image.id.id, &image.id.id["sha256:".len()..], &image.id.id[..50]] {
        assert_eq!(lab.engine.resolve(name).await.unwrap(), image, "{name}");
    }
    let detail = lab.engine.inspect(&image.id.id).await.unwrap();
    assert_eq!((detail.platform.as_deref(), detail.id), (Some("linux/amd64"), image.id.id));
    assert_eq!((detail.created, detail.references), (image.created, image.references));
    lab.close().await;
}

#[tokio::test]
async fn an_image_that_is_not_there_is_named() {
    if without_docker() {
        return;
    }
    let lab = Lab::open().await;
    let (name, absent) = (format!("{}:none", lab.repository), Digest::of(b"in no engine").to_string());
    for name in [name.as_str(), &absent] {
        let error = lab.engine.resolve(name).await.unwrap_err();
        assert!(error.code() == "no-such-image" && error.to_string().contains(name), "{error}");
    }
    let from_engine = [lab.engine.inspect(&absent).await.map(|_| ()), lab.engine.export(&absent).await.map(|_| ())];
    for answer in from_engine {
        assert!(matches!(answer, Err(EngineError::NoSuchImage { .. })), "{answer:?}");
    }
}

#[tokio::test]
async fn an_export_holds_the_images_configuration_and_layer() {
    if without_docker() {
        return;
    }
    let mut lab = Lab::open().await;
    let content = vec![7; 3_000_000];
    let tiny = lab.tiny("1", &content);
    let image = lab.load(&tiny).await;
    let (engine, id) = (lab.engine.clone(), image.id.id.clone());
    let bytes = tokio::task::spawn_blocking(move || {
        let mut bytes = Vec::new();
        engine.export_reader(&[&id], &Unwatched).unwrap().read_to_end(&mut bytes).map(|_| bytes)
    })
    .await
    .unwrap()
    .unwrap();
    let mut found = BTreeSet::new();
    for entry in tar::Archive::new(Cursor::new(&bytes)).entries().unwrap() {
        let mut member = Vec::new();
        entry.unwrap().read_to_end(&mut member).unwrap();
        found.insert(Digest::of(&member));
    }
    assert!(found.contains(&tiny.config), "the configuration is not in the export");
    let estimate = lab.engine.export_size(&image);
    if lab.engine.info().store == Store::Classic {
        let estimate = estimate.unwrap();
        assert!(estimate >= content.len() as u64 && estimate <= bytes.len() as u64, "{estimate} of {}", bytes.len());
    }
    let streamed: usize = lab
        .engine
        .export(&image.id.id)
        .await
        .unwrap()
        .map(|chunk| chunk.unwrap().len())
        .collect::<Vec<_>>()
        .await
        .iter()
        .sum();
    assert!(streamed > content.len());
    lab.close().await;
}

#[tokio::test]
async fn an_export_measures_to_the_configuration_that_was_loaded() {
    if without_docker() {
        return;
    }
    let mut lab = Lab::open().await;
    let tiny = lab.tiny("1", b"measured");
    let image = lab.load(&tiny).await;
    let (engine, id) = (lab.engine.clone(), image.id.id.clone());
    let measured = tokio::task::spawn_blocking(move || {
        measure(engine.export_reader(&[&id], &Unwatched).unwrap(), None, &Unwatched).unwrap()
    });
    let measured = measured.await.unwrap();
    assert_eq!(measured.images[0].state, ImageState::Measured, "{measured:?}");
    assert_eq!(measured.images[0].config_digest, Some(tiny.config), "whatever the store calls it");
    lab.close().await;
}

#[tokio::test]
async fn an_export_identifies_what_is_known_by_its_manifest() {
    if without_docker() {
        return;
    }
    let mut lab = Lab::open().await;
    let tiny = lab.tiny("1", b"identified");
    let image = lab.load(&tiny).await;
    let (engine, id) = (lab.engine.clone(), image.id.id.clone());
    let is_classic = engine.info().store == Store::Classic;
    let found = tokio::task::spawn_blocking(move || {
        let reader = engine.export_reader(&[&id], &Unwatched).unwrap();
        let has_image = |found: &[Branch]| found.iter().any(|branch| matches!(branch.behind, Behind::Image(_)));
        identify_export(reader, id.parse().unwrap(), &has_image, &Unwatched).unwrap()
    });
    let config = |branch: Branch| match branch.behind {
        Behind::Image(identity) => Some(identity.config),
        Behind::Absent | Behind::Unclear | Behind::Attestation => None,
    };
    let configs: Vec<_> = found.await.unwrap().into_iter().filter_map(config).collect();
    // A classic store's ID is the configuration itself, behind which there is nothing.
    assert_eq!(configs, if is_classic { Vec::new() } else { vec![tiny.config] });
    lab.close().await;
}

#[tokio::test]
async fn changes_are_told_and_exporting_is_none() {
    if without_docker() {
        return;
    }
    let mut lab = Lab::open().await;
    let tiny = lab.tiny("1", b"events");
    let image = lab.load(&tiny).await;
    // Not polled before the change: what happens between the call and the first poll must not be lost.
    let mut events = pin!(lab.engine.events());
    let exported = lab.engine.export(&image.id.id).await.unwrap().map(Result::unwrap).count().await;
    assert!(exported > 0);
    lab.tag(&tiny, "again").await;
    let again = format!("{}:again", lab.repository);
    lab.remove(&again).await;
    let mut told = Vec::new();
    while !told.iter().any(|event| matches!(event, EngineEvent::Removed { image: name } if name == &image.id.id)) {
        told.push(tokio::time::timeout(DEADLINE, events.next()).await.expect("an event").unwrap().unwrap());
    }
    let mine = |event: &&EngineEvent| match event {
        EngineEvent::Changed { image: name } | EngineEvent::Removed { image: name } => {
            name == &image.id.id || name == &again
        }
    };
    assert!(told.iter().filter(mine).any(|event| matches!(event, EngineEvent::Changed { .. })), "{told:?}");
    lab.close().await;
}

#[tokio::test]
async fn what_an_event_is_about_is_told_as_the_list_tells_it() {
    if without_docker() {
        return;
    }
    let mut lab = Lab::open().await;
    let tiny = lab.tiny("1", b"looked at");
    lab.load(&tiny).await;
    lab.tag(&tiny, "again").await;
    let listed = lab.engine.resolve(tiny.reference.familiar()).await.unwrap();
    let again = format!("{}:again", lab.repository);
    let is_classic = lab.engine.info().store == Store::Classic;
    let told = is_classic.then(|| listed.clone());
    for name in [listed.id.id.as_str(), tiny.reference.familiar(), &again] {
        assert_eq!(lab.engine.look(name).await.unwrap(), told, "{name}");
    }
    assert_eq!(lab.engine.look("../containers/json").await.unwrap(), None, "no name gets out of its place in the path");
    lab.remove(&again).await;
    lab.remove(tiny.reference.familiar()).await;
    let gone = lab.engine.look(&listed.id.id).await;
    assert!(!is_classic || gone.is_err_and(|error| error.is_absence()), "it went with its last name");
    lab.close().await;
}

/// `tests/parts/tls_proxy.py` in front of the tests' engine. It ends with the test, as its standard input does.
struct TlsProxy {
    address: String,
    dir: tempfile::TempDir,
    process: Child,
}

impl TlsProxy {
    fn start() -> Self {
        let engine = std::env::var("DAOCHAIN_TEST_DOCKER").unwrap();
        let dir = tempfile::tempdir().unwrap();
        let mut process = Command::new("python3")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/parts/tls_proxy.py"))
            .arg(engine.trim_start_matches("unix://"))
            .arg(dir.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 starts");
        let mut port = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut port).unwrap();
        assert!(!port.is_empty(), "the proxy gave up: {:?}", process.wait());
        Self { address: format!("127.0.0.1:{}", port.trim()), dir, process }
    }

    /// The engine as a user of the certificates in `certs` names it.
    fn targets(&self, certs: &Path) -> Vec<EngineTarget> {
        let env = |name: &str| match name {
            "DOCKER_CERT_PATH" => Some(certs.to_str().unwrap().to_owned()),
            "DOCKER_TLS_VERIFY" => Some("1".to_owned()),
            _ => None,
        };
        EngineTarget::discover(Some(&format!("tcp://{}", self.address)), &env).unwrap()
    }

    /// A folder with the authority's certificate of one client, and certificate and key of another.
    fn mixed(&self, authority: &str, client: &str) -> tempfile::TempDir {
        let certs = tempfile::tempdir().unwrap();
        for (owner, name) in [(authority, "ca.pem"), (client, "cert.pem"), (client, "key.pem")] {
            std::fs::copy(self.dir.path().join(owner).join(name), certs.path().join(name)).unwrap();
        }
        certs
    }
}

impl Drop for TlsProxy {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

#[tokio::test]
async fn an_engine_behind_tls_lists_and_exports() {
    if without_docker() {
        return;
    }
    let mut lab = Lab::open().await;
    let tiny = lab.tiny("tls", &vec![7; 3_000_000]);
    let image = lab.load(&tiny).await;
    let proxy = TlsProxy::start();
    let engine = Engine::connect(&proxy.targets(&proxy.dir.path().join("client"))).await.unwrap();
    assert_eq!(engine.info().endpoint, format!("https://{}", proxy.address));
    assert_eq!(engine.info().id, lab.engine.info().id, "the same engine, whatever the way to it");
    assert!(engine.list().await.unwrap().contains(&image));
    let id = image.id.id.clone();
    let measured = tokio::task::spawn_blocking(move || {
        measure(engine.export_reader(&[&id], &Unwatched).unwrap(), None, &Unwatched).unwrap()
    });
    let measured = measured.await.unwrap();
    assert_eq!(measured.images[0].state, ImageState::Measured, "{measured:?}");
    assert_eq!(measured.images[0].config_digest, Some(tiny.config));
    lab.close().await;
}

#[tokio::test]
async fn tls_with_the_wrong_certificates_is_refused_with_the_cause() {
    if without_docker() {
        return;
    }
    let proxy = TlsProxy::start();
    let unknown_engine = proxy.mixed("stranger", "client");
    let unknown_client = proxy.mixed("client", "stranger");
    for (certs, cause) in [(unknown_engine, "UnknownIssuer"), (unknown_client, "UnknownCA")] {
        let error = Engine::connect(&proxy.targets(certs.path())).await.unwrap_err();
        let message = error.to_string();
        assert!(message.contains(cause) && message.contains(&format!("`https://{}`", proxy.address)), "{message}");
    }
}
