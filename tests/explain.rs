//! Why a verdict is what it is, as a user asks for it: on a real chain, with real archives, engines and registries.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test fails by panicking, and names its parts")]

mod support;

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use daochain::domain::Digest;
use serde_json::{Value, json};
use support::{
    Home, Run, build, docker,
    layout::{Blobs, MANIFEST},
    node,
    registry::Registry,
    unique, without,
};

/// A home with a funded account that is trusted for `acme/*`, on a network with the registry.
struct Stage(Home);

impl Stage {
    fn new() -> Self {
        Self::of(Home::new())
    }

    fn of(home: Home) -> Self {
        eprintln!("part: anvil at {}", node("anvil"));
        let home = home.on("anvil", &node("anvil"));
        let account = home.funded_account();
        home.run(&["contract", "deploy", "--account", &account, "--yes"]);
        assert!(home.run(&["trust", "add", "acme/*", &account, "--name", "acme"]).success());
        Self(home)
    }

    fn publish(&self, archive: &Path) {
        let run = self.0.run(&["publish", "--archive", text_of(archive), "--yes", "--confirmations", "1"]);
        assert!(run.success(), "{run:?}");
    }

    fn explain(&self, archive: &Path, more: &[&str]) -> Run {
        self.0.run(&[&["explain", "--archive", text_of(archive)], more].concat())
    }

    /// The same for people.
    fn told(&self, archive: &Path, more: &[&str]) -> String {
        let args = [&["explain", "--archive", text_of(archive)], more].concat();
        let output = self.0.command(&args).env("LANG", "C.UTF-8").stderr(Stdio::inherit()).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }
}

fn text_of(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn section<'v>(run: &'v Run, key: &str) -> &'v Value {
    let sections = run.document["images"][0]["sections"].as_array().unwrap_or_else(|| panic!("{run:?}"));
    sections.iter().find(|section| section["key"] == key).unwrap_or_else(|| panic!("no {key} in {run:?}"))
}

/// The text of a section, a line for each.
fn lines(section: &Value) -> String {
    let line = |line: &Value| format!("{}|{}\n", line["label"].as_str().unwrap(), line["text"].as_str().unwrap());
    section["lines"].as_array().unwrap().iter().map(line).collect()
}

#[test]
fn each_verdict_is_explained_with_what_it_rests_on_and_what_to_do() {
    if without("node") {
        return;
    }
    let stage = Stage::new();
    let name = format!("acme/{}:1", unique("why"));
    let (first, second) = (stage.0.archive(&name, "first"), stage.0.archive(&name, "second"));
    let fresh = stage.explain(&first, &[]);
    assert_eq!(fresh.verdict(), ("unpublished", Some(4)), "{fresh:?}");
    assert!(lines(section(&fresh, "released")).contains("nobody has ever published"));

    stage.publish(&first);
    let verified = stage.explain(&first, &[]);
    assert_eq!(verified.verdict(), ("verified", Some(0)), "{verified:?}");
    assert_eq!(verified.document["schema"], "daochain.explain/1");
    assert!(lines(section(&verified, "here")).contains("how|measured:"));
    assert!(lines(section(&verified, "released")).contains("◀ THIS IMAGE, current"), "{verified:?}");
    assert!(lines(section(&verified, "trust")).contains("speaks|acme 0x"), "{verified:?}");
    let chain = lines(section(&verified, "chain"));
    assert!(chain.contains("rests on|block ") && chain.contains("believed alone"), "{chain}");

    let other = stage.explain(&second, &[]);
    assert_eq!(other.verdict(), ("mismatch", Some(3)), "{other:?}");
    let next = other.document["images"][0]["next"].as_array().unwrap();
    let commands: Vec<_> = next.iter().filter_map(|step| step["command"].as_str()).collect();
    assert!(commands.contains(&format!("daochain pull {name}").as_str()), "{commands:?}");

    stage.publish(&second);
    let told = stage.told(&first, &[]);
    for words in ["↑ ", "a genuine image of acme, and not the newest", "v2 ", "What to do next", "daochain pull"] {
        assert!(told.contains(words), "`{words}` is missing in\n{told}");
    }
    assert!(!told.contains('\u{1b}'), "no colours in a pipe");
}

