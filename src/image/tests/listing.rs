//! The files of layers: of every kind of archive, of every kind of member, and of hostile ones.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;

use super::fixture::{Pack, classic, config, gzip, hybrid, zstd};
use crate::{
    domain::{
        compare::{FileKind, LayerFiles},
        digest::Digest,
        progress::Unwatched,
    },
    image::{ImageError, list_layer_files, list_layers, list_layers_of, makeup, measure, stored_layers},
};

fn list(archive: &[u8], wanted: &[Digest]) -> Result<Vec<LayerFiles>, ImageError> {
    list_layers(archive, Some(archive.len() as u64), wanted, &Unwatched)
}

/// One layer's list, by its tar.
fn listed(layer: &[u8]) -> LayerFiles {
    let archive = Pack::new().file("layer.tar", layer).end().bytes();
    let mut found = list(&archive, &[Digest::of(layer)]).unwrap();
    assert_eq!(found.len(), 1);
    found.remove(0)
}

fn names(files: &LayerFiles) -> Vec<String> {
    files.files.keys().map(|name| String::from_utf8_lossy(name).into_owned()).collect()
}

/// A header of a member with this mode and owner.
fn header(name: &str, kind: tar::EntryType, size: usize, mode: u32, owner: u64) -> tar::Header {
    let mut header = tar::Header::new_ustar();
    header.set_path(name).unwrap();
    header.set_entry_type(kind);
    header.set_size(size as u64);
    header.set_mode(mode);
    header.set_uid(owner);
    header.set_gid(owner + 1);
    header.set_mtime(77);
    header
}

#[test]
fn every_kind_of_member_is_told() {
    let mut device = header("dev/null", tar::EntryType::Char, 0, 0o666, 0);
    device.set_device_major(1).unwrap();
    device.set_device_minor(3).unwrap();
    let layer = Pack::new()
        .header(header("./bin/", tar::EntryType::Directory, 0, 0o755, 0), b"")
        .header(header("bin/su", tar::EntryType::Regular, 5, 0o4755, 0), b"hello")
        .header(device, b"")
        .symlink("bin/sh", "su")
        .hard_link("bin/ash", "bin/su")
        .header(header("run/pipe", tar::EntryType::Fifo, 0, 0o600, 7), b"")
        .header(header("etc/.wh.passwd", tar::EntryType::Regular, 0, 0, 0), b"")
        .header(header("var/.wh..wh..opq", tar::EntryType::Regular, 0, 0, 0), b"")
        .end()
        .bytes();
    let files = listed(&layer);
    assert!(files.is_whole(), "{:?}", files.problem);
    let all = ["bin", "bin/ash", "bin/sh", "bin/su", "dev/null", "etc/.wh.passwd", "run/pipe", "var/.wh..wh..opq"];
    assert_eq!(names(&files), all);
    let of = |name: &str| &files.files[name.as_bytes()];
    assert_eq!((of("bin/su").mode, of("bin/su").owner, of("bin/su").modified), (0o4755, (0, 1), 77));
    assert_eq!(of("bin/su").digest, Some(Digest::of(b"hello")));
    assert_eq!(of("bin/sh").kind, FileKind::Link(b"su".as_slice().into()));
    assert_eq!(of("bin/ash").kind, FileKind::HardLink(b"bin/su".as_slice().into()));
    assert_eq!(of("dev/null").kind, FileKind::Device(1, 3));
    assert_eq!((&of("run/pipe").kind, of("run/pipe").owner), (&FileKind::Pipe, (7, 8)));
    assert_eq!((&of("etc/.wh.passwd").kind, of("bin").kind == FileKind::Folder), (&FileKind::Removal, true));
}

