//! Images changed behind the engine's back, on a real engine: on its disk, and in the archives that it saved. None may
//! ever be *verified*. Longer than other files: the store's layout, which it knows, is of no use elsewhere.
//!
//! ```text
//! ROOT/image/DRIVER/imagedb/content/sha256/ID            the configuration; compared with its name at every use
//!                   layerdb/sha256/CHAIN/diff            the layer's digest; read when the engine starts, and believed
//!                                        tar-split.json.gz   the layer's tar with a CRC-64 in each file's place
//!                                        cache-id ─┐
//! ROOT/overlay2/CACHE-ID/diff  ◀───────────────────┘     the unpacked files, which containers run
//! ```
//!
//! An export puts the files into the tar's gaps, compares each with its CRC, and the whole with `diff`.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by panicking, and names its parts on stderr"
)]

mod support;

use std::{
    fs,
    io::{Read as _, Write as _},
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use daochain::domain::Digest;
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use serde_json::Value;
use support::{Home, Run, docker_host, unique, without};
use tempfile::TempDir;

/// An engine whose files are at hand.
struct Engine {
    endpoint: String,
    root: PathBuf,
    driver: String,
}

impl Engine {
    /// The one that `tests/run` started. It is nobody's but the tests': a data root beside the socket tells it from an
    /// engine whose images somebody wants to keep.
    fn shared() -> Self {
        Self::at(&docker_host())
    }

    fn at(endpoint: &str) -> Self {
        let socket = Path::new(endpoint.strip_prefix("unix://").unwrap());
        let mut engine =
            Self { endpoint: endpoint.to_owned(), root: socket.with_file_name("root"), driver: String::new() };
        engine.driver = engine.docker(&["info", "--format", "{{.Driver}}"]);
        let version = engine.docker(&["version", "--format", "{{.Server.Version}}"]);
        eprintln!("part: docker {version}, {}", engine.driver);
        if engine.driver == "vfs" {
            eprintln!("part: vfs, whose folders hold a layer and all those below it, is changed instead of overlay2");
        }
        let store = engine.store();
        assert!(store.is_dir(), "{} is no classic store that this user may read: run this as root", store.display());
        engine
    }

    /// Images and layers as the engine knows them.
    fn store(&self) -> PathBuf {
        self.root.join("image").join(&self.driver)
    }

    fn docker(&self, args: &[&str]) -> String {
        String::from_utf8(self.docker_bytes(args)).unwrap().trim().to_owned()
    }

    fn docker_bytes(&self, args: &[&str]) -> Vec<u8> {
        let output = self.command(args).output().unwrap();
        assert!(output.status.success(), "docker {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("docker");
        command.args(args).env("DOCKER_HOST", &self.endpoint).env("DOCKER_BUILDKIT", "0").stdin(Stdio::null());
        command
    }

    /// An image of two layers, each with the file that it is named after.
    fn build(&self, name: &str, [lower, upper]: [&str; 2]) -> Image<'_> {
        let dir = tempfile::tempdir().unwrap();
        let dockerfile = "FROM scratch\nCOPY lower /lower\nCOPY upper /upper\nENV WORD=honest\nCMD [\"/upper\"]\n";
        for (name, content) in [("Dockerfile", dockerfile), ("lower", lower), ("upper", upper)] {
            fs::write(dir.path().join(name), content).unwrap();
        }
        let reference = format!("acme/{}:1", unique(name));
        let id = self.docker(&["build", "-q", "-t", &reference, &dir.path().display().to_string()]);
        let layers = self.docker(&["inspect", "--format", "{{json .RootFS.Layers}}", &id]);
        let layers: Vec<String> = serde_json::from_str(&layers).unwrap();
        let diff_ids: Vec<Digest> = layers.iter().map(|digest| digest.parse().unwrap()).collect();
        Image { engine: self, reference, id, diff_ids: diff_ids.try_into().unwrap() }
    }
}

/// An engine of one test, which may be restarted; ended when dropped.
struct Private(TempDir);

impl Private {
    fn new() -> Self {
        Self(tempfile::Builder::new().prefix("daochain-tamper-").tempdir().unwrap())
    }

    fn start(&self) -> Engine {
        Engine::at(self.script("start").trim())
    }

    fn restart_after(&self, change: impl FnOnce()) {
        self.script("stop");
        change();
        self.script("start");
    }

    fn script(&self, command: &str) -> String {
        let output = self.command(command).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "dockerd.sh {command}: {told}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn command(&self, command: &str) -> Command {
        let mut bash = Command::new("bash");
        bash.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/parts/dockerd.sh")).arg(command).arg(self.0.path());
        bash
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        let _ = self.command("stop").output();
    }
}

/// An image of an engine, removed when dropped.
struct Image<'e> {
    engine: &'e Engine,
    reference: String,
    /// A classic store's ID: the configuration's digest.
    id: String,
    diff_ids: [Digest; 2],
}

