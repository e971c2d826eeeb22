//! A connection to an engine, and the questions that are answered at once.

use std::{collections::BTreeSet, fs, path::PathBuf, sync::Arc, time::Duration};

use bollard::{
    API_DEFAULT_VERSION, BollardRequest, Docker,
    errors::Error as Bollard,
    models::{SystemInfo, SystemVersion},
    query_parameters::ListImagesOptions,
};
use futures_util::{StreamExt as _, stream};
use tokio::time::{sleep, timeout};

use super::{
    EngineError, EngineTarget, ImageDetail,
    error::Call,
    images::{as_listed, detail, local_image, parse_id, unlisted, unsettled},
    transport::Wire,
};
use crate::domain::{
    Digest, Reference,
    image::LocalImage,
    text::{clean, clean_to},
};

/// Until the first byte of an answer that takes its time: an export's (3 to 7 s per gigabyte on a classic
/// store), an event's.
const PATIENCE: Duration = Duration::from_hours(24);
/// bollard's own limit, in seconds: above those that are kept here.
const BOLLARDS_LIMIT: u64 = 120;
/// How often a list is asked for that broke off because an image went away meanwhile: Docker 26.1 with containerd's store
/// answers 404 then, as if it knew no lists.
const LISTINGS: u32 = 5;
/// Names that are asked for at once.
const NAMES_AT_ONCE: usize = 8;
/// Pause between two of them.
const PAUSE: Duration = Duration::from_millis(100);
/// Longest version, name or engine ID that is kept.
const SHOWN: usize = 100;
/// What an engine of Docker's is called.
pub(super) const DOCKER: &str = "docker";

/// How long an engine may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Until a socket that nobody reads is given up.
    pub connect: Duration,
    /// For a whole answer: a classic store with ten thousand images lists them in less.
    pub answer: Duration,
}

impl Limits {
    const USUAL: Self = Self { connect: Duration::from_secs(5), answer: Duration::from_mins(1) };
}

/// How the engine keeps images, which decides what its `Id` is the digest of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Store {
    /// Docker's own (overlay2, vfs…) and Podman's: `Id` is the configuration's digest.
    Classic,
    /// containerd's: `Id` is the digest of a manifest or index, and no call gives the configuration's.
    Containerd,
    /// The engine did not say, as when a proxy in front of it forbids the question.
    Unknown,
}

/// Which engine answered. Every text is safe to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineInfo {
    /// `docker` or `podman`.
    pub name: String,
    /// Its version: `20.10.24`.
    pub version: String,
    /// The newest API version that it speaks: `1.41`.
    pub api: String,
    /// What its image IDs mean.
    pub store: Store,
    /// What tells it from other engines: its own ID, which lasts as long as its data; its endpoint where it has none
    /// that lasts.
    pub id: String,
    /// Where it answers: `unix:///var/run/docker.sock`. Holds no credential.
    pub endpoint: String,
    /// The platform whose images it runs unless told otherwise: `linux/amd64`.
    pub platform: Option<String>,
    /// The folder of its data, as it says itself.
    pub root: Option<PathBuf>,
}

impl EngineInfo {
    /// Name and version: `docker 20.10.24`.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{} {}", self.name, self.version)
    }
}

/// An engine that has answered. Nothing is kept open between calls.
#[derive(Debug, Clone)]
pub struct Engine {
    docker: Docker,
    info: Arc<EngineInfo>,
    limits: Limits,
}

impl Engine {
    /// Connects to the first of `targets` that answers.
    ///
    /// # Errors
    /// When none does: the first's, or of one whose permission is missing.
    pub async fn connect(targets: &[EngineTarget]) -> Result<Self, EngineError> {
        Self::connect_within(targets, Limits::USUAL).await
    }

