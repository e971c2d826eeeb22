//! What strangers may make of an archive, a list, a configuration, a name and a key file: the checks of `fuzz/checks.rs` without a
//! fuzzer, on inputs that know the formats they break (which is why it is longer than other files: one editor a format). Each target runs for `DAOCHAIN_FUZZ_SECONDS` (60 by default).
//!
//! ```text
//! seeds (fuzz/corpus, built archives, documents) ─▶ member and JSON edits ─▶ headers and digests made right again ─▶ check
//! ```
//!
//! The order of inputs is the same in every run; how many are reached depends on the machine.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::explicit_write, reason = "what `eprintln!` says in a test that passes is not shown")]

#[path = "fuzz/checks.rs"]
mod checks;

use std::{
    env, fs,
    io::{self, Read as _, Write as _},
    panic::{self, AssertUnwindSafe},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use checks::{Tape, blob_name, descriptor, parts};
use daochain::{
    domain::{digest::Digest, measurement::ImageState, progress::Unwatched},
    image::{measure, write::ImageBuilder},
};
use serde_json::{Value, json};

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fuzz/corpus");

#[test]
fn no_archive_is_measured_that_is_not_whole() {
    let seeds: Vec<Vec<u8>> = corpus("archive").into_iter().chain(built()).collect();
    run("archive", |dice| dice.archive(&seeds), checks::archive);
}

#[test]
fn no_list_leads_to_an_image_that_is_not_there() {
    let seeds: Vec<Vec<u8>> = corpus("manifest").into_iter().chain(lists()).collect();
    run("manifest", |dice| dice.document(&seeds), checks::manifest);
}

#[test]
fn no_configuration_is_read_in_two_ways() {
    let seeds: Vec<Vec<u8>> = corpus("configuration").into_iter().chain(configurations()).collect();
    run("configuration", |dice| dice.document(&seeds), checks::configuration);
}

#[test]
fn no_name_has_two_meanings() {
    let seeds: Vec<Vec<u8>> = corpus("reference");
    let check = |bytes: &[u8]| checks::reference(&String::from_utf8_lossy(bytes));
    run("reference", |dice| dice.name(&seeds), check);
}

#[test]
fn no_key_file_costs_more_than_its_bounds() {
    let seeds = corpus("keyfile");
    run("keyfile", |dice| dice.document(&seeds), checks::keyfile);
}

/// One byte of a layer or of the configuration, in archives plain and compressed.
#[test]
fn a_changed_byte_is_never_measured_under_the_old_digest() {
    let samples: Vec<Sample> = (0..4).map(Sample::new).collect();
    let make = |dice: &mut Dice| {
        let sample = dice.pick(&samples);
        let mut bytes = sample.archive.clone();
        let (from, to) = *dice.pick(&sample.parts);
        let at = from + dice.below(to - from);
        bytes[at] ^= u8::try_from(1 + dice.below(255)).unwrap();
        match dice.below(4) {
            0 => gzip(&bytes),
            1 => zstd::encode_all(bytes.as_slice(), 1).unwrap(),
            _ => bytes,
        }
    };
    let old: Vec<Digest> = samples.iter().map(|sample| sample.digest).collect();
    run("changed", make, |bytes| {
        let measured = measure(bytes, None, &Unwatched).unwrap();
        let is_old = |image: &daochain::domain::measurement::MeasuredImage| {
            image.state == ImageState::Measured && image.config_digest.is_some_and(|config| old.contains(&config))
        };
        assert!(!measured.images.iter().any(is_old), "measured though a byte is changed: {measured:?}");
        false
    });
}

/// Writes the documents that the fuzzer starts from: their digests are those of `checks::parts`.
#[test]
#[ignore = "writes into the repository"]
fn write_seeds() {
    for (target, seeds) in [("manifest", lists()), ("configuration", configurations())] {
        fs::create_dir_all(Path::new(CORPUS).join(target)).unwrap();
        for (number, seed) in seeds.iter().enumerate() {
            fs::write(Path::new(CORPUS).join(target).join(format!("{number:02}.json")), seed).unwrap();
        }
    }
}

/// Tries inputs until the time is over. One that fails is kept.
fn run(target: &str, mut make: impl FnMut(&mut Dice) -> Vec<u8>, check: impl Fn(&[u8]) -> bool) {
    let seconds = env::var("DAOCHAIN_FUZZ_SECONDS").ok().map_or(60, |text| text.parse().unwrap());
    let (began, budget) = (Instant::now(), Duration::from_secs(seconds));
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let (mut tried, mut reached) = (0_u64, 0_u64);
    while began.elapsed() < budget || tried == 0 {
        let input = make(&mut dice);
        tried += 1;
        let outcome = panic::catch_unwind(AssertUnwindSafe(|| check(&input)));
        reached += u64::from(*outcome.as_ref().unwrap_or(&false));
        if let Err(cause) = outcome {
            let path = keep(target, &input);
            let texts = (cause.downcast_ref::<String>().map(String::as_str)).or(cause.downcast_ref::<&str>().copied());
            panic!("{target}: input {tried}, kept as {}: {}", path.display(), texts.unwrap_or("a panic"));
        }
    }
    writeln!(io::stderr(), "part: {tried} inputs for {target} in {seconds} s, {reached} of them sound").unwrap();
}

fn keep(target: &str, input: &[u8]) -> PathBuf {
    let file = tempfile::Builder::new().prefix(&format!("daochain-hostile-{target}-")).tempfile().unwrap();
    file.as_file().write_all(input).unwrap();
    file.keep().unwrap().1
}

/// An archive of `ImageBuilder`, and where its layers and its configuration are.
struct Sample {
    archive: Vec<u8>,
    digest: Digest,
    parts: Vec<(usize, usize)>,
}

impl Sample {
    fn new(layers: usize) -> Self {
        let image = (0..layers).fold(ImageBuilder::new().reference("acme/api:1".parse().unwrap()), |image, layer| {
            image.layer([(format!("app/{layer}"), vec![b'a'; 700 * layer]), ("etc/name".to_owned(), b"x".to_vec())])
        });
        let mut archive = Vec::new();
        let digest = image.write(&mut archive).unwrap();
        let measured = measure(archive.as_slice(), None, &Unwatched).unwrap();
        assert_eq!((measured.images[0].state, measured.images[0].config_digest), (ImageState::Measured, Some(digest)));
        let wanted: Vec<Digest> = measured.images[0].layers.iter().map(|layer| layer.diff_id).chain([digest]).collect();
        let (mut at, mut parts) = (0, Vec::new());
        for member in Member::all(&archive) {
            let from = at + BLOCK;
            let to = from + member.content.len();
            if wanted.contains(&Digest::of(&member.content)) {
                parts.push((from, to));
            }
            at = to.next_multiple_of(BLOCK);
        }
        assert_eq!(parts.len(), layers + 1);
        Self { archive, digest, parts }
    }
}

// ---- seeds

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(Path::new(CORPUS).join(target)).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort_unstable();
    assert!(!paths.is_empty(), "no seeds for {target}");
    paths.into_iter().map(|path| fs::read(path).unwrap()).collect()
}

