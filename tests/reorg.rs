//! Reorganisations on a full geth: a publication whose block is taken back waits again, is included again, and is never
//! made twice.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by panicking, and names its parts on stderr"
)]

mod support;

use std::{
    io::{BufRead as _, BufReader, Write as _},
    os::unix::net::UnixStream,
    path::Path,
    process::Command,
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use serde_json::{Value, json};
use support::{
    Home,
    layout::{Blobs, MANIFEST},
    rpc, wait_for, without,
};

/// A full geth, and what it is told.
struct Chain {
    folder: tempfile::TempDir,
    url: String,
}

impl Chain {
    fn start(address: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = reorg_geth(&["start", folder.path().join("geth").to_str().unwrap(), address]);
        eprintln!("part: {}", rpc(&url, "web3_clientVersion", &json!([])));
        Self { folder, url }
    }

    fn tell(&self, command: &str, more: &[&str]) -> String {
        reorg_geth(&[&[command, self.folder.path().join("geth").to_str().unwrap()], more].concat())
    }

    fn mine(&self) -> String {
        self.tell("mine", &[])
    }

    fn mine_nothing(&self) -> String {
        self.tell("mine", &["empty"])
    }

    fn head(&self) -> String {
        rpc(&self.url, "eth_getBlockByNumber", &json!(["latest", false]))["hash"].as_str().unwrap().to_owned()
    }

    /// Makes blocks while `work` waits for them.
    fn mining<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    self.mine();
                    thread::park_timeout(Duration::from_millis(300));
                }
            });
            let result = work();
            done.store(true, Ordering::Relaxed);
            result
        })
    }
}

impl Drop for Chain {
    fn drop(&mut self) {
        reorg_geth(&["stop", self.folder.path().join("geth").to_str().unwrap()]);
    }
}

/// What geth tells of logs by itself, over its socket.
struct Logs {
    told: mpsc::Receiver<Value>,
}

impl Logs {
    fn of(chain: &Chain) -> Self {
        let mut socket = UnixStream::connect(chain.folder.path().join("geth/geth.ipc")).unwrap();
        let lines = BufReader::new(socket.try_clone().unwrap()).lines();
        let subscribe = json!({"jsonrpc": "2.0", "id": 1, "method": "eth_subscribe", "params": ["logs", {}]});
        writeln!(socket, "{subscribe}").unwrap();
        let (tell, told) = mpsc::channel();
        thread::spawn(move || {
            // Closed with the test's end.
            let _open = socket;
            for line in lines.map_while(Result::ok) {
                let _ = tell.send(serde_json::from_str(&line).unwrap());
            }
        });
        let logs = Self { told };
        assert!(logs.next()["result"].is_string(), "geth takes the subscription");
        logs
    }

    fn next(&self) -> Value {
        self.told.recv_timeout(Duration::from_secs(20)).unwrap()
    }

    /// The next log: its transaction, its block, and whether a reorganisation took it away.
    fn next_log(&self) -> (Value, Value, bool) {
        let log = self.next()["params"]["result"].clone();
        let removed = log["removed"].as_bool().unwrap_or_else(|| panic!("{log}"));
        (log["transactionHash"].clone(), log["blockHash"].clone(), removed)
    }
}

