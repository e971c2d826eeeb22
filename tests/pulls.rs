//! What registries have, judged before it is pulled: the journey of an image between a real registry and a real engine, and
//! registries that change it on the way.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use std::{
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use daochain::domain::Digest;
use serde_json::{Value, json};
use support::{
    Home, Run,
    hostile_registry::{Hostile, Request},
    layout::{Blobs, INDEX, Image, MANIFEST},
    registry::{Answer, Registry},
    terminal::Terminal,
    wait_for, without,
};

/// A home with an account, an engine and a registry.
struct Lab {
    home: Home,
    account: String,
    registry: Registry,
    blobs: Blobs,
    image: Image,
}

impl Lab {
    /// With an image `acme/app:1` that nobody else has.
    fn new() -> Option<Self> {
        if without("registry") || without("docker") {
            return None;
        }
        let (home, registry, mut blobs) = (Home::new().with_docker(), Registry::start(), Blobs::default());
        let account = home.funded_account();
        let image = blobs.image(own(), support::unique("content").as_bytes());
        registry.push("acme/app", "1", &blobs, MANIFEST, image.manifest);
        Some(Self { home, account, registry, blobs, image })
    }

    /// Its image is released under the name that it has at `host`, and this home trusts whoever did.
    fn released_at(&self, host: &str) -> String {
        let name = format!("{host}/acme/app:1");
        let archive = self.home.path().join("app.tar");
        std::fs::write(&archive, self.blobs.archive(&name, MANIFEST, self.image.manifest)).unwrap();
        assert!(self.home.run(&["trust", "add", &name, &self.account]).success());
        let run = self.home.run(&["publish", &name, "--archive", archive.to_str().unwrap(), "--yes"]);
        assert!(run.success(), "{run:?}");
        name
    }

    /// A registry before the real one.
    fn hostile(&self, answers: impl Fn(&Request) -> Option<Answer> + Send + Sync + 'static) -> Hostile {
        Hostile::start(Some(&self.registry.host), answers)
    }

    /// The image is not in the engine, under no name.
    fn is_gone(&self) -> bool {
        // The one or the other is an image's identity, as the engine's store has it.
        [self.image.config, self.image.manifest].iter().all(|id| !inspects(&id.to_string()))
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        docker(&["rmi", "-f", &self.image.config.to_string(), &self.image.manifest.to_string()]);
    }
}

fn own() -> &'static str {
    if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" }
}

