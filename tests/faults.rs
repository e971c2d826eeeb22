//! What broken, slow and lying nodes lead to. The nodes are real; a proxy in front of them does the damage. Nothing of it is
//! ever taken for a verified image, nothing hangs beyond the time-out, and of three nodes the two that agree are followed.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::{
    path::PathBuf,
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};

use daochain::{
    config::{Config, Options},
    ops::{
        Context,
        verify::{ChainChange, follow_chain},
    },
};
use serde_json::{Value, json};
use support::{
    Home, Run, flooded, fund,
    layout::{Blobs, MANIFEST},
    node,
    proxy::{Deed, Proxy, calls},
    rpc, unique, without,
};

/// A call may take ten seconds, and a verdict's first failing call ends it. The rest is for a busy machine.
const PATIENCE: u64 = 25;

/// A home whose account published one of two images under one name, and trusts itself.
struct Published {
    home: Home,
    /// The network's name.
    network: &'static str,
    name: String,
    address: String,
    /// The image that was released, and one that was not.
    archives: [PathBuf; 2],
}

impl Published {
    fn on(kind: &'static str) -> Self {
        let home = Home::new().on(kind, &node(kind));
        let address = home.funded_account();
        home.run(&["contract", "deploy", "--yes"]);
        let name = format!("acme/{}:1", unique("faulty"));
        let archives = ["released", "another"].map(|content| {
            let mut blobs = Blobs::default();
            let image = blobs.image("amd64", content.as_bytes());
            let path = home.path().join(format!("{content}.tar"));
            std::fs::write(&path, blobs.archive(&format!("docker.io/{name}"), MANIFEST, image.manifest)).unwrap();
            path
        });
        let published =
            home.run(&["publish", "--archive", archives[0].to_str().unwrap(), "--yes", "--confirmations", "1"]);
        assert!(published.success(), "{published:?}");
        assert!(home.run(&["trust", "add", &name, &address]).success());
        Self { home, network: kind, name, address, archives }
    }

    /// The same until nobody was left behind, a few times at most: on a loaded machine an honest answer may come late, too.
    fn verify_in_time(&self, archive: usize, endpoints: &[&str]) -> Run {
        let run = || self.verify(archive, endpoints);
        let is_late = |run: &Run| run.document["dissent"].to_string().contains("slower than the others");
        (0..4).map(|_| run()).find(|run| !is_late(run)).unwrap_or_else(run)
    }

    fn verify(&self, archive: usize, endpoints: &[&str]) -> Run {
        let mut args = vec!["verify", "--network", self.network, "--archive", self.archives[archive].to_str().unwrap()];
        args.extend(endpoints.iter().flat_map(|url| ["--rpc", url]));
        let began = Instant::now();
        let run = self.home.run(&args);
        assert!(began.elapsed().as_secs() < PATIENCE, "{args:?} took {:?}", began.elapsed());
        run
    }
}

/// What happens, what the verdict's reason or the problem says of it, and how.
type Fault = (&'static str, &'static str, fn(&Value) -> Deed);

fn faults() -> Vec<Fault> {
    vec![
        ("reset", "", |_| Deed::Close),
        ("reset in the middle of an answer", "", |_| Deed::Tear),
        ("no answer", "within 10 s", |_| Deed::Hold),
        ("too many requests", "fewer requests, in 3600 s", |_| {
            Deed::Instead("HTTP/1.1 429 Too Many Requests\r\nretry-after: 3600\r\ncontent-length: 0\r\n\r\n")
        }),
        ("not again in any time", "fewer requests, in 18446744073709551615 s", |_| {
            Deed::Instead(
                "HTTP/1.1 429 Too Many Requests\r\nretry-after: 18446744073709551615\r\ncontent-length: 0\r\n\r\n",
            )
        }),
        ("again before now", "fewer requests (HTTP", |_| {
            Deed::Instead("HTTP/1.1 429 Too Many Requests\r\nretry-after: -1\r\ncontent-length: 0\r\n\r\n")
        }),
        ("again on a day", "HTTP status 503", |_| {
            Deed::Instead(
                "HTTP/1.1 503 Busy\r\nretry-after: Fri, 31 Dec 9999 23:59:59 GMT\r\ncontent-length: 0\r\n\r\n",
            )
        }),
        ("a gateway's page", "HTTP status 502", |_| {
            Deed::Instead("HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/html\r\ncontent-length: 6\r\n\r\n<html>")
        }),
        ("a page in place of an answer", "something that is no answer", |_| {
            Deed::Instead("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 6\r\n\r\n<html>")
        }),
        ("half a document", "something that is no answer", |_| {
            Deed::Spoil(|answer| answer[..answer.len() / 2].to_vec())
        }),
        ("another's answer", "something that is no answer", |_| {
            Deed::Spoil(|answer| String::from_utf8(answer).unwrap().replace("\"id\":", "\"id\":9").into_bytes())
        }),
        ("a flood", "larger than 16 MiB", |_| Deed::Flood),
        ("another chain", "belongs to chain", another_chain),
    ]
}