impl Image<'_> {
    /// The layer of the file `lower` (0) or `upper` (1).
    fn layer(&self, position: usize) -> Layer {
        // Chains are named as image-spec's config.md says.
        let [lower, upper] = self.diff_ids;
        let chain = if position == 0 { lower } else { Digest::of(format!("{lower} {upper}").as_bytes()) };
        let known = self.engine.store().join("layerdb/sha256").join(chain.hex());
        let cache_id = fs::read_to_string(known.join("cache-id")).unwrap();
        let files = match self.engine.driver.as_str() {
            "overlay2" => self.engine.root.join("overlay2").join(cache_id).join("diff"),
            "vfs" => self.engine.root.join("vfs/dir").join(cache_id),
            other => panic!("where the driver {other} unpacks layers is not known here"),
        };
        Layer { known, files }
    }

    fn config(&self) -> PathBuf {
        self.engine.store().join("imagedb/content").join(self.id.replace(':', "/"))
    }
}

impl Drop for Image<'_> {
    fn drop(&mut self) {
        // An image that was damaged may not be known any more.
        let _ = self.engine.command(&["rmi", "-f", &self.reference]).output();
    }
}

/// A layer on an engine's disk.
struct Layer {
    /// What the engine keeps about it.
    known: PathBuf,
    /// Its unpacked files.
    files: PathBuf,
}

impl Layer {
    fn change_byte(&self, name: &str) {
        let path = self.files.join(name);
        let mut content = fs::read(&path).unwrap();
        content[7] ^= 1;
        fs::write(path, content).unwrap();
    }

    /// Makes the engine's checksums those of what is there now. The new digest.
    fn rewrite_checksums(&self) -> Digest {
        let mut entries = self.entries();
        for entry in entries.iter_mut().filter(|entry| is_file(entry)) {
            let content = fs::read(self.files.join(entry["name"].as_str().unwrap())).unwrap();
            entry["payload"] = BASE64.encode(crc64(&content).to_be_bytes()).into();
        }
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        for entry in entries {
            writeln!(packed, "{entry}").unwrap();
        }
        fs::write(self.tar_split(), packed.finish().unwrap()).unwrap();
        let digest = Digest::of(&self.tar());
        fs::write(self.known.join("diff"), digest.to_string()).unwrap();
        digest
    }

    /// Gives each layer's files, checksums and digest to the other.
    fn exchange(&self, other: &Self) {
        for (one, two) in [(&self.files, &other.files), (&self.tar_split(), &other.tar_split())] {
            exchange(one, two);
        }
        exchange(&self.known.join("diff"), &other.known.join("diff"));
    }

    /// The layer as the engine puts it together.
    fn tar(&self) -> Vec<u8> {
        let mut tar = Vec::new();
        for entry in self.entries() {
            if is_file(&entry) {
                tar.extend(fs::read(self.files.join(entry["name"].as_str().unwrap())).unwrap());
            } else if entry["type"] == 2 {
                tar.extend(BASE64.decode(entry["payload"].as_str().unwrap()).unwrap());
            }
        }
        tar
    }