    pub(super) async fn connect_within(targets: &[EngineTarget], limits: Limits) -> Result<Self, EngineError> {
        let mut failures = Vec::new();
        for target in targets {
            match Self::open(target, limits).await {
                Ok(engine) => return Ok(engine),
                Err(error) => {
                    tracing::debug!(%target, %error, "no engine");
                    failures.push(error);
                }
            }
        }
        // A missing permission is what the user can mend; that some other socket is absent is no news.
        let telling = failures.iter().position(|error| matches!(error, EngineError::Permission { .. })).unwrap_or(0);
        let none = || EngineError::unusable("the list of engines", "it is empty", "give --docker-host");
        Err(if failures.is_empty() { none() } else { failures.swap_remove(telling) })
    }

    async fn open(target: &EngineTarget, limits: Limits) -> Result<Self, EngineError> {
        let endpoint = target.to_string();
        let call = Call::new("connect to the engine", &endpoint);
        let docker = client(target, &call).await?;
        within(&call, limits.connect, docker.ping()).await?;
        let call = Call::new("ask the engine's version", &endpoint);
        let version = within(&call, limits.answer, docker.version()).await?;
        let call = Call::new("ask how the engine keeps images", &endpoint);
        let system = match within(&call, limits.answer, docker.info()).await {
            Ok(system) => system,
            // A proxy that lets only some calls through still serves what is needed.
            Err(error @ EngineError::Refused { .. }) => {
                tracing::warn!(%error, "what image IDs mean stays unknown");
                SystemInfo::default()
            }
            Err(error) => return Err(error),
        };
        let info = Arc::new(engine_info(&version, &system, endpoint));
        Ok(Self { docker, info, limits })
    }

    /// Which engine this is, as it said when it was connected.
    #[must_use]
    pub fn info(&self) -> &EngineInfo {
        &self.info
    }

    /// Every image, by one call. Images without a name are among them, intermediate layers of builds are not. Platforms
    /// are not in the engine's list and stay `None`: [`Engine::inspect`] gives them.
    ///
    /// # Errors
    /// When the engine does not answer, or answers something else.
    pub async fn list(&self) -> Result<Vec<LocalImage>, EngineError> {
        let call = self.call("list images");
        let mut left = LISTINGS;
        let listed = loop {
            left -= 1;
            match within(&call, self.limits.answer, self.docker.list_images(None::<ListImagesOptions>)).await {
                Err(EngineError::Refused { status: 404, .. }) if left > 0 => sleep(PAUSE).await,
                answer => break answer?,
            }
        };
        let images = listed.iter().map(|summary| local_image(summary, &self.info)).collect();
        Ok(if self.info.store == Store::Classic { images } else { self.settle_names(images).await })
    }

    /// Gives every name to the image that the engine means by it. containerd keeps names as they were written, so that two
    /// images may be listed under one, and lists some images under none that it runs under one.
    async fn settle_names(&self, mut images: Vec<LocalImage>) -> Vec<LocalImage> {
        let names: BTreeSet<Reference> =
            images.iter_mut().flat_map(|image| std::mem::take(&mut image.references)).collect();
        let asked = stream::iter(names).map(|name| async {
            let inspected = self.inspect_path(name.as_str()).await;
            (name, inspected)
        });
        for (name, inspected) in asked.buffered(NAMES_AT_ONCE).collect::<Vec<_>>().await {
            match inspected {
                Ok(detail) => match images.iter_mut().find(|image| image.id.id == detail.id) {
                    Some(image) => image.references.push(name),
                    None => images.push(unlisted(vec![name], &detail, &self.info)),
                },
                // It is another's name by now, or nobody's.
                Err(error) if error.is_absence() => {}
                Err(error) => images.push(unsettled(name, &error, &self.info)),
            }
        }
        images
    }