fn built() -> Vec<Vec<u8>> {
    let parts = parts();
    let mut archives: Vec<Vec<u8>> = (0..4).map(|layers| Sample::new(layers).archive).collect();
    archives.push(
        Tape::default()
            .file("a.tar", &gzip(&parts.layers[0]))
            .file("b.tar", &zstd::encode_all(parts.layers[1].as_slice(), 1).unwrap())
            .file("c.json", &parts.config)
            .file("d.json", &parts.other_config)
            .file("manifest.json", parts.saves.as_bytes())
            .end(),
    );
    archives
}

const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX_TYPE: &str = "application/vnd.oci.image.index.v1+json";

/// What `manifest.json`, `index.json` and a manifest may be.
fn lists() -> Vec<Vec<u8>> {
    let parts = parts();
    let platform = |os: &str| json!({"os": os, "architecture": "amd64", "variant": "v2", "os.version": "10"});
    let mut named = descriptor(MANIFEST_TYPE, &parts.manifest);
    named["annotations"] = json!({
        "io.containerd.image.name": "docker.io/acme/api:1", "org.opencontainers.image.ref.name": "1",
    });
    let mut here = descriptor(MANIFEST_TYPE, &parts.manifest);
    here["platform"] = platform("linux");
    let mut absent = descriptor(MANIFEST_TYPE, b"elsewhere");
    absent["platform"] = platform("windows");
    let mut attestation = descriptor(MANIFEST_TYPE, b"attestation");
    attestation["platform"] = json!({"os": "unknown", "architecture": "unknown"});
    let mut inline = descriptor(MANIFEST_TYPE, &parts.manifest);
    inline["data"] = json!(base64(&parts.manifest));
    let index = |manifests: Value| json!({"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": manifests});
    let blobs = json!([{
        "Config": blob_name(&parts.config), "RepoTags": ["docker.io/acme/api:1", "acme/api:2"],
        "Layers": [blob_name(&parts.layers[0]), blob_name(&parts.layers[1])],
        "LayerSources": {parts.diff_ids[0].to_string(): descriptor("x", &parts.layers[0])},
    }]);
    let texts = [
        parts.saves.clone(),
        blobs.to_string(),
        index(json!([named])).to_string(),
        index(json!([here, absent, attestation])).to_string(),
        index(json!([inline])).to_string(),
        index(Value::Null).to_string(),
        "[]".to_owned(),
    ];
    texts.into_iter().map(String::into_bytes).chain([parts.manifest.clone()]).collect()
}