    fn tar_split(&self) -> PathBuf {
        self.known.join("tar-split.json.gz")
    }

    fn entries(&self) -> Vec<Value> {
        let mut text = String::new();
        GzDecoder::new(&*fs::read(self.tar_split()).unwrap()).read_to_string(&mut text).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// True for an entry of `tar-split.json.gz` that stands for a file's content (type 1; type 2 are the bytes between).
fn is_file(entry: &Value) -> bool {
    entry["type"] == 1 && entry["size"].as_u64().is_some_and(|size| size > 0)
}

fn exchange(one: &Path, two: &Path) {
    let aside = one.with_file_name("aside");
    fs::rename(one, &aside).unwrap();
    fs::rename(two, one).unwrap();
    fs::rename(aside, two).unwrap();
}

/// Go's `hash/crc64` with its table `ISO`, which tar-split uses.
fn crc64(bytes: &[u8]) -> u64 {
    !bytes.iter().fold(!0, |crc, byte| {
        let low = |crc: u64| (crc >> 1) ^ if crc & 1 == 1 { 0xd800_0000_0000_0000 } else { 0 };
        (0..8).fold(crc ^ u64::from(*byte), |crc, _| low(crc))
    })
}

/// A home on the embedded node whose publisher is trusted, looking at one engine.
struct Lab<'e> {
    home: Home,
    engine: &'e Engine,
}

impl<'e> Lab<'e> {
    fn new(engine: &'e Engine) -> Self {
        let home = Home::new();
        let address = home.funded_account();
        assert!(home.run(&["trust", "add", "acme/*", &address]).success());
        Self { home, engine }
    }

    /// Builds an image, publishes it and sees it verified.
    fn publish(&self, name: &str, content: [&str; 2]) -> Image<'e> {
        let image = self.engine.build(name, content);
        let published = self.run(&["publish", &image.reference, "--yes", "--confirmations", "1"]);
        assert!(published.success(), "{published:?}");
        self.look(&image).assert_verified(&image.id);
        image
    }

    fn look(&self, image: &Image) -> Seen {
        let hash = self.run(&["hash", &image.reference]);
        Seen { hash, verify: self.run(&["verify", "--measure", &image.reference]) }
    }

    fn look_into(&self, archive: &Archive) -> Seen {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(&file, archive.bytes()).unwrap();
        let path = file.path().display().to_string();
        let hash = self.run(&["hash", &path]);
        Seen { hash, verify: self.run(&["verify", "--measure", "--archive", &path]) }
    }

    fn run(&self, args: &[&str]) -> Run {
        self.home.run(&[&["--docker-host", &self.engine.endpoint], args].concat())
    }
}

/// What the program says of one image.
#[derive(Debug)]
struct Seen {
    hash: Run,
    verify: Run,
}

impl Seen {
    fn assert_verified(&self, config: &str) {
        let measured = &self.hash.document["images"][0];
        assert_eq!((&measured["state"], self.hash.code), (&"measured".into(), Some(0)), "{self:?}");
        assert_eq!(measured["config_digest"], config, "{self:?}");
        assert_eq!(self.verify.verdict(), ("verified", Some(0)), "{self:?}");
        assert_eq!(self.verify.document["images"][0]["evidence"], "measured", "{self:?}");
    }

    /// The engine does not give the image away, and says why: nothing can be told.
    fn assert_refused(&self, code: &str, words: &str) {
        let error = &self.hash.document;
        assert_eq!((&error["schema"], self.hash.code), (&"daochain.error/1".into(), Some(1)), "{self:?}");
        assert_eq!(error["code"], code, "{self:?}");
        assert!(error["message"].as_str().unwrap().contains(words), "{self:?}");
        assert_eq!(self.verify.verdict(), ("undecided", Some(1)), "{self:?}");
        assert!(self.verify.document["images"][0]["reason"].as_str().unwrap().contains(words), "{self:?}");
    }