fn another_chain(_: &Value) -> Deed {
    Deed::Change(|method, _, result| {
        if method == "eth_chainId" {
            *result = json!("0x7");
        }
    })
}

#[test]
fn one_node_that_fails_leaves_the_verdict_open() {
    if without("node") {
        return;
    }
    let published = Published::on("anvil");
    let proxy = Proxy::before(&node("anvil"));
    assert_eq!(published.verify(0, &[&proxy.url]).verdict(), ("verified", Some(0)));
    for (what, words, fault) in faults() {
        proxy.set(fault);
        let run = published.verify(0, &[&proxy.url]);
        assert_eq!(run.verdict(), ("undecided", Some(1)), "{what}: {run:?}");
        let reason = run.document["images"][0]["reason"].as_str().unwrap();
        assert!(reason.contains(words), "{what}: {reason}");
        if words.is_empty() {
            assert!(reason.contains("cannot be reached"), "{what}: {reason}");
        }
    }
    let run = published.verify(0, &["http://127.0.0.1:1"]);
    assert_eq!(run.verdict(), ("undecided", Some(1)), "{run:?}");
}

#[test]
fn two_of_three_are_enough_and_the_third_is_named() {
    if without("node") {
        return;
    }
    let published = Published::on("anvil");
    let (one, two) = (Proxy::before(&node("anvil")), Proxy::before(&node("anvil")));
    let third = Proxy::before(&node("anvil"));
    let endpoints = [one.url.as_str(), &third.url, &two.url];
    let run = published.verify_in_time(0, &endpoints);
    assert_eq!((run.verdict(), &run.document["dissent"]), (("verified", Some(0)), &json!([])), "{run:?}");
    for (what, words, fault) in faults() {
        third.set(fault);
        let began = Instant::now();
        let is_slow = what == "no answer";
        let run = if is_slow { published.verify(0, &endpoints) } else { published.verify_in_time(0, &endpoints) };
        assert_eq!(run.verdict(), ("verified", Some(0)), "{what}: {run:?}");
        assert_eq!(run.document["dissent"][0]["endpoint"], third.url, "{what}: {run:?}");
        let reason = run.document["images"][0]["reason"].as_str().unwrap();
        let named = format!("`{}` was not followed", third.url);
        assert!(reason.contains(&named), "{what}: {reason}");
        if is_slow {
            assert!(began.elapsed().as_secs() < 8, "the others wait for it: {:?}", began.elapsed());
            assert!(reason.contains("slower than the others"), "{reason}");
        } else if words.is_empty() {
            assert!(reason.contains("asked again") || reason.contains("cannot be reached"), "{reason}");
        } else {
            assert!(reason.contains(words), "{what}: {reason}");
        }
        // Of two alone it takes both.
        let run = published.verify(0, &[&one.url, &third.url]);
        assert_eq!(run.verdict(), ("undecided", Some(1)), "{what}: {run:?}");
        assert_eq!(run.document["problem"]["code"], "endpoints-disagree", "{run:?}");
    }
}

