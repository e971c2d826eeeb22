//! Signing where the key is and no network: the request goes there by file or QR code, the signature comes back, anybody sends it.
//! Against a real geth; the signing side runs without any network.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test fails by panicking, and names its parts")]

mod support;

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::Path,
    process::{Command, Stdio},
};

use daochain::{
    chain::SigningKey,
    domain::publication::SignedRequest,
    ops::signing::{self, Document},
};
use serde_json::{Value, json};
use support::{Home, PASSPHRASE, Run, node, rpc, unique, without};

/// A server without the publisher's key, and a machine that has nothing else.
struct Sides {
    server: Home,
    payer: String,
    vault: Home,
    publisher: String,
}

impl Sides {
    fn new() -> Self {
        let server = Home::new().on("geth", &node("geth"));
        let payer = server.funded_account();
        server.run(&["contract", "deploy", "--yes"]);
        let vault = Home::new();
        let made = vault.run(&["account", "new"]);
        let publisher = made.document["account"]["address"].as_str().unwrap().to_owned();
        eprintln!("part: geth at {}; the signing side in a network namespace of its own", node("geth"));
        Self { server, payer, vault, publisher }
    }

    fn request(&self, archive: &Path, more: &[&str]) -> Run {
        let archive = archive.to_str().unwrap();
        let mut args = vec!["publish", "--archive", archive, "--cold", "--account", &self.publisher];
        args.extend(more);
        let run = self.server.run(&args);
        assert!(run.success(), "{run:?}");
        run
    }

    /// `daochain sign` where there is no network at all.
    fn sign(&self, request: &Value, more: &[&str]) -> (Option<i32>, String, String) {
        let path = self.vault.path().join(unique("request"));
        std::fs::write(&path, request.to_string()).unwrap();
        let command = self.vault.command(&[]);
        let mut alone = Command::new("unshare");
        alone.args(["-rn", "timeout", "60"]).arg(command.get_program()).arg("sign").arg(&path).arg("--yes").args(more);
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => alone.env(name, value),
                None => alone.env_remove(name),
            };
        }
        let output = alone.env("LC_ALL", "C.UTF-8").stdin(Stdio::null()).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    }

    fn signed(&self, request: &Value) -> Value {
        let (code, stdout, stderr) = self.sign(request, &[]);
        assert_eq!(code, Some(0), "{stderr}");
        assert!(!stdout.contains(PASSPHRASE) && !stderr.contains(PASSPHRASE));
        serde_json::from_str(&stdout).unwrap()
    }

    fn relay(&self, signed: &Value, more: &[&str]) -> Run {
        let path = self.server.path().join(unique("signature"));
        std::fs::write(&path, signed.to_string()).unwrap();
        let mut args = vec!["relay", path.to_str().unwrap(), "--yes", "--confirmations", "1"];
        args.extend(more);
        self.server.run(&args)
    }

    fn verdict(&self, archive: &Path) -> Value {
        let archive = archive.to_str().unwrap();
        self.server.run(&["verify", "--archive", archive, "--publisher", &self.publisher]).document["images"][0].clone()
    }
}

fn code(run: &Run) -> &str {
    run.document["code"].as_str().unwrap_or_else(|| panic!("{run:?}"))
}

fn stage(run: &Run) -> &str {
    run.document["publications"][0]["stage"].as_str().unwrap_or_else(|| panic!("{run:?}"))
}

