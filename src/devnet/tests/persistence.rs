//! What survives a restart, a kill, damage, and a change of host.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::json;

use super::node::{Home, Node, SOMEONE, legacy_transfer, transfer};
use crate::devnet::{DevnetError, JoinOptions, Joined, faucet_key, join};

const HASTY: JoinOptions = JoinOptions { patience: Duration::from_millis(200) };

#[tokio::test]
async fn the_chain_survives_a_restart() {
    let home = Home::new();
    let node = home.host().await;
    let hash = node.pay(0, 5).await;
    node.send(&legacy_transfer(1, 6)).await.unwrap();
    let head = node.ok("eth_getBlockByNumber", json!(["latest", false])).await;
    node.end().await;

    let node = home.host().await;
    assert_eq!(node.notices(), &[] as &[String]);
    assert_eq!(node.balance(SOMEONE).await, "0xb");
    let again = node.ok("eth_getBlockByNumber", json!(["latest", false])).await;
    assert_eq!(again, head);
    let receipt = node.ok("eth_getTransactionReceipt", json!([hash])).await;
    assert_eq!(receipt["blockNumber"], "0x1");
    node.pay(2, 1).await;
    assert_eq!(node.block_number().await, "0x3");
}

#[tokio::test]
async fn clients_that_hang_up_leave_no_block_half_made() {
    const COUNT: u64 = 120;
    let home = Home::new();
    let node = home.host().await;
    for nonce in 0..COUNT {
        let raw = node.sign(&transfer(nonce, 1)).await;
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": "eth_sendRawTransaction", "params": [raw]}).to_string();
        node.post_and_leave(&body, Duration::from_micros(nonce * 50)).await;
        // Where the request was not read to its end; geth's words for what is there already.
        if let Err(error) = node.call("eth_sendRawTransaction", json!([raw])).await {
            let message = error["message"].as_str().unwrap();
            assert!(["already known", "nonce too low"].contains(&message), "{message}");
        }
        assert_eq!(node.block_number().await, format!("{:#x}", nonce + 1));
    }
    node.end().await;

    let node = home.host().await;
    assert_eq!(node.notices(), &[] as &[String]);
    assert_eq!(node.balance(SOMEONE).await, format!("{COUNT:#x}"));
}

const VICTIM: &str = "DAOCHAIN_TEST_VICTIM";

/// The process that is killed: hosts, pays one wei at a time, and says how often it was answered.
#[tokio::test]
#[ignore = "is started by the test below"]
async fn victim() {
    let Some(dir) = std::env::var_os(VICTIM) else {
        return;
    };
    let node = Node::host(Path::new(&dir)).await;
    for nonce in 0.. {
        node.pay(nonce, 1).await;
        writeln!(io::stdout(), "answered {}", nonce + 1).unwrap();
    }
}

#[tokio::test]
async fn a_killed_host_hands_over_every_answered_transaction() {
    let home = Home::new();
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "devnet::tests::persistence::victim"])
        .args(["--ignored", "--nocapture"])
        .env(VICTIM, home.dir())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(victim.stdout.take().unwrap()).lines();
    lines.find(|line| line.as_ref().unwrap().contains("answered 3"));
    let guest = join(&home.dir(), JoinOptions::default()).await.unwrap();
    let Joined::Guest(endpoint) = &guest else { unreachable!() };
    assert_eq!(endpoint.pid(), victim.id());
    victim.kill().unwrap();
    victim.wait().unwrap();
    let answered =
        lines.map_while(Result::ok).filter_map(|line| line.strip_prefix("answered ")?.parse().ok()).fold(3, u64::max);

    assert!(!guest.is_alive().await);
    let node = home.host().await;
    let balance = node.balance(SOMEONE).await;
    let balance = u64::from_str_radix(&balance.as_str().unwrap()[2..], 16).unwrap();
    // The kill may have come between a block and its answer.
    assert!((answered..=answered + 1).contains(&balance), "{answered}");
    assert_eq!(node.block_number().await, format!("{balance:#x}"));
    node.pay(balance, 1).await;
}

#[tokio::test]
async fn a_torn_last_block_is_dropped_with_a_notice() {
    let home = Home::new();
    let node = home.host().await;
    node.pay(0, 5).await;
    node.pay(1, 6).await;
    node.end().await;
    let blocks = File::options().write(true).open(home.file("blocks")).unwrap();
    blocks.set_len(blocks.metadata().unwrap().len() - 3).unwrap();

    let node = home.host().await;
    assert!(node.notices()[0].contains("dropped"), "{:?}", node.notices());
    assert_eq!(node.balance(SOMEONE).await, "0x5");
    node.pay(1, 7).await;
    node.end().await;
    let node = home.host().await;
    assert_eq!(node.notices(), &[] as &[String]);
    assert_eq!(node.balance(SOMEONE).await, "0xc");
    assert_eq!(home.set_aside(), 0);
}

