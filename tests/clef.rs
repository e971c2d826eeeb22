//! geth's clef has the key: this program asks, clef's user (a script) approves or not, and real geth takes what was signed.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test fails by panicking, and names its parts"
)]

mod support;

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};
use support::{Home, Run, fund, node, registry::Registry, unique, wait_for, without};

/// clef with a keystore of one account.
struct Clef {
    process: Child,
    folder: PathBuf,
}

impl Clef {
    fn start(folder: &Path, keystore: &Path, password: &Path, mode: &[&str]) -> Self {
        let program = std::env::var("DAOCHAIN_CLEF")
            .expect("DAOCHAIN_CLEF names no clef; run tests/run, or set DAOCHAIN_WITHOUT=clef");
        eprintln!("part: clef at {program}, {mode:?}");
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/parts/clef.py");
        let process = Command::new("python3")
            .args([Path::new(script), Path::new(&program), keystore, password, folder])
            .arg("1337")
            .args(mode)
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let clef = Self { process, folder: folder.to_owned() };
        wait_for("clef's socket", || (folder.join("ready").exists() && folder.join("clef.ipc").exists()).then_some(()));
        clef
    }

    fn url(&self) -> String {
        format!("ipc:{}", self.folder.join("clef.ipc").display())
    }

    fn asked(&self, what: &str) -> usize {
        let asked = std::fs::read_to_string(self.folder.join("asked")).unwrap_or_default();
        asked.lines().filter(|line| *line == what).count()
    }
}

