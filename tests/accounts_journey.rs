//! The accounts pane by keys, in a pseudo-terminal, on the embedded node: everything that is done to accounts, and signing
//! elsewhere with the key in another home.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use std::{
    fs::File,
    io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom},
    path::PathBuf,
    process::{Command, Stdio},
};

use support::{
    Home, PASSPHRASE,
    terminal::{Terminal, key},
    unique, without,
};

const OTHER: &str = "another passphrase of a test";

fn screen(home: &Home) -> Terminal {
    Terminal::start(30, 100, &home.command(&["--docker-host", "none"]))
}

fn accounts(home: &Home) -> Vec<serde_json::Value> {
    home.run(&["account", "list"]).document["accounts"].as_array().cloned().expect("accounts")
}

/// Types into the fields of a form, one after the other, and does it.
fn fill(terminal: &mut Terminal, fields: &[&str]) {
    for field in fields {
        terminal.send(field).send(key::ENTER);
    }
}

/// What a camera reads from the code on the screen: between the frame's lines.
fn read_code(screen: &str) -> Option<String> {
    let inside = |line: &str| line.split('│').nth(1).filter(|part| part.contains(['█', '▀', '▄'])).map(str::to_owned);
    let lines: Vec<String> = screen.lines().filter_map(inside).collect();
    let half = |line: &String, upper: bool| -> Vec<bool> {
        line.chars().map(|c| matches!((c, upper), ('█', _) | ('▀', true) | ('▄', false))).collect()
    };
    let rows: Vec<Vec<bool>> = lines.iter().flat_map(|line| [half(line, true), half(line, false)]).collect();
    let (width, height) = (rows.first()?.len(), rows.len());
    let is_light = |x: usize, y: usize| rows.get(y / 4).and_then(|row| row.get(x / 4)).is_none_or(|light| *light);
    let light = |x, y| if is_light(x, y) { 255 } else { 0 };
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width * 4, height * 4, light);
    Some(image.detect_grids().first()?.decode().ok()?.1)
}

#[test]
fn everything_is_done_to_accounts_by_keys() {
    let home = Home::new();
    let copy = home.path().join("copy.json");
    let mut terminal = screen(&home);
    terminal.send("3").wait_for_text("has no account yet");

    terminal.send("n").wait_for_text("New account").send(PASSPHRASE).wait_for_text("strength");
    terminal.send(key::ENTER);
    fill(&mut terminal, &[PASSPHRASE, "deploy"]);
    terminal.wait_for_line(&["* 0x", "key-file", "deploy"]);
    let address = accounts(&home)[0]["address"].as_str().expect("an address").to_owned();
    terminal.wait_for_text("speak for itself").capture("accounts-1-new");

    terminal.send("i").wait_for_text("Import a key").send(key::RIGHT).wait_for_text("64 hex digits").send(key::TAB);
    fill(
        &mut terminal,
        &["4646464646464646464646464646464646464646464646464646464646464646", PASSPHRASE, PASSPHRASE, "ci"],
    );
    terminal.wait_for_line(&["0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F", "ci"]);

    terminal.send("g").wait_for_line(&["address", &address]);
    terminal.send("e").wait_for_text("Export");
    fill(&mut terminal, &[copy.to_str().unwrap(), PASSPHRASE, OTHER, OTHER]);
    terminal.wait_for_text("the copy was written");
    assert!(std::fs::read_to_string(&copy).unwrap().contains("\"crypto\""));

    terminal.send("p").wait_for_text("Change the passphrase");
    fill(&mut terminal, &["a wrong one", OTHER, OTHER]);
    terminal.wait_for_text("passphrase does not open").send(key::ESC);
    std::thread::sleep(std::time::Duration::from_millis(1500));
    terminal.send("p").wait_for_text("Change the passphrase");
    fill(&mut terminal, &[PASSPHRASE, OTHER, OTHER]);
    terminal.wait_for_text("the key has its new passphrase");

    // The frame may come in two pieces.
    let is_read = |screen: &vt100::Screen| read_code(&screen.contents()).as_ref() == Some(&address);
    terminal.send("c").wait_until("a camera reads the address", is_read).capture("accounts-2-code");
    terminal.send(key::ESC).wait_until("the code is closed", |screen| !screen.contents().contains("┌ Address"));
    terminal.send("f").wait_for_line(&["* 0x", " 100"]);
    terminal.send("u").wait_for_text("Unlock");
    fill(&mut terminal, &[OTHER, ""]);
    terminal.wait_for_text("UNLOCKED").capture("accounts-3-unlocked");

    terminal.send("D").wait_for_text("Delegate");
    fill(&mut terminal, &["", "0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F", "acme/api:2", "30d"]);
    terminal.wait_for_text("The account is unlocked").capture("accounts-4-delegate").send(key::ENTER);
    terminal.wait_for_line(&["in block", " for "]).send(key::ENTER);
    terminal.wait_for_line(&["delegate", "0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F", "acme/api:2"]);
    let listed = accounts(&home);
    let told = listed.iter().find(|one| one["address"] == "0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F").expect("it");
    assert_eq!(told["appointments"][0]["publisher"].as_str(), Some(address.as_str()), "{listed:?}");

    terminal.send("u").wait_for_text("is locked");
    terminal.send(key::DELETE).wait_for_text("to be sure").send("deploy").send(key::ENTER).send(key::ENTER);
    terminal.wait_for_text("was removed");
    assert_eq!(accounts(&home).len(), 1);
    terminal.send("z").wait_for_text("Restore").send(key::ENTER).wait_for_text("is back");
    assert_eq!(accounts(&home).len(), 2);

    terminal.send("q");
    assert_eq!(terminal.finish().1, 0);
    let written = terminal.written();
    assert!(
        !written.contains(PASSPHRASE) && !written.contains(OTHER) && !written.contains("464646"),
        "a secret was shown"
    );
}