#[tokio::test]
async fn a_damaged_block_sets_the_rest_aside() {
    let home = Home::new();
    let node = home.host().await;
    node.pay(0, 5).await;
    let good = fs::metadata(home.file("blocks")).unwrap().len();
    node.pay(1, 6).await;
    node.pay(2, 7).await;
    node.end().await;
    let mut bytes = fs::read(home.file("blocks")).unwrap();
    let whole = bytes.len() as u64;
    bytes[usize::try_from(good).unwrap() + 20] ^= 1;
    fs::write(home.file("blocks"), &bytes).unwrap();

    let node = home.host().await;
    let notice = &node.notices()[0];
    assert!(notice.contains("continues from block 1"), "{notice}");
    assert_eq!(node.balance(SOMEONE).await, "0x5");
    let name = notice.split('`').nth(1).unwrap();
    assert_eq!(fs::metadata(home.file(name)).unwrap().len(), whole - good);
    node.pay(1, 1).await;
    assert_eq!(node.balance(SOMEONE).await, "0x6");
}

#[tokio::test]
async fn a_whole_record_that_does_not_execute_is_set_aside() {
    let home = Home::new();
    let node = home.host().await;
    node.pay(0, 5).await;
    node.end().await;
    // The first block twice: intact, and no child of itself.
    let bytes = fs::read(home.file("blocks")).unwrap();
    fs::write(home.file("blocks"), [bytes.as_slice(), &bytes[80..]].concat()).unwrap();

    let node = home.host().await;
    assert!(node.notices()[0].contains("does not follow"), "{:?}", node.notices());
    assert_eq!(node.block_number().await, "0x1");
    assert_eq!(home.set_aside(), 1);
}

#[tokio::test]
async fn another_faucet_begins_another_chain_and_keeps_the_old_one() {
    let home = Home::new();
    let node = home.host().await;
    node.pay(0, 5).await;
    node.end().await;
    fs::write(home.file("faucet.key"), "no key\n").unwrap();
    assert!(matches!(faucet_key(&home.dir()), Err(DevnetError::BadFaucet { .. })));

    let node = home.host().await;
    assert_eq!(node.notices().len(), 2, "{:?}", node.notices());
    assert_eq!(node.block_number().await, "0x0");
    assert_eq!(home.set_aside(), 2);
}

#[tokio::test]
async fn a_second_process_is_a_guest_until_the_host_ends() {
    let home = Home::new();
    let node = home.host().await;
    node.pay(0, 5).await;
    let guest = join(&home.dir(), JoinOptions::default()).await.unwrap();
    assert!(!guest.is_host());
    assert!(guest.is_alive().await);
    let Joined::Guest(endpoint) = &guest else { unreachable!() };
    assert_eq!(endpoint.pid(), std::process::id());

    node.end().await;
    assert!(!guest.is_alive().await);
    assert!(!home.file("endpoint").exists());
    let node = home.host().await;
    assert_eq!(node.balance(SOMEONE).await, "0x5");
}

#[tokio::test]
async fn of_hosts_that_race_exactly_one_wins_and_all_reach_it() {
    let home = Home::new();
    let joining = (0..6).map(|_| {
        let dir = home.dir();
        async move {
            let joining = tokio::spawn(async move { join(&dir, JoinOptions::default()).await });
            joining.await.unwrap()
        }
    });
    let joined: Vec<_> = futures_util::future::join_all(joining).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(joined.iter().filter(|joined| joined.is_host()).count(), 1);
    assert!(joined.iter().all(|other| other.url() == joined[0].url()));
}

#[tokio::test]
async fn a_stranger_on_the_old_port_is_not_taken_for_the_host() {
    let home = Home::new();
    let elsewhere = Home::new();
    let stranger = elsewhere.host().await;
    home.host().await.end().await;
    // Someone holds the lock and has not written where it listens; the old endpoint is a stranger's.
    let lock = File::options().write(true).open(home.file("lock")).unwrap();
    lock.try_lock().unwrap();
    let text = fs::read_to_string(elsewhere.file("endpoint")).unwrap();
    let mut address: serde_json::Value = serde_json::from_str(&text).unwrap();
    address["identity"] = json!("0123");
    fs::write(home.file("endpoint"), address.to_string()).unwrap();
    let refused = join(&home.dir(), HASTY).await;
    assert!(matches!(refused, Err(DevnetError::HostSilent { .. })));

    drop(lock);
    assert!(join(&home.dir(), HASTY).await.unwrap().is_host());
    stranger.end().await;
}

#[tokio::test]
async fn dropping_the_host_frees_the_home_at_once() {
    let home = Home::new();
    drop(join(&home.dir(), HASTY).await.unwrap());
    assert!(join(&home.dir(), HASTY).await.unwrap().is_host());
}

#[tokio::test]
async fn a_folder_that_cannot_be_used_is_named() {
    let home = Home::new();
    fs::write(home.dir(), "a file where the folder should be").unwrap();
    let error = join(&home.dir(), HASTY).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains(&home.dir().display().to_string()), "{text}");
    assert!(matches!(error, DevnetError::File { operation: "create", .. }));
    assert!(matches!(faucet_key(home.dir().parent().unwrap()), Err(DevnetError::NoFaucet { .. })));
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_can_read_the_home() {
    use std::os::unix::fs::PermissionsExt as _;

    let home = Home::new();
    let node = home.host().await;
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&home.dir()), 0o700);
    for name in ["blocks", "endpoint", "faucet.key"] {
        assert_eq!(mode(&home.file(name)), 0o600, "{name}");
    }
    node.end().await;
}

#[test]
fn a_node_can_be_shared_between_threads() {
    fn shareable<T: Send + Sync + 'static>() {}
    shareable::<Joined>();
}
