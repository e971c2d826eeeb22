//! What `hash` takes of memory, above the same of a tiny archive, for archives made to take as much as they can. The larger
//! of the bounds is the README's.
#![expect(
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test fails by panicking, and names its parts on stderr"
)]

mod support;

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::Command,
};

use support::{Home, without};

const MIB: usize = 1 << 20;
const USUAL_MIB: u64 = 32;
/// Of an archive with a layer whose zstd window is the largest that is read: that alone is 32 MiB.
const WINDOW_MIB: u64 = 35;
const MEMBERS: usize = 100_000;
/// The program's parent, which tells the largest memory of its children in KiB. What they print is of no interest here.
const WATCHER: &str = "import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)";

type Archive = tar::Builder<io::BufWriter<File>>;

fn add(archive: &mut Archive, name: &str, content: &[u8]) {
    let mut header = tar::Header::new_gnu();
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    archive.append_data(&mut header, name, content).expect("a member");
}

/// A name of 80 bytes: as many of them as there may be stay below what names may take.
fn name(number: usize) -> String {
    format!("{number:05}{:n<75}", "")
}

fn document(head: &str, item: &str, count: usize, tail: &str) -> Vec<u8> {
    format!("{head}{}{tail}", vec![item; count].join(",")).into_bytes()
}

fn text(bytes: usize) -> String {
    "x".repeat(bytes)
}

/// 96 MiB that do not repeat below the window.
fn packed_layer() -> Vec<u8> {
    let mut encoder = zstd::stream::Encoder::new(Vec::new(), 1).expect("an encoder");
    encoder.window_log(25).expect("a window of 32 MiB");
    let mut state = 1_u64;
    let mut block = vec![0; MIB];
    for _ in 0..96 {
        for word in block.chunks_exact_mut(8) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            word.copy_from_slice(&state.to_le_bytes());
        }
        encoder.write_all(&block).expect("memory");
    }
    encoder.finish().expect("memory")
}

/// The file once more, within zstd and the largest window that is read around a whole file.
fn pack(path: &Path) -> PathBuf {
    let packed = path.with_extension("tar.zst");
    let mut encoder = zstd::stream::Encoder::new(File::create(&packed).expect("a file"), 1).expect("an encoder");
    encoder.window_log(23).expect("a window of 8 MiB");
    io::copy(&mut File::open(path).expect("a file"), &mut encoder).expect("room for it");
    encoder.finish().expect("room for it");
    packed
}

