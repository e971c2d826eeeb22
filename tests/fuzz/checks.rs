//! What must hold whatever the input is: one function for each target. The fuzz targets and `tests/hostile.rs` share them.
//!
//! Each says whether the input went all the way: an image was measured, a name was read.

use std::{
    collections::BTreeSet,
    io::{self, Read},
    path::Path,
    sync::OnceLock,
    time::{Duration, Instant},
};

use daochain::{
    domain::{
        digest::Digest,
        measurement::{ImageState, LayerState, MeasuredImage, Measurement},
        progress::{Progress, Watch},
        reference::Reference,
    },
    image::measure,
    keystore::{Fault, Sealed, SealedFile},
};
use serde_json::{Value, json};
use zeroize::Zeroizing;

/// Decompressed bytes that the second opinion looks at. Beyond, it has none.
const UNPACKED: u64 = 16 * 1024 * 1024;

/// A bomb is measured in a stream, for as long as it lasts: here it is cancelled.
const PATIENCE: Duration = Duration::from_secs(2);

/// Any bytes as an archive.
pub fn archive(bytes: &[u8]) -> bool {
    let Some(first) = outcome(bytes) else { return false };
    let Some(second) = outcome(Pieces { bytes, turn: 0 }) else { return false };
    assert_eq!(told(&first), told(&second), "the same bytes in other pieces are measured otherwise");
    let Ok(measurement) = first else { return false };
    sound(&measurement);
    let mut certain = measurement.images.iter().filter(|image| image.state == ImageState::Measured).peekable();
    if certain.peek().is_none() {
        return false;
    }
    let Some(held) = contents(bytes) else { return true };
    for image in certain {
        assert!(
            image.config_digest.is_some_and(|config| held.contains(&config)),
            "no member is the configuration: {image:?}"
        );
        assert!(image.layers.iter().all(|layer| held.contains(&layer.diff_id)), "no member is the layer: {image:?}");
    }
    true
}

/// The archive of [`manifest`] whose other list is sound: its images are measured whatever the input is.
const SOUND_LIST: usize = 3;

/// Any bytes as each list of an archive whose content is sound.
pub fn manifest(bytes: &[u8]) -> bool {
    let parts = parts();
    let blob = blob_name(bytes);
    let index = |names: Value| {
        json!({"schemaVersion": 2, "manifests": [{
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "digest": Digest::of(bytes), "size": bytes.len(), "annotations": names,
        }]})
        .to_string()
    };
    let archives = [
        parts.tape().file("manifest.json", bytes),
        parts.tape().file("index.json", bytes).file("oci-layout", OCI_LAYOUT),
        parts.tape().file("index.json", index(json!({})).as_bytes()).file(&blob, bytes).file("oci-layout", OCI_LAYOUT),
        parts
            .tape()
            .file("index.json", index(json!({"io.containerd.image.name": "docker.io/acme/api:1"})).as_bytes())
            .file("manifest.json", parts.saves.as_bytes())
            .file(&blob, bytes),
    ];
    // A descriptor may embed a configuration.
    let may_embed = has(bytes, b"data") || has(bytes, b"\\");
    let mut reached = false;
    for (number, archive) in archives.into_iter().enumerate() {
        let Some(Ok(measurement)) = outcome(archive.end().as_slice()) else { continue };
        sound(&measurement);
        for image in measurement.images.iter().filter(|image| image.state == ImageState::Measured) {
            let diff_ids: Vec<_> = image.layers.iter().map(|layer| layer.diff_id).collect();
            let known = match image.config_digest {
                Some(config) if config == Digest::of(&parts.config) => diff_ids == parts.diff_ids,
                Some(config) if config == Digest::of(&parts.other_config) => diff_ids == parts.diff_ids[1..],
                _ => may_embed,
            };
            assert!(known, "not an image of the archive: {image:?}");
        }
        reached |= number != SOUND_LIST && measurement.images.iter().any(|it| it.state == ImageState::Measured);
    }
    reached
}