#[test]
fn extended_headers_name_and_own_their_member() {
    let record = |key: &str, value: &str| {
        let content = key.len() + value.len() + 3;
        let length = (1..9).map(|digits| content + digits).find(|all| all.to_string().len() == all - content).unwrap();
        format!("{length} {key}={value}\n")
    };
    let long = "x/".repeat(80) + "end";
    let capability = record("SCHILY.xattr.security.capability", "\u{1}\u{2}");
    let text = record("path", &long) + &record("uid", "4000000000") + &record("gid", "5") + &capability;
    let pax = |text: &str| Pack::new().member(tar::EntryType::XHeader, "pax", None, text.as_bytes());
    let member = |pack: Pack| pack.header(header("short", tar::EntryType::Regular, 1, 0o644, 3), b"a").end().bytes();
    let files = listed(&member(pax(&text)));
    assert_eq!(names(&files), [long.as_str()]);
    let (_, entry) = files.files.first_key_value().unwrap();
    assert_eq!(entry.owner, (4_000_000_000, 5));
    let other = text.replace("\u{1}\u{2}", "\u{1}\u{3}");
    let (_, differs) = listed(&member(pax(&other))).files.pop_first().unwrap();
    assert!(entry.attributes.is_some() && entry.attributes != differs.attributes);
}

#[test]
fn layers_are_found_by_their_content_in_every_kind_of_archive() {
    let layer = |name: &str| Pack::new().file(name, name).end().bytes();
    let (a, b) = (layer("one"), layer("two"));
    let configuration = config(&[&a, &b]);
    let wanted = [Digest::of(&b)];
    let packed = gzip(&b);
    let archives = [
        classic(&a, &b, &configuration),
        hybrid(&[&a, &b], &configuration, &[&a, &packed]),
        Pack::new().file("x", zstd(&b)).file("y", &a).end(),
    ];
    for archive in archives.map(Pack::bytes) {
        for whole in [archive.clone(), gzip(&archive)] {
            let found = list(&whole, &wanted).unwrap();
            assert_eq!(found.iter().map(names).collect::<Vec<_>>(), [["two"]]);
        }
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("image.tar");
        std::fs::write(&path, &archive).unwrap();
        assert_eq!(list_layers_of(&path, &wanted, &Unwatched).unwrap().len(), 1);
    }
    let none = classic(&a, &b, &configuration).bytes();
    assert!(list(&none, &[Digest::of(b"absent")]).unwrap().is_empty());
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("blobs/sha256")).unwrap();
    std::fs::write(folder.path().join("oci-layout"), "{}").unwrap();
    std::fs::write(folder.path().join("blobs/sha256").join(Digest::of(&packed).hex()), &packed).unwrap();
    assert_eq!(list_layers_of(folder.path(), &wanted, &Unwatched).unwrap().len(), 1);
}

#[test]
fn what_follows_the_last_wanted_layer_is_not_read() {
    let layer = Pack::new().file("f", "f").end().bytes();
    // No end, as of a stream that is cut off behind it.
    let archive = Pack::new().file("layer.tar", &layer).raw(&[7; 700]).bytes();
    assert_eq!(list(&archive, &[Digest::of(&layer)]).unwrap().len(), 1);
    assert!(list(&archive, &[Digest::of(b"other")]).is_err());
}

#[test]
fn what_comes_later_takes_the_place_of_what_came_before() {
    let layer = Pack::new().file("./etc/passwd", "good").file("etc/passwd", "evil").end().bytes();
    let files = listed(&layer);
    assert_eq!(files.files.values().next().unwrap().digest, Some(Digest::of(b"evil")));
}

#[test]
fn a_hostile_layer_ends_its_list_and_nothing_else() {
    let long = |size: u64| {
        let mut header = header("x", tar::EntryType::XHeader, 0, 0, 0);
        header.set_size(size);
        Pack::new().header(header, b"").end().bytes()
    };
    let folder_with_content = Pack::new().member(tar::EntryType::Symlink, "a", Some("b"), b"content").end().bytes();
    let sparse = Pack::new().member(tar::EntryType::XHeader, "p", None, b"22 GNU.sparse.major=1\n").end().bytes();
    for (layer, why) in [
        (long(2 << 20), "larger than 1 MiB"),
        (folder_with_content, "no file has content"),
        (sparse, "sparse"),
        (vec![b'x'; 2048], "no tar archive"),
        (Pack::new().file("a", "b").bytes()[..520].to_vec(), "ends in the middle"),
    ] {
        let files = listed(&layer);
        let problem = files.problem.clone().unwrap_or_default();
        assert!(problem.contains(why), "`{why}`: {problem}");
        assert!(!files.is_whole());
    }
    let cut = Pack::new().file("a", "b").end().bytes();
    assert!(listed(&cut[..1024]).is_whole(), "without an end marker, as engines take it");
}