fn configurations() -> Vec<Vec<u8>> {
    let parts = parts();
    let full = json!({
        "architecture": "arm64", "os": "linux", "variant": "v8", "os.version": "1", "created": "2023-11-14T22:13:20.5+01:00",
        "config": {"Env": ["PATH=/bin"], "Labels": {"a": "1", "A": "2"}, "ExposedPorts": {"80/tcp": {}}},
        "rootfs": {"type": "layers", "diff_ids": parts.diff_ids},
        "history": [{"created": "2023-11-14T22:13:20Z", "empty_layer": true}, {}],
    });
    let none = json!({"os": "linux", "architecture": "amd64", "rootfs": {"diff_ids": null}});
    vec![parts.config.clone(), parts.other_config.clone(), full.to_string().into_bytes(), none.to_string().into_bytes()]
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

// ---- archives as members

const BLOCK: usize = 512;
const NAME: std::ops::Range<usize> = 0..100;
const SIZE: std::ops::Range<usize> = 124..136;
const SUM: std::ops::Range<usize> = 148..156;
const KIND: usize = 156;
const TARGET: std::ops::Range<usize> = 157..257;

#[derive(Clone)]
struct Member {
    header: [u8; BLOCK],
    content: Vec<u8>,
}

impl Member {
    /// The members of a plain archive, as far as it can be followed.
    fn all(mut archive: &[u8]) -> Vec<Self> {
        let mut members = Vec::new();
        while let Some((header, rest)) = archive.split_first_chunk::<BLOCK>() {
            let digits = String::from_utf8_lossy(&header[SIZE]);
            let digits = digits.trim_matches(['\0', ' ']);
            let Ok(size) = usize::from_str_radix(digits, 8) else { break };
            let Some(content) = rest.get(..size) else { break };
            members.push(Self { header: *header, content: content.to_vec() });
            archive = rest.get(size.next_multiple_of(BLOCK)..).unwrap_or_default();
        }
        members
    }

    fn name(&self) -> String {
        String::from_utf8_lossy(&self.header[NAME]).trim_end_matches('\0').to_owned()
    }

    fn rename(&mut self, name: &str) {
        fill(&mut self.header[NAME], name);
    }

    /// A header of `kind` for the next member.
    fn extension(kind: u8, content: Vec<u8>) -> Self {
        let mut member = Self { header: *tar::Header::new_gnu().as_bytes(), content };
        member.rename("././@LongLink");
        member.header[KIND] = kind;
        member
    }

    fn is_document(&self) -> bool {
        matches!(self.content.trim_ascii_start().first(), Some(b'{' | b'['))
    }
}

fn fill(field: &mut [u8], text: &str) {
    field.fill(0);
    for (to, from) in field.iter_mut().zip(text.bytes()) {
        *to = from;
    }
}

/// One member and all that follows it, with sizes and check sums made right.
fn archive_of(members: &[Member], sized: bool) -> Vec<u8> {
    let mut archive = Vec::new();
    for member in members {
        let mut header = member.header;
        if sized {
            fill(&mut header[SIZE], &format!("{:011o}", member.content.len()));
        }
        header[SUM].fill(b' ');
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        fill(&mut header[SUM], &format!("{sum:06o}\0 "));
        archive.extend_from_slice(&header);
        archive.extend_from_slice(&member.content);
        archive.resize(archive.len().next_multiple_of(BLOCK), 0);
    }
    archive.resize(archive.len() + 2 * BLOCK, 0);
    archive
}

/// Names and documents that hold the digest `old` hold `new` instead, and so do those that hold theirs, and so on.
fn make_right(members: &mut [Member], old: Digest, new: Digest) {
    let mut changed = vec![(old, new)];
    for _ in 0..members.len() {
        let Some((old, new)) = changed.pop() else { return };
        for member in &mut *members {
            let name = member.name();
            if name.contains(&old.hex()) {
                member.rename(&name.replace(&old.hex(), &new.hex()));
            }
            if member.is_document() {
                let before = Digest::of(&member.content);
                if replace(&mut member.content, old.hex().as_bytes(), new.hex().as_bytes()) {
                    changed.push((before, Digest::of(&member.content)));
                }
            }
        }
    }
}

fn replace(text: &mut Vec<u8>, old: &[u8], new: &[u8]) -> bool {
    let mut found = false;
    let mut from = 0;
    while let Some(at) = text[from..].windows(old.len()).position(|window| window == old) {
        text.splice(from + at..from + at + old.len(), new.iter().copied());
        from += at + new.len();
        found = true;
    }
    found
}

/// xorshift64*.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// Below `bound`, and zero for none.
    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap() % bound.max(1)
    }

    fn chance(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    fn archive(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        let seed = self.pick(seeds).clone();
        let plain = unpacked(&seed);
        let mut members = Member::all(&plain);
        if members.is_empty() || self.chance(20) {
            return self.bytes(seed);
        }
        let mut sized = true;
        for _ in 0..=self.below(3) {
            sized &= self.edit_members(&mut members, seeds);
        }
        let mut archive = archive_of(&members, sized);
        if self.chance(12) {
            archive.truncate(self.below(archive.len()));
        }
        if self.chance(12) {
            archive = self.bytes(archive);
        }
        match self.below(12) {
            0 => archive = gzip(&archive),
            1 => archive = zstd::encode_all(archive.as_slice(), 1).unwrap(),
            2 => {
                let rest = archive.split_off(self.below(archive.len()));
                archive = [gzip(&archive), gzip(&rest)].concat();
            }
            _ => return archive,
        }
        if self.chance(4) { self.bytes(archive) } else { archive }
    }

    /// One change. False when sizes must stay as they are written.
    fn edit_members(&mut self, members: &mut Vec<Member>, seeds: &[Vec<u8>]) -> bool {
        if members.is_empty() {
            return true;
        }
        let (one, two) = (self.below(members.len()), self.below(members.len()));
        let other_name = members[two].name();
        match self.below(20) {
            0..6 => {
                let old = Digest::of(&members[one].content);
                let digests: Vec<String> = members.iter().map(|member| Digest::of(&member.content).hex()).collect();
                let content = std::mem::take(&mut members[one].content);
                members[one].content = match self.below(8) {
                    0 => gzip(&content),
                    1 => zstd::encode_all(content.as_slice(), 1).unwrap(),
                    2 => self.bytes(content),
                    _ => self.json(content, &digests),
                };
                if !self.chance(3) {
                    let new = Digest::of(&members[one].content);
                    make_right(members, old, new);
                }
            }
            6 => members.insert(two, members[one].clone()),
            7 => drop(members.remove(one)),
            8 => members.swap(one, two),
            9 => {
                let content = members[two].content.clone();
                members[one].content = content;
            }
            10 => members[one].rename(&other_name),
            11 => {
                let name = members[one].name();
                let name = match self.below(7) {
                    0 => format!("./{name}"),
                    1 => format!("/{name}"),
                    2 => format!("{name}/"),
                    3 => format!("x/../{name}"),
                    4 => format!("../{name}"),
                    5 => name.to_ascii_uppercase(),
                    _ => name.replace('/', "//"),
                };
                members[one].rename(&name);
            }
            12 => {
                members[one].header[KIND] = *self.pick(b"0\x00123456 7xgLKSVMDN");
                fill(&mut members[one].header[TARGET], &other_name);
            }
            13 => {
                let mut link = Member { header: members[one].header, content: Vec::new() };
                link.header[KIND] = *self.pick(b"12");
                fill(
                    &mut link.header[TARGET],
                    &format!("{}{other_name}", self.pick(&["", "./", "../", "/", "../../"])),
                );
                if self.chance(2) { members[one] = link } else { members.insert(two, link) }
            }
            14 | 15 => {
                let kind = *self.pick(b"xxgLK");
                let content = match kind {
                    b'L' | b'K' => format!("{other_name}\0").into_bytes(),
                    _ => {
                        let value = match self.below(4) {
                            0 => members[one].content.len().to_string(),
                            1 => self.below(2000).to_string(),
                            _ => other_name.clone(),
                        };
                        let key = *self.pick(&["path", "linkpath", "size", "SCHILY.xattr.a", "GNU.sparse.major"]);
                        pax(key, &value)
                    }
                };
                members.insert(one, Member::extension(kind, content));
            }
            16 => {
                let other = Member::all(&unpacked(self.pick::<Vec<u8>>(seeds)));
                if !other.is_empty() {
                    members.insert(one, self.pick(&other).clone());
                }
            }
            17 => {
                let zeros = Member { header: [0; BLOCK], content: Vec::new() };
                members.insert(one, zeros);
            }
            18 => {
                let at = self.below(BLOCK);
                members[one].header[at] ^= u8::try_from(1 + self.below(255)).unwrap();
            }
            _ => {
                // The size in base 256, or text that is hardly a number.
                let size = members[one].content.len();
                let field = &mut members[one].header[SIZE];
                if self.chance(2) {
                    field.fill(0);
                    field[0] = 0x80;
                    field[4..].copy_from_slice(&(size as u64).to_be_bytes());
                } else {
                    fill(field, &format!("{}{size:o}", self.pick(&["", " ", "+", "-", "0x", "8"])));
                }
                return false;
            }
        }
        true
    }

    fn document(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        let parts = parts();
        let contents = [&parts.layers[0], &parts.layers[1], &parts.config, &parts.other_config, &parts.manifest];
        let digests: Vec<String> = contents.iter().map(|bytes| Digest::of(bytes).hex()).collect();
        let mut text = self.pick(seeds).clone();
        for _ in 0..=self.below(3) {
            text = self.json(text, &digests);
        }
        text
    }

    /// One change to a document; bytes that are none are changed as bytes.
    fn json(&mut self, text: Vec<u8>, digests: &[String]) -> Vec<u8> {
        const HOLE: &str = "\u{1}hole";
        let Some(mut document) = serde_json::from_slice::<Value>(&text).ok().filter(|_| !self.chance(8)) else {
            return self.bytes(text);
        };
        let mut pointers = Vec::new();
        point_at(&document, String::new(), &mut pointers);
        let target = self.pick(&pointers).clone();
        let other = document.pointer(self.pick::<String>(&pointers)).cloned().unwrap_or_default();
        let node = document.pointer_mut(&target).unwrap();
        let old = node.take();
        let new = match &old {
            Value::Object(map) if !map.is_empty() && !self.chance(4) => {
                let keys: Vec<&String> = map.keys().collect();
                let key = *self.pick::<&String>(&keys);
                let key = self.key(key);
                let value = if self.chance(2) { other } else { old[keys[self.below(keys.len())]].clone() };
                let text = old.to_string();
                match self.below(3) {
                    0 => format!("{{{key}:{value},{}", &text[1..]),
                    1 => format!("{},{key}:{value}}}", &text[..text.len() - 1]),
                    _ => {
                        let mut map = map.clone();
                        map.remove(keys[self.below(keys.len())]);
                        Value::Object(map).to_string()
                    }
                }
            }
            Value::Array(list) if !list.is_empty() && !self.chance(4) => {
                let mut list = list.clone();
                let (one, two) = (self.below(list.len()), self.below(list.len()));
                match self.below(4) {
                    0 => list.insert(two, list[one].clone()),
                    1 => drop(list.remove(one)),
                    2 => list.swap(one, two),
                    _ => list.insert(two, other),
                }
                Value::Array(list).to_string()
            }
            Value::String(text) if text.contains("sha256") && !self.chance(4) => {
                let digest = self.pick(digests);
                let spelling = match self.below(8) {
                    0 => format!("sha512:{digest}{digest}"),
                    1 => format!("sha256:{}", digest.to_ascii_uppercase()),
                    2 => format!("sha256:{}", &digest[..63]),
                    3 => format!("./blobs/sha256/{digest}"),
                    4 | 5 => format!("blobs/sha256/{digest}"),
                    _ => format!("sha256:{digest}"),
                };
                json!(spelling).to_string()
            }
            _ => self.value(&old, &other),
        };
        *node = Value::String(HOLE.to_owned());
        let text = document.to_string().replacen(&json!(HOLE).to_string(), &new, 1);
        let text = match self.below(30) {
            0 => format!("\u{feff}{text}"),
            1 => format!(" \n{text}\t "),
            2 => format!("{text}{text}"),
            3 => format!("[{text}]"),
            _ => text,
        };
        text.into_bytes()
    }

    /// The text of a key that programs may take for `key`.
    fn key(&mut self, key: &str) -> String {
        let text = match self.below(6) {
            0 => key.to_ascii_uppercase(),
            1 => key.to_ascii_lowercase(),
            2 => key.replacen('s', "\u{17f}", 1),
            3 => key.replacen('k', "\u{212a}", 1),
            4 => {
                let escaped: Vec<String> = key.chars().map(|it| format!("\\u{:04x}", u32::from(it))).collect();
                return format!("\"{}\"", escaped.concat());
            }
            _ => key.to_owned(),
        };
        json!(text).to_string()
    }

    fn value(&mut self, old: &Value, other: &Value) -> String {
        match self.below(18) {
            0 => "null".to_owned(),
            1 => "true".to_owned(),
            2 => "1e400".to_owned(),
            3 => "18446744073709551616".to_owned(),
            4 => "-1".to_owned(),
            5 => "0.5".to_owned(),
            6 => "\"\"".to_owned(),
            7 => "[]".to_owned(),
            8 => "{}".to_owned(),
            9 => r#""\ud800""#.to_owned(),
            10 => {
                let depth = self.below(130);
                format!("{}{old}{}", "[".repeat(depth), "]".repeat(depth))
            }
            11 => format!("[{old},{old}]"),
            12 => format!("{{\"rootfs\":{old},\"layers\":{other}}}"),
            13 => json!(old.to_string()).to_string(),
            14 => r#""a.tar""#.to_owned(),
            15 => r#""c.json""#.to_owned(),
            16 => r#""\u001b[2J""#.to_owned(),
            _ => other.to_string(),
        }
    }

    fn bytes(&mut self, mut bytes: Vec<u8>) -> Vec<u8> {
        for _ in 0..=self.below(4) {
            let (at, length) = (self.below(bytes.len() + 1), self.below(40));
            let end = (at + length).min(bytes.len());
            match self.below(5) {
                0 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                1 => drop(bytes.drain(at..end)),
                2 => {
                    let piece = bytes[at..end].to_vec();
                    let to = self.below(bytes.len() + 1);
                    bytes.splice(to..to, piece);
                }
                3 => bytes.insert(at, u8::try_from(self.below(256)).unwrap()),
                _ => bytes
                    .splice(at..at, self.pick(&[&b"\0"[..], b"\"", b"\\u0000", b",", b"[", b"\xff", b"//"]).to_vec())
                    .for_each(drop),
            }
        }
        bytes
    }

    fn name(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        const PIECES: [&str; 24] = [
            "docker.io",
            "index.docker.io",
            "library",
            "localhost",
            "a",
            "acme",
            "api",
            "a.b",
            "A",
            "[::1]",
            "5000",
            "1",
            "latest",
            "/",
            "/",
            ":",
            ":",
            ".",
            "_",
            "__",
            "-",
            "@sha256:",
            "\u{e9}",
            "127.0.0.1",
        ];
        if self.chance(2) {
            let seed = self.pick(seeds).clone();
            return self.bytes(seed);
        }
        (0..=self.below(9)).flat_map(|_| self.pick(&PIECES).bytes()).collect()
    }
}

