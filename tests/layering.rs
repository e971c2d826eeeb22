//! Who may import whom. The drawing is in the crate's documentation; this test holds the code to it.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Room → rooms it may name. A room may always name itself.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("image", &["domain"]),
    ("docker", &["domain"]),
    ("registry", &["domain"]),
    ("chain", &["domain"]),
    ("devnet", &["domain"]),
    ("keystore", &["domain", "store"]),
    ("store", &["domain"]),
    ("config", &["domain", "store"]),
    ("ops", &["domain", "image", "docker", "registry", "chain", "devnet", "keystore", "store", "config"]),
    ("app", &["domain"]),
    ("runtime", &["domain", "ops", "app", "config"]),
    ("tui", &["domain", "ops", "app", "runtime", "config"]),
    ("cli", &["domain", "ops", "tui", "config"]),
    ("main", &["cli"]),
    ("build", &[]),
];

/// Crate → rooms that may name it. Crates not listed are free.
const CRATES: &[(&str, &[&str])] = &[
    ("bollard", &["docker"]),
    ("hyper", &["docker", "chain"]),
    ("reqwest", &["chain", "registry"]),
    ("http_auth", &["registry"]),
    ("hyper_util", &["docker", "chain"]),
    ("ethers_contract", &["chain"]),
    ("ethers_signers", &["chain", "devnet"]),
    ("jsonrpsee", &["chain", "devnet"]),
    ("rustls_native_certs", &["chain"]),
    ("tokio_rustls", &["chain"]),
    ("rusqlite", &["store"]),
    ("ratatui", &["tui"]),
    ("crossterm", &["tui"]),
    ("clap", &["cli"]),
    ("rpassword", &["cli"]),
    ("eth_keystore", &["keystore"]),
    ("bip32", &["keystore"]),
    ("bip39", &["keystore"]),
    ("salsa20", &["keystore"]),
    ("scrypt", &["keystore"]),
    ("zxcvbn", &["keystore"]),
    ("tar", &["image"]),
    ("axum", &["devnet", "chain"]),
    ("ethrex_rpc", &["devnet"]),
    ("ethrex_storage", &["devnet"]),
    ("ethrex_blockchain", &["devnet"]),
    ("ethrex_common", &["devnet"]),
    ("ethrex_p2p", &["devnet"]),
];

/// The rooms that do no input or output: nothing of these may be named there.
const PURE: &[(&str, &[&str])] = &[
    ("domain", &["tokio", "std::fs", "std::net", "std::process", "std::env", "SystemTime::now", "Instant::now"]),
    ("app", &["tokio::", "std::fs", "std::net", "std::process", "std::env", "SystemTime::now", "Instant::now"]),
];