    /// The engine does not give the image away, because of its own check of the files.
    fn assert_changed(&self, words: &str) {
        let error = &self.hash.document;
        assert_eq!((&error["code"], self.hash.code), (&"image-corrupt".into(), Some(3)), "{self:?}");
        assert!(error["message"].as_str().unwrap().contains(words), "{self:?}");
        assert_eq!(self.verify.verdict(), ("mismatch", Some(3)), "{self:?}");
        assert!(self.verify.document["images"][0]["problem"].as_str().unwrap().contains(words), "{self:?}");
    }

    /// It contradicts itself. `words` tell where.
    fn assert_corrupt(&self, words: &[&str]) {
        let measured = &self.hash.document["images"][0];
        assert_eq!((&measured["state"], self.hash.code), (&"corrupt".into(), Some(3)), "{self:?}");
        assert_eq!(self.verify.verdict(), ("mismatch", Some(3)), "{self:?}");
        let problem = measured["problem"].as_str().unwrap();
        assert_eq!(self.verify.document["images"][0]["problem"], problem, "{self:?}");
        assert!(words.iter().all(|word| problem.contains(word)), "{words:?} in {self:?}");
    }

    /// Its layers have other digests than its configuration says; `None` for one that has its own.
    fn assert_corrupt_layers(&self, image: &Image, found: [Option<Digest>; 2]) {
        for (position, (expected, found)) in image.diff_ids.iter().zip(found).enumerate() {
            let layer = &self.hash.document["images"][0]["layers"][position];
            assert_eq!(layer["diff_id"], expected.to_string(), "{self:?}");
            assert_eq!(layer["state"], if found.is_some() { "corrupt" } else { "measured" }, "{self:?}");
            assert_eq!(layer["found"], found.map_or(Value::Null, |found| found.to_string().into()), "{self:?}");
        }
        let first = found.iter().position(Option::is_some).unwrap();
        let (expected, found) = (image.diff_ids[first].to_string(), found[first].unwrap().to_string());
        self.assert_corrupt(&[&format!("layer {} of 2", first + 1), &expected, &found]);
    }

    /// It is whole, and no image that was released.
    fn assert_foreign(&self, config: Digest, released: &str) {
        let (measured, judged) = (&self.hash.document["images"][0], &self.verify.document["images"][0]);
        assert_eq!((&measured["state"], self.hash.code), (&"measured".into(), Some(0)), "{self:?}");
        assert_eq!(measured["config_digest"], config.to_string(), "{self:?}");
        assert_eq!(self.verify.verdict(), ("mismatch", Some(3)), "{self:?}");
        assert_eq!((&judged["evidence"], &judged["expected"][0]), (&"measured".into(), &released.into()), "{self:?}");
    }
}

/// A file that `docker save` wrote, taken apart.
#[derive(Clone)]
struct Archive(Vec<(tar::Header, Vec<u8>)>);

impl Archive {
    fn saved(image: &Image) -> Self {
        let bytes = image.engine.docker_bytes(&["save", &image.reference]);
        let mut members = Vec::new();
        for entry in tar::Archive::new(&*bytes).entries().unwrap() {
            let mut entry = entry.unwrap();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            members.push((entry.header().clone(), content));
        }
        Self(members)
    }

    fn bytes(&self) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (header, content) in &self.0 {
            let mut header = header.clone();
            header.set_size(content.len() as u64);
            header.set_cksum();
            builder.append(&header, &**content).unwrap();
        }
        builder.into_inner().unwrap()
    }

    fn member(&mut self, name: &str) -> &mut Vec<u8> {
        let found = self.0.iter_mut().find(|(header, _)| header.path().unwrap() == Path::new(name));
        &mut found.unwrap_or_else(|| panic!("the archive has no `{name}`")).1
    }

    fn add(&mut self, name: &str, content: Vec<u8>) {
        let mut header = tar::Header::new_ustar();
        header.set_path(name).unwrap();
        header.set_mode(0o644);
        self.0.push((header, content));
    }

    /// The names of the configuration and of the two layers.
    fn names(&mut self) -> (String, [String; 2]) {
        let manifest: Value = serde_json::from_slice(self.member("manifest.json")).unwrap();
        let name = |value: &Value| value.as_str().unwrap().to_owned();
        let layers = &manifest[0]["Layers"];
        (name(&manifest[0]["Config"]), [name(&layers[0]), name(&layers[1])])
    }
}