impl Drop for Clef {
    fn drop(&mut self) {
        // The script ends clef when it is told to end.
        let _ = Command::new("pkill").args(["-TERM", "-P", &self.process.id().to_string()]).status();
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A vault that clef serves, and a server without any key.
struct Stage {
    vault: Home,
    server: Home,
    address: String,
}

impl Stage {
    fn new() -> Self {
        let vault = Home::new();
        let address = vault.run(&["account", "new"]).document["account"]["address"].as_str().unwrap().to_owned();
        fund(&node("geth"), &address);
        let deployer = Home::new().on("geth", &node("geth"));
        deployer.funded_account();
        deployer.run(&["contract", "deploy", "--yes"]);
        let server = Home::new().on("geth", &node("geth"));
        Self { vault, server, address }
    }

    fn clef(&self, mode: &[&str]) -> Clef {
        let keystore = self.vault.path().join("keystore");
        let folder = self.vault.path().join("clef");
        // clef leaves its socket behind.
        let _ = std::fs::remove_file(folder.join("ready"));
        let _ = std::fs::remove_file(folder.join("clef.ipc"));
        Clef::start(&folder, &keystore, &self.vault.passphrase_file(), mode)
    }

    /// A server has no passphrase to give.
    fn run(&self, args: &[&str]) -> Run {
        std::fs::write(self.server.passphrase_file(), "not the passphrase\n").unwrap();
        self.server.run(args)
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn clef_signs_what_its_user_approves() {
    if without("clef") {
        return;
    }
    let stage = Stage::new();
    let clef = stage.clef(&["approve"]);
    let added = stage.run(&["account", "add", "--clef", &clef.url(), "--label", "vault"]);
    let account = &added.document["account"];
    assert_eq!((&account["address"], &account["kind"]), (&json!(stage.address), &json!("clef")), "{added:?}");
    assert_eq!(account["file"], Value::Null);
    assert!(account["default"].as_bool().unwrap(), "the only account is the default");
    let name = format!("acme/{}:1", unique("clef"));
    let archive = stage.server.archive(&name, "content");
    let sent = stage.run(&["publish", "--archive", text(&archive), "--yes", "--confirmations", "1"]);
    assert!(sent.success(), "{sent:?}");
    assert_eq!(sent.document["publications"][0]["publisher"], stage.address.as_str());
    assert_eq!(
        stage.run(&["verify", "--archive", text(&archive), "--publisher", &stage.address]).verdict().0,
        "verified"
    );
    assert!(clef.asked("ui_approveTx") >= 1);

    // What is signed for others to send (EIP-712): relayed by an account of the server's own.
    let other = stage.server.archive(&format!("acme/{}:1", unique("typed")), "content");
    let request = stage.run(&["publish", "--archive", text(&other), "--cold"]);
    let path = stage.server.path().join("request");
    std::fs::write(&path, request.document.to_string()).unwrap();
    let signed = stage.run(&["sign", path.to_str().unwrap(), "--yes"]);
    assert_eq!(signed.document["schema"], "daochain.signature/1", "{signed:?}");
    assert_eq!(clef.asked("ui_approveSignData"), 1);
    std::fs::write(&path, signed.document.to_string()).unwrap();
    let relayed = stage.run(&["relay", path.to_str().unwrap(), "--yes", "--confirmations", "1"]);
    assert!(relayed.success(), "{relayed:?}");

    drop(clef);
    let gone = stage.run(&["publish", "--archive", text(&stage.server.archive("acme/gone:1", "content")), "--yes"]);
    assert_eq!((gone.code, &gone.document["code"]), (Some(1), &json!("signer-unreachable")), "{gone:?}");
    let listed = stage.run(&["account", "list"]);
    assert_eq!(listed.document["accounts"][0]["label"], "vault");
    assert!(stage.run(&["account", "remove", &stage.address, "--yes"]).success());
    assert_eq!(stage.run(&["account", "list"]).document["accounts"], json!([]));
}

#[test]
fn clef_signs_a_namespaces_statement() {
    if without("clef") || without("registry") {
        return;
    }
    let (stage, registry) = (Stage::new(), Registry::start());
    let namespace = format!("{}/acme", registry.host);
    let check = || stage.run(&["namespace", "check", &namespace]).document["conclusion"].clone();
    let clef = stage.clef(&["approve"]);
    assert!(stage.run(&["account", "add", "--clef", &clef.url()]).success());
    drop(clef);
    let clef = stage.clef(&["deny"]);
    let denied = stage.run(&["namespace", "claim", &namespace, "--yes"]);
    assert_eq!((denied.code, &denied.document["code"]), (Some(1), &json!("signer-refused")), "{denied:?}");
    assert_eq!(check(), "nobody", "nothing was pushed and nothing sent");
    drop(clef);
    let clef = stage.clef(&["approve"]);
    let claimed = stage.run(&["namespace", "claim", &namespace, "--yes", "--confirmations", "1"]);
    assert!(claimed.success(), "{claimed:?}");
    assert_eq!((clef.asked("ui_approveSignData"), clef.asked("ui_approveTx")), (1, 1));
    assert_eq!(check(), "vouched");
}

#[test]
fn what_clef_s_user_denies_or_changes_is_not_sent() {
    if without("clef") {
        return;
    }
    let stage = Stage::new();
    let archive = stage.server.archive(&format!("acme/{}:1", unique("denied")), "content");
    let clef = stage.clef(&["approve"]);
    let added = stage.run(&["account", "add", "--clef", &clef.url()]);
    drop(clef);
    assert!(added.success(), "{added:?}");
    for (mode, words) in [("change", "another price than was shown"), ("deny", "denied")] {
        let clef = stage.clef(&[mode]);
        let sent = stage.run(&["publish", "--archive", text(&archive), "--yes"]);
        assert_eq!((sent.code, &sent.document["code"]), (Some(1), &json!("signer-refused")), "{mode}: {sent:?}");
        assert!(sent.document["message"].as_str().unwrap().contains(words), "{mode}: {sent:?}");
        if mode == "deny" {
            let stranger = Home::new().run(&["account", "add", "--clef", &clef.url()]);
            assert_eq!(stranger.document["code"], "no-such-account", "its user lists nothing: {stranger:?}");
        }
    }
    assert_eq!(stage.run(&["tx", "list"]).document["transactions"], json!([]), "nothing was signed");
}

#[test]
fn clef_is_asked_over_http_too() {
    if without("clef") {
        return;
    }
    let stage = Stage::new();
    // Free now, and clef takes it within a second.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let clef = stage.clef(&["approve", &port]);
    let url = format!("http://127.0.0.1:{port}");
    wait_for("clef's port", || std::net::TcpStream::connect(format!("127.0.0.1:{port}")).ok());
    let added = stage.run(&["account", "add", "--clef", &url]);
    assert_eq!(added.document["account"]["address"], stage.address.as_str(), "{added:?}");
    let archive = stage.server.archive(&format!("acme/{}:1", unique("http")), "content");
    let sent = stage.run(&["publish", "--archive", text(&archive), "--yes", "--confirmations", "1"]);
    assert!(sent.success(), "{sent:?}");
    assert!(clef.asked("ui_approveTx") >= 1);
    let request = stage.run(&["publish", "--archive", text(&archive), "--cold", "--again"]);
    let path = stage.server.path().join("request");
    std::fs::write(&path, request.document.to_string()).unwrap();
    let signed = stage.run(&["sign", text(&path), "--yes"]);
    assert_eq!(signed.document["schema"], "daochain.signature/1", "{signed:?}");
    assert_eq!(clef.asked("ui_approveSignData"), 1);
}