#[test]
fn what_is_signed_without_a_network_is_published_by_whoever_pays() {
    if without("node") {
        return;
    }
    let sides = Sides::new();
    let name = format!("acme/{}:1", unique("cold"));
    let archive = sides.server.archive(&name, "content");
    let request = sides.request(&archive, &[]);
    assert_eq!(request.document["schema"], "daochain.request/1");
    let (code_, stdout, told) = sides.sign(&request.document, &[]);
    assert_eq!(code_, Some(0), "{told}");
    let digest = request.document["publish"][0]["digests"][0]["digest"].as_str().unwrap();
    let deadline = request.document["deadline"].as_str().unwrap();
    for shown in [&name, digest, deadline, &sides.publisher, "chain 1337", "the usual address", "signature number 0"] {
        assert!(told.contains(shown), "{shown}: {told}");
    }
    let signed: Value = serde_json::from_str(&stdout).unwrap();
    let relayed = sides.relay(&signed, &[]);
    assert!(relayed.success(), "{relayed:?}");
    assert_eq!(relayed.document["publications"][0]["publisher"], sides.publisher.as_str());
    let verdict = sides.verdict(&archive);
    assert_eq!((&verdict["verdict"], &verdict["publisher"]), (&json!("verified"), &json!(sides.publisher)));
    assert_eq!(stage(&sides.relay(&signed, &[])), "already-published");
    let again =
        sides.server.run(&["publish", "--archive", archive.to_str().unwrap(), "--cold", "--account", &sides.publisher]);
    assert_eq!(stage(&again), "already-published", "nothing is asked for that stands");
    assert_ne!(sides.payer, sides.publisher);
}

#[test]
fn a_changed_request_or_signature_is_refused() {
    if without("node") {
        return;
    }
    let sides = Sides::new();
    let archive = sides.server.archive(&format!("acme/{}:1", unique("changed")), "content");
    let signed = sides.signed(&sides.request(&archive, &[]).document);
    let other = "sha256:00000000000000000000000000000000000000000000000000000000000000ff";
    for (pointer, value, refused) in [
        ("/request/publish/0/reference", json!("acme/other:1"), "signature-invalid"),
        ("/request/publish/0/digests/0/digest", json!(other), "signature-invalid"),
        ("/request/publish/0/digests/0/kind", json!(2), "signature-invalid"),
        ("/request/publisher", json!(sides.payer), "signature-invalid"),
        ("/request/nonce", json!(1), "signature-early"),
        ("/request/deadline", json!("2099-01-01T00:00:00Z"), "signature-invalid"),
        ("/request/chain_id", json!(1), "wrong-chain"),
        ("/request/contract", json!(sides.payer), "wrong-contract"),
        ("/signature", json!(format!("0x{}", "11".repeat(65))), "signature-invalid"),
        ("/signature", json!("0x"), "request-invalid"),
    ] {
        let mut changed = signed.clone();
        *changed.pointer_mut(pointer).unwrap() = value;
        let run = sides.relay(&changed, &[]);
        assert_eq!((run.code, code(&run)), (Some(1), refused), "{pointer}");
    }
    assert!(sides.relay(&signed, &[]).success(), "and the genuine one is taken");
}

#[test]
fn signatures_are_taken_in_order_and_until_their_deadline() {
    if without("node") {
        return;
    }
    let sides = Sides::new();
    let name = unique("order");
    let archives = ["1", "2", "3"].map(|tag| sides.server.archive(&format!("acme/{name}:{tag}"), tag));
    let first = sides.request(&archives[0], &[]);
    let second = sides.request(&archives[1], &[]);
    assert_eq!((&first.document["nonce"], &second.document["nonce"]), (&json!(0), &json!(1)));
    assert!(second.stderr.contains("comes after number 0"), "{}", second.stderr);
    let instead = sides.request(&archives[2], &["--replace"]);
    assert_eq!(instead.document["nonce"], 0);
    // What could not be carried away was not asked for.
    let taken = sides.server.passphrase_file();
    let nowhere = ["publish", "--archive", archives[2].to_str().unwrap(), "--cold", "--account", &sides.publisher];
    let nowhere = sides.server.run(&[&nowhere[..], &["--out", taken.to_str().unwrap()]].concat());
    assert_eq!(code(&nowhere), "file-unwritable");
    assert_eq!(sides.request(&archives[2], &[]).document["nonce"], 2);
    let [first, second, instead] = [first, second, instead].map(|run| sides.signed(&run.document));
    assert_eq!(code(&sides.relay(&second, &[])), "signature-early");
    assert!(sides.relay(&instead, &[]).success());
    assert_eq!(code(&sides.relay(&first, &[])), "signature-used");
    assert!(sides.relay(&second, &[]).success(), "its number was next");

    let mut late = sides.request(&archives[0], &["--replace"]).document;
    late["deadline"] = json!("2020-01-01T00:00:00Z");
    let key = SigningKey::new(&[0x77; 32].into()).unwrap();
    late["publisher"] = json!(key.address());
    late["nonce"] = json!(0);
    let Document::Request(request) = signing::read(&late.to_string()).unwrap() else { panic!("{late}") };
    let signature = key.sign_request(&request).unwrap();
    let late = signing::signature_text(&SignedRequest { request, signature }).unwrap();
    assert_eq!(code(&sides.relay(&serde_json::from_str(&late).unwrap(), &[])), "signature-expired");
    let wrong = sides.server.run(&["sign", "/nonexistent", "--yes"]);
    assert_eq!(code(&wrong), "file-unreadable");
    let idle = sides.server.run(&["publish", "acme/app:1", "--copy"]);
    assert_eq!((idle.code, code(&idle)), (Some(2), "usage"), "nothing is made that could be copied");
    sides.server.run(&["account", "add", &sides.publisher, "--cold"]);
    let own = sides.server.run(&["retire", "--all", "--reason", "x", "--account", &sides.publisher, "--yes"]);
    assert_eq!(code(&own), "key-elsewhere", "only its own transaction says this: {own:?}");
}