#[test]
fn a_busy_node_is_asked_again_when_it_says_and_handed_a_transaction_once() {
    if without("node") {
        return;
    }
    let published = Published::on("anvil");
    let proxy = Proxy::before(&node("anvil"));
    let refused = AtomicUsize::new(0);
    proxy.set(move |_| match refused.fetch_add(1, Ordering::SeqCst) {
        0 => Deed::Instead("HTTP/1.1 429 Too Many Requests\r\nretry-after: 2\r\ncontent-length: 0\r\n\r\n"),
        1 => Deed::Close,
        _ => Deed::Pass,
    });
    let began = Instant::now();
    assert_eq!(published.verify(0, &[&proxy.url]).verdict(), ("verified", Some(0)));
    assert!(began.elapsed().as_secs() >= 2, "it was asked before it wanted to be");

    // Whether a transaction arrived is looked up, and not tried out: its answer is lost.
    let (tell, sent) = mpsc::channel();
    proxy.set(move |request| {
        if !calls(request, "eth_sendRawTransaction") {
            return Deed::Pass;
        }
        let _ = tell.send(());
        Deed::Swallow
    });
    let through = |archive: &PathBuf| {
        let archive = archive.to_str().unwrap();
        let through = ["--network", "anvil", "--rpc", &proxy.url, "--confirmations", "1", "--yes"];
        published.home.run(&[&["publish", "--archive", archive], &through[..]].concat())
    };
    let run = through(&published.archives[1]);
    assert!(run.success(), "{run:?}");
    assert!(run.stderr.contains("no node has answered for it"), "{run:?}");
    assert_eq!(sent.try_iter().count(), 1, "the node had it");

    // It did not arrive: then the same bytes go there again, and nothing is signed anew.
    let (tell, sent) = mpsc::channel();
    proxy.set(move |request| {
        if !calls(request, "eth_sendRawTransaction") {
            return Deed::Pass;
        }
        let first = tell.send(request.to_string()).is_ok() && refuse_once();
        if first { Deed::Instead("HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n") } else { Deed::Pass }
    });
    let run = through(&published.archives[0]);
    assert!(run.success(), "{run:?}");
    let sent: Vec<String> = sent.try_iter().collect();
    let bytes = |request: &String| serde_json::from_str::<Value>(request).unwrap()["params"].clone();
    assert!(sent.len() == 2 && bytes(&sent[0]) == bytes(&sent[1]), "{sent:?}");
    let history = published.home.run(&["history", &published.name]);
    assert_eq!(history.document["events"].as_array().map(Vec::len), Some(3), "{history:?}");
}

#[test]
fn a_nonce_that_is_called_taken_and_is_not_makes_nobody_sign_anew() {
    if without("node") {
        return;
    }
    let published = Published::on("anvil");
    let proxy = Proxy::before(&node("anvil"));
    proxy.set(
        |request| {
            if calls(request, "eth_sendRawTransaction") { Deed::Refuse("nonce too low") } else { Deed::Pass }
        },
    );
    let archive = published.archives[1].to_str().unwrap();
    let publish = |more: &[&str]| {
        published.home.run(&[&["publish", "--archive", archive, "--yes", "--confirmations", "1"], more].concat())
    };
    let signed = || published.home.run(&["tx", "list"]).document["transactions"].as_array().map(Vec::len);
    let before = signed();
    let run = publish(&["--rpc", &proxy.url]);
    assert_eq!((run.code, run.document["code"].as_str()), (Some(1), Some("nonce-taken")), "{run:?}");
    assert_eq!(signed(), before.map(|count| count + 1), "one of the two could be sent twice");
    // The next run sends the very same.
    let run = publish(&[]);
    assert_eq!(run.document["publications"][0]["stage"], "already-published", "{run:?}");
}

/// True the first time.
fn refuse_once() -> bool {
    static REFUSED: AtomicUsize = AtomicUsize::new(0);
    REFUSED.fetch_add(1, Ordering::SeqCst) == 0
}

#[test]
fn nothing_is_signed_beside_a_node_of_another_chain() {
    if without("node") {
        return;
    }
    let published = Published::on("anvil");
    let (honest, foreign) = (node("anvil"), Proxy::before(&node("anvil")));
    let twin = Proxy::before(&honest);
    foreign.set(another_chain);
    let archive = published.archives[1].to_str().unwrap();
    let endpoints = ["--rpc", honest.as_str(), "--rpc", &twin.url, "--rpc", &foreign.url];
    let publish = [&["publish", "--network", "anvil", "--archive", archive, "--yes"], &endpoints[..]].concat();
    let run = published.home.run(&publish);
    assert_eq!((run.code, run.document["code"].as_str()), (Some(1), Some("wrong-chain")), "{run:?}");
    let history = published.home.run(&["history", &published.name]);
    assert_eq!(history.document["events"].as_array().map(Vec::len), Some(1), "{history:?}");
}

/// From the request of that number on the proxy's node is another chain's; what each request was is told.
fn leaves_its_chain_at(proxy: &Proxy, at: usize) -> mpsc::Receiver<Value> {
    let (tell, told) = mpsc::channel();
    let asked = AtomicUsize::new(0);
    proxy.set(move |request| {
        let _ = tell.send(request.clone());
        if asked.fetch_add(1, Ordering::SeqCst) < at { Deed::Pass } else { another_chain(request) }
    });
    told
}

