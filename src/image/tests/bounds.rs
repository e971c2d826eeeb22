//! Every bound, and the extended headers.

use std::io::Write;

use serde_json::json;

use super::fixture::*;
use crate::{
    domain::{measurement::ImageState, progress::Unwatched},
    image::{limits, measure},
};

fn refused(pack: Pack, words: &str) {
    let (code, sentence) = pack.end().refusal();
    assert_eq!(code, "archive-refused", "{sentence}");
    assert!(sentence.contains(words), "{sentence}");
}

#[test]
fn names_that_leave_the_archive_are_refused() {
    refused(Pack::new().file("../../etc/cron.d/x", "x"), "leads out of it");
    refused(Pack::new().file("a/../../x\u{1b}[2J", "x"), "`a/../../x\\u{1b}[2J` leads out of it");
    let saves = json!([save("../c.json", &["a:1"], &[])]);
    refused(Pack::new().json("manifest.json", &saves), "leads out of it");
}

#[test]
fn layers_of_an_image_are_bounded() {
    let diff_ids = vec![json!(crate::domain::Digest::of(b"")); limits::LAYERS + 1];
    let config = json!({"rootfs": {"diff_ids": diff_ids}}).to_string();
    let saves = json!([save("c.json", &["a:1"], &[])]);
    refused(Pack::new().file("c.json", config).json("manifest.json", &saves), "more than 4096 layers");
}

#[test]
fn images_are_bounded() {
    let a = layer("a");
    let saves: Vec<_> = (0..=limits::IMAGES).map(|at| save(&format!("{at}.json"), &[], &[])).collect();
    refused(Pack::new().file("a.tar", a).json("manifest.json", &json!(saves)), "more than 4096 images");
}

#[test]
fn members_are_bounded() {
    let members = Pack::new().file("x", "").bytes().repeat(limits::MEMBERS + 1);
    let error = measure(members.as_slice(), None, &Unwatched).unwrap_err();
    assert_eq!((error.code(), error.to_string().contains("100000 members")), ("archive-refused", true), "{error}");
}

#[test]
fn documents_are_bounded() {
    let saves = json!([save("c.json", &["a:1"], &[])]);
    let with = |config: &str| Pack::new().file("c.json", config).json("manifest.json", &saves);
    let deep = format!("{{\"rootfs\":{{}},\"x\":{}{}}}", "[".repeat(64), "]".repeat(64));
    refused(with(&deep), "nested deeper than 64");
    let large = format!("{{\"rootfs\":{{}},\"x\":\"{}\"}}", "x".repeat(8 * 1024 * 1024));
    refused(with(&large), "larger than 8 MiB");
    // Just below the bound it is read.
    let fits = format!("{{\"rootfs\":{{}},\"x\":\"{}\"}}", "x".repeat(8 * 1024 * 1024 - 100));
    assert_eq!(with(&fits).end().image().state, ImageState::Measured);
}

#[test]
fn indexes_are_bounded_in_depth_and_number() {
    let mut inner = index(&[]);
    let mut pack = Pack::new().blob(&inner);
    for _ in 0..limits::INDEX_DEPTH {
        inner = index(&[descriptor(OCI_INDEX, &inner)]);
        pack = pack.blob(&inner);
    }
    refused(pack.file("index.json", index(&[descriptor(OCI_INDEX, &inner)])), "nested deeper than 8");
    // Each level names the one below many times.
    let mut inner = index(&[]);
    let mut pack = Pack::new().blob(&inner);
    for _ in 0..6 {
        inner = index(&vec![descriptor(OCI_INDEX, &inner); 10]);
        pack = pack.blob(&inner);
    }
    refused(pack.file("index.json", index(&[descriptor(OCI_INDEX, &inner)])), "more than 4096 manifests");
}