#[test]
fn a_layer_of_very_many_files_is_cut() {
    let many = (0..150_000).fold(Pack::new(), |pack, n| pack.file(&format!("{n}"), "")).end().bytes();
    let files = listed(&many);
    assert!(files.is_cut && files.files.len() > 50_000, "{}", files.files.len());
}

#[test]
fn layers_that_come_one_by_one_are_listed() {
    use crate::image::LayoutFile;
    let layer = Pack::new().file("f", "f").end().bytes();
    let packed = gzip(&layer);
    let file = LayoutFile::blob(Digest::of(&packed), packed.len() as u64, packed.as_slice());
    let found = list_layer_files(std::iter::once(Ok(file)), None, &[Digest::of(&layer)], &Unwatched).unwrap();
    assert_eq!(names(&found[0]), ["f"]);
}

#[test]
fn documents_tell_what_an_image_is_made_of() {
    let (a, b) = (b"a".as_slice(), b"b".as_slice());
    let mut document: serde_json::Value = serde_json::from_slice(&config(&[a, b])).unwrap();
    document["history"] = serde_json::json!([{"created_by": "FROM x"}, {"created_by": "ENV", "empty_layer": true}, {"created_by": "COPY y"}]);
    let configuration = document.to_string().into_bytes();
    let manifest = super::fixture::manifest(&configuration, &[a, b]);
    let stored = stored_layers(&manifest).unwrap();
    assert_eq!((stored.config, stored.layers.len()), (Digest::of(&configuration), 2));
    let made = makeup(&configuration, &stored.layers).unwrap();
    assert_eq!(made.platform.as_deref(), Some("linux/amd64"));
    let layers: Vec<_> =
        made.layers.iter().map(|layer| (layer.diff_id, layer.stored, layer.made_by.as_deref())).collect();
    assert_eq!(layers, [(Digest::of(a), Some(1), Some("FROM x")), (Digest::of(b), Some(1), Some("COPY y"))]);
    assert!(makeup(&manifest, &[]).is_err() && stored_layers(&configuration).is_err() && makeup(b"{", &[]).is_err());
    // Measuring tells the same.
    let (one, two) = (Pack::new().end().bytes(), Pack::new().file("f", "f").end().bytes());
    let mut document: serde_json::Value = serde_json::from_slice(&config(&[&one, &two])).unwrap();
    document["history"] = serde_json::json!([{"created_by": "FROM x"}, {"created_by": "COPY y"}]);
    let archive = classic(&one, &two, &document.to_string().into_bytes()).bytes();
    let measured = measure(archive.as_slice(), None, &Unwatched).unwrap();
    let made: Vec<_> = measured.images[0].layers.iter().map(|layer| layer.made_by.as_deref()).collect();
    assert_eq!(made, [Some("FROM x"), Some("COPY y")]);
}

proptest! {
    #[test]
    fn no_bytes_panic_and_steps_make_no_difference(bytes in proptest::collection::vec(any::<u8>(), 0..3000), at in 0usize..3000) {
        // A good beginning leads further in.
        let mut layer = Pack::new().file("a", "content").symlink("l", "a").file("b", "more").end().bytes();
        let at = at.min(layer.len());
        let end = (at + bytes.len()).min(layer.len());
        layer[at..end].copy_from_slice(&bytes[..end - at]);
        let files = listed(&layer);
        let packed = gzip(&layer);
        let archive = Pack::new().file("p", &packed).end().bytes();
        prop_assert_eq!(&list(&archive, &[Digest::of(&layer)]).unwrap()[0], &files);
    }
}
