//! The registry client against a real registry: pushing, resolving and listing.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::{fs, path::Path};

use daochain::{
    domain::{Digest, Reference},
    registry::{Access, Host, Repository, catalog},
};
use support::{
    layout::{Blobs, MANIFEST},
    registry::{Registry, login_file},
    token::TokenServer,
    without,
};

/// With the logins in a folder of Docker's.
fn access(folder: &Path) -> Access {
    let folder = folder.display().to_string();
    Access::new(move |name| (name == "DOCKER_CONFIG").then(|| folder.clone()))
}

async fn repository(host: &str, name: &str, access: &Access) -> Repository {
    let reference: Reference = format!("{host}/{name}").parse().unwrap();
    Repository::connect(&reference, access).await.unwrap()
}

/// Pushes one image with the client itself; its manifest's digest.
async fn push(repository: &Repository, tag: &str) -> Digest {
    let mut blobs = Blobs::default();
    let image = blobs.image("amd64", tag.as_bytes());
    for content in [image.config, image.layer] {
        assert_eq!(repository.push_blob(&blobs.0[&content]).await.unwrap(), content);
        // The second time it is there.
        assert_eq!(repository.push_blob(&blobs.0[&content]).await.unwrap(), content);
    }
    let manifest = &blobs.0[&image.manifest];
    assert_eq!(repository.push_manifest(tag, MANIFEST, manifest).await.unwrap(), image.manifest);
    image.manifest
}

async fn is_served(host: &str, login: &Path) {
    let access = access(login);
    let acme = repository(host, "acme/app:1", &access).await;
    assert_eq!(acme.tags(10).await.unwrap(), None, "there is no such repository yet");
    let digest = push(&acme, "1").await;
    for name in ["1", &digest.to_string()] {
        let found = acme.resolve(name).await.unwrap().unwrap();
        assert_eq!((found.digest, found.media_type.as_str()), (digest, MANIFEST));
        assert_eq!(Digest::of(&found.bytes), digest);
    }
    assert_eq!(acme.resolve("2").await.unwrap(), None);
    // What is known need not come again.
    assert!(acme.still_names("1", digest).await.unwrap());
    for (tag, known) in [("1", Digest::of(b"another")), ("2", digest)] {
        assert!(!acme.still_names(tag, known).await.unwrap(), "{tag}");
    }
    for tag in ["2", "3"] {
        push(&acme, tag).await;
    }
    push(&repository(host, "acme/other:1", &access).await, "1").await;
    let listed = acme.tags(10).await.unwrap().unwrap();
    assert_eq!((listed.names.join(" ").as_str(), listed.is_cut), ("1 2 3", false));
    let listed = acme.tags(2).await.unwrap().unwrap();
    assert_eq!((listed.names.len(), listed.is_cut), (2, true));
    let listed = acme.tags_where(2, &|tag| tag != "2").await.unwrap().unwrap();
    assert_eq!((listed.names.join(" ").as_str(), listed.is_cut), ("1 3", false));
    let all = catalog(host, &access, 10, &|_| true).await.unwrap().unwrap();
    assert_eq!((all.names.join(" ").as_str(), all.is_cut), ("acme/app acme/other", false));
}

#[tokio::test]
async fn what_is_pushed_is_resolved_and_listed_with_and_without_a_login() {
    if without("registry") {
        return;
    }
    let nobody = tempfile::tempdir().unwrap();
    let open = Registry::start();
    is_served(&open.host, nobody.path()).await;
    let closed = Registry::with_login();
    let refused =
        repository(&closed.host, "acme/app:1", &access(nobody.path())).await.push_blob(b"x").await.unwrap_err();
    assert_eq!(refused.code(), "registry-denied");
    let lab = tempfile::tempdir().unwrap();
    login_file(lab.path(), &closed.host, "bGFiOmxhYg==");
    is_served(&closed.host, lab.path()).await;
    let tokens = TokenServer::start();
    let strict = Registry::with_tokens(&tokens);
    login_file(lab.path(), &strict.host, "bGFiOmxhYg==");
    is_served(&strict.host, lab.path()).await;
    let asked = tokens.asked.lock().unwrap();
    let has = |scope: &str| asked.iter().any(|it| it.path.contains(scope));
    // In the registry's order, which is none.
    let has_push = has("acme%2Fapp%3Apull%2Cpush") || has("acme%2Fapp%3Apush%2Cpull");
    assert!(has_push && has("registry%3Acatalog%3A*"), "{asked:?}");
}

#[tokio::test]
async fn a_manifest_that_was_changed_in_the_registry_is_not_resolved() {
    if without("registry") {
        return;
    }
    let (registry, nobody) = (Registry::start(), tempfile::tempdir().unwrap());
    let acme = repository(&registry.host, "acme/app:1", &access(nobody.path())).await;
    let digest = push(&acme, "1").await;
    let mut changed = fs::read(registry.data(digest)).unwrap();
    changed.push(b'\n');
    fs::write(registry.data(digest), changed).unwrap();
    for name in ["1", &digest.to_string()] {
        let error = acme.resolve(name).await.unwrap_err();
        assert_eq!(error.code(), "registry-changed", "{error}");
        assert!(error.to_string().contains(&digest.to_string()), "{error}");
    }
}

#[tokio::test]
async fn a_certificate_is_believed_where_somebody_said_so() {
    if without("registry") {
        return;
    }
    let (registry, nobody) = (Registry::with_tls(), tempfile::tempdir().unwrap());
    let with = |host: Host| access(nobody.path()).with_hosts([(registry.host.clone(), host)].into());
    let own = with(Host { ca: Some(registry.certificate()), ..Host::default() });
    let digest = push(&repository(&registry.host, "acme/app:1", &own).await, "1").await;
    for (believes, host) in [
        (false, Host::default()),
        (true, Host { ca: Some(registry.certificate()), ..Host::default() }),
        (true, Host { insecure: true, ..Host::default() }),
    ] {
        let asked = repository(&registry.host, "acme/app:1", &with(host)).await.resolve("1").await;
        match asked {
            Ok(found) => assert_eq!((believes, found.unwrap().digest), (true, digest)),
            Err(error) => assert_eq!((believes, error.code()), (false, "registry-unreachable"), "{error}"),
        }
    }
}
