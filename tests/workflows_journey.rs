//! Deploying, claiming, observing and carrying policies by keys, in a pseudo-terminal, on a real registry and a real chain.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test fails by panicking, and names its parts")]

mod support;

use std::fs;

use serde_json::json;
use support::{
    Home, PASSPHRASE,
    layout::{Blobs, INDEX, MANIFEST},
    node,
    registry::Registry,
    rpc,
    terminal::{Terminal, key},
    unique, without,
};

/// Two accounts of one home, who observe a name at a registry.
struct Stage {
    home: Home,
    registry: Registry,
    observers: [String; 2],
    namespace: String,
    name: String,
}

impl Stage {
    fn new() -> Self {
        eprintln!("part: anvil at {}", node("anvil"));
        let (home, registry) = (Home::new().on("anvil", &node("anvil")), Registry::start());
        let observers = [home.funded_account(), home.funded_account()];
        // The chain is older than this test.
        let namespace = format!("{}/w{}", registry.host, std::process::id());
        let name = format!("{namespace}/app:1");
        Self { home, registry, observers, namespace, name }
    }

    /// Puts another image under the tag.
    fn serve(&self, content: &str) -> String {
        let mut blobs = Blobs::default();
        let own = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
        let image = blobs.image(own, unique(content).as_bytes());
        let repository = format!("w{}/app", std::process::id());
        self.registry.push(&repository, "1", &blobs, MANIFEST, image.manifest);
        image.config.to_string()
    }

    fn run(&self, args: &[&str]) {
        let run = self.home.run(args);
        assert!(run.success(), "{run:?}");
    }
}

/// Types the passphrase of what is shown, and waits for its block.
fn sign(terminal: &mut Terminal, name: &str) {
    terminal.wait_for_text("Nothing is signed before").send(PASSPHRASE).wait_for_text("•••");
    terminal.capture(name).send(key::ENTER).wait_for_text("1 of 3 confirmations");
    // This node makes a block for each transaction, and none in between.
    rpc(&node("anvil"), "anvil_mine", &json!(["0x3"]));
    terminal.wait_for_line(&["in block", " for "]).send(key::ENTER);
}

/// Deploys what does not stand yet; another test may have been first.
fn deploy(terminal: &mut Terminal) {
    terminal.send("5").wait_for_text("contracts").send("d");
    loop {
        terminal.wait_until("a deployment, or its end", |screen| {
            let text = screen.contents();
            text.contains("Nothing is signed before") || text.contains("both contracts stand")
        });
        if terminal.contents().contains("both contracts stand") {
            break;
        }
        sign(terminal, "workflows-1-deploy");
    }
    terminal.send(key::ENTER).send("c").wait_for_text("both contracts stand, and their code is");
    terminal.capture("workflows-2-contracts").send(key::ENTER);
}

/// Claims the namespace by both halves, and looks whom it vouches for.
fn claim(stage: &Stage, terminal: &mut Terminal) {
    terminal.send("3").wait_for_text("ADDRESS").send("N").wait_for_text("namespace").send(key::ENTER);
    terminal.send(&stage.namespace).send(key::ENTER).send(key::ENTER).send(key::ENTER);
    terminal.wait_for_text("Vouch for").wait_for_text("Nothing is signed before").send(PASSPHRASE);
    terminal.wait_for_text("•••").capture("workflows-3-vouch").send(key::ENTER).wait_for_text("say it");
    sign(terminal, "workflows-4-claim");
    terminal.send("K").wait_for_text("Whom a namespace").send(&stage.namespace).send(key::ENTER).send(key::ENTER);
    terminal.wait_for_text("vouches for one publisher").capture("workflows-5-namespace").send(key::ENTER);
}

