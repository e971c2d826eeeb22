//! Namespaces: both halves of a claim, in a real registry and on a real chain, and what each half comes to alone.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test fails by panicking, and names its parts")]

mod support;

use std::{path::Path, sync::Arc};

use daochain::{
    chain::{SigningKey, usual_address},
    config::{Config, Options},
    domain::{
        Address, Timestamp,
        namespace::{PublisherStatement, SignedStatement},
        publication::Contract,
    },
    ops::{Context, namespace::vouched},
};
use serde_json::{Value, json};
use support::{
    Home, node,
    pusher::{Pusher, STATEMENT, now, signed, statement},
    registry::{FakeRegistry, Registry, login_file},
    unique, without,
};
use zeroize::Zeroizing;

const SECRET: [u8; 32] = [0x51; 32];

fn key() -> SigningKey {
    SigningKey::new(&Zeroizing::new(SECRET)).unwrap()
}

/// A home on the embedded network with an account whose key the test knows, and ether in it.
fn home_of_key() -> (Home, String) {
    let home = Home::new();
    let file = home.path().join("key.hex");
    std::fs::write(&file, hex::encode(SECRET)).unwrap();
    assert!(home.run(&["account", "import", "--raw-key-file", file.to_str().unwrap()]).success());
    let account = key().address().to_string();
    assert!(home.run(&["account", "fund", &account]).success());
    (home, account)
}

/// The exit code, the conclusion, and each publisher with its standing.
fn check(home: &Home, args: &[&str]) -> (Option<i32>, String, Vec<(String, String)>) {
    let run = home.run(&[&["namespace", "check"], args].concat());
    let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{run:?}")).to_owned();
    let publishers = run.document["publishers"].as_array().unwrap_or_else(|| panic!("{run:?}"));
    let publishers = publishers.iter().map(|one| (text(&one["publisher"]), text(&one["standing"])));
    (run.code, text(&run.document["conclusion"]), publishers.collect())
}

/// The standing of the only publisher of whom there is anything.
fn standing(home: &Home, namespace: &str) -> (Option<i32>, String) {
    let (code, _, mut publishers) = check(home, &[namespace]);
    assert_eq!(publishers.len(), 1, "{publishers:?}");
    (code, publishers.remove(0).1)
}

fn claim_and_check(home: &Home, account: &str, registry: &Registry) {
    let namespace = format!("{}/{}", registry.host, unique("acme"));
    let claim = |more: &[&str]| {
        let args = ["namespace", "claim", &namespace, "--account", account, "--yes", "--confirmations", "1"];
        home.run(&[&args, more].concat())
    };
    assert_eq!(check(home, &[&namespace]), (Some(4), "nobody".to_owned(), vec![]));
    let dry = home.run(&["namespace", "claim", &namespace, "--account", account, "--dry-run"]);
    assert_eq!((dry.code, &dry.document["statement"]["state"]), (Some(0), &json!("estimated")), "{dry:?}");
    assert_eq!(dry.document["publications"][0]["stage"], "estimated", "{dry:?}");
    assert_eq!(check(home, &[&namespace]).1, "nobody", "a dry run does nothing");

    let claimed = claim(&[]);
    assert!(claimed.success(), "{claimed:?}");
    assert_eq!(claimed.document["statement"]["state"], "pushed");
    assert_eq!(claimed.document["publications"][0]["kind"], "namespace-claim", "{claimed:?}");
    assert_eq!(claimed.document["publications"][0]["namespace"], namespace.as_str());
    let vouched = vec![(account.to_owned(), "vouched".to_owned())];
    assert_eq!(check(home, &[&namespace]), (Some(0), "vouched".to_owned(), vouched));
    let again = claim(&[]);
    assert_eq!((again.code, &again.document["statement"]["state"]), (Some(0), &json!("stands")), "{again:?}");
    assert_eq!((&again.document["stands"], &again.document["publications"]), (&json!(true), &json!([])));
    assert_eq!(again.document["statement"]["digest"], claimed.document["statement"]["digest"]);
    let renewed = claim(&["--expires", "30d"]);
    assert_eq!(
        (&renewed.document["statement"]["state"], &renewed.document["publications"]),
        (&json!("pushed"), &json!([]))
    );
    assert_eq!(standing(home, &namespace), (Some(0), "vouched".to_owned()));

    let listed = home.run(&["namespace", "list", "--publisher", account]).document;
    let names: Vec<_> = listed["claims"].as_array().unwrap().iter().map(|one| one["namespace"].clone()).collect();
    assert!(names.contains(&json!(namespace)), "{listed}");

    let unclaim =
        || home.run(&["namespace", "unclaim", &namespace, "--account", account, "--yes", "--confirmations", "1"]);
    assert_eq!(unclaim().document["publications"][0]["kind"], "namespace-unclaim");
    assert_eq!(standing(home, &namespace), (Some(4), "statement-without-claim".to_owned()));
    let again = unclaim();
    assert_eq!((again.code, &again.document["publications"]), (Some(0), &json!([])), "{again:?}");
    assert!(claim(&[]).success());
    assert_eq!(standing(home, &namespace), (Some(0), "vouched".to_owned()), "claimed once more");
}