/// Any bytes as the configuration of an archive whose lists are sound.
pub fn configuration(bytes: &[u8]) -> bool {
    let parts = parts();
    let digest = Digest::of(bytes);
    let file = format!("{}.json", digest.hex());
    let saves = json!([{"Config": file, "RepoTags": ["acme/api:1"], "Layers": ["a.tar", "b.tar"]}]).to_string();
    let layer = |bytes: &Vec<u8>| descriptor("application/vnd.oci.image.layer.v1.tar", bytes);
    let manifest = json!({
        "schemaVersion": 2,
        "config": descriptor("application/vnd.oci.image.config.v1+json", bytes),
        "layers": [layer(&parts.layers[0]), layer(&parts.layers[1])],
    })
    .to_string();
    let index = json!({
        "schemaVersion": 2,
        "manifests": [descriptor("application/vnd.oci.image.manifest.v1+json", manifest.as_bytes())],
    })
    .to_string();
    let archives = [
        Tape::default()
            .file("a.tar", &parts.layers[0])
            .file("b.tar", &parts.layers[1])
            .file("manifest.json", saves.as_bytes())
            .file(&file, bytes),
        Tape::default()
            .file("index.json", index.as_bytes())
            .file(&blob_name(manifest.as_bytes()), manifest.as_bytes())
            .file(&blob_name(bytes), bytes)
            .file(&blob_name(&parts.layers[0]), &parts.layers[0])
            .file(&blob_name(&parts.layers[1]), &parts.layers[1])
            .file("oci-layout", OCI_LAYOUT),
    ];
    let sides = archives.map(|archive| {
        let Some(Ok(measurement)) = outcome(archive.end().as_slice()) else { return None };
        sound(&measurement);
        let [image] = measurement.images.as_slice() else { panic!("not one image: {measurement:?}") };
        (image.state == ImageState::Measured).then(|| image.clone())
    });
    let [saved, listed] = &sides;
    assert_eq!(saved.is_some(), listed.is_some(), "the two lists disagree about one configuration: {sides:?}");
    let Some(image) = saved else { return false };
    assert_eq!(image.config_digest, Some(digest));
    let document: Value =
        serde_json::from_slice(bytes).unwrap_or_else(|error| panic!("measured, and no JSON: {error}"));
    assert_eq!(document["rootfs"]["diff_ids"], json!(parts.diff_ids), "another reader finds other layers");
    assert!(image.layers.iter().map(|layer| layer.diff_id).eq(parts.diff_ids));
    true
}

/// Any text as an image name.
pub fn reference(text: &str) -> bool {
    let Ok(reference) = text.parse::<Reference>() else { return false };
    assert_eq!(reference.as_str().parse().as_ref(), Ok(&reference), "the normalised name is another one's");
    assert_eq!(reference.familiar().parse().as_ref(), Ok(&reference), "the familiar name is another one's");
    let parts = format!("{}/{}:{}", reference.registry(), reference.repository(), reference.tag());
    assert_eq!(parts, reference.as_str());
    assert_eq!(reference.to_string(), parts);
    assert!(parts.is_ascii() && !parts.contains(|it: char| it.is_ascii_control() || it == ' '));
    true
}

/// Work up to which a key file of the fuzzer's is opened: a hundredth of a second.
const CHEAP: u64 = 1 << 16;

/// Any bytes as a key file.
pub fn keyfile(bytes: &[u8]) -> bool {
    let file = Path::new("key");
    let said = |text: &str| {
        assert!(text.len() < 1000 && !text.contains(char::is_control), "a key file speaks to the terminal: {text:?}");
    };
    let read = SealedFile::of(file, bytes);
    let sealed = match Sealed::parse(bytes) {
        Ok(sealed) => sealed,
        Err(Fault::Invalid(cause) | Fault::Refused(cause)) => {
            said(&cause);
            assert!(read.is_err());
            return false;
        }
    };
    assert!(sealed.memory() <= 512 << 20 && sealed.work() <= 4 << 30, "it costs more than the bounds: {sealed:?}");
    let document: Value = serde_json::from_slice(bytes).unwrap();
    let crypto = document.get("crypto").unwrap_or(&document["Crypto"]);
    let params = &crypto["kdfparams"];
    let number = |name: &str| params[name].as_u64().unwrap();
    assert_eq!((&document["version"], &crypto["cipher"]), (&json!(3), &json!("aes-128-ctr")));
    let work = match crypto["kdf"].as_str().unwrap() {
        "scrypt" => 128 * number("n") * number("r") * number("p"),
        "pbkdf2" => number("c"),
        other => panic!("`{other}` was read"),
    };
    assert_eq!((sealed.work(), number("dklen")), (work, 32));
    let Ok(read) = read else { return false };
    if work <= CHEAP
        && let Err(error) = read.open(&Zeroizing::default())
    {
        assert!(["passphrase-wrong", "keyfile-invalid"].contains(&error.code()), "{error}");
        said(&error.to_string());
    }
    true
}

