//! Who gives a word on a tag asks the registry itself: neither a mirror of it nor whoever changes what it serves is believed.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use std::fs;

use serde_json::{Value, json};
use support::{
    Home, Run,
    layout::{Blobs, Image, MANIFEST},
    registry::Registry,
    without,
};

fn own() -> &'static str {
    if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" }
}

/// Puts an image under `acme/app:1`.
fn serve(registry: &Registry, content: &str) -> Image {
    let mut blobs = Blobs::default();
    let image = blobs.image(own(), content.as_bytes());
    registry.push("acme/app", "1", &blobs, MANIFEST, image.manifest);
    image
}

/// The home asks `mirror` before the registry at `host`.
fn mirror(home: &Home, host: &str, mirror: &Registry) {
    let config = home.path().join("config.toml");
    let text = fs::read_to_string(&config).unwrap_or_default();
    fs::write(&config, format!("{text}\n[registries.\"{host}\"]\nmirrors = [\"{}\"]\n", mirror.host)).unwrap();
}

/// What the first release of a run holds.
fn said(run: &Run) -> Vec<Value> {
    let digests = run.document["publications"][0]["digests"].as_array().unwrap_or_else(|| panic!("{run:?}"));
    digests.iter().map(|one| one["digest"].clone()).collect()
}

#[test]
fn what_a_mirror_serves_under_a_tag_is_neither_attested_nor_published() {
    if without("registry") {
        return;
    }
    let (home, registry, stale) = (Home::new(), Registry::start(), Registry::start());
    home.funded_account();
    let (old, new) = (serve(&stale, "old"), serve(&registry, "new"));
    mirror(&home, &registry.host, &stale);
    let name = format!("{}/acme/app:1", registry.host);
    let measured = home.run(&["hash", "--remote", &name]);
    assert_eq!(
        measured.document["images"][0]["config_digest"],
        json!(old.config),
        "reading takes the mirror: {measured:?}"
    );
    let expected = [json!(new.config), json!(new.manifest)];
    for args in [&["observe", &name][..], &["observe", "--deep", &name], &["publish", "--remote", &name]] {
        let run = home.run(&[args, &["--dry-run", "--yes"]].concat());
        assert_eq!(said(&run), expected, "{run:?}");
    }
}
