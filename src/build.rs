//! Tells the compiler from which commit a release is built, and the linker in which order its code shall lie. Run by Cargo,
//! not a part of the program.
//!
//! `DAOCHAIN_COMMIT` says it where there is no history (a tarball); else git does. Development builds tell none: each
//! commit would compile them anew. What is told depends on the sources alone, so that a build can be repeated.

use std::{env, path::Path, process::Command};

fn main() {
    // Any such line also keeps Cargo from running the script for every change of any file.
    println!("cargo:rerun-if-env-changed=DAOCHAIN_COMMIT");
    println!("cargo:rustc-env=DAOCHAIN_TARGET={}", env::var("TARGET").unwrap_or_default());
    let given = env::var("DAOCHAIN_COMMIT").ok().filter(|given| !given.is_empty());
    let is_release = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let commit = given.or_else(|| if is_release { of_git() } else { None });
    let is_word = |commit: &String| commit.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if let Some(commit) = commit.filter(is_word) {
        println!("cargo:rustc-env=DAOCHAIN_COMMIT_TOLD={commit}");
    }
    if is_release && takes_order() {
        let folder = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
        println!("cargo:rerun-if-changed={ORDER}");
        println!("cargo:rustc-link-arg-bins=-T{folder}/{ORDER}");
    }
}

/// What seldom runs lies behind the rest: the head of the file tells why.
const ORDER: &str = "assets/package/order.ld";

/// Whether the linker understands scripts: GNU ld and lld do (also zig's), mold, gold and wild do not.
fn takes_order() -> bool {
    let is = |name: &str, values: &[&str]| env::var(name).is_ok_and(|value| values.contains(&value.as_str()));
    // The last is how `mold -run` gets in between.
    let told = ["CARGO_ENCODED_RUSTFLAGS", "RUSTC_LINKER", "LD_PRELOAD"]
        .map(|name| env::var(name).unwrap_or_default())
        .concat();
    is("CARGO_CFG_TARGET_OS", &["linux"])
        && is("CARGO_CFG_TARGET_ENV", &["gnu"])
        && is("CARGO_CFG_TARGET_ARCH", &["x86_64", "aarch64"])
        && !["mold", "gold", "wild"].iter().any(|other| told.contains(other))
}

/// The commit of this very folder, and `-changed` where files differ from it.
fn of_git() -> Option<String> {
    for watched in [".git/HEAD", ".git/logs/HEAD", "src", "contracts/artifacts", "assets", "Cargo.toml", "Cargo.lock"] {
        if Path::new(watched).exists() {
            println!("cargo:rerun-if-changed={watched}");
        }
    }
    // A tarball that lies in somebody else's repository is not of its commit.
    if !Path::new(".git").exists() {
        return None;
    }
    let git = |args: &[&str]| {
        let output = Command::new("git").args(args).output().ok().filter(|output| output.status.success())?;
        String::from_utf8(output.stdout).ok().map(|text| text.trim().to_owned())
    };
    let commit = git(&["rev-parse", "HEAD"])?;
    let changed = git(&["status", "--porcelain", "--untracked-files=no"])?;
    Some(if changed.is_empty() { commit } else { format!("{commit}-changed") })
}