    /// The image that `name` means: an ID (`sha256:…`, or its first digits), or an image name.
    ///
    /// A name wins over the beginning of an ID, as with Docker. `name` is never sent: it is looked up in the list.
    ///
    /// # Errors
    /// [`EngineError::NoSuchImage`], [`EngineError::Ambiguous`], and those of [`Engine::list`].
    pub async fn resolve(&self, name: &str) -> Result<LocalImage, EngineError> {
        let (digits, reference) = (id_digits(name), name.parse::<Reference>());
        if let (None, Err(error)) = (digits, &reference) {
            return Err(EngineError::BadName { name: clean_to(name, SHOWN), cause: error.to_string() });
        }
        let mut images = self.list().await?;
        let named = reference.ok().filter(|_| !name.starts_with("sha256:"));
        if let Some(at) = named.and_then(|named| images.iter().position(|image| image.references.contains(&named))) {
            return Ok(images.swap_remove(at));
        }
        if let Some(digits) = digits {
            images.retain(|image| image.id.id.strip_prefix("sha256:").is_some_and(|id| id.starts_with(digits)));
            if images.len() > 1 {
                return Err(EngineError::Ambiguous { name: clean_to(name, SHOWN), count: images.len() });
            }
            if let Some(image) = images.pop() {
                return Ok(image);
            }
        }
        Err(self.no_such_image(name))
    }

    /// What the engine says of the image with this ID (`sha256:` and 64 digits).
    ///
    /// # Errors
    /// [`EngineError::NoSuchImage`], [`EngineError::BadName`] for anything but a whole ID, and the engine's own.
    pub async fn inspect(&self, id: &str) -> Result<ImageDetail, EngineError> {
        self.inspect_path(&whole_id(id)?.to_string()).await
    }

    /// The image that an event is about, as [`Engine::list`] would tell it; `None` where one image's answer does not tell
    /// what the list would: of containerd's store, and of a name that is none.
    ///
    /// # Errors
    /// [`EngineError::NoSuchImage`], and the engine's own.
    pub async fn look(&self, name: &str) -> Result<Option<LocalImage>, EngineError> {
        if self.info.store != Store::Classic {
            return Ok(None);
        }
        let asked = match (whole_id(name), name.parse::<Reference>()) {
            (Ok(id), _) => id.to_string(),
            (_, Ok(reference)) => reference.as_str().to_owned(),
            _ => return Ok(None),
        };
        Ok(Some(as_listed(self.inspect_path(&asked).await?, &self.info)))
    }

    /// The same of a whole ID or a normalised name, which have no characters that mean anything in a path.
    pub(super) async fn inspect_path(&self, image: &str) -> Result<ImageDetail, EngineError> {
        let call = self.call(&format!("inspect image `{image}`"));
        let inspected = match within(&call, self.limits.answer, self.docker.inspect_image(image)).await {
            Err(EngineError::Refused { status: 404, .. }) => return Err(self.no_such_image(image)),
            answer => answer?,
        };
        detail(inspected).ok_or_else(|| call.malformed("it describes an image without an ID"))
    }

    /// A request to this engine, for what its failures name.
    pub(super) fn call(&self, operation: &str) -> Call {
        Call::new(operation, &self.info.endpoint)
    }

    /// The client for answers that take their time. bollard's limit runs to the answer's headers, and an engine sends an
    /// export's headers with its first byte.
    pub(super) fn patient(&self) -> Docker {
        self.docker.clone().with_timeout(PATIENCE)
    }

    /// The client for answers that come at once.
    pub(super) fn quick(&self) -> Docker {
        self.docker.clone().with_timeout(self.limits.answer)
    }

    fn no_such_image(&self, name: &str) -> EngineError {
        EngineError::NoSuchImage { name: clean_to(name, SHOWN), endpoint: self.info.endpoint.clone() }
    }
}

/// The only form of an image that gets into a request's path.
pub(super) fn whole_id(id: &str) -> Result<Digest, EngineError> {
    let cause = "it is not `sha256:` followed by 64 digits";
    let bad = || EngineError::BadName { name: clean_to(id, SHOWN), cause: cause.to_owned() };
    id.strip_prefix("sha256:").and_then(parse_id).ok_or_else(bad)
}