/// Whether docker did what it was told.
fn docker(args: &[&str]) -> bool {
    let mut command = Command::new("docker");
    command.args(args).env("DOCKER_HOST", support::docker_host()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().expect("the docker command starts").success()
}

fn inspects(name: &str) -> bool {
    docker(&["image", "inspect", name])
}

/// The configuration's digest of an image that the engine has; its ID is another one in containerd's store.
fn config_of(home: &Home, name: &str) -> Digest {
    let run = home.run(&["hash", name]);
    run.document["images"][0]["config_digest"].as_str().unwrap_or_else(|| panic!("{run:?}")).parse().unwrap()
}

fn answer(head: &str, body: &[u8]) -> Answer {
    (format!("{head}\r\nContent-Length: {}", body.len()), body.to_vec())
}

fn code(run: &Run) -> (Option<i32>, &str) {
    (run.code, run.document["code"].as_str().unwrap_or_else(|| panic!("{run:?}")))
}

/// Exit code, verdict, and whether it was pulled and named.
fn ended(run: &Run) -> (Option<i32>, &str, bool, bool) {
    let flag = |name: &str| run.document[name].as_bool().unwrap_or_else(|| panic!("{run:?}"));
    (run.code, run.document["verdict"].as_str().unwrap(), flag("pulled"), flag("tagged"))
}

#[test]
fn a_released_image_is_seen_pulled_and_named_and_a_swapped_tag_is_refused_before_a_layer_moves() {
    let Some(lab) = Lab::new() else { return };
    let name = lab.released_at(&lab.registry.host);
    let seen = lab.home.run(&["remote", name.trim_end_matches(":1")]);
    assert_eq!(seen.verdict(), ("verified", Some(0)), "{seen:?}");
    let image = &seen.document["images"][0];
    assert_eq!((&image["evidence"], &image["tag"]), (&json!("claimed"), &json!("1")));
    assert_eq!((&image["digest"], &image["config_digest"]), (&json!(lab.image.manifest), &json!(lab.image.config)));
    assert!(lab.is_gone() && image["size"].as_u64().unwrap() > 1000, "nothing was pulled: {image}");

    let run = lab.home.run(&["pull", &name]);
    assert_eq!(ended(&run), (Some(0), "verified", true, true), "{run:?}");
    assert_eq!(
        (&run.document["claimed"]["evidence"], &run.document["measured"]["evidence"]),
        (&json!("claimed"), &json!("measured"))
    );
    assert_eq!(lab.home.run(&["verify", &name]).verdict(), ("verified", Some(0)));
    // Once more changes nothing.
    assert_eq!(ended(&lab.home.run(&["pull", &name])), (Some(0), "verified", true, true));

    let mut others = Blobs::default();
    let swapped = others.image(own(), b"swapped");
    lab.registry.push("acme/app", "1", &others, MANIFEST, swapped.manifest);
    let run = lab.home.run(&["pull", &name]);
    assert_eq!(ended(&run), (Some(3), "mismatch", false, false), "{run:?}");
    assert!(!inspects(&swapped.config.to_string()));
    let seen = lab.home.run(&["remote", &name]);
    assert_eq!(seen.verdict(), ("mismatch", Some(3)), "{seen:?}");
    assert_eq!(lab.home.run(&["verify", &name]).verdict(), ("verified", Some(0)), "the name still means the old one");
}

#[test]
fn what_the_policy_refuses_is_pulled_only_when_its_name_is_typed_again() {
    let Some(lab) = Lab::new() else { return };
    let name = format!("{}/acme/app:1", lab.registry.host);
    let run = lab.home.run(&["pull", &name]);
    assert_eq!(ended(&run), (Some(4), "unpublished", false, false), "{run:?}");
    let run = lab.home.run(&["pull", &name, "--override-policy", "acme/app:1"]);
    assert_eq!(code(&run), (Some(2), "usage"));
    assert!(lab.is_gone());
    let run = lab.home.run(&["pull", &name, "--override-policy", &name]);
    assert_eq!(ended(&run), (Some(4), "unpublished", true, true), "{run:?}");
    assert_eq!(run.document["overridden"], json!(true));
    assert!(run.stderr.contains("whatever the trust policy says") && inspects(&name), "{run:?}");
}

#[test]
fn of_an_index_the_engines_own_platform_is_pulled() {
    let Some(mut lab) = Lab::new() else { return };
    let other = lab.blobs.image("riscv64", b"other");
    let index = lab.blobs.index(&[(&lab.image, own()), (&other, "riscv64")]);
    lab.registry.push("acme/app", "1", &lab.blobs, INDEX, index);
    let name = lab.released_at(&lab.registry.host);
    let seen = lab.home.run(&["remote", &name]);
    let rows = seen.document["images"].as_array().unwrap();
    let told: Vec<_> =
        rows.iter().map(|row| (row["platform"].as_str().unwrap(), row["verdict"].as_str().unwrap())).collect();
    // Of another platform the configuration is not read, and its manifest is in no release.
    assert_eq!(told, [(format!("linux/{}", own()).as_str(), "verified"), ("linux/riscv64", "undecided")], "{seen:?}");
    let run = lab.home.run(&["pull", &name]);
    assert_eq!(ended(&run), (Some(0), "verified", true, true), "{run:?}");
    assert_eq!(
        (&run.document["digest"], &run.document["manifest_digest"]),
        (&json!(index), &json!(lab.image.manifest))
    );
    let run = lab.home.run(&["pull", &name, "--platform", "linux/s390x"]);
    assert_eq!(code(&run), (Some(1), "no-such-image"));
    let run = lab.home.run(&["pull", &name, "--platform", "linux/riscv64"]);
    assert_eq!(ended(&run), (Some(3), "mismatch", false, false), "{run:?}");
}

#[test]
fn a_tag_that_moves_after_the_verdict_moves_nothing() {
    let Some(lab) = Lab::new() else { return };
    let mut others = Blobs::default();
    let swapped = others.image(own(), b"moved meanwhile");
    let (body, asked) = (others.0[&swapped.manifest].clone(), AtomicUsize::new(0));
    let hostile = lab.hostile(move |request| {
        let is_first = request.path.ends_with("/manifests/1") && asked.fetch_add(1, Ordering::Relaxed) == 0;
        (request.path.ends_with("/manifests/1") && !is_first)
            .then(|| answer(&format!("200 OK\r\nContent-Type: {MANIFEST}"), &body))
    });
    let name = lab.released_at(&hostile.host);
    let run = lab.home.run(&["pull", &name]);
    assert_eq!(ended(&run), (Some(0), "verified", true, true), "{run:?}");
    assert_eq!(run.document["digest"], json!(lab.image.manifest));
    let by_tag = hostile.asked().iter().filter(|it| it.path.ends_with("/manifests/1")).count();
    assert_eq!(by_tag, 1, "the tag is resolved once");
}

#[test]
fn content_that_is_changed_on_its_way_to_the_engine_gets_no_name() {
    let Some(lab) = Lab::new() else { return };
    let (layer, manifest) = (lab.image.layer, lab.image.manifest);
    // One that ends early the engine asks for again and again, for a minute and a half.
    let mut changed = lab.blobs.0[&layer].clone();
    changed[600] ^= 1;
    let of_layer = move |request: &Request| request.path.contains("/blobs/") && request.path.contains(&layer.hex());
    let of_engine = move |request: &Request| !request.is_ours() && request.path.contains(&manifest.hex());
    let other = lab.blobs.0[&manifest].iter().chain(b"\n").copied().collect::<Vec<_>>();
    let hostile: Vec<(&str, Hostile)> = vec![
        ("a changed layer", lab.hostile(move |it| of_layer(it).then(|| answer("200 OK", &changed)))),
        (
            "a manifest swapped between verdict and pull",
            lab.hostile(move |it| {
                of_engine(it).then(|| answer(&format!("200 OK\r\nContent-Type: {MANIFEST}"), &other))
            }),
        ),
    ];
    for (what, hostile) in hostile {
        let name = lab.released_at(&hostile.host);
        let run = lab.home.run(&["pull", &name]);
        assert_eq!(code(&run), (Some(1), "engine-error"), "{what}: {run:?}");
        assert!(lab.is_gone() && !inspects(&name), "{what}");
    }
}

#[test]
fn a_release_that_is_withdrawn_while_it_is_pulled_gets_no_name() {
    let Some(lab) = Lab::new() else { return };
    let layer = lab.image.layer;
    let (revoke, is_done) = (Arc::new(std::sync::Mutex::new(None::<Command>)), AtomicBool::new(false));
    let revoking = Arc::clone(&revoke);
    let hostile = lab.hostile(move |request| {
        if request.path.contains(&layer.hex()) && !is_done.swap(true, Ordering::Relaxed) {
            let output = revoking.lock().unwrap().as_mut().unwrap().output().unwrap();
            assert!(output.status.success(), "{output:?}");
        }
        None
    });
    let name = lab.released_at(&hostile.host);
    let digest = lab.image.config.to_string();
    let args = ["revoke", &name, "--digest", &digest, "--reason", "a hole", "--yes"];
    *revoke.lock().unwrap() = Some(lab.home.command(&args));
    let run = lab.home.run(&["pull", &name]);
    assert_eq!(ended(&run), (Some(5), "revoked", true, false), "{run:?}");
    assert_eq!(run.document["claimed"]["verdict"], json!("verified"));
    assert!(lab.is_gone() && !inspects(&name));
}

#[test]
fn an_interrupted_pull_leaves_nothing() {
    let Some(lab) = Lab::new() else { return };
    let (layer, is_asked) = (lab.image.layer, Arc::new(AtomicBool::new(false)));
    let seen = Arc::clone(&is_asked);
    let hostile = lab.hostile(move |request| {
        if request.path.contains(&layer.hex()) && !request.is_ours() {
            seen.store(true, Ordering::Relaxed);
            std::thread::park_timeout(std::time::Duration::from_secs(20));
        }
        None
    });
    let name = lab.released_at(&hostile.host);
    let mut command = lab.home.command(&["pull", &name, "--json"]);
    let program = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    wait_for("the engine to ask for the layer", || is_asked.load(Ordering::Relaxed).then_some(()));
    assert!(Command::new("kill").args(["-INT", &program.id().to_string()]).status().unwrap().success());
    let output = program.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    assert!(!inspects(&name) && lab.is_gone());
}

#[test]
fn a_push_is_read_back_and_published_and_a_registry_that_changes_it_is_told_before_anything_is_signed() {
    if without("registry") || without("docker") {
        return;
    }
    let (home, registry) = (Home::new().with_docker(), Registry::start());
    let account = home.funded_account();
    let name = format!("{}/acme/{}:1", registry.host, support::unique("push"));
    let _built = support::build(&name, &support::unique("content"));
    let config = config_of(&home, &name);
    assert!(home.run(&["trust", "add", &name, &account]).success());

    let run = home.run(&["push", &name, "--publish", "--dry-run"]);
    assert_eq!((run.code, &run.document["publications"][0]["stage"]), (Some(0), &json!("estimated")), "{run:?}");
    assert_eq!(code(&home.run(&["push", &name, "--dry-run"])), (Some(2), "usage"));
    assert_eq!(code(&home.run(&["remote", &name])), (Some(1), "no-such-image"), "nothing was pushed");
    let run = home.run(&["push", &name, "--publish", "--yes"]);
    assert!(run.success(), "{run:?}");
    assert_eq!(run.document["schema"], json!("daochain.push/1"));
    assert_eq!(run.document["config_digest"], json!(config));
    let kinds = |run: &Run| -> Vec<(String, Value)> {
        let digests = run.document["publications"][0]["digests"].as_array().unwrap_or_else(|| panic!("{run:?}"));
        digests.iter().map(|one| (one["kind"].as_str().unwrap().to_owned(), one["digest"].clone())).collect()
    };
    assert_eq!(
        kinds(&run),
        [("config".to_owned(), json!(config)), ("manifest".to_owned(), run.document["manifest_digest"].clone())]
    );
    assert_eq!(home.run(&["remote", &name]).verdict(), ("verified", Some(0)));
    // Again: it is there, and said already.
    let run = home.run(&["push", &name, "--publish", "--yes"]);
    assert_eq!(run.document["publications"][0]["stage"], json!("already-published"), "{run:?}");

    let mut others = Blobs::default();
    let swapped = others.image(own(), b"swapped");
    registry.push("acme/other", "1", &others, MANIFEST, swapped.manifest);
    let other_config = others.0[&swapped.manifest].clone();
    // The same configuration over other layers.
    let mut other_layer: Value = serde_json::from_slice(&other_config).unwrap();
    other_layer["config"]["digest"] = json!(config);
    other_layer["config"]["size"] = json!(std::fs::metadata(registry.data(config)).unwrap().len());
    let other_layer = other_layer.to_string().into_bytes();
    for (what, body) in [("another configuration", other_config), ("other layers", other_layer)] {
        let hostile = Hostile::start(Some(&registry.host), move |request| {
            let is_read = request.is_ours() && request.method == "GET" && request.path.contains("/manifests/");
            is_read.then(|| answer(&format!("200 OK\r\nContent-Type: {MANIFEST}"), &body))
        });
        let there = name.replace(&registry.host, &hostile.host);
        assert!(docker(&["tag", &name, &there]));
        let run = home.run(&["push", &there, "--publish", "--yes"]);
        assert!(docker(&["rmi", &there]));
        assert_eq!(code(&run), (Some(3), "registry-changed"), "{what}: {run:?}");
        assert_eq!(home.run(&["history", &there]).code, Some(4), "{what}: nothing was published");
    }
}

#[test]
fn what_nobody_could_publish_is_not_pushed() {
    if without("registry") || without("docker") {
        return;
    }
    let (home, registry) = (Home::new().with_docker(), Registry::start());
    let account = home.funded_account();
    let name = format!("{}/acme/{}:1", registry.host, support::unique("unasked"));
    let _built = support::build(&name, &support::unique("content"));
    let is_pushed = || home.run(&["remote", &name]).code != Some(1);
    assert_eq!(code(&home.run(&["push", &name, "--publish"])), (Some(2), "confirmation-needed"));
    let mut keyless = home.command(&["push", &name, "--publish", "--yes", "--json"]);
    let output = keyless.env_remove("DAOCHAIN_PASSWORD_FILE").output().unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &document["code"]), (Some(2), &json!("passphrase-needed")), "{document}");
    assert!(!is_pushed());

    let mut terminal = Terminal::start(24, 120, &home.command(&["push", &name, "--publish"]));
    let told = format!("is published by {account}");
    terminal.wait_for_bytes("Sign and send").send("n\r");
    let (written, exit) = terminal.finish();
    let (before, after) = written.split_once(&told).unwrap_or_else(|| panic!("{written}"));
    assert!(!before.contains("pushing ") && after.contains("pushing ") && exit == 1, "{exit}: {written}");
    assert!(is_pushed());
    assert_eq!(home.run(&["history", &name]).code, Some(4), "a no publishes nothing");
}