#[test]
fn both_halves_make_a_publisher_on_the_embedded_chain() {
    if without("registry") {
        return;
    }
    let home = Home::new();
    let account = home.funded_account();
    claim_and_check(&home, &account, &Registry::start());
    let shown = home.run(&["contract", "show"]).document;
    assert_eq!(shown["directory"]["address"], usual_address(Contract::Directory).to_string().as_str());
    assert_eq!((&shown["directory"]["deployed"], &shown["directory"]["code_matches"]), (&json!(true), &json!(true)));
}

#[test]
fn both_halves_make_a_publisher_on_a_real_node() {
    if without("registry") || without("node") {
        return;
    }
    eprintln!("part: geth at {}", node("geth"));
    let home = Home::new().on("geth", &node("geth"));
    let account = home.funded_account();
    assert!(home.run(&["contract", "deploy", "--yes"]).success(), "both contracts");
    claim_and_check(&home, &account, &Registry::start());
}

#[test]
fn half_a_claim_shows_nothing() {
    if without("registry") {
        return;
    }
    let (home, account) = home_of_key();
    let (registry, pusher) = (Registry::start(), Pusher::new());
    let namespace = format!("{}/acme", registry.host);
    pusher.put_statements(&namespace, &[signed(&key(), statement(key().address(), &namespace))]);
    assert_eq!(standing(&home, &namespace), (Some(4), "statement-without-claim".to_owned()), "it never claimed");
    let claimed = home.run(&["namespace", "claim", &namespace, "--yes", "--expires", "60m"]);
    assert_eq!(claimed.document["statement"]["state"], "stands", "the statement was there: {claimed:?}");
    assert_eq!(standing(&home, &namespace), (Some(0), "vouched".to_owned()));

    pusher.put_statements(&namespace, &[]);
    assert_eq!(
        standing(&home, &namespace),
        (Some(4), "claim-without-statement".to_owned()),
        "the namespace took it back"
    );
    let other = check(&home, &[&namespace, "--publisher", "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"]);
    assert_eq!(other, (Some(4), "nobody".to_owned(), vec![]));
    assert_eq!(check(&home, &[&namespace]).2[0].0, account);
}

