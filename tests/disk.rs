//! Disks that are full or read-only, really: file systems of their own, in a mount namespace that ends with the script.
#![expect(
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test fails by panicking, and names its parts on stderr"
)]

mod support;

use std::{
    fs::{self, File},
    process::Command,
};

use daochain::image::write::ImageBuilder;
use serde_json::Value;
use support::{PASSPHRASE, without};
use tempfile::TempDir;

/// Mounts a small disk, and gives each call of the program a name: its document and exit code stay in files of that name.
const PRELUDE: &str = r#"
set -u
mount -t tmpfs -o size=8m tmpfs "$WORK/disk" || { echo "no disk could be mounted" >&2; exit 77; }
export DAOCHAIN_HOME=$WORK/disk/home DOCKER_HOST=unix:///nonexistent/docker.sock
call() { name=$1; shift; timeout 120 "$DAOCHAIN" "$@" --json >"$WORK/$name.json" 2>"$WORK/$name.err"; echo $? >"$WORK/$name.code"; }
call new account new
address=$(grep -o '0x[0-9a-fA-F]\{40\}' "$WORK/new.json" | head -n 1)
call fund account fund "$address"
call trust trust add 'acme/*' "$address"
"#;

struct Disk(TempDir);

impl Disk {
    /// Runs `script` behind the prelude. Root needs only a namespace of mounts; anybody else one of users as well.
    fn run(script: &str) -> Self {
        let disk = Self(tempfile::Builder::new().prefix("daochain-disk-").tempdir().expect("a temporary folder"));
        let work = disk.0.path();
        fs::create_dir(work.join("disk")).expect("a folder");
        fs::write(work.join("passphrase"), format!("{PASSPHRASE}\n")).expect("a file");
        let archive = File::create(work.join("app.tar")).expect("a file");
        let reference = "acme/app:1".parse().expect("a reference");
        ImageBuilder::new().reference(reference).layer([("app", "content")]).write(archive).expect("an archive");
        let output = Command::new("unshare")
            .args(["--mount", "--map-root-user", "bash", "-c", &format!("{PRELUDE}{script}")])
            .env("WORK", work)
            .env("DAOCHAIN", env!("CARGO_BIN_EXE_daochain"))
            .env("DAOCHAIN_PASSWORD_FILE", work.join("passphrase"))
            .output()
            .expect("unshare starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        eprintln!("part: a tmpfs in a mount namespace");
        disk
    }

    fn call(&self, name: &str) -> (i32, Value) {
        let read = |ending: &str| fs::read_to_string(self.0.path().join(format!("{name}.{ending}"))).expect("a file");
        let text = read("json");
        let document = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{name}: {text}{}", read("err")));
        (read("code").trim().parse().expect("an exit code"), document)
    }

    fn succeeds(&self, name: &str) -> Value {
        let (code, document) = self.call(name);
        assert_eq!(code, 0, "{name}: {document}");
        document
    }

    /// The sentence of a failure that says `cause`.
    fn fails(&self, name: &str, cause: &str) {
        let (code, document) = self.call(name);
        let sentence = format!("{} {}", document["message"], document["hint"]).to_lowercase();
        assert!(code == 1 && document["schema"] == "daochain.error/1", "{name}: {document}");
        assert!(sentence.contains(cause), "{name}: {document}");
    }
}

#[test]
fn a_full_disk_loses_nothing_and_publishes_nothing() {
    if without("mount") {
        return;
    }
    let disk = Disk::run(
        r#"
        dd if=/dev/zero of="$WORK/disk/fill" bs=1k 2>/dev/null
        call full_publish publish --archive "$WORK/app.tar" --yes
        call full_new account new
        ls "$WORK/disk/home/keystore" | grep -c . >"$WORK/keys"
        rm "$WORK/disk/fill"
        call accounts account list
        call publish publish --archive "$WORK/app.tar" --yes
        call verify verify --archive "$WORK/app.tar"
        call history history acme/app:1
        "#,
    );
    disk.fails("full_publish", "space");
    disk.fails("full_new", "space");
    assert_eq!(fs::read_to_string(disk.0.path().join("keys")).expect("a file").trim(), "1", "no half of a key file");
    assert_eq!(disk.succeeds("accounts")["accounts"].as_array().map(Vec::len), Some(1));
    assert_eq!(disk.succeeds("publish")["publications"][0]["version"], 1);
    assert_eq!(disk.succeeds("verify")["verdict"], "verified");
    assert_eq!(disk.succeeds("history")["events"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_read_only_home_is_named_and_nothing_is_green() {
    if without("mount") {
        return;
    }
    let disk = Disk::run(
        r#"
        call publish publish --archive "$WORK/app.tar" --yes
        mount -o remount,ro "$WORK/disk"
        call ro_hash hash "$WORK/app.tar"
        call ro_verify verify --archive "$WORK/app.tar"
        call ro_publish publish --archive "$WORK/app.tar" --again --yes
        call ro_new account new
        call ro_fund account fund "$address"
        call ro_trust trust remove 'acme/*'
        mount -o remount,rw "$WORK/disk"
        call verify verify --archive "$WORK/app.tar"
        "#,
    );
    disk.succeeds("publish");
    for name in ["ro_publish", "ro_new", "ro_fund", "ro_trust"] {
        disk.fails(name, "read-only");
    }
    assert_eq!(disk.succeeds("ro_hash")["images"][0]["state"], "measured", "measuring writes nothing");
    let (code, undecided) = disk.call("ro_verify");
    assert_eq!((code, &undecided["verdict"]), (1, &Value::from("undecided")), "dev cannot be joined: {undecided}");
    let told = fs::read_to_string(disk.0.path().join("ro_verify.err")).expect("a file");
    assert!(told.to_lowercase().contains("read-only"), "{told}");
    assert_eq!(disk.succeeds("verify")["verdict"], "verified");
}