#[test]
fn a_node_that_becomes_another_chains_is_found_out_at_every_point() {
    if without("node") {
        return;
    }
    let published = Published::on("anvil");
    let honest = node("anvil");
    let (twin, leaver) = (Proxy::before(&honest), Proxy::before(&honest));
    let alone = [leaver.url.as_str()];
    let three = [honest.as_str(), &twin.url, &leaver.url];
    for endpoints in [&alone[..], &three] {
        // The first brings the event index up, so that the others ask the same questions.
        assert_eq!(published.verify(0, endpoints).verdict(), ("verified", Some(0)));
        let told = leaves_its_chain_at(&leaver, usize::MAX);
        assert_eq!(published.verify(0, endpoints).verdict(), ("verified", Some(0)));
        let whole = told.try_iter().count();
        assert!(whole > 4, "{whole} requests");
        let mut found_out = 0;
        for at in 0..whole {
            let told = leaves_its_chain_at(&leaver, at);
            let run = published.verify_in_time(0, endpoints);
            // A block of another test may have made the run that was counted ask for more.
            if told.try_iter().count() <= at {
                assert_eq!(run.verdict(), ("verified", Some(0)), "at {at} of {whole}: {run:?}");
                continue;
            }
            found_out += 1;
            let reason = run.document["images"][0]["reason"].as_str().unwrap();
            assert!(reason.contains("belongs to chain 7"), "at {at} of {whole}: {run:?}");
            if endpoints.len() == 1 {
                assert_eq!(run.verdict(), ("undecided", Some(1)), "at {at} of {whole}: {run:?}");
            } else {
                assert_eq!(run.verdict(), ("verified", Some(0)), "at {at} of {whole}: {run:?}");
                assert_eq!(run.document["dissent"][0]["endpoint"], leaver.url, "at {at} of {whole}: {run:?}");
            }
        }
        assert!(found_out > 3, "{found_out} of {whole}");
    }
}

#[test]
fn nothing_is_signed_once_a_node_became_another_chains() {
    if without("node") {
        return;
    }
    let published = Published::on("anvil");
    let honest = node("anvil");
    let (twin, leaver) = (Proxy::before(&honest), Proxy::before(&honest));
    let archive = published.archives[0].to_str().unwrap();
    let publish = |endpoints: &[&str]| {
        let mut args = vec!["publish", "--network", "anvil", "--archive", archive, "--yes", "--again"];
        args.extend(endpoints.iter().flat_map(|url| ["--rpc", url]));
        published.home.run(&[&args[..], &["--confirmations", "1"]].concat())
    };
    let transactions = || -> Vec<Value> {
        let listed = published.home.run(&["tx", "list"]);
        let all = listed.document["transactions"].as_array().unwrap_or_else(|| panic!("{listed:?}"));
        all.iter().map(|one| one["transaction"].clone()).collect()
    };
    for endpoints in [&[leaver.url.as_str()][..], &[honest.as_str(), &twin.url, &leaver.url]] {
        let told = leaves_its_chain_at(&leaver, usize::MAX);
        let run = publish(endpoints);
        assert!(run.success(), "{run:?}");
        let asked: Vec<Value> = told.try_iter().collect();
        let sent = asked.iter().position(|request| calls(request, "eth_sendRawTransaction")).unwrap();
        let last_look = asked[..sent].iter().rposition(|request| calls(request, "eth_chainId")).unwrap();
        let before = transactions();
        for at in 0..=last_look {
            let told = leaves_its_chain_at(&leaver, at);
            let run = publish(endpoints);
            assert_eq!(run.document["code"], "wrong-chain", "at {at} of {last_look}: {run:?}");
            assert!(!told.try_iter().any(|request| calls(&request, "eth_sendRawTransaction")), "at {at}: {run:?}");
        }
        assert_eq!(transactions(), before, "nothing was signed");
        assert_eq!(last_look + 1, sent, "it is looked at right before: {asked:?}");
    }
}

/// Answers of the contract in which the image that was not released is the released one's equal: the first digest that was
/// ever asked for is answered for.
static RELEASED: OnceLock<String> = OnceLock::new();

