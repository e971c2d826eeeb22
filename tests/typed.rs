//! What publishers sign for others to send (EIP-712), held to eth-account's reading of it, and to the contract's on a real geth.
//!
//! Needs a Python with eth-account in `DAOCHAIN_ETH_ACCOUNT` and a node with the registry, as `tests/run` has them.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test fails by panicking, and names its parts"
)]

mod support;

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use daochain::{
    chain::{Action, Chain, ChainConfig, SigningKey, signing_hash, statement_signer, statement_typed_data, typed_data},
    domain::{
        Address, Digest, Timestamp,
        digest::DigestKind,
        image::KindedDigest,
        namespace::{PublisherStatement, SignedBy, SignedStatement},
        publication::{Authority, SignedRequest, SigningRequest, Statement},
    },
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};
use support::{Home, node, rpc, unique, wait_for, without};
use zeroize::Zeroizing;

/// Releases that are tried.
const MANY: usize = 200;

/// Reads what is to be signed from each line, and writes hash and signature.
const PYTHON: &str = "
import json, sys
from eth_account import Account
from eth_account.messages import encode_typed_data
for line in sys.stdin:
    asked = json.loads(line)
    signed = Account.sign_message(encode_typed_data(full_message=asked['typed']), asked['key'])
    print(json.dumps({'hash': signed.message_hash.hex(), 'signature': signed.signature.hex()}))
";

struct Asked {
    secret: [u8; 32],
    key: SigningKey,
    request: SigningRequest,
}

fn word(random: &mut StdRng, letters: &str, most: usize) -> String {
    let letters: Vec<char> = letters.chars().collect();
    (0..random.gen_range(1..=most)).map(|_| letters[random.gen_range(0..letters.len())]).collect()
}

