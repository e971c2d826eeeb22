//! The main job by keys, in a pseudo-terminal, on the real engine and the embedded node.
#![expect(clippy::expect_used, clippy::print_stderr, reason = "a test fails by panicking, and says what it measured")]

mod support;

use std::time::{Duration, Instant};

use support::{
    Built, Home, PASSPHRASE, build, docker, docker_host,
    layout::{Blobs, MANIFEST},
    node, rpc,
    terminal::{Terminal, key},
    unique, without,
};

const ROWS: u16 = 24;
const COLS: u16 = 80;

/// A row follows what happens outside: files are looked at every four seconds, and what two loaded cores may need comes on top.
const SOON: Duration = Duration::from_secs(10);

fn screen(home: &Home) -> Terminal {
    Terminal::start(ROWS, COLS, &home.command(&[]))
}

/// A name short enough to be shown whole in 80 columns, and the name of no other process' test.
fn short_reference(letter: char) -> String {
    format!("acme/{letter}{}:1", std::process::id())
}

/// Shows only this image, so that it is the selected one.
fn filter(terminal: &mut Terminal, reference: &str) {
    terminal.wait_for_text("IMAGE").send("/").wait_for_text("keep").send(reference).send(key::ENTER);
}

/// Runs `change`, and waits for what it does to the row, without a key.
fn changes(terminal: &mut Terminal, line: &[&str], change: impl FnOnce()) {
    change();
    let began = Instant::now();
    terminal.wait_for_line(line);
    let took = began.elapsed();
    eprintln!("{line:?} after {} ms", took.as_millis());
    assert!(took < SOON, "{line:?} took {took:?}");
}

/// Makes an account by keys and gives it ether; its address.
fn make_account(home: &Home, terminal: &mut Terminal) -> String {
    terminal.send("3").wait_for_text("`n` makes one");
    terminal.send("n").wait_for_text("New account").send(PASSPHRASE).send(key::ENTER);
    terminal.send(PASSPHRASE).send(key::ENTER).send(key::ENTER).wait_for_line(&["* 0x", "key-file"]);
    terminal.send("f").wait_for_line(&["* 0x", " 100"]);
    terminal.send("1");
    let accounts = home.run(&["account", "list"]);
    accounts.document["accounts"][0]["address"].as_str().expect("an address").to_owned()
}

/// Publishes the selected image by keys; the filled dialog is captured as `name`.
fn publish(terminal: &mut Terminal, name: &str) {
    terminal.send("p").wait_for_text("passphrase").send(PASSPHRASE).wait_for_text("•••");
    terminal.capture(name).send(key::ENTER).wait_for_line(&["in block", " for "]).send(key::ESC);
}

/// Builds an image on another.
fn build_on(base: &str, tag: &str) -> Built {
    let dir = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(dir.path().join("Dockerfile"), format!("FROM {base}\nCOPY Dockerfile /{tag}\n")).expect("a file");
    let id = docker(&["build", "-q", "-t", tag, &dir.path().display().to_string()]);
    Built { id, tag: tag.to_owned() }
}

/// Changes one byte of `content` in a file, and nothing else.
fn change_byte(file: &std::path::Path, content: &[u8]) {
    let mut bytes = std::fs::read(file).expect("the archive");
    let at = bytes.windows(content.len()).position(|window| window == content).expect("its content");
    bytes[at] ^= 1;
    std::fs::write(file, bytes).expect("the archive");
}

#[test]
fn publish_verify_swap_and_revoke_by_keys() {
    if without("docker") {
        return;
    }
    let home = Home::new().with_docker();
    let reference = short_reference('k');
    let row = reference.as_str();
    let first = build(row, &unique("first"));
    let mut terminal = screen(&home);
    let address = make_account(&home, &mut terminal);

    filter(&mut terminal, row);
    terminal.wait_for_line(&[row, "·", "unpublished"]);
    publish(&mut terminal, "journey-1-publish");
    terminal.wait_for_line(&[row, "?", "untrusted"]);
    assert!(home.run(&["trust", "add", "acme/*", &address, "--name", "acme"]).success());
    terminal.send("R").wait_for_line(&[row, "✔", "verified v1", "acme"]).capture("journey-2-verified");

    let mut second = None;
    changes(&mut terminal, &[row, "✘", "MISMATCH"], || second = Some(build(row, &unique("second"))));
    terminal.wait_for_text("is not an image that acme released").capture("journey-3-mismatch");
    publish(&mut terminal, "journey-4-publish");
    terminal.wait_for_line(&[row, "✔", "verified v2"]);

    changes(&mut terminal, &[row, "↑", "outdated v1 < v2"], || drop(docker(&["tag", &first.id, row])));
    terminal.wait_for_line(&["history", "v2 ← v1"]).capture("journey-5-outdated");

    terminal.send("r").wait_for_text("reason").send("a test withdrew it").send(key::ENTER);
    terminal
        .wait_for_text("passphrase")
        .send(PASSPHRASE)
        .wait_for_text("•••")
        .capture("journey-6-revoke")
        .send(key::ENTER);
    terminal.wait_for_line(&["in block", " for "]).send(key::ESC);
    terminal.wait_for_line(&[row, "⊘", "REVOKED"]).wait_for_text("a test withdrew it");
    terminal.wait_for_line(&["history", "revoked"]).capture("journey-7-revoked");

    terminal.send("q");
    assert_eq!(terminal.finish().1, 0);
    assert!(!terminal.written().contains(PASSPHRASE), "the passphrase was shown");
}