/// Where `secret` lies in what the process may read and write of its own.
fn found_in_memory(process: u32, secret: &[u8]) -> Vec<u64> {
    let maps = BufReader::new(File::open(format!("/proc/{process}/maps")).expect("its memory, which root may read"));
    let mut memory = File::open(format!("/proc/{process}/mem")).unwrap();
    let mut found = Vec::new();
    for line in maps.lines().map(Result::unwrap).filter(|line| line.contains(" rw-p ")) {
        let (from, to) = line.split(' ').next().unwrap().split_once('-').unwrap();
        let (from, to) = (u64::from_str_radix(from, 16).unwrap(), u64::from_str_radix(to, 16).unwrap());
        let mut bytes = vec![0; usize::try_from(to - from).unwrap()];
        if memory.seek(SeekFrom::Start(from)).is_ok() && memory.read_exact(&mut bytes).is_ok() {
            let at = bytes.windows(secret.len()).position(|window| window == secret);
            found.extend(at.map(|at| from + at as u64));
        }
    }
    found
}

/// Its bytes, as no other program has them; the curve keeps its limbs in the machine's order.
const KEY: [u8; 32] = *b"\x0fanother key of thirty-two bytes";

#[test]
fn a_key_that_was_open_leaves_memory_when_it_is_locked() {
    if without("root") {
        return;
    }
    let home = Home::new();
    let digits = home.path().join("key");
    std::fs::write(&digits, hex::encode(KEY)).unwrap();
    assert!(home.run(&["account", "import", "--raw-key-file", digits.to_str().unwrap()]).success());
    let mut terminal = screen(&home);
    let process: u32 = terminal.number().parse().unwrap();
    let mut limbs = KEY;
    limbs.reverse();
    terminal.send("3").wait_for_line(&["* 0x", "key-file"]).send("u").wait_for_text("Unlock");
    // As a person types: what comes at once stays whole in the terminal library's buffer until more is typed (README).
    for (at, letter) in PASSPHRASE.chars().enumerate() {
        terminal.send(&letter.to_string()).wait_for_text(&"•".repeat(at + 1));
    }
    fill(&mut terminal, &["", ""]);
    terminal.wait_for_text("UNLOCKED");
    assert!(!found_in_memory(process, &limbs).is_empty(), "the search finds what is there");
    assert!(
        found_in_memory(process, PASSPHRASE.as_bytes()).is_empty(),
        "the passphrase is gone once it has opened the key"
    );
    terminal.send("u").wait_for_text("is locked");
    for form in [&limbs[..], &KEY[..], PASSPHRASE.as_bytes()] {
        assert_eq!(found_in_memory(process, form), Vec::<u64>::new());
    }
    terminal.send("q");
    assert_eq!(terminal.finish().1, 0);
}