/// The hex digits of an ID or its beginning.
fn id_digits(name: &str) -> Option<&str> {
    let digits = name.strip_prefix("sha256:").unwrap_or(name);
    let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    ((1..=64).contains(&digits.len()) && digits.bytes().all(hex)).then_some(digits)
}

async fn within<T>(
    call: &Call,
    limit: Duration,
    work: impl Future<Output = Result<T, Bollard>>,
) -> Result<T, EngineError> {
    match timeout(limit, work).await {
        Ok(answer) => answer.map_err(|error| call.failed(&error)),
        Err(_) => Err(call.late(limit)),
    }
}

async fn client(target: &EngineTarget, call: &Call) -> Result<Docker, EngineError> {
    let authority = target.authority().unwrap_or_default();
    let made = match target {
        EngineTarget::Unix(path) => over(Wire::Unix(path.clone())),
        EngineTarget::Http(_) => over(Wire::Tcp(authority)),
        EngineTarget::Https { certs, .. } => {
            let certs = certs.clone();
            // Reads the system's certificates, which takes tens of milliseconds.
            let work = tokio::task::spawn_blocking(move || {
                let files = ["key.pem", "cert.pem", "ca.pem"].map(|name| certs.join(name));
                // bollard would read key and certificate at the handshake, and leave them out without a word.
                for file in &files {
                    fs::read(file).map_err(|error| {
                        let place = format!("`{}`", clean(&file.display().to_string()));
                        EngineError::unusable(place, format!("it cannot be read: {error}"), "set DOCKER_CERT_PATH")
                    })?;
                }
                let [key, cert, ca] = &files;
                Ok(Docker::connect_with_ssl(&authority, key, cert, ca, BOLLARDS_LIMIT, API_DEFAULT_VERSION))
            });
            work.await.map_err(|error| call.unreachable(&error.to_string()))??
        }
    };
    made.map_err(|error| call.failed(&error))
}

fn over(wire: Wire) -> Result<Docker, Bollard> {
    let transport = move |request: BollardRequest| wire.clone().send(request);
    // The address is not used: the wire knows where it goes.
    Docker::connect_with_custom_transport(transport, Some("http://engine"), BOLLARDS_LIMIT, API_DEFAULT_VERSION)
}

fn engine_info(version: &SystemVersion, system: &SystemInfo, endpoint: String) -> EngineInfo {
    let shown = |text: &Option<String>| clean_to(text.as_deref().unwrap_or("?"), SHOWN);
    let podman = version.components.iter().flatten().any(|part| part.name.contains("Podman"));
    // Podman makes up another ID for every answer.
    let id = system.id.as_deref().filter(|id| !podman && !id.is_empty());
    EngineInfo {
        name: if podman { "podman" } else { DOCKER }.to_owned(),
        version: shown(&version.version),
        api: shown(&version.api_version),
        store: store(system),
        id: id.map_or_else(|| endpoint.clone(), |id| clean_to(id, SHOWN)),
        endpoint,
        platform: version
            .os
            .as_ref()
            .zip(version.arch.as_ref())
            .map(|(os, arch)| clean_to(&format!("{os}/{arch}"), SHOWN)),
        root: system.docker_root_dir.as_ref().map(PathBuf::from).filter(|root| root.is_absolute()),
    }
}

/// Docker names containerd's snapshotter as the type of its storage driver.
fn store(system: &SystemInfo) -> Store {
    let containerd = system.driver_status.iter().flatten().flatten().any(|text| text == "io.containerd.snapshotter.v1");
    match (&system.driver, containerd) {
        (_, true) => Store::Containerd,
        (Some(driver), false) if !driver.is_empty() => Store::Classic,
        _ => Store::Unknown,
    }
}