#[test]
fn a_lie_of_one_is_outvoted_and_of_two_it_leaves_the_verdict_open() {
    if without("node") {
        return;
    }
    let published = Published::on("anvil");
    let honest = node("anvil");
    let (one, two, three) = (Proxy::before(&honest), Proxy::before(&honest), Proxy::before(&honest));
    let endpoints = [one.url.as_str(), &two.url, &three.url];
    // What the contract says of the released image, as it goes over the wire.
    one.set(|request| {
        if !calls(request, "eth_call") {
            return Deed::Pass;
        }
        Deed::Change(|method, _, result| {
            if method == "eth_call" {
                RELEASED.get_or_init(|| result.as_str().unwrap().to_owned());
            }
        })
    });
    assert_eq!(published.verify(0, &[&one.url]).verdict(), ("verified", Some(0)));
    let lie = |_: &Value| {
        Deed::Change(|method, _, result| {
            if method == "eth_call" {
                *result = json!(RELEASED.get().unwrap());
            }
        })
    };
    one.set(|_| Deed::Pass);
    assert_eq!(published.verify(1, &endpoints).verdict(), ("mismatch", Some(3)));
    one.set(lie);
    let run = published.verify_in_time(1, &endpoints);
    assert_eq!(run.verdict(), ("mismatch", Some(3)), "{run:?}");
    assert_eq!(run.document["dissent"], json!([{"endpoint": one.url, "cause": "it tells otherwise"}]), "{run:?}");
    two.set(lie);
    // Two liars of three are believed by a majority; with all three nothing is.
    let home = &published.home;
    let added =
        home.run(&["network", "add", "all", "--agree", "3", "--rpc", &one.url, "--rpc", &two.url, "--rpc", &three.url]);
    assert!(added.success(), "{added:?}");
    let archive = published.archives[1].to_str().unwrap();
    let run = home.run(&["verify", "--network", "all", "--archive", archive]);
    assert_eq!(run.verdict(), ("undecided", Some(1)), "{run:?}");
}

#[test]
fn events_that_one_keeps_back_are_told_by_the_others() {
    if without("node") {
        return;
    }
    let published = Published::on("anvil");
    let honest = node("anvil");
    let (one, two, three) = (Proxy::before(&honest), Proxy::before(&honest), Proxy::before(&honest));
    let endpoints = [one.url.as_str(), &two.url, &three.url];
    let silent = |_: &Value| {
        Deed::Change(|method, _, result| {
            if method == "eth_getLogs" {
                *result = json!([]);
            }
        })
    };
    one.set(silent);
    let run = published.verify(0, &endpoints);
    assert_eq!(run.verdict(), ("verified", Some(0)), "{run:?}");
    assert!(run.document["images"][0]["block"].is_number() && run.document["log_problem"].is_null(), "{run:?}");
    assert!(run.stderr.contains(&format!("`{}` tells other events of blocks", one.url)), "it is named: {run:?}");
    assert!(!run.stderr.contains(&two.url) && !run.stderr.contains(&three.url), "{run:?}");
    let mut args = vec!["history", "--network", "anvil", published.name.as_str()];
    args.extend(endpoints.iter().flat_map(|url| ["--rpc", url]));
    let history = published.home.run(&args);
    let events = history.document["events"].as_array().unwrap_or_else(|| panic!("{history:?}"));
    assert_eq!(events.len(), 1, "{history:?}");
    assert_eq!(history.document["events"][0]["by"], published.address);
    // Two that keep them back are believed about the log by a majority, and never about the state, which decides.
    two.set(silent);
    let fresh = Home::new().on("anvil", &honest);
    let mut args = vec!["verify", "--network", "anvil", "--publisher", &published.address, "--archive"];
    args.push(published.archives[0].to_str().unwrap());
    args.extend(endpoints.iter().flat_map(|url| ["--rpc", url]));
    let run = fresh.run(&args);
    assert_eq!(run.verdict(), ("verified", Some(0)), "{run:?}");
    assert!(run.document["images"][0]["block"].is_null(), "{run:?}");
}

#[test]
fn what_one_kept_back_is_told_by_another_on_the_same_host() {
    if without("node") {
        return;
    }
    let published = Published::on("anvil");
    let proxy = Proxy::before(&node("anvil"));
    let (liar, honest) = (format!("{}/one", proxy.url), format!("{}/other", proxy.url));
    let events = |url: &str| {
        let history = published.home.run(&["history", &published.name, "--network", "anvil", "--rpc", url]);
        history.document["events"].as_array().map(Vec::len)
    };
    proxy.set(|_| {
        Deed::Change(|method, _, result| {
            if method == "eth_getLogs" {
                *result = json!([]);
            }
        })
    });
    assert_eq!(events(&liar), Some(0));
    proxy.set(|_| Deed::Pass);
    assert_eq!((events(&honest), events(&liar)), (Some(1), Some(0)), "each has its own index");
}