/// What an archive does, what it may take, and how it is made.
type Case = (&'static str, u64, fn(&mut Archive));

fn cases() -> Vec<Case> {
    vec![
        ("as many members as may be", USUAL_MIB, |archive| {
            (0..MEMBERS).for_each(|at| add(archive, &name(at), b""));
        }),
        ("as many damaged layers", USUAL_MIB, |archive| {
            let damaged = [b"\x1f\x8b\x08\0\0\0\0\0\0\0".as_slice(), &[255; 30]].concat();
            (0..MEMBERS).for_each(|at| add(archive, &name(at), &damaged));
        }),
        ("as many damaged documents", USUAL_MIB, |archive| {
            (0..MEMBERS).for_each(|at| add(archive, &name(at), b"{\"\\u0"));
        }),
        ("as many packed layers", USUAL_MIB, |archive| {
            let packed = zstd::encode_all(b"layer".as_slice(), 1).expect("memory");
            (0..MEMBERS).for_each(|at| add(archive, &format!("{at:05}"), &packed));
        }),
        ("a document of two million layers", USUAL_MIB, |archive| {
            add(archive, "c.json", &document("{\"rootfs\":{\"diff_ids\":[", "\"a\"", 2 * MIB - 20, "]}}"));
            add(
                archive,
                "manifest.json",
                &document("[{\"Config\":\"c.json\",\"Layers\":[", "\"a\"", 2 * MIB - 20, "]}]"),
            );
        }),
        ("a document of as many keys as may be", USUAL_MIB, |archive| {
            let keys: Vec<_> = (0..MEMBERS - 10).map(|at| format!("\"{}\":0", name(at % 99_999))).collect();
            add(archive, "c.json", format!("{{\"rootfs\":{{}},{}}}", &keys[..90_000].join(",")).as_bytes());
        }),
        ("an index of as many descriptors as may be", USUAL_MIB, |archive| {
            let one = format!("{{\"digest\":\"{}\",\"platform\":{{}}}}", text(100));
            add(archive, "index.json", &document("{\"manifests\":[", &one, 30_000, "]}"));
        }),
        ("long words in many documents", USUAL_MIB, |archive| {
            for at in 0..40 {
                let platform = format!("{{\"os\":\"{at}{}\"}}", text(7 * MIB));
                let index = format!("{{\"manifests\":[{{\"digest\":\"a\",\"platform\":{platform}}}]}}");
                add(archive, &format!("index-{at}"), index.as_bytes());
                add(
                    archive,
                    &format!("config-{at}"),
                    format!("{{\"rootfs\":{{}},\"os\":\"{at}{}\"}}", text(7 * MIB)).as_bytes(),
                );
                let media =
                    format!("{{\"layers\":[],\"mediaType\":\"{at}{}\",\"config\":{{\"digest\":\"a\"}}}}", text(MIB));
                add(archive, &format!("manifest-{at}"), media.as_bytes());
            }
        }),
        ("members, and a document of all sizes on top", USUAL_MIB, |archive| {
            (0..MEMBERS - 10).for_each(|at| add(archive, &format!("{at:05}"), b""));
            let content = format!("{{\"manifests\":[{{\"digest\":\"a\",\"data\":\"{}\"}}]}}", text(6 * MIB));
            add(archive, "index.json", content.as_bytes());
        }),
        ("a document whose one text is escaped", USUAL_MIB, |archive| {
            let content =
                format!("{{\"manifests\":[{{\"digest\":\"a\",\"mediaType\":\"\\/{}\"}}]}}", text(8 * MIB - 100));
            add(archive, "index.json", content.as_bytes());
        }),
        ("members with long names, and documents of all sizes on top", USUAL_MIB, |archive| {
            (0..MEMBERS - 100).for_each(|at| add(archive, &name(at), b""));
            for at in 0..80 {
                let content =
                    format!("{{\"manifests\":[{{\"digest\":\"a\",\"mediaType\":\"\\/{}\"}}]}}", text(at * MIB / 10));
                add(archive, &format!("index-{at}"), content.as_bytes());
            }
        }),
        ("embedded content, as much as may be", USUAL_MIB, |archive| {
            (0..MEMBERS - 10).for_each(|at| add(archive, &format!("{at:05}"), b""));
            let one = |bytes| format!("{{\"digest\":\"a\",\"data\":\"{}\"}}", text(bytes));
            add(archive, "index.json", format!("{{\"manifests\":[{}]}}", one(MIB)).as_bytes());
            add(archive, "index2.json", format!("{{\"manifests\":[{}]}}", one(4 * MIB)).as_bytes());
        }),
        ("members, and a layer with a zstd window of 32 MiB on top", USUAL_MIB, |archive| {
            (0..MEMBERS - 10).for_each(|at| add(archive, &format!("{at:05}"), b""));
            add(archive, "layer", &packed_layer());
        }),
        ("a layer with a zstd window of 32 MiB", WINDOW_MIB, |archive| add(archive, "layer", &packed_layer())),
    ]
}

/// Images that share everything: what judging keeps of each counts, and not what the archive holds.
fn crowds() -> Vec<Case> {
    vec![
        ("as many layers as may be, all of them judged", USUAL_MIB, |archive| {
            let layer = b"";
            let digest = daochain::domain::Digest::of(layer);
            let names = vec!["\"l\"".to_owned(); 4096].join(",");
            let mut saves = Vec::new();
            for at in 0..8 {
                let config = format!(
                    "{{\"os\":\"linux\",\"architecture\":\"{at}\",\"rootfs\":{{\"diff_ids\":[{}]}}}}",
                    vec![format!("\"{digest}\""); 4096].join(",")
                );
                add(archive, &format!("{at}.json"), config.as_bytes());
                saves.push(format!("{{\"Config\":\"{at}.json\",\"RepoTags\":[\"a:{at}\"],\"Layers\":[{names}]}}"));
            }
            add(archive, "l", layer);
            add(archive, "manifest.json", format!("[{}]", saves.join(",")).as_bytes());
        }),
        ("one image of 4096 layers, named as often as may be", USUAL_MIB, |archive| {
            let digests = vec![format!("\"sha256:{}\"", "a".repeat(64)); 4096].join(",");
            add(archive, "c", format!("{{\"rootfs\":{{\"diff_ids\":[{digests}]}}}}").as_bytes());
            add(archive, "manifest.json", &document("[", "{\"Config\":\"c\"}", 45_000, "]"));
        }),
        ("one manifest of 4096 layers, named as often as may be", USUAL_MIB, |archive| {
            let digests = vec![format!("\"sha256:{}\"", "a".repeat(64)); 4096].join(",");
            let config = format!("{{\"rootfs\":{{\"diff_ids\":[{digests}]}}}}");
            let layer = format!("{{\"digest\":\"sha256:{}\"}}", "b".repeat(64));
            let digest = |bytes: &[u8]| daochain::domain::Digest::of(bytes).to_string();
            let head = format!("{{\"config\":{{\"digest\":\"{}\"}},\"layers\":[", digest(config.as_bytes()));
            let manifest = document(&head, &layer, 4096, "]}");
            let entry = format!("{{\"digest\":\"{}\"}}", digest(&manifest));
            for content in [config.as_bytes(), &manifest] {
                add(archive, &format!("blobs/sha256/{}", digest(content).trim_start_matches("sha256:")), content);
            }
            add(archive, "index.json", &document("{\"manifests\":[", &entry, 4000, "]}"));
        }),
        ("an image of as many names as text allows", USUAL_MIB, |archive| {
            (0..MEMBERS - 10).for_each(|at| add(archive, &format!("{at:05}"), b""));
            add(archive, "c", b"{\"rootfs\":{\"diff_ids\":[]}}");
            let names: Vec<_> = (0..99_000).map(|at| format!("\"a:{at}\"")).collect();
            let save = format!("[{{\"Config\":\"c\",\"RepoTags\":[{}]}}]", names.join(","));
            add(archive, "manifest.json", save.as_bytes());
        }),
        ("an image of as many names as may be", USUAL_MIB, |archive| {
            (0..MEMBERS - 10).for_each(|at| add(archive, &format!("{at:05}"), b""));
            add(archive, "c", b"{\"rootfs\":{\"diff_ids\":[]}}");
            let names: Vec<_> = (0..4096).map(|at| format!("\"a:{at}\"")).collect();
            let save = format!("[{{\"Config\":\"c\",\"RepoTags\":[{}]}}]", names.join(","));
            add(archive, "manifest.json", save.as_bytes());
        }),
    ]
}

/// Largest memory of `hash`, in MiB, with what it prints for people or for scripts.
fn peak(home: &Home, archive: &Path, options: &[&str]) -> u64 {
    let command = home.command(&[options, &["--docker-host", "none", "hash", &archive.display().to_string()]].concat());
    let mut watched = Command::new("python3");
    watched.args(["-c", WATCHER]).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => watched.env(name, value),
            None => watched.env_remove(name),
        };
    }
    let output = watched.output().expect("python3 starts");
    String::from_utf8_lossy(&output.stdout).trim().parse::<u64>().expect("a number of KiB") / 1024
}