#[test]
fn a_statement_that_is_not_the_publishers_for_here_and_now_shows_nothing() {
    if without("registry") {
        return;
    }
    let (home, _) = home_of_key();
    let (registry, pusher) = (Registry::start(), Pusher::new());
    let namespace = format!("{}/acme", registry.host);
    assert!(home.run(&["namespace", "claim", &namespace, "--yes"]).success());
    let own = || statement(key().address(), &namespace);
    let becomes = |changed: SignedStatement| {
        pusher.put_statements(&namespace, &[changed]);
        standing(&home, &namespace)
    };
    let good = signed(&key(), own());
    assert_eq!(becomes(good.clone()), (Some(0), "vouched".to_owned()));

    let expired = PublisherStatement { expires_at: Timestamp(now() - 1), ..own() };
    assert_eq!(becomes(signed(&key(), expired)), (Some(4), "expired".to_owned()));
    let later =
        PublisherStatement { issued_at: Timestamp(now() + 86_400), expires_at: Timestamp(now() + 90_000), ..own() };
    assert_eq!(becomes(signed(&key(), later)), (Some(4), "not-yet".to_owned()));
    let stranger = SigningKey::generate();
    let theirs = signed(&stranger, PublisherStatement { publisher: stranger.address(), ..own() }).signature;
    assert_eq!(
        becomes(SignedStatement { signature: theirs, ..good.clone() }),
        (Some(4), "signed-by-another".to_owned())
    );
    let longer = PublisherStatement { expires_at: Timestamp(now() + 90_000), ..own() };
    assert_eq!(
        becomes(SignedStatement { statement: longer, ..good.clone() }),
        (Some(4), "signed-by-another".to_owned())
    );
    let mainnet = PublisherStatement { chain_id: 1, ..own() };
    assert_eq!(becomes(signed(&key(), mainnet)), (Some(4), "other-chain".to_owned()));
    let elsewhere = PublisherStatement { directory: key().address(), ..own() };
    assert_eq!(becomes(signed(&key(), elsewhere)), (Some(4), "other-directory".to_owned()));

    // Whoever copies a statement to a namespace of its own shows nothing there, claimed or not.
    pusher.put_statements(&namespace, &[good]);
    let evil = format!("{}/evil", registry.host);
    pusher.put(&evil, STATEMENT, &pusher.read(&namespace));
    assert_eq!(standing(&home, &evil), (Some(4), "other-namespace".to_owned()));
    assert_eq!(standing(&home, &namespace), (Some(0), "vouched".to_owned()));
}

#[test]
fn a_mirror_is_not_believed_about_statements() {
    if without("registry") {
        return;
    }
    let (home, account) = home_of_key();
    let (registry, mirror, pusher) = (Registry::start(), Registry::start(), Pusher::new());
    let namespace = format!("{}/acme", registry.host);
    let forged = signed(&key(), statement(key().address(), &namespace));
    pusher.put_statements(&namespace, std::slice::from_ref(&forged));
    assert!(home.run(&["namespace", "claim", &namespace, "--yes", "--expires", "60m"]).success());
    // The namespace takes the statement back; the mirror goes on to serve it.
    pusher.put_statements(&namespace, &[]);
    pusher.put(&format!("{}/acme", mirror.host), STATEMENT, &[forged.to_json().unwrap().into_bytes()]);
    let mirrored = format!("\n[registries.\"{}\"]\nmirrors = [\"{}\"]\n", registry.host, mirror.host);
    let config = home.path().join("config.toml");
    std::fs::write(&config, std::fs::read_to_string(&config).unwrap_or_default() + &mirrored).unwrap();
    let claim = (account, "claim-without-statement".to_owned());
    assert_eq!(check(&home, &[&namespace]), (Some(4), "unproven".to_owned(), vec![claim]));
}

#[test]
fn two_claimants_are_both_named_and_neither_is_overwritten_unasked() {
    if without("registry") {
        return;
    }
    let home = Home::new();
    let (first, second) = (home.funded_account(), home.funded_account());
    let (registry, pusher) = (Registry::start(), Pusher::new());
    let namespace = format!("{}/acme", registry.host);
    let claim = |account: &str, more: &[&str]| {
        home.run(&[&["namespace", "claim", &namespace, "--account", account, "--yes"], more].concat())
    };
    assert!(claim(&first, &[]).success());
    let own = pusher.read(&namespace);
    let beside = claim(&second, &[]);
    assert_eq!(beside.document["statement"]["beside"], json!([first]), "{beside:?}");
    assert!(pusher.read(&namespace).contains(&own[0]), "the first one's half stays, byte for byte");
    let (code, conclusion, publishers) = check(&home, &[&namespace]);
    assert_eq!((code, conclusion.as_str(), publishers.len()), (Some(4), "conflicting", 2));
    assert!(publishers.iter().all(|(_, standing)| standing == "vouched"), "{publishers:?}");
    for account in [&first, &second] {
        assert_eq!(check(&home, &[&namespace, "--publisher", account]).0, Some(0), "asked for by name");
    }

    assert!(claim(&second, &["--replace"]).success());
    let (code, conclusion, publishers) = check(&home, &[&namespace]);
    assert_eq!((code, conclusion.as_str()), (Some(0), "vouched"));
    assert!(publishers.contains(&(first, "claim-without-statement".to_owned())), "{publishers:?}");
    assert!(publishers.contains(&(second, "vouched".to_owned())), "{publishers:?}");
}