#[test]
fn a_node_without_a_log_costs_blocks_and_no_verdict() {
    if without("node") {
        return;
    }
    let published = Published::on("anvil");
    let proxy = Proxy::before(&node("anvil"));
    proxy.set(
        |request| {
            if request["method"] == "eth_getLogs" { Deed::Refuse("logs are not kept here") } else { Deed::Pass }
        },
    );
    let fresh = Home::new().on("anvil", &proxy.url);
    let archive = published.archives[0].to_str().unwrap();
    let run = fresh.run(&["verify", "--publisher", &published.address, "--archive", archive]);
    assert_eq!(run.verdict(), ("verified", Some(0)), "{run:?}");
    assert!(run.document["images"][0]["block"].is_null(), "{run:?}");
    let problem = run.document["log_problem"].as_str().unwrap_or_else(|| panic!("{run:?}"));
    assert!(problem.contains("logs are not kept here"), "{problem}");
    // What rests on no block is not final.
    let run = fresh.run(&["verify", "--require-finality", "--publisher", &published.address, "--archive", archive]);
    assert_eq!(run.verdict(), ("undecided", Some(1)), "{run:?}");
}

#[test]
fn a_log_that_never_comes_is_waited_for_once_and_a_bound_on_requests_is_no_bound_on_ranges() {
    if without("node") {
        return;
    }
    let published = Published::on("anvil");
    let proxy = Proxy::before(&node("anvil"));
    let asked = std::sync::Arc::new(AtomicUsize::new(0));
    for (deed, code) in [
        ((|| Deed::Hold) as fn() -> Deed, "node-timeout"),
        (|| Deed::Refuse("daily request limit exceeded"), "node-error"),
    ] {
        let count = std::sync::Arc::clone(&asked);
        count.store(0, Ordering::SeqCst);
        proxy.set(move |request| {
            if !calls(request, "eth_getLogs") {
                return Deed::Pass;
            }
            count.fetch_add(1, Ordering::SeqCst);
            deed()
        });
        let fresh = Home::new().on("anvil", &proxy.url);
        let began = Instant::now();
        let run = fresh.run(&["history", &published.name]);
        assert_eq!((run.code, run.document["code"].as_str()), (Some(1), Some(code)), "{run:?}");
        assert!(began.elapsed().as_secs() < PATIENCE, "{code}: {:?}", began.elapsed());
        assert_eq!(asked.load(Ordering::SeqCst), 1, "{code}");
    }
}