#[test]
fn a_publication_of_another_process_changes_the_row_without_a_key() {
    if without("docker") {
        return;
    }
    let home = Home::new().with_docker();
    let address = home.funded_account();
    assert!(home.run(&["trust", "add", "acme/*", &address, "--name", "acme"]).success());
    let reference = short_reference('o');
    let row = reference.as_str();
    let mut terminal = screen(&home);
    filter(&mut terminal, row);

    let mut image = None;
    changes(&mut terminal, &[row, "·", "unpublished"], || image = Some(build(row, &unique("content"))));
    changes(&mut terminal, &[row, "verified v1"], || assert!(home.run(&["publish", row, "--yes"]).success()));
    let revoke = ["revoke", row, "--reason", "withdrawn elsewhere", "--yes"];
    changes(&mut terminal, &[row, "⊘", "REVOKED"], || assert!(home.run(&revoke).success()));
    // Whether the engine holds other images by then or none.
    changes(&mut terminal, &["no image"], || drop(image));

    terminal.send(key::CTRL_C);
    assert_eq!(terminal.finish().1, 0);
}

#[test]
fn one_key_measures_every_image_and_what_they_share_once() {
    if without("docker") {
        return;
    }
    let home = Home::new().with_docker();
    let names = ['s', 't', 'u'].map(short_reference);
    let _base = build(&names[0], &unique("shared"));
    let _others: Vec<_> = names[1..].iter().map(|name| build_on(&names[0], name)).collect();
    let mut terminal = screen(&home);
    filter(&mut terminal, &format!("{}:1", std::process::id()));
    for name in &names {
        terminal.wait_for_line(&[name, "unpublished"]);
    }
    terminal.send("gV");
    for _ in &names {
        terminal.wait_for_text("measured <").send("j");
    }
    // Images of other tests may still be measured, which is asked about.
    terminal.send("qy");
    assert_eq!(terminal.finish().1, 0);
}

#[test]
fn the_node_pane_follows_the_embedded_node_without_a_key() {
    let home = Home::new();
    let mut terminal = screen(&home);
    terminal.send("5").wait_for_line(&["dev", "the embedded node, local to this machine and shared with nobody"]);
    terminal.wait_for_line(&["http://127.0.0.1:", "answers"]).wait_for_line(&["client", "ethrex"]);
    terminal.wait_for_line(&["chain", "1337"]).wait_for_line(&["peers", "none"]).capture("node-embedded");
    let head = |screen: &str| {
        let line = screen.lines().find(|line| line.trim_start().starts_with("head ")).unwrap_or_default();
        line.split_once('#').and_then(|(_, rest)| rest.split_once(',')?.0.parse::<u64>().ok())
    };
    let before = head(&terminal.contents()).expect("a head");
    let began = Instant::now();
    home.funded_account();
    terminal.wait_until("the next head", |screen| head(&screen.contents()).is_some_and(|now| now > before));
    eprintln!("the next head after {} ms, another process' account included", began.elapsed().as_millis());
    terminal.send("a").wait_for_text("the embedded node has no peers");
    terminal.send("q");
    assert_eq!(terminal.finish().1, 0);
}

