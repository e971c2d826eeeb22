//! Who gives a word on a tag asks the registry itself: neither a mirror of it nor whoever changes what it serves is believed.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use std::{fs, process::Command};

use daochain::domain::Digest;
use serde_json::{Value, json};
use support::{
    Home, Run,
    hostile_registry::Hostile,
    layout::{Blobs, INDEX, Image, MANIFEST},
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

/// Whether docker did what it was told.
fn docker(args: &[&str]) -> bool {
    let mut command = Command::new("docker");
    command.args(args).env("DOCKER_HOST", support::docker_host());
    command.output().expect("the docker command starts").status.success()
}

#[test]
fn a_push_is_read_back_from_the_registry_and_an_index_that_nobody_pushed_is_not_published() {
    if without("registry") || without("docker") {
        return;
    }
    let (home, registry, stale) = (Home::new().with_docker(), Registry::start(), Registry::start());
    home.funded_account();
    serve(&stale, "old");
    mirror(&home, &registry.host, &stale);
    let name = format!("{}/acme/app:1", registry.host);
    let built = support::build(&name, &support::unique("content"));
    let run = home.run(&["push", &name, "--publish", "--yes"]);
    assert!(run.success(), "the mirror has another image under the tag: {run:?}");
    let manifest: Digest = run.document["manifest_digest"].as_str().unwrap().parse().unwrap();

    // Whatever is `unknown/unknown` counts as no image, and may be one all the same.
    let mut blobs = Blobs::default();
    let foreign = blobs.image(own(), b"foreign");
    blobs.0.insert(manifest, fs::read(registry.data(manifest)).unwrap());
    let children = [
        blobs.child(MANIFEST, manifest, &json!({"os": "linux", "architecture": own()})),
        blobs.child(MANIFEST, foreign.manifest, &json!({"os": "unknown", "architecture": "unknown"})),
    ];
    let index = blobs.index_of(&children);
    let body = blobs.0[&index].clone();
    let hostile = Hostile::start(Some(&registry.host), move |request| {
        let is_tag = request.is_ours() && request.method == "GET" && request.path.ends_with("/manifests/1");
        let head = format!("200 OK\r\nContent-Type: {INDEX}\r\nContent-Length: {}", body.len());
        is_tag.then(|| (head, body.clone()))
    });
    let there = name.replace(&registry.host, &hostile.host);
    assert!(docker(&["tag", &name, &there]));
    let run = home.run(&["push", &there, "--publish", "--yes"]);
    assert!(docker(&["rmi", &there]));
    assert_eq!(said(&run), [json!(built.id), json!(manifest)], "{run:?}");
}