/// `daochain sign` with the key's home, in a network namespace of its own.
fn sign(vault: &Home, request: &PathBuf) -> String {
    let command = vault.command(&[]);
    let mut alone = Command::new("unshare");
    alone.args(["-rn", "timeout", "60"]).arg(command.get_program()).arg("sign").arg(request).arg("--yes");
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => alone.env(name, value),
            None => alone.env_remove(name),
        };
    }
    let output = alone.stdin(Stdio::null()).output().expect("unshare");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn a_release_is_signed_elsewhere_from_the_dialog() {
    let (home, vault) = (Home::new(), Home::new());
    home.funded_account();
    let made = vault.run(&["account", "new"]);
    let publisher = made.document["account"]["address"].as_str().expect("an address").to_owned();
    assert!(home.run(&["account", "add", &publisher, "--cold", "--label", "vault"]).success());
    let name = format!("acme/{}:1", unique("cold"));
    home.archive(&name, "content");
    let request = home.path().join("request.json");
    let folder = home.path().display().to_string();
    let mut terminal = Terminal::start(34, 100, &home.command(&["--docker-host", "none", "--archives", &folder]));
    terminal.wait_for_text("unpublished").send("p").wait_for_text("passphrase").send(key::RIGHT);
    terminal.wait_for_text("Carry the request").capture("accounts-5-elsewhere");
    terminal.send("w").wait_for_text("request.json").send("\u{15}").send(request.to_str().unwrap()).send(key::ENTER);
    terminal.wait_for_text("written to");
    let answer = sign(&vault, &request);
    terminal.send(&format!("\u{1b}[200~{answer}\u{1b}[201~")).wait_for_text("Nothing is signed");
    terminal
        .wait_for_text("paid by")
        .capture("accounts-6-answered")
        .send(PASSPHRASE)
        .wait_for_text("•••")
        .send(key::ENTER);
    terminal.wait_for_line(&["in block", " for "]).send(key::ENTER).send("q");
    assert_eq!(terminal.finish().1, 0);
    let history = home.run(&["history", &name]);
    assert_eq!(history.document["events"][0]["publisher"].as_str(), Some(publisher.as_str()), "{history:?}");
}

#[test]
fn a_request_is_signed_and_its_signature_sent_on_the_screen() {
    let (home, vault) = (Home::new(), Home::new());
    home.funded_account();
    let made = vault.run(&["account", "new"]);
    let publisher = made.document["account"]["address"].as_str().expect("an address").to_owned();
    let name = format!("acme/{}:1", unique("given"));
    let archive = home.archive(&name, "content").display().to_string();
    let (request, signature) = (home.path().join("request.json"), vault.path().join("signature.json"));
    let out = request.to_str().unwrap();
    let asked = ["publish", "--archive", &archive, "--cold", "--account", &publisher, "--out", out];
    assert!(home.run(&asked).success());

    let mut terminal = screen(&vault);
    terminal.send("3").wait_for_line(&["* 0x", "key-file"]).send("s").wait_for_text("Signed elsewhere");
    // What no registry takes any more is shown, and not signed.
    let mut over: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(out).unwrap()).unwrap();
    over["deadline"] = "2020-01-01T00:00:00Z".into();
    terminal.send(&format!("\u{1b}[200~{over}\u{1b}[201~")).wait_for_text("pasted").send(key::ENTER);
    terminal.wait_for_text("OVER").send(PASSPHRASE).wait_for_text("•••").send(key::ENTER);
    terminal.wait_for_text("no registry takes its signature").send(key::ESC).wait_for_text("pasted").send(key::ESC);
    terminal.wait_for_text("Esc again gives up").send(key::ESC);
    terminal.wait_until("no dialog", |screen| !screen.contents().contains("Signed elsewhere"));
    terminal.send("s").wait_for_text("Signed elsewhere");
    terminal.send(out).send(key::ENTER).wait_for_text(&name).wait_for_text("passphrase");
    terminal.capture("accounts-7-request").send(PASSPHRASE).wait_for_text("•••").send(key::ENTER);
    terminal.wait_for_text("Signed. Carry it back").send("w").wait_for_text("signature.json");
    terminal
        .send("\u{15}")
        .send(signature.to_str().unwrap())
        .send(key::ENTER)
        .wait_for_text("written to")
        .send(key::ESC);
    terminal
        .wait_until("the dialog is closed", |screen| !screen.contents().contains("Carry it back"))
        .send(key::CTRL_C);
    assert_eq!(terminal.finish().1, 0);

    let mut terminal = screen(&home);
    terminal.send("3").wait_for_line(&["* 0x", " 100"]).send("s").wait_for_text("Signed elsewhere");
    let answer = std::fs::read_to_string(&signature).unwrap();
    terminal.send(&format!("\u{1b}[200~{answer}\u{1b}[201~")).wait_for_text("pasted").send(key::ENTER);
    terminal.wait_for_text("Nothing is signed").wait_for_text("paid by").send(PASSPHRASE).wait_for_text("•••");
    terminal.send(key::ENTER).wait_for_line(&["in block", " for "]).send(key::ENTER).send("q");
    assert_eq!(terminal.finish().1, 0);
    let history = home.run(&["history", &name]);
    assert_eq!(history.document["events"][0]["publisher"].as_str(), Some(publisher.as_str()), "{history:?}");
}