#[test]
fn the_node_pane_tells_of_a_geth_and_of_one_that_is_gone() {
    if without("node") {
        return;
    }
    let home = Home::new().on("geth", &node("geth"));
    let mut terminal = screen(&home);
    terminal.send("5").wait_for_line(&["geth", "one endpoint"]).wait_for_line(&["client", "Geth/"]);
    for label in ["head", "settled", "sync", "gas price", "pending", "answers in"] {
        terminal.wait_for_line(&[label]);
    }
    terminal.send(key::END).wait_for_line(&["peers"]);
    terminal.capture("node-geth").send("a").wait_for_text("New peer").send("enode://1@x").send(key::ENTER);
    terminal.wait_for_text("128 hex digits").send("\x15");
    let enode = format!("enode://{}@192.0.2.7:30303", "a1".repeat(64));
    terminal.send(&enode).send(key::ENTER).wait_for_text("takes no peers over this connection").send(key::ESC);
    terminal.wait_for_text("Esc again gives up").send(key::ESC);
    // A key right behind it would be read as one with Alt.
    terminal.wait_until("the dialog to close", |screen| !screen.contents().contains("New peer")).send("q");
    assert_eq!(terminal.finish().1, 0);

    // Port 9 of this machine is nobody's.
    let gone = home.command(&["--rpc", "http://127.0.0.1:9"]);
    let mut terminal = Terminal::start(ROWS, COLS, &gone);
    terminal.send("5").wait_for_line(&["http://127.0.0.1:9", "NO ANSWER"]).wait_for_line(&["problem"]);
    terminal.send("q");
    assert_eq!(terminal.finish().1, 0);
}

#[test]
fn the_price_of_gas_is_changed_before_it_is_signed() {
    let home = Home::new();
    let kept = home.path().join("demo");
    let demo = home.command(&["demo", "--keep", &kept.display().to_string()]);
    let mut terminal = Terminal::start(ROWS, COLS, &demo);
    terminal.wait_for_line(&["nginx:1.27", "unpublished"]);
    filter(&mut terminal, "nginx");
    terminal.wait_for_text("Nobody has published this name").send("p").wait_for_text("at most");
    terminal.wait_for_text("passphrase").send("\x07").wait_for_text("gwei at most for one gas").send("\x15");
    terminal.send("7.5").send(key::ENTER).wait_for_text("at most 7.5 gwei for one gas").wait_for_text("passphrase");
    terminal.send("demo").wait_for_text("••••").send(key::ENTER).wait_for_line(&["in block", " for "]).send(key::ESC);
    // What the chain has is what was shown.
    let document = |args: &[&str]| -> serde_json::Value {
        let output = home.command(args).env("DAOCHAIN_HOME", &kept).output().expect("the program starts");
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
    };
    let sent = document(&["tx", "list", "--json"])["transactions"][0]["transaction"].clone();
    let url = document(&["node", "status", "--json"])["endpoints"][0]["url"].as_str().expect("a URL").to_owned();
    let sent = rpc(&url, "eth_getTransactionByHash", &serde_json::json!([sent]));
    assert_eq!(sent["maxFeePerGas"], format!("{:#x}", 7_500_000_000_u64), "{sent}");
    terminal.send("q");
    assert_eq!(terminal.finish().1, 0);
}

#[test]
fn an_engine_that_is_not_there_does_not_look_like_an_empty_one() {
    let home = Home::new();
    let mut terminal = screen(&home);
    terminal.wait_for_text("no engine").wait_for_text("/nonexistent/docker.sock");
    terminal.wait_for_text("name another with `h`").capture("no-engine");
    terminal.send("q");
    assert_eq!(terminal.finish().1, 0);
}

#[test]
fn an_engine_that_ends_is_told_and_comes_back() {
    if without("docker") {
        return;
    }
    let dir = tempfile::tempdir().expect("a temporary folder");
    let socket = dir.path().join("engine.sock");
    let real = docker_host();
    std::os::unix::fs::symlink(real.trim_start_matches("unix://"), &socket).expect("a link to the engine");
    let _image = build(&short_reference('e'), &unique("content"));
    let home = Home::new();
    let mut command = home.command(&[]);
    command.env("DOCKER_HOST", format!("unix://{}", socket.display()));
    let mut terminal = Terminal::start(ROWS, COLS, &command);
    terminal.wait_for_line(&[&short_reference('e'), "unpublished"]);
    std::fs::remove_file(&socket).expect("the link's end");
    let is_lost = |screen: &vt100::Screen| {
        let text = screen.contents();
        let told = text.lines().next().and_then(|head| head.split_once("docker "));
        told.is_some_and(|(_, rest)| rest.contains("lost"))
    };
    // Long enough that no list is under way any more which could find it again.
    terminal.send("R").wait_until("the loss", is_lost).read_until_calm(Duration::from_secs(1));
    terminal.wait_until("the loss", is_lost).wait_for_text(&short_reference('e'));
    std::os::unix::fs::symlink(real.trim_start_matches("unix://"), &socket).expect("a link to the engine");
    terminal.wait_until("the engine to come back", |screen| !is_lost(screen));
    terminal.send("q");
    assert_eq!(terminal.finish().1, 0);
}