#[test]
fn what_is_no_statement_is_told_and_not_overwritten_unasked() {
    if without("registry") {
        return;
    }
    let home = Home::new();
    home.funded_account();
    let (registry, pusher) = (Registry::start(), Pusher::new());
    let namespace = format!("{}/acme", registry.host);
    for (artifact_type, layer) in
        [("application/vnd.example.image", "content"), (STATEMENT, "{\"schema\":\"\\u001b\"}")]
    {
        pusher.put(&namespace, artifact_type, &[layer.as_bytes().to_vec()]);
        let run = home.run(&["namespace", "check", &namespace]);
        assert_eq!((run.code, &run.document["conclusion"]), (Some(4), &json!("nobody")), "{run:?}");
        assert_eq!(run.document["problems"].as_array().unwrap().len(), 1, "{run:?}");
        let refused = home.run(&["namespace", "claim", &namespace, "--yes"]);
        assert_eq!((refused.code, &refused.document["code"]), (Some(1), &json!("namespace-taken")), "{refused:?}");
        assert!(refused.document["hint"].as_str().unwrap().contains("--replace"), "{refused:?}");
    }
    assert!(home.run(&["namespace", "claim", &namespace, "--yes", "--replace"]).success());
    assert_eq!(standing(&home, &namespace), (Some(0), "vouched".to_owned()));
}

#[test]
fn who_cannot_push_claims_nothing() {
    if without("registry") {
        return;
    }
    let home = Home::new();
    home.funded_account();
    let registry = Registry::with_login();
    let namespace = format!("{}/acme", registry.host);
    let run = |login: Option<&str>, args: &[&str]| {
        let folder = tempfile::tempdir().unwrap();
        if let Some(login) = login {
            login_file(folder.path(), &registry.host, login);
        }
        let output = home.command(args).arg("--json").env("DOCKER_CONFIG", folder.path()).output().unwrap();
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        (output.status.code(), document)
    };
    let claim = ["namespace", "claim", namespace.as_str(), "--yes"];
    // A stranger: with no login, and with a wrong one.
    for login in [None, Some("bGFiOndyb25n")] {
        let (code, document) = run(login, &claim);
        assert_eq!((code, &document["code"]), (Some(1), &json!("registry-denied")), "{document}");
    }
    let (_, listed) = run(None, &["namespace", "list"]);
    assert_eq!(listed["claims"], json!([]), "nothing was sent, and nothing paid");
    let (code, document) = run(Some("bGFiOmxhYg=="), &claim);
    assert_eq!((code, &document["statement"]["state"]), (Some(0), &json!("pushed")), "{document}");
    let (code, document) = run(Some("bGFiOmxhYg=="), &["namespace", "check", &namespace]);
    assert_eq!((code, &document["conclusion"]), (Some(0), &json!("vouched")), "{document}");
    let (code, document) = run(None, &["namespace", "check", &namespace]);
    assert_eq!(
        (code, &document["conclusion"]),
        (Some(1), &json!("unknown")),
        "who may not look cannot tell: {document}"
    );
}