#[test]
fn no_archive_takes_more_memory_than_is_stated() {
    if without("python") {
        return;
    }
    let home = Home::new();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |make: fn(&mut Archive)| -> PathBuf {
        let path = folder.path().join("archive.tar");
        let mut archive = tar::Builder::new(io::BufWriter::new(File::create(&path).expect("a file")));
        make(&mut archive);
        archive.into_inner().expect("a file").flush().expect("room for it");
        path
    };
    // The first run makes the home.
    let tiny = write(|archive| add(archive, "x", b"x"));
    let base = (0..3).map(|_| peak(&home, &tiny, &[])).min().unwrap_or_default();
    let mut over = Vec::new();
    for (what, bound, make) in cases().into_iter().chain(crowds()) {
        let plain = write(make);
        let packed = pack(&plain);
        for (path, how, options) in [(&plain, "plain", [].as_slice()), (&packed, "within zstd", &["--json"])] {
            let extra = peak(&home, path, options).saturating_sub(base);
            eprintln!("memory: {extra} MiB above {base} for {what}, {how}");
            if extra > bound {
                over.push(format!("{what}, {how}: {extra} MiB, {bound} allowed"));
            }
            fs::remove_file(path).expect("a file");
        }
    }
    assert!(over.is_empty(), "{over:#?}");
}