/// What holds of every image of every measurement.
fn sound(measurement: &Measurement) {
    for image in &measurement.images {
        let evidence = format!("{:?}", image.evidence());
        if image.state == ImageState::Measured {
            assert!(image.config_digest.is_some() && image.problem.is_none(), "{image:?}");
            let whole = |layer: &daochain::domain::measurement::MeasuredLayer| {
                layer.state == LayerState::Measured && layer.found.is_none()
            };
            assert!(image.layers.iter().all(whole), "{image:?}");
        } else {
            assert!(image.problem.is_some() && !evidence.starts_with("Known"), "{image:?}");
        }
        let problem = image.problem.as_deref().unwrap_or_default();
        assert!(!problem.contains(char::is_control), "an archive speaks to the terminal: {problem:?}");
    }
}

/// The outcome; `None` when it took too long.
fn outcome(input: impl Read) -> Option<Result<Measurement, String>> {
    let watch = Patience(Instant::now());
    match measure(input, None, &watch) {
        Ok(measurement) => Some(Ok(measurement)),
        Err(daochain::image::ImageError::Cancelled) => None,
        Err(error) => {
            let sentence = error.to_string();
            assert!(!sentence.contains(char::is_control), "an archive speaks to the terminal: {sentence:?}");
            Some(Err(format!("{}: {sentence}", error.code())))
        }
    }
}

/// All of an outcome but the time that it took.
fn told(outcome: &Result<Measurement, String>) -> Result<(u64, &[MeasuredImage], &[String]), &str> {
    match outcome {
        Ok(it) => Ok((it.bytes, &it.images, &it.absent_platforms)),
        Err(sentence) => Err(sentence),
    }
}

struct Patience(Instant);

impl Watch for Patience {
    fn report(&self, _progress: Progress) {}

    fn is_cancelled(&self) -> bool {
        self.0.elapsed() > PATIENCE
    }
}

/// Gives few bytes at a time, and interrupts.
struct Pieces<'b> {
    bytes: &'b [u8],
    turn: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.turn += 1;
        if self.turn.is_multiple_of(7) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let count = (self.turn % 61).max(1).min(out.len());
        self.bytes.read(&mut out[..count])
    }
}

/// The digest of every member, as it is and unpacked, by other means than the program's own walk. `None` where those
/// means do not reach: too much, or content that is no member.
fn contents(bytes: &[u8]) -> Option<BTreeSet<Digest>> {
    let tar = unpacked(bytes)?.unwrap_or_else(|| bytes.to_vec());
    if has(&tar, b"data") || has(&tar, b"\\") {
        return None;
    }
    let mut held = BTreeSet::new();
    for entry in tar::Archive::new(tar.as_slice()).entries().ok()? {
        let mut content = Vec::new();
        entry.ok()?.read_to_end(&mut content).ok()?;
        held.insert(Digest::of(&content));
        if let Some(inner) = unpacked(&content)? {
            held.insert(Digest::of(&inner));
        }
    }
    Some(held)
}