/// The same configuration with another value in its environment.
fn forged(config: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(config).unwrap();
    assert!(text.contains("WORD=honest"));
    text.replace("WORD=honest", "WORD=forged").into_bytes()
}

/// Content of a few blocks that no other test has.
fn content(name: &str) -> String {
    unique(name).repeat(300)
}

#[test]
fn a_byte_changed_in_an_unpacked_layer_is_a_mismatch() {
    if without("docker") {
        return;
    }
    let engine = Engine::shared();
    let lab = Lab::new(&engine);
    for position in [0, 1] {
        let image = lab.publish("byte", [&content("lower"), &content("upper")]);
        let name = ["lower", "upper"][position];
        image.layer(position).change_byte(name);
        let words = format!("file integrity checksum failed for \"{name}\"");
        lab.look(&image).assert_changed(&words);
        // Nothing but the byte was to blame.
        image.layer(position).change_byte(name);
        lab.look(&image).assert_verified(&image.id);
    }
}

/// Who rewrites the engine's checksums has to restart it as well, so this engine is the test's own. All images but the
/// swapped one share their lowest layer, so that they are also exported together.
#[test]
fn what_gets_past_the_engine_s_own_checks_is_a_mismatch() {
    if without("docker") {
        return;
    }
    let private = Private::new();
    let engine = private.start();
    let lab = Lab::new(&engine);
    let lower = content("lower");
    let publish = |name| lab.publish(name, [&lower, &content("upper")]);
    let [control, byte, renamed, replaced] = ["control", "byte", "renamed", "replaced"].map(publish);
    let swapped = lab.publish("swapped", [&content("lower"), &content("upper")]);
    let all = [&control, &byte, &swapped, &replaced, &renamed];
    let verify_all = || {
        let names = all.map(|image| image.reference.as_str());
        let run = lab.run(&[&["verify", "--measure"], &names[..]].concat());
        let verdicts = run.document["images"].as_array().unwrap().iter().map(|image| image["verdict"].clone());
        (verdicts.collect::<Vec<_>>(), run.document["verdict"].clone(), run.code)
    };

    byte.layer(1).change_byte("upper");
    let found = byte.layer(1).rewrite_checksums();
    swapped.layer(0).exchange(&swapped.layer(1));
    let config = fs::read(replaced.config()).unwrap();
    fs::write(replaced.config(), forged(&config)).unwrap();

    // A running engine remembers the layers' digests, and compares a configuration with its name whenever it reads one.
    for image in [&byte, &swapped] {
        lab.look(image).assert_changed("could not verify layer data");
    }
    lab.look(&replaced).assert_refused("no-such-image", "has no image");
    lab.look(&control).assert_verified(&control.id);
    let told = verify_all();
    assert_eq!(told.0, ["verified", "mismatch", "mismatch", "undecided", "verified"], "{told:?}");
    assert_eq!((told.1, told.2), ("mismatch".into(), Some(3)));

    // A configuration under its own name, and the tag moved to it: nothing for the engine to notice.
    let other = forged(&fs::read(renamed.config()).unwrap());
    let digest = Digest::of(&other);
    private.restart_after(|| {
        fs::write(renamed.config().with_file_name(digest.hex()), &other).unwrap();
        let tags = engine.store().join("repositories.json");
        let text = fs::read_to_string(&tags).unwrap();
        assert!(text.contains(&renamed.id));
        fs::write(tags, text.replace(&renamed.id, &digest.to_string())).unwrap();
    });
    lab.look(&byte).assert_corrupt_layers(&byte, [None, Some(found)]);
    // What was measured before the change is not believed any more, by nobody who asks without --measure either.
    assert_eq!(lab.run(&["verify", &byte.reference]).verdict(), ("mismatch", Some(3)));
    let [lowest, highest] = swapped.diff_ids;
    lab.look(&swapped).assert_corrupt_layers(&swapped, [Some(highest), Some(lowest)]);
    lab.look(&replaced).assert_refused("no-such-image", "has no image");
    lab.look(&renamed).assert_foreign(digest, &renamed.id);
    lab.look(&control).assert_verified(&control.id);
    let told = verify_all();
    assert_eq!(told.0, ["verified", "mismatch", "mismatch", "undecided", "mismatch"], "{told:?}");
    assert_eq!((told.1, told.2), ("mismatch".into(), Some(3)));
}