#[test]
fn long_names_are_read_in_both_spellings() {
    let a = layer("a");
    let name = format!("{}/layer.tar", "n".repeat(300));
    let saves = json!([save("c.json", &["a:1"], &[&name, "link.tar"])]);
    let both = config(&[&a, &a]);
    // The tar crate writes GNU long names and links.
    let mut gnu = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(a.len() as u64);
    gnu.append_data(&mut header, &name, a.as_slice()).unwrap();
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Symlink);
    header.set_size(0);
    gnu.append_link(&mut header, "link.tar", &name).unwrap();
    let gnu = gnu.into_inner().unwrap();
    let mut pax = tar::Builder::new(Vec::new());
    pax.append_pax_extensions([("path", name.as_bytes()), ("comment", b"a\n\nb")]).unwrap();
    let pax = pax.into_inner().unwrap();
    let pax_link = {
        let mut pax = tar::Builder::new(Vec::new());
        pax.append_pax_extensions([("linkpath", name.as_bytes())]).unwrap();
        pax.into_inner().unwrap()
    };
    let unended = |bytes: &[u8]| bytes[..bytes.len() - 1024].to_vec();
    let pax = Pack::new().raw(&unended(&pax)).file("short", &a).raw(&unended(&pax_link)).symlink("link.tar", "short");
    for pack in [Pack::new().raw(&unended(&gnu)), pax] {
        let image = pack.file("c.json", &both).json("manifest.json", &saves).end().image();
        assert_eq!(image.state, ImageState::Measured, "{image:?}");
    }
}

#[test]
fn a_pax_size_is_the_size() {
    // Layers beyond 8 GiB have a size of zero in their own header.
    let a = layer("a");
    let mut pax = tar::Builder::new(Vec::new());
    pax.append_pax_extensions([("size", a.len().to_string().as_bytes())]).unwrap();
    let pax = pax.into_inner().unwrap();
    let mut header = tar::Header::new_ustar();
    header.set_path("a.tar").unwrap();
    header.set_size(0);
    header.set_entry_type(tar::EntryType::Regular);
    let saves = json!([save("c.json", &["a:1"], &["a.tar"])]);
    let image = Pack::new()
        .raw(&pax[..pax.len() - 1024])
        .header(header, &a)
        .file("c.json", config(&[&a]))
        .json("manifest.json", &saves)
        .end()
        .image();
    assert_eq!((image.state, image.layers[0].bytes), (ImageState::Measured, a.len() as u64));
}

#[test]
fn long_names_are_bounded() {
    for (length, words) in [(5000, "longer than 4096 bytes"), (2_000_000, "larger than 1 MiB")] {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::GNULongName);
        header.set_size(length);
        let name = vec![b'n'; usize::try_from(length).unwrap()];
        refused(Pack::new().header(header, &name).file("x", "x"), words);
    }
}

#[test]
fn other_compressions_are_named() {
    let saves = json!([save("c.json", &["a:1"], &["a.tar"])]);
    let pack = Pack::new().file("c.json", config(&[b"x"])).file("a.tar", b"BZh91AY").json("manifest.json", &saves);
    refused(pack, "bzip2");
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(27).unwrap();
    encoder.include_contentsize(false).unwrap();
    encoder.write_all(&layer("a")).unwrap();
    let wide = encoder.finish().unwrap();
    let pack = Pack::new().file("c.json", config(&[b"x"])).file("a.tar", &wide).json("manifest.json", &saves);
    refused(pack, "window above the bound");
    let error = measure(wide.as_slice(), None, &Unwatched).unwrap_err();
    assert_eq!((error.code(), error.to_string().contains("window above the bound")), ("archive-refused", true));
    let error = measure(&b"\xfd7zXZ\0\0\0"[..], None, &Unwatched).unwrap_err();
    assert_eq!((error.code(), error.to_string().contains("xz")), ("archive-refused", true));
}

#[test]
fn sparse_and_unknown_members_are_malformed() {
    for kind in [tar::EntryType::GNUSparse, tar::EntryType::new(b'M')] {
        assert_eq!(Pack::new().member(kind, "x", None, b"").end().refusal().0, "archive-unreadable");
    }
}