#[test]
fn requests_that_are_made_at_once_have_numbers_of_their_own() {
    if without("node") {
        return;
    }
    let sides = &Sides::new();
    let name = unique("at-once");
    let ask = |number: u64| {
        let archive = sides.server.archive(&format!("acme/{name}:{number}"), &number.to_string());
        move || sides.request(&archive, &[]).document["nonce"].as_u64().unwrap()
    };
    let asks = [0, 1, 2, 3].map(ask);
    let mut numbers =
        std::thread::scope(|scope| asks.each_ref().map(|ask| scope.spawn(ask)).map(|one| one.join().unwrap()));
    numbers.sort_unstable();
    assert_eq!(numbers, [0, 1, 2, 3]);
}

#[test]
fn a_request_has_its_number_before_it_leaves() {
    if without("node") {
        return;
    }
    let sides = Sides::new();
    let name = unique("leaving");
    let archives = ["1", "2"].map(|tag| sides.server.archive(&format!("acme/{name}:{tag}"), tag));
    let (mut reader, mut writer) = std::io::pipe().unwrap();
    // As much as a pipe holds: what is written next waits for a reader.
    writer.write_all(&vec![b' '; 64 << 10]).unwrap();
    let first = ["publish", "--archive", archives[0].to_str().unwrap(), "--cold", "--account", &sides.publisher];
    let mut first = sides.server.command(&first).stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
    let (mut told, mut lines) = (String::new(), BufReader::new(first.stderr.take().unwrap()));
    while !told.contains("carry it to") {
        assert!(lines.read_line(&mut told).unwrap() > 0, "it ended: {told}");
    }
    assert_eq!(sides.request(&archives[1], &[]).document["nonce"], 1);
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["nonce"], 0);
    assert!(first.wait().unwrap().success());
}

#[test]
fn a_revocation_is_signed_elsewhere_too() {
    if without("node") {
        return;
    }
    let sides = Sides::new();
    let name = format!("acme/{}:1", unique("withdrawn"));
    let archive = sides.server.archive(&name, "content");
    assert!(sides.relay(&sides.signed(&sides.request(&archive, &[]).document), &[]).success());
    let digest = sides.verdict(&archive)["config_digest"].as_str().unwrap().to_owned();
    let args = ["revoke", &name, "--digest", &digest, "--reason", "leaked", "--cold", "--account", &sides.publisher];
    let request = sides.server.run(&args);
    assert!(request.success(), "{request:?}");
    let relayed = sides.relay(&sides.signed(&request.document), &[]);
    assert_eq!(relayed.document["schema"], "daochain.revoke/1", "{relayed:?}");
    assert_eq!(sides.verdict(&archive)["verdict"], "revoked");
}