#[test]
fn a_registry_that_is_down_or_broken_makes_nothing_known() {
    if without("registry") {
        return;
    }
    let home = Home::new();
    let account = home.funded_account();
    let registry = Registry::start();
    let namespace = format!("{}/acme", registry.host);
    assert!(home.run(&["namespace", "claim", &namespace, "--yes"]).success());
    drop(registry);
    let run = home.run(&["namespace", "check", &namespace]);
    assert_eq!((run.code, &run.document["conclusion"]), (Some(1), &json!("unknown")), "{run:?}");
    assert!(run.document["unread"].as_str().unwrap().contains("cannot be reached"), "{run:?}");
    assert_eq!(run.document["publishers"][0]["standing"], "unknown", "its claim is known, and shows nothing: {run:?}");
    let claim = home.run(&["namespace", "claim", &namespace, "--yes"]);
    assert_eq!((claim.code, &claim.document["code"]), (Some(1), &json!("registry-unreachable")), "{claim:?}");
    let taken_back = home.run(&["namespace", "unclaim", &namespace, "--yes"]);
    assert!(taken_back.success(), "that needs no registry: {taken_back:?}");

    let broken = FakeRegistry::start(Arc::new(|_, _| ("500 Broken".to_owned(), Vec::new())));
    let (code, conclusion, publishers) = check(&home, &[&format!("{}/acme", broken.host), "--publisher", &account]);
    assert_eq!((code, conclusion.as_str(), publishers), (Some(1), "unknown", vec![]));
    for bad in ["ghcr.io", "docker.io/Acme", "acme:1", "acme/*"] {
        let run = home.run(&["namespace", "check", bad]);
        assert_eq!((run.code, &run.document["code"]), (Some(2), &json!("usage")), "{run:?}");
    }
    let cold = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
    assert!(home.run(&["account", "add", cold, "--cold"]).success());
    let run = home.run(&["namespace", "claim", "acme", "--account", cold, "--yes"]);
    assert_eq!((run.code, &run.document["code"]), (Some(1), &json!("key-elsewhere")), "{run:?}");
}

/// The home as the screen opens it.
fn context(home: &Path) -> Context {
    let options = Options { home: Some(home.to_path_buf()), ..Options::default() };
    Context::open(Config::load(options, &|_| None).unwrap()).unwrap()
}

#[test]
fn a_reference_is_vouched_for_by_the_namespaces_above_it() {
    if without("registry") {
        return;
    }
    let home = Home::new();
    let (company, team) = (home.funded_account(), home.funded_account());
    let registry = Registry::start();
    let (above, below) = (format!("{}/acme", registry.host), format!("{}/acme/team", registry.host));
    assert!(home.run(&["namespace", "claim", &above, "--account", &company, "--yes"]).success());
    assert!(home.run(&["namespace", "claim", &below, "--account", &team, "--yes"]).success());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let context = context(home.path());
        let (company, team): (Address, Address) = (company.parse().unwrap(), team.parse().unwrap());
        let vouching = vouched(&context, &format!("{below}/api:1").parse().unwrap()).await;
        let names: Vec<&str> = vouching.0.iter().map(|one| one.namespace.as_str()).collect();
        assert_eq!(names, [below.as_str(), above.as_str()], "the closest first");
        assert_eq!(vouching.of(team).unwrap().0.as_str(), below);
        assert_eq!(vouching.of(company).unwrap().0.as_str(), above);
        assert!(vouching.unknown().is_none() && vouching.of(key().address()).is_none());
        let vouching = vouched(&context, &format!("{above}/api:1").parse().unwrap()).await;
        assert!(vouching.of(company).is_some() && vouching.of(team).is_none(), "{vouching:?}");
        let nothing = vouched(&context, &format!("{}/api:1", registry.host).parse().unwrap()).await;
        assert_eq!(nothing.0, [], "a registry is no namespace");
        drop(registry);
        let vouching = vouched(&context, &format!("{above}/api:1").parse().unwrap()).await;
        assert!(vouching.of(company).is_none());
        assert!(vouching.unknown().unwrap().1.contains("cannot be reached"), "{vouching:?}");
        context.close().await;
    });
}