fn reorg_geth(arguments: &[&str]) -> String {
    let geth = std::env::var("DAOCHAIN_TEST_GETH").unwrap_or_else(|_| panic!("DAOCHAIN_TEST_GETH names no geth"));
    let mut command = Command::new("python3");
    command.arg("tests/parts/reorg_geth.py").args(arguments).env_remove("GETH").env("DAOCHAIN_GETH", geth);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn archive(folder: &Path, name: &str) -> String {
    let mut blobs = Blobs::default();
    let image = blobs.image("amd64", name.as_bytes());
    let path = folder.join(format!("{}.tar", name.replace([':', '/'], "-")));
    std::fs::write(&path, blobs.archive(&format!("docker.io/{name}"), MANIFEST, image.manifest)).unwrap();
    path.to_str().unwrap().to_owned()
}

fn stages(home: &Home) -> Vec<String> {
    let listed = home.run(&["tx", "list"]);
    let all = listed.document["transactions"].as_array().unwrap_or_else(|| panic!("{listed:?}"));
    let publications = all.iter().filter(|one| one["kind"] != "deployment");
    publications.map(|one| one["stage"].as_str().unwrap().to_owned()).collect()
}

fn events(home: &Home, name: &str) -> usize {
    let history = home.run(&["history", name]);
    history.document["events"].as_array().unwrap_or_else(|| panic!("{history:?}")).len()
}

#[test]
fn a_publication_outlives_the_blocks_that_had_it() {
    if without("geth") {
        return;
    }
    let home = Home::new();
    let made = home.run(&["account", "new"]);
    let address = made.document["account"]["address"].as_str().unwrap().to_owned();
    let chain = Chain::start(&address);
    let home = home.on("full", &chain.url);
    let deployed = chain.mining(|| home.run(&["contract", "deploy", "--yes"]));
    assert!(deployed.success(), "{deployed:?}");
    assert!(home.run(&["trust", "add", "acme/*", &address]).success());
    let verdict = |file: &str| home.run(&["verify", "--archive", file]).document["verdict"].clone();

    // Dropped: another block, without it, takes the place of the one that had it.
    let first = archive(home.path(), "acme/dropped:1");
    assert!(home.run(&["publish", "--archive", &first, "--yes", "--no-wait"]).success());
    assert_eq!(stages(&home), ["broadcast"]);
    let before = chain.head();
    let logs = Logs::of(&chain);
    chain.mine();
    let (transaction, block, removed) = logs.next_log();
    assert!(!removed);
    assert_eq!((stages(&home), events(&home, "acme/dropped:1")), (vec!["included".to_owned()], 1));
    assert_eq!(verdict(&first), "verified");
    chain.tell("head", &[&before]);
    chain.mine_nothing();
    // The node tells of the log again, as one that is gone. Index and verdict follow the blocks.
    assert_eq!(logs.next_log(), (transaction.clone(), block.clone(), true));
    assert_eq!((stages(&home), events(&home, "acme/dropped:1")), (vec!["broadcast".to_owned()], 0));
    assert_eq!(verdict(&first), "unpublished");
    chain.mine();
    let (same, another, removed) = logs.next_log();
    assert!(same == transaction && another != block && !removed, "it is in another block now");
    assert_eq!((stages(&home), events(&home, "acme/dropped:1")), (vec!["included".to_owned()], 1));
    for _ in 0..2 {
        chain.mine_nothing();
    }
    assert_eq!(stages(&home), ["confirmed"]);

    // Reordered: two that had a block each share one.
    let two = ["acme/one:1", "acme/two:1"].map(|name| (name, archive(home.path(), name)));
    let before = chain.head();
    for (_, file) in &two {
        assert!(home.run(&["publish", "--archive", file, "--yes", "--no-wait"]).success());
        chain.mine();
    }
    let block = |name: &str| -> Value { home.run(&["history", name]).document["events"][0]["block"].clone() };
    assert_ne!(block(two[0].0), block(two[1].0));
    chain.tell("head", &[&before]);
    chain.mine();
    assert_eq!(block(two[0].0), block(two[1].0));
    for _ in 0..2 {
        chain.mine_nothing();
    }
    assert_eq!(stages(&home), ["confirmed"; 3]);
    for (name, file) in &two {
        assert_eq!((events(&home, name), verdict(file)), (1, json!("verified")));
    }
    let count = rpc(&chain.url, "eth_getTransactionCount", &json!([address, "latest"]));
    assert_eq!(count, "0x5", "two deployments and three publications, each once");
}

#[test]
fn who_waits_follows_a_publication_out_of_its_block_and_into_another() {
    if without("geth") {
        return;
    }
    let home = Home::new();
    let made = home.run(&["account", "new"]);
    let chain = Chain::start(made.document["account"]["address"].as_str().unwrap());
    let home = home.on("full", &chain.url);
    let deployed = chain.mining(|| home.run(&["contract", "deploy", "--yes"]));
    assert!(deployed.success(), "{deployed:?}");
    let file = archive(home.path(), "acme/waiting:1");
    let until = |stage: &str| wait_for(stage, || (stages(&home) == [stage]).then_some(()));
    let publish = ["publish", "--archive", &file, "--yes", "--confirmations", "3"];
    thread::scope(|scope| {
        let waiting = scope.spawn(|| home.run(&publish));
        until("broadcast");
        let before = chain.head();
        chain.mine();
        until("included");
        chain.tell("head", &[&before]);
        chain.mine_nothing();
        until("broadcast");
        thread::sleep(Duration::from_secs(3));
        assert!(!waiting.is_finished(), "it waits for the next block");
        chain.mine();
        chain.mine_nothing();
        chain.mine_nothing();
        let run = waiting.join().unwrap();
        assert!(run.success(), "{run:?}");
        assert_eq!(run.document["publications"][0]["stage"], "included", "{run:?}");
    });
    assert_eq!((stages(&home), events(&home, "acme/waiting:1")), (vec!["confirmed".to_owned()], 1));
}

#[test]
fn two_nodes_become_peers() {
    if without("geth") {
        return;
    }
    let home = Home::new();
    // Of one genesis, or they would not talk.
    let address = "0x00000000000000000000000000000000000000aa";
    let (one, two) = (Chain::start(address), Chain::start(address));
    let peers = || -> Value {
        let run = home.run(&["node", "peers", "--rpc", &one.url]);
        assert!(run.success(), "{run:?}");
        run.document["endpoints"][0]["peers"].clone()
    };
    assert_eq!(peers(), json!([]));
    two.mine_nothing();
    let enode = rpc(&two.url, "admin_nodeInfo", &json!([]))["enode"].as_str().unwrap().to_owned();
    let added = home.run(&["node", "add-peer", "--rpc", &one.url, &enode]);
    assert!(added.success(), "{added:?}");
    // Of a peer that has only just shaken hands no head is known.
    let connected = wait_for("the peer", || Some(peers()).filter(|peers| peers[0]["head"].is_number()));
    assert!(connected[0]["name"].as_str().unwrap().starts_with("Geth/"), "{connected:?}");
    assert_eq!(connected[0]["inbound"], false, "{connected:?}");
    let status = home.run(&["node", "status", "--rpc", &one.url]);
    assert_eq!(status.document["endpoints"][0]["peers"], 1, "{status:?}");
    let refused = home.run(&["node", "add-peer", "--rpc", &one.url, "enode://00@127.0.0.1:1"]);
    assert_eq!((refused.code, refused.document["code"].as_str()), (Some(1), Some("node-error")), "{refused:?}");
}
