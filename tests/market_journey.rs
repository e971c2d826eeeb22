//! From the stranger's image to a verified pull, by commands and by keys: two homes that share nothing but a real chain, a
//! real registry and a real engine. Before the registry stands a proxy that sees what is asked of it.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test fails by panicking, and names its parts")]

mod support;

use std::{
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use support::{
    Built, Home, Run, build, docker_host,
    hostile_registry::{Hostile, Request},
    layout::{Blobs, MANIFEST},
    node,
    registry::Registry,
    terminal::{Terminal, key},
    unique, without,
};

/// Longest that the engine is kept waiting for a layer.
const HELD: Duration = Duration::from_secs(20);

/// A publisher and a stranger to it, who will pull what was published.
struct Stage {
    publisher: Home,
    account: String,
    buyer: Home,
    registry: Registry,
    proxy: Hostile,
    /// Layers are kept from the engine.
    held: Arc<AtomicBool>,
    namespace: String,
    name: String,
    /// Engines that keep their own images under other names still have this one.
    built: Built,
    config: Value,
}

impl Stage {
    /// The image is published, its namespace is claimed, and the engine has it no more.
    fn new(chain: &str) -> Option<Self> {
        if without("registry") || without("docker") || without("node") {
            return None;
        }
        eprintln!("part: {chain} at {}", node(chain));
        let home = || Home::new().with_docker().on(chain, &node(chain));
        let (publisher, buyer, registry) = (home(), home(), Registry::start());
        let account = publisher.funded_account();
        assert!(publisher.run(&["contract", "deploy", "--yes"]).success());
        let held = Arc::new(AtomicBool::new(false));
        let holding = Arc::clone(&held);
        let proxy = Hostile::start(Some(&registry.host), move |request| {
            let until = Instant::now() + HELD;
            while is_of_layer(request) && holding.load(Ordering::Relaxed) && Instant::now() < until {
                thread::park_timeout(Duration::from_millis(20));
            }
            None
        });
        // The chain is older than this test, and other tests' ports were the same.
        let namespace = format!("{}/a{}", proxy.host, std::process::id());
        let name = format!("{namespace}/app:1");
        let built = build(&name, &unique("released").repeat(20_000));
        let mut stage =
            Self { publisher, account, buyer, registry, proxy, held, namespace, name, built, config: Value::Null };
        stage.publish();
        Some(stage)
    }

    fn publish(&mut self) {
        let sent = ["--account", &self.account, "--yes", "--confirmations", "1"];
        let pushed = self.publisher.run(&[&["push", &self.name, "--publish"], &sent[..]].concat());
        assert_eq!((pushed.code, &pushed.document["publications"][0]["version"]), (Some(0), &json!(1)), "{pushed:?}");
        self.config = pushed.document["config_digest"].clone();
        let claimed = self.publisher.run(&[&["namespace", "claim", &self.namespace], &sent[..]].concat());
        assert_eq!((claimed.code, &claimed.document["statement"]["state"]), (Some(0), &json!("pushed")), "{claimed:?}");
        docker(&["rmi", "-f", &self.name, &self.built.id]);
        assert!(self.id().is_none(), "it is to be pulled");
    }

    /// Somebody else's image takes the tag, by the registry's own interface.
    fn swap(&self) {
        let mut others = Blobs::default();
        let own = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
        let other = others.image(own, unique("swapped").as_bytes());
        let repository = self.name.strip_prefix(&format!("{}/", self.proxy.host)).unwrap().trim_end_matches(":1");
        self.registry.push(repository, "1", &others, MANIFEST, other.manifest);
    }

    /// What the engine has under the name.
    fn id(&self) -> Option<String> {
        docker(&["image", "inspect", "--format", "{{.Id}}", &self.name])
    }

    /// Requests since there were `before` of them: none of the engine's, none for a blob, and at least one for the tag.
    fn assert_that_no_layer_moved(&self, before: usize) {
        let asked = self.proxy.asked().split_off(before);
        let of_tag = |request: &&Request| request.path.ends_with("/manifests/1");
        assert!(asked.iter().any(|request| of_tag(&request)), "the tag was asked for: {asked:?}");
        assert!(asked.iter().all(|request| request.is_ours() && !request.path.contains("/blobs/")), "{asked:?}");
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // By its ID: a pull by digest leaves another name than this one.
        if let Some(id) = self.id() {
            docker(&["rmi", "-f", &id]);
        }
    }
}

/// The engine's wish for a layer, or for the configuration.
fn is_of_layer(request: &Request) -> bool {
    !request.is_ours() && request.method == "GET" && request.path.contains("/blobs/")
}

/// What docker said, where it did what it was told.
fn docker(args: &[&str]) -> Option<String> {
    let output = Command::new("docker").args(args).env("DOCKER_HOST", docker_host()).output().unwrap();
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn assert_refused(run: &Run) {
    assert_eq!(run.code, Some(3), "{run:?}");
    let document = &run.document;
    let (verdict, pulled, tagged) = (&document["verdict"], &document["pulled"], &document["tagged"]);
    assert_eq!((verdict, pulled, tagged), (&json!("mismatch"), &json!(false), &json!(false)), "{run:?}");
}

#[test]
fn a_stranger_is_found_trusted_and_pulled_from_and_a_swapped_tag_moves_no_layer_by_commands() {
    let Some(stage) = Stage::new("geth") else { return };
    let (buyer, name) = (&stage.buyer, stage.name.as_str());
    let before = stage.proxy.asked().len();
    assert_eq!(buyer.run(&["remote", name]).verdict(), ("untrusted", Some(4)));
    let unknown = buyer.run(&["pull", name]);
    assert_eq!((unknown.code, &unknown.document["pulled"]), (Some(4), &json!(false)), "{unknown:?}");
    stage.assert_that_no_layer_moved(before);

    let found = buyer.run(&["trust", "discover", name]);
    let publishers = found.document["publishers"].as_array().unwrap_or_else(|| panic!("{found:?}"));
    assert_eq!(publishers.len(), 1, "{found:?}");
    assert_eq!(
        (&publishers[0]["publisher"], &publishers[0]["vouched_by"], &publishers[0]["role"]),
        (&json!(stage.account), &json!(stage.namespace), &Value::Null),
        "{found:?}"
    );
    let checked = buyer.run(&["namespace", "check", &stage.namespace]);
    assert_eq!((checked.code, &checked.document["conclusion"]), (Some(0), &json!("vouched")), "{checked:?}");
    let pin = ["trust", "discover", name, "--pin", &stage.account, "--name", "acme", "--yes"];
    assert!(buyer.run(&pin).success());
    let remote = buyer.run(&["remote", name]);
    assert_eq!(remote.verdict(), ("verified", Some(0)), "{remote:?}");
    assert_eq!(remote.document["images"][0]["evidence"], "claimed", "{remote:?}");

    let mut pull = Terminal::start(24, 120, &buyer.command(&["pull", name]));
    let (shown, code) = pull.finish();
    assert_eq!(code, 0, "{shown}");
    for words in [&format!("pulling {name}"), ": pull complete", "pulled, measured and named"] {
        assert!(shown.contains(words), "no `{words}` in {shown}");
    }
    let verified = buyer.run(&["verify", name]);
    let image = &verified.document["images"][0];
    assert_eq!(verified.verdict(), ("verified", Some(0)), "{verified:?}");
    assert_eq!((&image["evidence"], &image["config_digest"]), (&json!("measured"), &stage.config), "{verified:?}");

    let id = stage.id();
    stage.swap();
    let before = stage.proxy.asked().len();
    assert_refused(&buyer.run(&["pull", name]));
    stage.assert_that_no_layer_moved(before);
    assert_eq!(buyer.run(&["remote", name]).verdict(), ("mismatch", Some(3)));
    assert_eq!((stage.id(), buyer.run(&["verify", name]).verdict()), (id, ("verified", Some(0))), "as it was");
}

/// Types a search letter by letter: each narrows what is shown.
fn search(terminal: &mut Terminal, words: &str) {
    terminal.send("/");
    for letter in words.chars() {
        terminal.send(&letter.to_string());
    }
    terminal.wait_for_text(&format!("/{words}")).wait_for_line(&["1 published"]);
}

#[test]
fn a_stranger_is_found_trusted_and_pulled_from_and_a_swapped_tag_moves_no_layer_by_keys() {
    let Some(stage) = Stage::new("anvil") else { return };
    let name = stage.name.as_str();
    let short = name.split_once(':').unwrap().1;
    let mut terminal = Terminal::start(30, 100, &stage.buyer.command(&[]));
    terminal.send("2").wait_for_text("published");
    search(&mut terminal, short);
    terminal.wait_for_line(&[name, "v1", "untrusted"]).capture("market-1-untrusted").send(key::ENTER);

    terminal.send("t").wait_for_text("Whose word counts").wait_for_text(&stage.account);
    terminal.capture("market-2-trust");
    // Name, address, role, and what it is called; a note, and where it holds.
    for field in ["", "", "", "acme", "", ""] {
        terminal.send(field).send(key::ENTER);
    }
    terminal.wait_for_line(&[name, "v1", "verified", "acme"]).capture("market-3-verified");

    stage.held.store(true, Ordering::Relaxed);
    terminal.send("p").wait_for_line(&["pulling", name, "0 of 1 layers"]).capture("market-4-pulling");
    stage.held.store(false, Ordering::Relaxed);
    terminal.wait_for_text("pulled and measured").capture("market-5-pulled");
    terminal.send("1").wait_for_text("IMAGE").send("/").wait_for_text("keep").send(short).send(key::ENTER);
    terminal.wait_for_line(&["✔", "verified v1", "acme"]).capture("market-6-here");

    let id = stage.id();
    assert!(id.is_some());
    stage.swap();
    let before = stage.proxy.asked().len();
    terminal.send("2").wait_for_line(&[name, "v1", "verified"]).send("p");
    terminal.wait_for_line(&["last pull", "refused before any of it was pulled"]).wait_for_text("is not an image that");
    terminal.capture("market-7-refused");
    stage.assert_that_no_layer_moved(before);
    assert_eq!(stage.id(), id);

    // The name is typed again by whoever wants it all the same.
    terminal.send("P").wait_for_text("only where you say so here").send(key::ENTER).send(key::ENTER);
    terminal.send(key::RIGHT).send(key::ENTER).send("another/name:1").send(key::ENTER).wait_for_text("once more");
    stage.assert_that_no_layer_moved(before);
    for _ in "another/name:1".chars() {
        terminal.send("\x7f");
    }
    terminal.send(name).capture("market-10-override").send(key::ENTER).wait_for_text("pulled whatever the policy says");
    assert_ne!(stage.id(), id);
    terminal.send("1").wait_for_line(&["MISMATCH", "acme"]).capture("market-11-mismatch").send("q");
    assert_eq!(terminal.finish().1, 0);
}

#[test]
fn a_publisher_sees_what_its_registry_has_by_keys() {
    let Some(stage) = Stage::new("anvil") else { return };
    assert!(stage.publisher.run(&["trust", "add", &stage.name, &stage.account, "--name", "me"]).success());
    let mut terminal = Terminal::start(30, 100, &stage.publisher.command(&[]));
    terminal.send("2").wait_for_text("published").send("w");
    terminal.wait_for_text("in my namespaces' registries").wait_for_line(&[&stage.name, "verified"]);
    terminal.capture("market-8-mine");
    stage.swap();
    terminal.send("R").wait_for_line(&[&stage.name, "MISMATCH"]).capture("market-9-swapped").send("q");
    assert_eq!(terminal.finish().1, 0);
}