fn sources() -> BTreeMap<PathBuf, String> {
    fn walk(dir: &Path, found: &mut BTreeMap<PathBuf, String>) {
        for entry in fs::read_dir(dir).expect("the source tree can be listed") {
            let path = entry.expect("the source tree can be listed").path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("a source file is text");
                found.insert(path, text);
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    found
}

fn room(path: &Path) -> String {
    let inside = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).expect("sources lie under src");
    let first = inside.components().next().expect("a file has a name").as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

/// The text without comments, with `use` groups spread out: `crate::{a::b, c}` becomes `crate::a::b` and `crate::c`.
fn code(text: &str) -> String {
    let stripped: String =
        text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join(" ");
    spread(&stripped)
}

fn spread(text: &str) -> String {
    let mut out = text.to_owned();
    for opening in ["crate::{", "super::{"] {
        while let Some(start) = out.find(opening) {
            let body = start + opening.len();
            let Some(length) = closing(&out[body..]) else { break };
            let prefix = &opening[..opening.len() - 1];
            let items: Vec<String> =
                split_top(&out[body..body + length]).iter().map(|item| format!("{prefix}{item}")).collect();
            out.replace_range(start..=body + length, &items.join(" ; "));
        }
    }
    out
}

fn closing(text: &str) -> Option<usize> {
    let mut depth = 1;
    for (at, c) in text.char_indices() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

fn split_top(text: &str) -> Vec<String> {
    let (mut depth, mut items, mut item) = (0, Vec::new(), String::new());
    for c in text.chars() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        if c == ',' && depth == 0 {
            items.push(std::mem::take(&mut item).trim().to_owned());
        } else {
            item.push(c);
        }
    }
    items.push(item.trim().to_owned());
    items.retain(|item| !item.is_empty());
    items
}

fn rooms_named(code: &str) -> BTreeSet<String> {
    let after = |prefix: &str| -> Vec<String> {
        code.split(prefix)
            .skip(1)
            .map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect())
            .collect()
    };
    after("crate::").into_iter().chain(after("daochain::")).filter(|name| !name.is_empty()).collect()
}

#[test]
fn every_room_imports_only_what_the_house_allows() {
    let rules: BTreeMap<_, BTreeSet<_>> =
        MAY_IMPORT.iter().map(|(room, allowed)| (*room, allowed.iter().copied().collect())).collect();
    let mut broken = Vec::new();
    for (path, text) in sources() {
        let room = room(&path);
        if room == "lib" {
            continue;
        }
        let Some(allowed) = rules.get(room.as_str()) else {
            broken.push(format!("{}: the room `{room}` is in no drawing", path.display()));
            continue;
        };
        for named in rooms_named(&code(&text)) {
            if rules.contains_key(named.as_str()) && named != room && !allowed.contains(named.as_str()) {
                broken.push(format!("{}: `{room}` must not import `{named}`", path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// Every identifier with the text behind it, so that `target::` is not taken for `tar`'s.
fn words(code: &str) -> impl Iterator<Item = (&str, &str)> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let mut rest = code;
    std::iter::from_fn(move || {
        let start = rest.find(is_part)?;
        let end = rest[start..].find(|c| !is_part(c)).map_or(rest.len(), |length| start + length);
        let word = &rest[start..end];
        rest = &rest[end..];
        Some((word, rest))
    })
}

#[test]
fn a_library_stays_in_its_room() {
    let mut broken = Vec::new();
    for (path, text) in sources() {
        let (room, code) = (room(&path), code(&text));
        for (library, rooms) in CRATES {
            let used = words(&code).any(|(word, next)| word == *library && next.starts_with("::"))
                || code.contains(&format!("use {library};"));
            if used && !rooms.contains(&room.as_str()) {
                broken.push(format!("{}: `{room}` must not use `{library}`", path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn the_pure_rooms_do_no_input_or_output() {
    let mut broken = Vec::new();
    for (path, text) in sources() {
        let (room, code) = (room(&path), code(&text));
        for (_, forbidden) in PURE.iter().filter(|(pure, _)| *pure == room) {
            for name in forbidden.iter().filter(|name| code.contains(**name)) {
                broken.push(format!("{}: `{room}` is pure and names `{name}`", path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn no_file_is_longer_than_a_reader_can_hold() {
    let long = sources().into_iter().filter(|(_, text)| text.lines().count() > 400);
    let long: Vec<_> = long.map(|(path, _)| path.display().to_string()).collect();
    assert!(long.is_empty(), "more than 400 lines: {long:?}");
}

#[test]
fn the_house_has_no_circle() {
    let rules: BTreeMap<_, _> = MAY_IMPORT.iter().copied().collect();
    for (room, _) in MAY_IMPORT {
        let (mut seen, mut next) = (BTreeSet::new(), rules[room].to_vec());
        while let Some(one) = next.pop() {
            if seen.insert(one) {
                next.extend(rules[one]);
            }
        }
        assert!(!seen.contains(room), "`{room}` reaches itself");
    }
}

/// The checker itself must be able to fail.
#[test]
fn a_forbidden_import_is_seen_however_it_is_written() {
    for text in [
        "use crate::tui::Theme;",
        "use crate::{domain::Digest, tui::{self, Theme}};",
        "fn f() { crate::tui::draw() }",
        "use crate::{\n    domain::{\n        Digest,\n        image::{Evidence},\n    },\n    tui,\n};",
    ] {
        assert!(rooms_named(&code(text)).contains("tui"), "{text}");
    }
    assert!(!rooms_named(&code("// crate::tui is not for us")).contains("tui"));
}