/// Releases what the registry serves, for all platforms, and adds what it serves then for this one's; nothing is pulled.
fn release(stage: &Stage, terminal: &mut Terminal) {
    let mut blobs = Blobs::default();
    let own = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    let images = [own, "riscv64"].map(|platform| (platform, blobs.image(platform, unique(platform).as_bytes())));
    let child = |blobs: &Blobs, platform: &str, image| {
        blobs.child(MANIFEST, image, &json!({"os": "linux", "architecture": platform}))
    };
    let children: Vec<_> = images.iter().map(|(platform, image)| child(&blobs, platform, image.manifest)).collect();
    let index = blobs.index_of(&children);
    let (repository, name) = (format!("w{}/all", std::process::id()), format!("{}/all:1", stage.namespace));
    stage.registry.push(&repository, "1", &blobs, INDEX, index);
    let digests = || {
        let run = stage.home.run(&["history", &name]);
        let last = run.document["events"].as_array().and_then(|events| events.last()).cloned();
        let digests = last.and_then(|event| event["digests"].as_array().map(Vec::len));
        (digests, run)
    };

    terminal.send(":release\r").wait_for_text("Every byte is read").send(&name).send(key::ENTER).send(key::ENTER);
    terminal.send(key::RIGHT).send(key::ENTER).send(key::ENTER).wait_for_text("‹ version 1 ›");
    terminal.wait_for_text(&index.to_string());
    sign(terminal, "workflows-10-release");
    let (found, run) = digests();
    assert_eq!(found, Some(5), "two images, their manifests and the index: {run:?}");

    let later = blobs.image(own, unique("later").as_bytes());
    stage.registry.push(&repository, "1", &blobs, MANIFEST, later.manifest);
    terminal.send(":release\r").wait_for_text("Every byte is read").send(&name).send(key::ENTER).send(key::ENTER);
    terminal.send(key::ENTER).send(key::ENTER).wait_for_text("‹ version 2 ›").send(key::CTRL_T);
    terminal.wait_for_text("part of version 1");
    sign(terminal, "workflows-11-amend");
    let (found, run) = digests();
    assert_eq!(found, Some(2), "the image and its manifest: {run:?}");

    terminal.send(":hash-file\r").wait_for_text("nothing is kept").send(key::RIGHT).send(key::ENTER).send(&name);
    terminal.send(key::ENTER).wait_for_text("every digest is the one that it says");
    terminal.wait_for_text(&later.config.to_string()).capture("workflows-12-hash").send(key::ENTER);

    let archive = stage.home.path().join("later.tar");
    std::fs::write(&archive, blobs.archive(&name, MANIFEST, later.manifest)).unwrap();
    terminal.send(":hash-file\r").wait_for_text("nothing is kept").send(key::RIGHT).send(key::RIGHT).send(key::ENTER);
    terminal.send(&archive.display().to_string()).send(key::ENTER).send(key::ENTER).send(key::ENTER);
    terminal.wait_for_text("Verdict of").wait_for_text("untrusted").send(key::ENTER);
    terminal.send(":hash-file\r").wait_for_text("nothing is kept").send(key::RIGHT).send(key::RIGHT).send(key::ENTER);
    terminal.send(&archive.display().to_string()).send(key::ENTER).send(key::ENTER).send(&stage.observers[0]);
    terminal.send(key::ENTER).wait_for_text("Verdict of").wait_for_line(&["trusting", &stage.observers[0]]);
    terminal.wait_for_text("verified").capture("workflows-13-verify").send(key::ENTER);
}

#[test]
fn what_the_command_line_can_is_done_by_keys() {
    if without("registry") || without("node") {
        return;
    }
    let stage = Stage::new();
    let [first, second] = &stage.observers;
    let mut terminal = Terminal::start(40, 110, &stage.home.command(&[]));
    terminal.wait_for_line(&["anvil", " ETH"]);
    deploy(&mut terminal);
    release(&stage, &mut terminal);
    claim(&stage, &mut terminal);

    for observer in [first, second] {
        stage.run(&["trust", "add", &stage.name, observer, "--observer"]);
    }
    stage.serve("first");
    stage.run(&["observe", &stage.name, "--account", second, "--yes", "--confirmations", "1"]);
    let config = stage.serve("another");
    terminal.send(":").send("observe-name").send(key::ENTER).wait_for_text("The registry is asked");
    terminal.send(&stage.name).send(key::ENTER).send(key::ENTER).send(key::ENTER);
    terminal.wait_for_text("0 of 2 saw the same, 1 saw something else");
    sign(&mut terminal, "workflows-6-observe");
    let remote = stage.home.run(&["remote", &stage.name]);
    let observed = &remote.document["images"][0]["observed"];
    assert_eq!(observed["agreeing"], json!([first]), "{remote:?}");

    // What the other process signed is in the journal, and seen.
    terminal.send("6").wait_for_line(&["attesting", "app:1", "is attested"]).wait_for_line(&["release", "app:1"]);
    terminal.capture("workflows-7-activity");

    terminal.send("2").wait_for_text("published").send("/");
    for letter in config.chars() {
        terminal.send(&letter.to_string());
    }
    terminal.wait_for_line(&["1 published", "/sha256:"]).send(key::ENTER);
    terminal.wait_for_line(&["app:1", &first[..6]]).capture("workflows-8-who");

    let file = stage.home.path().join("policy.toml");
    terminal.send("4").wait_for_text("observer").send("E").wait_for_text("Write the policy");
    terminal.send(&file.display().to_string()).send(key::ENTER).wait_for_text("its digest is");
    assert!(fs::read_to_string(&file).unwrap().contains(first));
    stage.run(&["trust", "remove", &stage.name, second]);
    terminal.send("i").wait_for_text("Take a policy over").send(&file.display().to_string());
    terminal.send(key::ENTER).send(key::ENTER).send(key::ENTER).send(key::ENTER).wait_for_text("one entry changes");
    terminal
        .wait_for_line(&["new", second])
        .capture("workflows-9-import")
        .send(key::ENTER)
        .wait_for_text("was taken over");
    assert!(fs::read_to_string(stage.home.path().join("trust.toml")).unwrap_or_default().contains(second));

    terminal.send("q");
    assert_eq!(terminal.finish().1, 0);
    assert!(!terminal.written().contains(PASSPHRASE), "the passphrase was shown");
}