#[test]
fn what_cannot_be_found_or_asked_for_is_told() {
    let home = Home::new();
    let nothing = home.run(&["explain"]);
    assert_eq!((nothing.code, &nothing.document["code"]), (Some(2), &json!("usage")));
    let absent = home.run(&["explain", "--archive", "/nonexistent/x.tar"]);
    assert_eq!((absent.code, absent.document["schema"].as_str()), (Some(1), Some("daochain.error/1")), "{absent:?}");
    let archive = home.archive("acme/x:1", "content");
    let run = home.run(&["explain", "--archive", text_of(&archive), "--rpc", "http://127.0.0.1:9"]);
    assert_eq!(run.verdict(), ("undecided", Some(1)), "{run:?}");
    assert!(lines(section(&run, "chain")).contains("not read|"), "{run:?}");
    assert!(run.document["images"][0]["next"].to_string().contains("daochain node status"), "{run:?}");
}

/// A file of a layer: name, content, mode.
type File<'f> = (&'f str, &'f str, u32);

/// An image of these layers, each with its instruction; its manifest.
fn image(blobs: &mut Blobs, layers: &[(&str, &[File<'_>])]) -> Digest {
    let pack = |files: &[File<'_>]| {
        let mut layer = tar::Builder::new(Vec::new());
        for (name, content, mode) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(*mode);
            layer.append_data(&mut header, name, content.as_bytes()).unwrap();
        }
        layer.into_inner().unwrap()
    };
    let digests: Vec<Digest> = layers.iter().map(|(_, files)| blobs.add(pack(files))).collect();
    let mut history = vec![json!({"created_by": "ENV WORD=x", "empty_layer": true})];
    history.extend(layers.iter().map(|(by, _)| json!({"created_by": by})));
    let config = json!({"os": "linux", "architecture": own(), "history": history,
        "rootfs": {"type": "layers", "diff_ids": digests}});
    let config = blobs.add(config.to_string().into_bytes());
    let descriptor = |digest: &Digest| blobs.descriptor("application/vnd.oci.image.layer.v1.tar", *digest);
    let manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST,
        "config": blobs.descriptor("application/vnd.oci.image.config.v1+json", config),
        "layers": digests.iter().map(descriptor).collect::<Vec<_>>()});
    blobs.add(manifest.to_string().into_bytes())
}

fn own() -> &'static str {
    if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" }
}