/// The text that a camera reads from a drawn code.
fn read_code(drawn: &str) -> String {
    let lines: Vec<&str> = drawn.lines().collect();
    let half = |line: &str, upper: bool| -> Vec<bool> {
        line.chars().map(|c| matches!((c, upper), ('█', _) | ('▀', true) | ('▄', false))).collect()
    };
    let rows: Vec<Vec<bool>> = lines.iter().flat_map(|line| [half(line, true), half(line, false)]).collect();
    let side = rows[0].len();
    let is_light = |x: usize, y: usize| rows.get(y / 4).and_then(|row| row.get(x / 4)).is_none_or(|light| *light);
    let mut image =
        rqrr::PreparedImage::prepare_from_greyscale(side * 4, side * 4, |x, y| if is_light(x, y) { 255 } else { 0 });
    image.detect_grids().first().unwrap().decode().unwrap().1
}

#[test]
fn the_way_there_and_back_can_be_a_camera_s() {
    if without("node") {
        return;
    }
    let sides = Sides::new();
    let archive = sides.server.archive(&format!("acme/{}:1", unique("camera")), "content");
    let drawn = sides
        .server
        .command(&["publish", "--archive", archive.to_str().unwrap(), "--cold", "--account", &sides.publisher, "--qr"])
        .env("LC_ALL", "C.UTF-8")
        .output()
        .unwrap();
    let request: Value = serde_json::from_str(&read_code(&String::from_utf8(drawn.stdout).unwrap())).unwrap();
    let (code, drawn, stderr) = sides.sign(&request, &["--qr"]);
    assert_eq!(code, Some(0), "{stderr}");
    let signed: Value = serde_json::from_str(&read_code(&drawn)).unwrap();
    assert_eq!(signed["request"], request);
    assert!(sides.relay(&signed, &[]).success());
    assert_eq!(sides.verdict(&archive)["verdict"], "verified");
}

#[test]
fn a_contract_account_s_owners_get_the_call() {
    if without("node") {
        return;
    }
    let sides = Sides::new();
    let name = format!("acme/{}:1", unique("multisig"));
    let archive = sides.server.archive(&name, "content");
    let path = archive.to_str().unwrap();
    let call = sides.server.run(&["publish", "--archive", path, "--calldata", "--account", &sides.publisher]);
    assert!(call.success(), "{call:?}");
    let document = &call.document;
    assert_eq!((&document["schema"], &document["value"]), (&json!("daochain.calldata/1"), &json!("0")));
    assert_eq!(document["from"], sides.publisher.as_str());
    let args = ["publish", "--archive", path, "--calldata", "--account", &sides.publisher, "--qr"];
    let drawn = sides.server.command(&args).env("LC_ALL", "C.UTF-8").output().unwrap();
    let read: Value = serde_json::from_str(&read_code(&String::from_utf8(drawn.stdout).unwrap())).unwrap();
    assert_eq!(&read, document, "a camera reads the same");
    // Executed by the node's own account, it is that account's release.
    let from = rpc(&node("geth"), "eth_accounts", &json!([]))[0].as_str().unwrap().to_owned();
    let transaction = json!([{"from": from, "to": document["to"], "data": document["data"]}]);
    let hash = rpc(&node("geth"), "eth_sendTransaction", &transaction);
    support::wait_for("the call's block", || {
        (!rpc(&node("geth"), "eth_getTransactionReceipt", &json!([hash])).is_null()).then_some(())
    });
    assert_eq!(sides.server.run(&["verify", "--archive", path, "--publisher", &from]).verdict().0, "verified");
    for more in [&[][..], &["--amend"]] {
        let again = ["publish", "--archive", path, "--calldata", "--account", &from];
        let again = sides.server.run(&[&again, more].concat());
        let said = (again.code, &again.document["schema"], &again.document["data"]);
        let stands = (Some(0), &json!("daochain.publish/1"), &Value::Null);
        assert_eq!(said, stands, "as with --cold, and no owner executes what stands: {again:?}");
    }
    let anew = sides.server.run(&["publish", "--archive", path, "--calldata", "--account", &from, "--again"]);
    assert!(anew.success(), "{anew:?}");
}
