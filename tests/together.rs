//! Images that share layers are exported and hashed together, on the real engine.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by panicking, and names its parts on stderr"
)]

mod support;

use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use daochain::{
    config::{Config, Options},
    domain::{
        image::LocalImage,
        progress::{Progress, Watch},
    },
    ops::{Context, images::list_images, together::measure_together},
};
use support::{docker, docker_host, unique, without};

const BASE: usize = 3_000_000;
const IMAGES: usize = 5;

/// Sums the bytes of all exports.
#[derive(Default)]
struct Bytes {
    last: AtomicU64,
    all: AtomicU64,
}

impl Watch for Bytes {
    fn report(&self, progress: Progress) {
        let last = self.last.swap(progress.done, Ordering::Relaxed);
        self.all.fetch_add(progress.done.checked_sub(last).unwrap_or(progress.done), Ordering::Relaxed);
    }

    fn is_cancelled(&self) -> bool {
        false
    }
}

/// Builds `tag` on `from` with one more file.
fn build_on(from: &str, tag: &str, content: &[u8]) {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("Dockerfile"), format!("FROM {from}\nCOPY content /{}\n", unique("content"))).unwrap();
    fs::write(dir.path().join("content"), content).unwrap();
    docker(&["build", "-q", "-t", tag, &dir.path().display().to_string()]);
}

/// Bytes that no engine's compression makes fewer (Marsaglia's xorshift), another beginning for each process.
fn noise(bytes: usize) -> Vec<u8> {
    let mut state = u64::from(std::process::id()) | 1 << 40;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    std::iter::repeat_with(next).flatten().take(bytes).collect()
}

fn open(home: &Path) -> Context {
    let options = Options { home: Some(home.to_owned()), docker_host: Some(docker_host()), ..Options::default() };
    Context::open(Config::load(options, &|_| None).unwrap()).unwrap()
}

async fn listed(context: &Context, repository: &str) -> Vec<LocalImage> {
    let is_own = |image: &LocalImage| image.references.iter().any(|name| name.familiar().starts_with(repository));
    list_images(context).await.images.into_iter().filter(is_own).collect()
}

#[tokio::test]
async fn what_images_share_is_hashed_once_and_remembered_for_each() {
    if without("docker") {
        return;
    }
    eprintln!("part: docker {}", docker(&["version", "--format", "{{.Server.Version}}"]));
    let repository = format!("acme/{}", unique("together"));
    let tag = |name: usize| format!("{repository}:{name}");
    build_on("scratch", &tag(0), &noise(BASE));
    (1..IMAGES).for_each(|name| build_on(&tag(0), &tag(name), b"a little more"));

    let home = tempfile::tempdir().unwrap();
    let context = open(home.path());
    let images = listed(&context, &repository).await;
    let identified = images.iter().all(|image| image.evidence.config_digest().is_some());
    let watch = Arc::new(Bytes::default());
    let measured = measure_together(&context, None, &images, false, Arc::clone(&watch) as _).await.unwrap();
    let again = listed(&context, &repository).await;
    (0..IMAGES).for_each(|name| drop(docker(&["rmi", "-f", &tag(name)])));

    assert_eq!(images.len(), IMAGES);
    assert!(identified, "an engine on this machine tells which configurations its images have");
    assert_eq!(measured.len(), IMAGES);
    let bytes = usize::try_from(watch.all.load(Ordering::Relaxed)).unwrap();
    assert!(bytes > BASE / 2 && bytes < 2 * BASE, "{bytes} bytes for one base of {BASE} and {IMAGES} images");
    assert!(again.iter().all(|image| image.evidence.level().is_measured()), "{again:?}");
}