#[test]
fn the_engine_is_given_the_login_that_is_kept() {
    if without("registry") || without("docker") {
        return;
    }
    let (home, registry) = (Home::new().with_docker(), Registry::with_login());
    let docker_config = tempfile::tempdir().unwrap();
    let run = |args: &[&str], input: &str| -> Value {
        let mut command = home.command(args);
        command.arg("--json").env("DOCKER_CONFIG", docker_config.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes()).unwrap();
        serde_json::from_slice(&child.wait_with_output().unwrap().stdout).unwrap()
    };
    let name = format!("{}/acme/{}:1", registry.host, support::unique("login"));
    let _built = support::build(&name, &support::unique("content"));
    let config = json!(config_of(&home, &name));
    assert_eq!(run(&["push", &name], "")["code"], json!("engine-error"));
    let logged_in = run(&["login", &registry.host, "--username", "lab", "--password-stdin"], "lab\n");
    assert_eq!(logged_in["schema"], json!("daochain.login/1"), "{logged_in}");
    let pushed = run(&["push", &name], "");
    assert_eq!((&pushed["schema"], &pushed["config_digest"]), (&json!("daochain.push/1"), &config), "{pushed}");
    assert!(docker(&["rmi", &name]));
    let pulled = run(&["pull", &name, "--override-policy", &name], "");
    assert_eq!((&pulled["tagged"], &pulled["measured"]["config_digest"]), (&json!(true), &config), "{pulled}");
}