#[test]
fn the_demo_shows_every_verdict_and_a_change_under_its_eyes() {
    let home = Home::new();
    let kept = home.path().join("demo");
    let demo = home.command(&["demo", "--keep", &kept.display().to_string()]);
    let mut terminal = Terminal::start(ROWS, COLS, &demo);
    // What is typed while it is prepared is not taken for its keys: the list stays open.
    terminal.send("6");
    let rows: [&[&str]; 8] = [
        &["acme/web:1.2", "✔", "verified v2"],
        &["acme/db:16", "↑", "outdated v1 < v2"],
        &["acme/old:1", "⊘", "REVOKED"],
        &["acme/api", "✘", "MISMATCH"],
        &["acme/worker:3", "✘", "MISMATCH"],
        &["tools/scan:2", "?", "untrusted"],
        &["nginx:1.27", "·", "unpublished"],
        &["cache.tar", "…", "undecided"],
    ];
    for row in rows {
        terminal.wait_for_line(row);
    }
    // Which layer is another one is known without a registry: the released image was measured before it was swapped.
    terminal.send("/acme/api\r").wait_for_text("1 of 8").send("\r").wait_for_text("PgDn");
    terminal.send("\x1b[6~\x1b[6~").wait_for_text("1 the same, 1 different");
    terminal.send(key::ESC).wait_for_text("IMAGE").send(key::ESC);
    terminal.wait_for_line(&["acme/web:1.2", "✔"]);
    // Whose word would make the untrusted one good is asked, and tried out, before anybody is trusted.
    terminal.send("/tools/scan\r").wait_for_text("1 of 8").send(":discover\r").wait_for_text("Everybody who");
    terminal.send("tools/scan:2\r").wait_for_line(&["newest", "version 1"]);
    let told = terminal.contents();
    let is_address = |word: &&str| word.starts_with("0x") && word.len() == 42;
    let publisher = told.split_whitespace().find(is_address).expect("who published it").to_owned();
    let is_gone = |words: &'static str| move |screen: &vt100::Screen| !screen.contents().contains(words);
    terminal.send(key::ESC).wait_until("the list", is_gone("Who has published"));
    terminal.send("1").wait_for_line(&["tools/scan:2", "untrusted"]);
    terminal.send(":verify-by\r").wait_for_text("nobody else").send("\r").send(&format!("{publisher}\r"));
    terminal.wait_for_line(&["trusting", &publisher]).wait_for_line(&["tools/scan:2", "verified"]);
    terminal.send(key::ESC).wait_until("the list", is_gone("trusting")).wait_for_line(&["tools/scan:2", "untrusted"]);
    terminal.send(key::ESC).wait_for_line(&["acme/web:1.2", "✔"]);
    // Another program that changes the policy needs no block to be believed.
    let deny = ["--home", &kept.display().to_string(), "trust", "deny", "acme/db:16"];
    changes(&mut terminal, &["acme/db:16", "untrusted"], || assert!(home.run(&deny).success(), "{deny:?}"));
    let archive = kept.join("images/web.tar");
    changes(&mut terminal, &["acme/web:1.2", "✘", "MISMATCH"], || change_byte(&archive, b"web server 1.2"));
    terminal.send("q");
    let (written, code) = terminal.finish();
    assert_eq!(code, 0, "{written}");
}

#[test]
fn an_archive_is_hashed_by_keys() {
    let home = Home::new();
    let mut blobs = Blobs::default();
    let image = blobs.image("amd64", b"content");
    let archive = home.path().join("app.tar");
    std::fs::write(&archive, blobs.archive("docker.io/acme/app:1", MANIFEST, image.manifest)).expect("an archive");
    let mut terminal = screen(&home);
    terminal.wait_for_text("no engine");
    terminal.send(":hash-file\r").wait_for_text("Hash an image").send("\r");
    terminal.send(&format!("{}\r", home.path().join("gone.tar").display())).wait_for_text("gone.tar");
    terminal.wait_for_text("check the path and who may read it");
    terminal
        .send("\u{15}")
        .send(&format!("{}\r", archive.display()))
        .wait_for_text("every digest is the one that it says");
    // Whole, in halves where a row has no room for both.
    terminal.wait_for_text(&image.config.to_string()[..39]).wait_for_text("linux/amd64");
    terminal.send("q").send("6").wait_for_text("looked up").send("q");
    assert_eq!(terminal.finish().1, 0);
}