fn release(random: &mut StdRng) -> Statement {
    let lower = "abcdefghijklmnopqrstuvwxyz0123456789";
    let name = format!("{}/{}:{}", word(random, lower, 40), word(random, lower, 60), word(random, lower, 20));
    let kinded = |random: &mut StdRng| KindedDigest {
        kind: DigestKind::from_code(random.gen_range(0..=255)),
        digest: Digest::from_bytes(random.r#gen()),
    };
    let digests = (0..random.gen_range(1..8)).map(|_| kinded(random)).collect();
    let annotations = if random.gen_bool(0.5) {
        json!({ "note": word(random, "aäß漢🚢\"\\\n \u{1}", 200) }).to_string()
    } else {
        String::new()
    };
    Statement::Release { reference: name.parse().unwrap(), digests, amends: 0, annotations }
}

fn statement(random: &mut StdRng) -> Statement {
    if random.gen_bool(0.8) {
        return release(random);
    }
    let releases: Vec<_> = (0..random.gen_range(2..4)).map(|_| release(random)).collect();
    Statement::Releases { reference: releases[0].reference().unwrap().clone(), releases }
}

fn asked(chain_id: u64, contract: Address) -> Vec<Asked> {
    let mut random = StdRng::seed_from_u64(712);
    let one = |random: &mut StdRng| {
        let secret: [u8; 32] = random.r#gen();
        let key = SigningKey::new(&Zeroizing::new(secret)).unwrap();
        let deadline = Timestamp(random.gen_range(4_000_000_000..9_000_000_000));
        let statement = statement(random);
        let request = SigningRequest { chain_id, contract, publisher: key.address(), statement, nonce: 0, deadline };
        Asked { secret, key, request }
    };
    (0..MANY).map(|_| one(&mut random)).collect()
}

/// What eth-account makes of each line.
fn ask_eth_account(lines: Vec<String>) -> Vec<Value> {
    let python = std::env::var("DAOCHAIN_ETH_ACCOUNT")
        .expect("DAOCHAIN_ETH_ACCOUNT names no Python; run tests/run, or set DAOCHAIN_WITHOUT=eth-account");
    eprintln!("part: eth-account by {python}");
    let mut child =
        Command::new(python).args(["-c", PYTHON]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || {
        for line in lines {
            writeln!(input, "{line}").unwrap();
        }
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn by_eth_account(all: &[Asked]) -> Vec<Value> {
    let line = |one: &Asked| {
        let key = format!("0x{}", hex::encode(one.secret));
        json!({"key": key, "typed": typed_data(&one.request).unwrap()}).to_string()
    };
    ask_eth_account(all.iter().map(line).collect())
}

#[test]
fn digest_and_signature_are_eth_account_s() {
    if without("eth-account") {
        return;
    }
    let all = asked(11_155_111, Address::from_bytes([0x42; 20]));
    let theirs = by_eth_account(&all);
    assert_eq!(theirs.len(), MANY);
    for (ours, theirs) in all.iter().zip(&theirs) {
        let plain = |value: &Value| value.as_str().unwrap().trim_start_matches("0x").to_owned();
        assert_eq!(hex::encode(signing_hash(&ours.request).unwrap()), plain(&theirs["hash"]), "{:?}", ours.request);
        assert_eq!(hex::encode(ours.key.sign_request(&ours.request).unwrap()), plain(&theirs["signature"]));
    }
}

/// The request with one thing changed, in each way.
fn changed(request: &SigningRequest) -> Vec<(&'static str, SigningRequest)> {
    let with = |change: &dyn Fn(&mut Statement)| {
        let mut other = request.clone();
        match &mut other.statement {
            Statement::Releases { releases, .. } => change(&mut releases[0]),
            one => change(one),
        }
        other
    };
    let digests = |change: &dyn Fn(&mut Vec<KindedDigest>)| {
        with(&|one| {
            if let Statement::Release { digests, .. } = one {
                change(digests);
            }
        })
    };
    vec![
        (
            "reference",
            with(&|one| {
                if let Statement::Release { reference, .. } = one {
                    *reference = "acme/another:1".parse().unwrap();
                }
            }),
        ),
        (
            "annotations",
            with(&|one| {
                if let Statement::Release { annotations, .. } = one {
                    annotations.push(' ');
                }
            }),
        ),
        (
            "amends",
            with(&|one| {
                if let Statement::Release { amends, .. } = one {
                    *amends = 1;
                }
            }),
        ),
        ("digest", digests(&|all| all[0].digest = Digest::of(b"another"))),
        ("kind", digests(&|all| all[0].kind = DigestKind::from_code(all[0].kind.code().wrapping_add(1)))),
        (
            "a digest more",
            digests(&|all| all.push(KindedDigest { kind: DigestKind::Config, digest: Digest::of(b"x") })),
        ),
        ("publisher", SigningRequest { publisher: Address::from_bytes([9; 20]), ..request.clone() }),
        ("number", SigningRequest { nonce: 1, ..request.clone() }),
        ("deadline", SigningRequest { deadline: Timestamp(request.deadline.0 + 1), ..request.clone() }),
    ]
}

#[test]
fn the_contract_takes_each_and_none_that_was_changed() {
    if without("node") {
        return;
    }
    let home = Home::new().on("geth", &node("geth"));
    let sender: Address = home.funded_account().parse().unwrap();
    home.run(&["contract", "deploy", "--yes"]);
    eprintln!("part: geth at {}", node("geth"));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let chain = Chain::new(ChainConfig::new("test", vec![node("geth").parse().unwrap()])).unwrap();
        let chain_id = chain.chain_id().await.unwrap();
        for one in asked(chain_id, chain.contract()) {
            let signature = one.key.sign_request(&one.request).unwrap();
            let ask = |request: SigningRequest, signature: &Vec<u8>| {
                let (statement, signature) = (request.statement.clone(), signature.clone());
                let authority = Authority::Signature(Box::new(SignedRequest { request, signature }));
                let (chain, action) = (chain.clone(), Action::of(statement, authority));
                async move { chain.estimate(&action, sender).await }
            };
            if let Err(error) = ask(one.request.clone(), &signature).await {
                panic!("{error}: {:?}", one.request);
            }
            for (what, other) in changed(&one.request) {
                let error = ask(other, &signature).await.expect_err(what);
                assert_eq!(error.code(), "refused", "{what}: {error}");
            }
            // A call tells neither: the contract knows where it is, and what is signed says where it counts.
            for (what, elsewhere) in [
                ("chain", SigningRequest { chain_id: chain_id + 1, ..one.request.clone() }),
                ("contract", SigningRequest { contract: Address::from_bytes([0x42; 20]), ..one.request.clone() }),
            ] {
                let signature = one.key.sign_request(&elsewhere).unwrap();
                let error = ask(one.request.clone(), &signature).await.expect_err(what);
                assert_eq!(error.code(), "refused", "{what}: {error}");
            }
        }
    });
}

/// Puts a wallet whose owner is `owner` onto geth (ERC-1271, `contracts/test/Wallet1271.sol`); its address.
fn wallet_of(owner: Address) -> String {
    const CODE: &str = "import { compile } from './build.mjs'; \
         console.log(compile(['test/Wallet1271.sol']).Wallet1271.evm.bytecode.object)";
    let compiled = Command::new("node")
        .args(["--input-type=module", "-e", CODE])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/contracts"))
        .output()
        .expect("node starts");
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    let code = String::from_utf8(compiled.stdout).unwrap();
    let data = format!("0x{}{:0>64}", code.trim(), hex::encode(owner.as_bytes()));
    let url = node("geth");
    let from = rpc(&url, "eth_accounts", &json!([]))[0].clone();
    let hash = wait_for("the node to take the wallet", || {
        let answer = support::call(&url, "eth_sendTransaction", &json!([{"from": from, "data": data}]));
        answer["result"].is_string().then(|| answer["result"].clone())
    });
    let receipt = wait_for("the wallet's block", || {
        let answer = support::call(&url, "eth_getTransactionReceipt", &json!([hash]))["result"].clone();
        (!answer.is_null()).then_some(answer)
    });
    receipt["contractAddress"].as_str().unwrap().to_owned()
}

#[test]
fn a_contract_account_publishes_by_what_it_takes_for_its_signature() {
    if without("node") || without("eth-account") {
        return;
    }
    let home = Home::new().on("geth", &node("geth"));
    home.funded_account();
    home.run(&["contract", "deploy", "--yes"]);
    let secret = [0x77; 32];
    let owner = SigningKey::new(&Zeroizing::new(secret)).unwrap();
    let wallet = wallet_of(owner.address());
    let archive = home.archive(&format!("acme/{}:1", unique("wallet")), "content");
    let archive = archive.to_str().unwrap();

    assert!(home.run(&["account", "add", &wallet, "--contract"]).success());
    let alone = home.run(&["publish", "--archive", archive, "--account", &wallet, "--yes"]);
    assert_eq!(alone.document["code"], "key-elsewhere", "{alone:?}");
    let request = home.run(&["publish", "--archive", archive, "--account", &wallet, "--cold"]);
    let file = home.path().join("request");
    std::fs::write(&file, request.document.to_string()).unwrap();
    let file = file.to_str().unwrap();
    let typed = home.run(&["sign", file, "--typed-data"]).document;
    let sign = |typed: &Value| {
        let line = json!({"key": format!("0x{}", hex::encode(secret)), "typed": typed}).to_string();
        let signed = ask_eth_account(vec![line])[0]["signature"].clone();
        format!("0x{}", signed.as_str().unwrap().trim_start_matches("0x"))
    };
    let mut other = typed.clone();
    other["message"]["deadline"] = json!("1");
    let refused = home.run(&["relay", file, "--signature", &sign(&other), "--yes"]);
    assert_eq!(refused.document["code"], "refused", "the contract asks the wallet: {refused:?}");
    let relayed = home.run(&["relay", file, "--signature", &sign(&typed), "--yes", "--confirmations", "1"]);
    assert!(relayed.success(), "{relayed:?}");
    assert_eq!(home.run(&["verify", "--archive", archive, "--publisher", &wallet]).verdict().0, "verified");
}

#[test]
fn a_namespaces_statement_is_what_eth_account_reads() {
    if without("eth-account") {
        return;
    }
    let secret = [0x42; 32];
    let key = SigningKey::new(&Zeroizing::new(secret)).unwrap();
    for (namespace, at) in [("acme", 1_700_000_000), ("127.0.0.1:5000/a/b", 0), ("ghcr.io/acme", u64::MAX)] {
        let statement = PublisherStatement {
            chain_id: 11_155_111,
            directory: Address::from_bytes([9; 20]),
            namespace: namespace.parse().unwrap(),
            publisher: key.address(),
            issued_at: Timestamp(at),
            expires_at: Timestamp(at / 2),
        };
        let typed = statement_typed_data(&statement).unwrap();
        let line = json!({"key": format!("0x{}", hex::encode(secret)), "typed": typed}).to_string();
        let theirs = ask_eth_account(vec![line])[0]["signature"].as_str().unwrap().trim_start_matches("0x").to_owned();
        assert_eq!(hex::encode(key.sign_statement(&statement).unwrap()), theirs, "{namespace}");
        let signer = statement_signer(&statement, &hex::decode(theirs).unwrap()).unwrap();
        assert_eq!(signer, Some(key.address()));
    }
}

/// A contract of that code; its address.
fn contract(runtime: &str) -> Address {
    let code = hex::decode(runtime).unwrap();
    let size = u8::try_from(code.len()).unwrap();
    // Copies what stands behind these twelve bytes, and returns it.
    let data = format!("0x60{size:02x}600c60003960{size:02x}6000f3{runtime}");
    let url = node("geth");
    let from = rpc(&url, "eth_accounts", &json!([]))[0].clone();
    let hash = wait_for("the node to take the contract", || {
        let answer = support::call(&url, "eth_sendTransaction", &json!([{"from": from, "data": data}]));
        answer["result"].is_string().then(|| answer["result"].clone())
    });
    let receipt = wait_for("the contract's block", || {
        let answer = support::call(&url, "eth_getTransactionReceipt", &json!([hash]))["result"].clone();
        (!answer.is_null()).then_some(answer)
    });
    receipt["contractAddress"].as_str().unwrap().parse().unwrap()
}

#[test]
fn a_contract_accounts_signature_is_what_it_takes_for_one() {
    if without("node") {
        return;
    }
    eprintln!("part: geth at {}", node("geth"));
    let magic = contract("631626ba7e60e01b60005260206000f3");
    let (zero, reverts, short) = (contract("60206000f3"), contract("60006000fd"), contract("00"));
    let statement = |publisher: Address| PublisherStatement {
        chain_id: 1,
        directory: Address::from_bytes([9; 20]),
        namespace: "acme".parse().unwrap(),
        publisher,
        issued_at: Timestamp(1),
        expires_at: Timestamp(2),
    };
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let chain = Chain::new(ChainConfig::new("geth", vec![node("geth").parse().unwrap()])).unwrap();
        let by = async |publisher: Address| {
            let signed = SignedStatement { statement: statement(publisher), signature: vec![7; 65] };
            chain.statement_signed_by(&signed).await
        };
        assert_eq!(by(magic).await, SignedBy::Publisher);
        for other in [zero, reverts, short, Address::from_bytes([5; 20])] {
            assert!(matches!(by(other).await, SignedBy::Another(_)), "{other}");
        }
        let gone = Chain::new(ChainConfig::new("gone", vec!["http://127.0.0.1:1".parse().unwrap()])).unwrap();
        let signed = SignedStatement { statement: statement(magic), signature: vec![7; 65] };
        let unknown = gone.statement_signed_by(&signed).await;
        assert!(matches!(unknown, SignedBy::Unknown { .. }), "{unknown:?}");
    });
}