/// The inner `None` is for bytes that are not compressed, or badly.
#[expect(clippy::option_option, reason = "too much to look at is no answer; not compressed is one")]
fn unpacked(bytes: &[u8]) -> Option<Option<Vec<u8>>> {
    let mut inner = Vec::new();
    let read = if bytes.starts_with(&[0x1f, 0x8b]) {
        flate2::bufread::MultiGzDecoder::new(bytes).take(UNPACKED).read_to_end(&mut inner)
    } else {
        zstd::stream::read::Decoder::with_buffer(bytes).and_then(|it| it.take(UNPACKED).read_to_end(&mut inner))
    };
    match read {
        Ok(count) if count as u64 == UNPACKED => None,
        Ok(_) if !bytes.is_empty() => Some(Some(inner)),
        _ => Some(None),
    }
}

fn has(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

const OCI_LAYOUT: &[u8] = br#"{"imageLayoutVersion":"1.0.0"}"#;

/// Two images of two layers: what the lists of the targets may name.
pub struct Parts {
    pub layers: [Vec<u8>; 2],
    pub diff_ids: [Digest; 2],
    /// Of both layers.
    pub config: Vec<u8>,
    /// Of the second layer.
    pub other_config: Vec<u8>,
    /// A sound `manifest.json` of both images.
    pub saves: String,
    /// The first image's manifest.
    pub manifest: Vec<u8>,
}

impl Parts {
    /// All of them, by plain names and as blobs, without a list and without an end.
    fn tape(&self) -> Tape {
        let [a, b] = &self.layers;
        let files = [("a.tar", a), ("b.tar", b), ("c.json", &self.config), ("d.json", &self.other_config)];
        let tape = files.iter().fold(Tape::default(), |tape, (name, bytes)| tape.file(name, bytes));
        let blobs = [a, b, &self.config, &self.other_config, &self.manifest];
        blobs.iter().fold(tape, |tape, bytes| tape.file(&blob_name(bytes), bytes))
    }
}

/// The same in every run: seeds hold their digests.
pub fn parts() -> &'static Parts {
    static PARTS: OnceLock<Parts> = OnceLock::new();
    PARTS.get_or_init(|| {
        let layers = ["a", "b"].map(|text| Tape::default().file("file", text.as_bytes()).end());
        let diff_ids = [Digest::of(&layers[0]), Digest::of(&layers[1])];
        let config = |diff_ids: &[Digest]| {
            json!({"architecture": "amd64", "os": "linux", "created": "2023-11-14T22:13:20Z",
                "rootfs": {"type": "layers", "diff_ids": diff_ids}})
            .to_string()
            .into_bytes()
        };
        let config_of_both = config(&diff_ids);
        let layer = |bytes: &[u8]| descriptor("application/vnd.oci.image.layer.v1.tar", bytes);
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": descriptor("application/vnd.oci.image.config.v1+json", &config_of_both),
            "layers": [layer(&layers[0]), layer(&layers[1])],
        });
        let saves = json!([
            {"Config": "c.json", "RepoTags": ["acme/api:1"], "Layers": ["a.tar", "b.tar"]},
            {"Config": "d.json", "RepoTags": null, "Layers": ["b.tar"]},
        ]);
        Parts {
            other_config: config(&diff_ids[1..]),
            config: config_of_both,
            diff_ids,
            layers,
            saves: saves.to_string(),
            manifest: manifest.to_string().into_bytes(),
        }
    })
}

pub fn descriptor(media_type: &str, bytes: &[u8]) -> Value {
    json!({"mediaType": media_type, "digest": Digest::of(bytes), "size": bytes.len()})
}

pub fn blob_name(bytes: &[u8]) -> String {
    format!("blobs/sha256/{}", Digest::of(bytes).hex())
}

/// A tar archive in the making.
#[derive(Default)]
pub struct Tape(Vec<u8>);

impl Tape {
    pub fn file(mut self, name: &str, bytes: &[u8]) -> Self {
        let mut header = tar::Header::new_gnu();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_mode(0o644);
        header.set_size(bytes.len() as u64);
        header.set_cksum();
        self.0.extend_from_slice(header.as_bytes());
        self.0.extend_from_slice(bytes);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    pub fn end(mut self) -> Vec<u8> {
        self.0.resize(self.0.len() + 1024, 0);
        self.0
    }
}