#[test]
fn an_archive_changed_after_it_was_saved_is_a_mismatch() {
    if without("docker") {
        return;
    }
    let engine = Engine::shared();
    let lab = Lab::new(&engine);
    let image = lab.publish("archive", [&content("lower"), &content("upper")]);
    let mut saved = Archive::saved(&image);
    let (config, layers) = saved.names();
    lab.look_into(&saved).assert_verified(&image.id);

    for position in [0, 1] {
        let mut archive = saved.clone();
        let layer = archive.member(&layers[position]);
        // The first byte of the file, behind its header.
        layer[512] ^= 1;
        let mut found = [None, None];
        found[position] = Some(Digest::of(layer));
        lab.look_into(&archive).assert_corrupt_layers(&image, found);
    }

    let mut archive = saved.clone();
    let lower = std::mem::take(archive.member(&layers[0]));
    let upper = std::mem::replace(archive.member(&layers[1]), lower);
    *archive.member(&layers[0]) = upper;
    let [lowest, highest] = image.diff_ids;
    lab.look_into(&archive).assert_corrupt_layers(&image, [Some(highest), Some(lowest)]);

    let mut archive = saved.clone();
    let other = forged(archive.member(&config));
    let digest = Digest::of(&other);
    archive.member(&config).clone_from(&other);
    lab.look_into(&archive).assert_corrupt(&["configuration", &image.id, &digest.to_string()]);

    let mut archive = saved;
    let name = format!("{}.json", digest.hex());
    archive.add(&name, other);
    let manifest = String::from_utf8(archive.member("manifest.json").clone()).unwrap();
    *archive.member("manifest.json") = manifest.replace(&config, &name).into_bytes();
    lab.look_into(&archive).assert_foreign(digest, &image.id);
}

/// What the README says under "What it does not protect from". If this fails because more is seen, that may be changed.
#[test]
fn an_export_does_not_show_an_added_file_nor_a_changed_mode_or_owner() {
    if without("docker") {
        return;
    }
    let engine = Engine::shared();
    let lab = Lab::new(&engine);
    let image = lab.publish("limit", [&content("lower"), &content("upper")]);
    let files = image.layer(1).files;
    fs::write(files.join("added"), "below the engine").unwrap();
    let upper = files.join("upper");
    chown(&upper, Some(1), Some(1)).unwrap();
    fs::set_permissions(&upper, fs::Permissions::from_mode(0o4755)).unwrap();
    let meta = fs::metadata(upper).unwrap();
    assert_eq!((meta.mode() & 0o7777, meta.uid()), (0o4755, 1));
    lab.look(&image).assert_verified(&image.id);

    // A container has all of it.
    let container = engine.docker(&["create", "--network", "none", &image.reference]);
    let copied = ["added", "upper"].map(|name| engine.docker_bytes(&["cp", &format!("{container}:/{name}"), "-"]));
    engine.docker(&["rm", &container]);
    let [added, upper] = copied.map(|bytes| {
        let mut archive = tar::Archive::new(&*bytes);
        let mut entry = archive.entries().unwrap().next().unwrap().unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        (entry.header().mode().unwrap() & 0o7777, entry.header().uid().unwrap(), content)
    });
    assert_eq!(added.2, b"below the engine");
    assert_eq!((upper.0, upper.1), (0o4755, 1));
}