#[test]
fn a_name_that_is_a_namespace_or_nothing_is_told_so() {
    let Some(lab) = Lab::new() else { return };
    let host = &lab.registry.host;
    for name in [format!("{host}/acme/*"), format!("{host}/acme"), format!("{host}/*")] {
        let run = lab.home.run(&["remote", &name]);
        assert_eq!(
            (run.code, &run.document["repositories"]),
            (Some(0), &json!([format!("{host}/acme/app")])),
            "{run:?}"
        );
    }
    for (name, exit, word) in [
        (format!("{host}/nothing"), 1, "no-such-image"),
        (format!("{host}/acme/app:2"), 1, "no-such-image"),
        ("acme/*".to_owned(), 1, "registry-unlisted"),
        ("Not A Name".to_owned(), 2, "usage"),
        ("127.0.0.1:1/acme/app".to_owned(), 1, "registry-unreachable"),
    ] {
        assert_eq!(code(&lab.home.run(&["remote", &name])), (Some(exit), word), "{name}");
    }
    let none = lab.home.run(&["remote", &format!("{host}/acme/app"), "--tags", "2.*"]);
    assert_eq!(
        (none.code, &none.document["images"], &none.document["verdict"]),
        (Some(0), &json!([]), &Value::Null),
        "{none:?}"
    );
}