fn pax(key: &str, value: &str) -> Vec<u8> {
    let rest = key.len() + value.len() + 3;
    let length = (1..9).map(|digits| rest + digits).find(|all| all.to_string().len() == all - rest).unwrap();
    format!("{length} {key}={value}\n").into_bytes()
}

/// The archive inside a compressed one; what is not compressed as it is.
fn unpacked(bytes: &[u8]) -> Vec<u8> {
    const LIMIT: u64 = 1 << 20;
    let mut plain = Vec::new();
    let read = if bytes.starts_with(&[0x1f, 0x8b]) {
        flate2::bufread::MultiGzDecoder::new(bytes).take(LIMIT).read_to_end(&mut plain)
    } else {
        zstd::stream::read::Decoder::with_buffer(bytes).and_then(|it| it.take(LIMIT).read_to_end(&mut plain))
    };
    if read.is_ok() && !plain.is_empty() { plain } else { bytes.to_vec() }
}

/// The place of every value.
fn point_at(value: &Value, at: String, pointers: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                point_at(value, format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), pointers);
            }
        }
        Value::Array(list) => {
            for (number, value) in list.iter().enumerate() {
                point_at(value, format!("{at}/{number}"), pointers);
            }
        }
        _ => {}
    }
    pointers.push(at);
}