#[test]
fn a_nodes_error_is_a_sentence_and_raw_only_where_more_is_asked_for() {
    if without("node") {
        return;
    }
    let home = Home::new().on("anvil", &node("anvil"));
    let proxy = Proxy::before(&node("anvil"));
    proxy.set(|_| Deed::Refuse("no \u{1b}[31mmore"));
    let look =
        |more: &[&str]| home.run(&[&["contract", "show", "--network", "anvil", "--rpc", &proxy.url], more].concat());
    let run = look(&[]);
    assert_eq!((run.code, run.document["code"].as_str()), (Some(1), Some("node-error")), "{run:?}");
    let said = format!("{} {}", run.document["message"], run.stderr);
    assert!(said.contains("u{1b}[31mmore") && !said.contains("-32602"), "{said}");
    let run = look(&["-v"]);
    let raw = run.stderr.replace('\\', "");
    assert!(raw.contains(r#"{"code":-32602,"message":"#), "{run:?}");
    assert!(!run.stderr.contains('\u{1b}') && !run.document.to_string().contains("-32602"), "{run:?}");
}

#[test]
fn a_head_that_stands_still_is_left_behind() {
    if without("node") {
        return;
    }
    let published = Published::on("anvil");
    let honest = node("anvil");
    let stale = Proxy::before(&honest);
    // It never gets beyond its first block.
    stale.set(|_| {
        Deed::Change(|method, params, result| {
            let number = params[0].as_str().unwrap_or_default();
            if method == "eth_getBlockByNumber" && number == "latest" {
                result["number"] = json!("0x1");
            } else if method == "eth_getBlockByNumber" && number != "0x1" {
                *result = Value::Null;
            }
        })
    });
    for _ in 0..2 {
        rpc(&honest, "anvil_mine", &json!([]));
    }
    let twin = Proxy::before(&honest);
    let run = published.verify_in_time(0, &[&honest, &stale.url, &twin.url]);
    assert_eq!(run.verdict(), ("verified", Some(0)), "{run:?}");
    let cause = run.document["dissent"][0]["cause"].as_str().unwrap();
    assert!(cause.starts_with("it is at block 1, and the others are at"), "{cause}");
}

#[test]
fn websocket_and_ipc_tell_the_same() {
    if without("node") {
        return;
    }
    let published = Published::on("geth");
    let ipc =
        std::env::var("DAOCHAIN_TEST_IPC").unwrap_or_else(|_| panic!("DAOCHAIN_TEST_IPC names no socket of geth's"));
    let (http, ipc) = (node("geth"), format!("ipc:{ipc}"));
    let socket = http.replace("http://", "ws://");
    for endpoints in [&[http.as_str()][..], &[&socket], &[&ipc], &[&http, &socket, &ipc]] {
        let run = published.verify_in_time(0, endpoints);
        assert_eq!(
            (run.verdict(), &run.document["dissent"]),
            (("verified", Some(0)), &json!([])),
            "{endpoints:?}: {run:?}"
        );
        let run = published.verify(1, endpoints);
        assert_eq!(run.verdict(), ("mismatch", Some(3)), "{endpoints:?}: {run:?}");
    }
    let status = published.home.run(&["node", "status", "--network", "geth", "--rpc", &socket, "--rpc", &ipc]);
    assert!(status.success(), "{status:?}");
    for nowhere in ["ws://127.0.0.1:1", "ipc:/nonexistent/geth.ipc"] {
        let run = published.verify(0, &[nowhere]);
        assert_eq!(run.verdict(), ("undecided", Some(1)), "{run:?}");
        assert_eq!(run.document["problem"]["code"], "node-unreachable", "{run:?}");
    }
    // A transaction too.
    let archive = published.archives[1].to_str().unwrap();
    for endpoint in [&socket, &ipc] {
        let args = [
            "publish",
            "--network",
            "geth",
            "--rpc",
            endpoint,
            "--archive",
            archive,
            "--yes",
            "--again",
            "--confirmations",
            "1",
        ];
        let run = published.home.run(&args);
        assert!(run.success(), "{run:?}");
    }
}

#[test]
fn an_answer_too_large_for_a_lasting_connection_is_asked_for_in_parts() {
    if without("node") {
        return;
    }
    let published = Published::on("geth");
    for _ in 0..6 {
        fund(&node("geth"), &published.address);
    }
    let socket = std::env::var("DAOCHAIN_TEST_IPC").unwrap();
    let (web, web_asked) = flooded::web_socket(node("geth").trim_start_matches("http://"));
    let path = published.home.path().join("geth.ipc");
    let ipc_asked = flooded::ipc(&path, socket.as_ref());
    for (url, asked) in [(web, web_asked), (format!("ipc:{}", path.display()), ipc_asked)] {
        let history = published.home.run(&["history", &published.name, "--rpc", &url]);
        assert_eq!(history.document["events"].as_array().map(Vec::len), Some(1), "{url}: {history:?}");
        assert!(asked.refused.load(Ordering::SeqCst) > 0, "{url}: it was asked for little");
    }
}

#[test]
fn a_status_names_the_one_that_is_of_another_chain_however_fast_it_is() {
    if without("node") {
        return;
    }
    let honest = node("anvil");
    let (one, two, foreign) = (Proxy::before(&honest), Proxy::before(&honest), Proxy::before(&honest));
    let late = |_: &Value| {
        std::thread::sleep(Duration::from_millis(300));
        Deed::Pass
    };
    one.set(late);
    two.set(late);
    foreign.set(another_chain);
    let run = Home::new().run(&["node", "status", "--rpc", &foreign.url, "--rpc", &one.url, "--rpc", &two.url]);
    let agrees = |index: usize| run.document["endpoints"][index]["agrees"].as_bool();
    assert_eq!((run.code, [0, 1, 2].map(agrees)), (Some(1), [Some(false), Some(true), Some(true)]), "{run:?}");
    let said = run.document["endpoints"][0]["said"].as_str().unwrap();
    assert!(said.starts_with("it is of chain 7; "), "{said}");
    assert!(run.document["endpoints"][0]["head"]["number"].is_u64(), "{run:?}");
}

#[test]
fn an_old_head_and_one_ahead_of_the_clock_are_told_beside_verdict_and_status() {
    fn shifted(seconds: i64, method: &str, result: &mut Value) {
        if method == "eth_getBlockByNumber" && result.is_object() {
            let at = i64::from_str_radix(&result["timestamp"].as_str().unwrap()[2..], 16).unwrap();
            result["timestamp"] = json!(format!("{:#x}", at + seconds));
        }
    }
    if without("node") {
        return;
    }
    let published = Published::on("anvil");
    let proxy = Proxy::before(&node("anvil"));
    let status = || published.home.run(&["node", "status", "--network", "anvil", "--rpc", &proxy.url]);
    let endpoint = |run: &Run| run.document["endpoints"][0].clone();
    let now = endpoint(&status());
    assert!(now["late"].is_null() && now["head_ahead_seconds"].is_null(), "{now}");

    proxy.set(|_| Deed::Change(|method, _, result| shifted(-864_000, method, result)));
    let run = published.verify(0, &[&proxy.url]);
    let reason = run.document["images"][0]["reason"].as_str().unwrap();
    assert!(run.success() && reason.contains("s old, and the last ones came every"), "{run:?}");
    let late = endpoint(&status());
    assert!(late["late"].as_str().unwrap().contains("or its chain rests"), "{late}");

    proxy.set(|_| Deed::Change(|method, _, result| shifted(864_000, method, result)));
    let run = published.verify(0, &[&proxy.url]);
    let reason = run.document["images"][0]["reason"].as_str().unwrap();
    assert!(run.success() && reason.contains("ahead of this machine's clock"), "{run:?}");
    let ahead = endpoint(&status());
    assert!(ahead["head_ahead_seconds"].as_u64().unwrap() > 800_000 && ahead["late"].is_null(), "{ahead}");

    proxy.set(|_| Deed::Change(|method, _, result| shifted(1 << 40, method, result)));
    let run = published.verify(0, &[&proxy.url]);
    assert_eq!(
        (run.verdict(), &run.document["problem"]["code"]),
        (("undecided", Some(1)), &json!("node-malformed")),
        "{run:?}"
    );
}

#[tokio::test]
async fn a_socket_that_hangs_holds_no_news_of_blocks_up() {
    if without("node") {
        return;
    }
    // It takes connections, and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (one, two) = (Proxy::before(&node("anvil")), Proxy::before(&node("anvil")));
    let hangs = format!("ws://{}", silent.local_addr().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let rpc = vec![hangs, one.url, two.url];
    let options = Options { home: Some(folder.path().to_owned()), rpc, ..Options::default() };
    let context = Context::open(Config::load(options, &|_| None).unwrap()).unwrap();
    let began = Instant::now();
    let mut news = follow_chain(&context);
    for _ in 0..2 {
        let change = tokio::time::timeout(Duration::from_secs(6), news.recv()).await;
        assert!(matches!(change, Ok(Some(ChainChange::Block(_)))), "{change:?} after {:?}", began.elapsed());
        rpc_in_background("anvil_mine");
    }
}

fn rpc_in_background(method: &'static str) {
    std::thread::spawn(move || rpc(&node("anvil"), method, &json!([])));
}

#[test]
fn a_status_does_not_wait_for_what_a_node_need_not_tell() {
    if without("node") {
        return;
    }
    let silent = Proxy::before(&node("anvil"));
    silent.set(|request| {
        let extras = ["web3_clientVersion", "net_peerCount", "txpool_status", "eth_syncing"];
        if extras.iter().any(|method| calls(request, method)) { Deed::Hold } else { Deed::Pass }
    });
    let began = Instant::now();
    let run = Home::new().run(&["node", "status", "--rpc", &silent.url]);
    assert!(run.success() && began.elapsed().as_secs() < 9, "{:?}: {run:?}", began.elapsed());
    let endpoint = &run.document["endpoints"][0];
    assert!(endpoint["head"]["number"].is_u64() && endpoint["client"].is_null(), "{run:?}");
}

#[test]
fn one_endpoint_named_twice_is_not_two() {
    let twice = ["--rpc", "http://127.0.0.1:1", "--rpc", "http://127.0.0.1:1/"];
    let added = Home::new().run(&[&["network", "add", "twice"], &twice[..]].concat());
    assert_eq!((added.code, added.document["code"].as_str()), (Some(1), Some("endpoint-invalid")), "{added:?}");
    let run = Home::new().run(&[&["node", "status"], &twice[..]].concat());
    assert_eq!((run.code, run.document["code"].as_str()), (Some(1), Some("endpoint-invalid")), "{run:?}");
}

#[test]
fn a_verdict_tells_how_settled_its_block_is() {
    if without("node") {
        return;
    }
    let published = Published::on("anvil");
    let archive = published.archives[0].to_str().unwrap();
    let run = published.verify(0, &[&node("anvil")]);
    let image = &run.document["images"][0];
    assert_eq!((run.verdict(), &image["finality"]), (("verified", Some(0)), &json!("included")), "{run:?}");
    assert!(image["reason"].as_str().unwrap().contains("not final yet"), "{image}");
    let run = published.home.run(&["verify", "--require-finality", "--archive", archive]);
    assert_eq!(run.verdict(), ("undecided", Some(1)), "{run:?}");
    assert!(run.document["images"][0]["reason"].as_str().unwrap().contains("`final` is required"), "{run:?}");
}