const BASE: (&str, &[File<'static>]) = ("FROM base", &[("etc/passwd", "root", 0o644)]);
const GOOD: [File<'static>; 3] = [("bin/su", "su", 0o755), ("srv/app", "app", 0o755), ("srv/gone", "x", 0o644)];
const EVIL: [File<'static>; 3] = [("bin/su", "su", 0o4755), ("srv/app", "evil", 0o755), ("srv/new", "y", 0o644)];

/// The released image and a changed one, as archives under one name.
fn released_and_changed(folder: &Path, name: &str) -> (Blobs, Digest, PathBuf, PathBuf) {
    let write = |blobs: &Blobs, root, file: &str| {
        let path = folder.join(file);
        std::fs::write(&path, blobs.archive(name, MANIFEST, root)).unwrap();
        path
    };
    let mut good = Blobs::default();
    let released = image(&mut good, &[BASE, ("COPY app /srv", &GOOD)]);
    let mut evil = Blobs::default();
    let changed = image(&mut evil, &[BASE, ("COPY app /srv", &EVIL), ("RUN backdoor", &[("tmp/x", "z", 0o644)])]);
    let paths = (write(&good, released, "released.tar"), write(&evil, changed, "changed.tar"));
    (good, released, paths.0, paths.1)
}

/// Every changed file as `change path`, in order.
fn changes(pair: &Value) -> Vec<String> {
    let all = pair["files"]["changes"].as_array().unwrap_or_else(|| panic!("{pair}"));
    let word = |one: &Value, key: &str| one[key].as_str().unwrap().to_owned();
    all.iter().map(|one| format!("{} {}: {}", word(one, "change"), word(one, "path"), word(one, "words"))).collect()
}

#[track_caller]
fn has_both_sides(run: &Run, origin: &str) {
    let compared = &run.document["images"][0]["compared"];
    assert_eq!(compared["origin"], origin, "{run:?}");
    let layers = compared["layers"].as_array().unwrap();
    let same: Vec<_> = layers.iter().map(|pair| pair["same"].as_bool().unwrap()).collect();
    assert_eq!(same, [true, false, false], "{compared}");
    assert_eq!(layers[1]["here"]["made_by"], "COPY app /srv", "{compared}");
    assert_eq!(layers[1]["released"]["made_by"], "COPY app /srv", "{compared}");
    assert_eq!(layers[2]["released"], Value::Null);
}

#[track_caller]
fn has_files(run: &Run) {
    let layers = &run.document["images"][0]["compared"]["layers"];
    let found = changes(&layers[1]);
    assert_eq!(found[0], "changed bin/su: mode 0755 → 4755", "{found:?}");
    assert!(found[1].starts_with("changed srv/app: size 3 → 4, content sha256:"), "{found:?}");
    assert!(found[2].starts_with("removed srv/gone: 1 byte") && found[3].starts_with("added srv/new"), "{found:?}");
    assert!(changes(&layers[2])[0].starts_with("added tmp/x"), "{layers}");
    assert!(layers[0].get("files").is_none(), "nothing is listed of what is the same");
}

#[test]
fn a_changed_image_is_compared_with_the_released_one_layer_by_layer_and_file_by_file() {
    if without("node") {
        return;
    }
    let stage = Stage::new();
    let folder = tempfile::tempdir().unwrap();
    let name = format!("docker.io/acme/{}:1", unique("layers"));
    let (_, _, released, changed) = released_and_changed(folder.path(), &name);
    stage.publish(&released);
    // Publishing measured the released one.
    let run = stage.explain(&changed, &[]);
    has_both_sides(&run, "measured");
    let told = stage.told(&changed, &["--files", "--archives", text_of(folder.path())]);
    for words in
        ["1 the same, 1 different, 1 only here", "≠ ", "│ released", "~ bin/su  mode 0755 → 4755 · RUNS AS ITS"]
    {
        assert!(told.contains(words), "`{words}` is missing in\n{told}");
    }
    has_files(&stage.explain(&changed, &["--files", "--archives", text_of(folder.path())]));
}

#[test]
fn the_registry_tells_of_the_released_image_only_when_asked() {
    if without("node") || without("registry") {
        return;
    }
    let registry = Registry::start();
    let name = format!("{}/acme/app:1", registry.host);
    let folder = tempfile::tempdir().unwrap();
    let (blobs, manifest, released, changed) = released_and_changed(folder.path(), &name);
    registry.push("acme/app", "1", &blobs, MANIFEST, manifest);
    let publisher = Stage::new();
    publisher.publish(&released);
    let address = publisher.0.run(&["account", "list"]).document["accounts"][0]["address"].as_str().unwrap().to_owned();
    let home = Home::new().on("anvil", &node("anvil"));
    assert!(home.run(&["trust", "add", &name, &address]).success());
    let reader = Stage(home);
    let run = reader.explain(&changed, &[]);
    assert_eq!(run.verdict(), ("mismatch", Some(3)), "{run:?}");
    assert_eq!(run.document["images"][0]["compared"], Value::Null);
    assert!(lines(section(&run, "layers")).contains("is not known here"), "{run:?}");
    assert!(run.document["images"][0]["next"].to_string().contains("--remote"), "{run:?}");
    has_both_sides(&reader.explain(&changed, &["--remote"]), "registry");
    has_files(&reader.explain(&changed, &["--files"]));

    // What it serves is believed of nobody: a changed layer is no layer of the release.
    let layer = blobs.0.values().find(|bytes| bytes.windows(8).any(|part| part == b"srv/gone")).unwrap();
    let path = registry.data(Digest::of(layer));
    let mut other = layer.clone();
    other[700] ^= 1;
    std::fs::write(path, other).unwrap();
    let lied = reader.explain(&changed, &["--files"]);
    assert_eq!(lied.document["images"][0]["compared"]["problem"]["code"], "not-compared", "{lied:?}");
}

#[test]
fn an_engines_image_is_compared_with_the_one_that_lost_its_name() {
    if without("node") || without("docker") {
        return;
    }
    eprintln!("part: docker {}", docker(&["version", "--format", "{{.Server.Version}}"]));
    let stage = Stage::of(Home::new().with_docker());
    let reference = format!("acme/{}:1", unique("engine"));
    let _first = build(&reference, &unique("first"));
    let published = stage.0.run(&["publish", &reference, "--yes", "--confirmations", "1"]);
    assert!(published.success(), "{published:?}");
    let _second = build(&reference, &unique("another second"));
    let run = stage.0.run(&["explain", &reference, "--files"]);
    assert_eq!(run.verdict(), ("mismatch", Some(3)), "{run:?}");
    let compared = &run.document["images"][0]["compared"];
    let pair = &compared["layers"][0];
    assert!(pair["here"]["made_by"].as_str().unwrap().starts_with("COPY "), "{compared}");
    let found = changes(pair);
    assert!(found.len() == 1 && found[0].starts_with("changed content: size "), "{found:?}");
}
