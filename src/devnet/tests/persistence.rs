//! What survives a restart, a kill, damage, and a change of host.

use std::fs::{self, File};
use std::time::Duration;

use serde_json::json;

use super::node::{Home, SOMEONE, legacy_transfer};
use crate::devnet::{DevnetError, JoinOptions, Joined, faucet_key, join};

const HASTY: JoinOptions = JoinOptions {
    patience: Duration::from_millis(200),
};

#[tokio::test]
async fn the_chain_survives_a_restart() {
    let home = Home::new();
    let node = home.host().await;
    let hash = node.pay(0, 5).await;
    node.send(&legacy_transfer(1, 6)).await.unwrap();
    let head = node
        .ok("eth_getBlockByNumber", json!(["latest", false]))
        .await;
    node.end().await;

    let node = home.host().await;
    assert_eq!(node.notices(), &[] as &[String]);
    assert_eq!(node.balance(SOMEONE).await, "0xb");
    let again = node
        .ok("eth_getBlockByNumber", json!(["latest", false]))
        .await;
    assert_eq!(again, head);
    let receipt = node.ok("eth_getTransactionReceipt", json!([hash])).await;
    assert_eq!(receipt["blockNumber"], "0x1");
    node.pay(2, 1).await;
    assert_eq!(node.block_number().await, "0x3");
}

#[tokio::test]
async fn a_killed_host_leaves_every_answered_transaction() {
    let home = Home::new();
    let node = home.host().await;
    node.pay(0, 5).await;
    // What a kill leaves is what is on the disk now: the host has not ended, and nothing is flushed.
    let after = Home::new();
    fs::create_dir(after.dir()).unwrap();
    for name in ["blocks", "faucet.key", "endpoint", "lock"] {
        fs::copy(home.file(name), after.file(name)).unwrap();
    }
    let node = after.host().await;
    assert_eq!(node.balance(SOMEONE).await, "0x5");
    assert_eq!(node.block_number().await, "0x1");
}

#[tokio::test]
async fn a_torn_last_block_is_dropped_with_a_notice() {
    let home = Home::new();
    let node = home.host().await;
    node.pay(0, 5).await;
    node.pay(1, 6).await;
    node.end().await;
    let blocks = File::options()
        .write(true)
        .open(home.file("blocks"))
        .unwrap();
    blocks
        .set_len(blocks.metadata().unwrap().len() - 3)
        .unwrap();

    let node = home.host().await;
    assert!(
        node.notices()[0].contains("dropped"),
        "{:?}",
        node.notices()
    );
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
    fs::write(
        home.file("blocks"),
        [bytes.as_slice(), &bytes[80..]].concat(),
    )
    .unwrap();

    let node = home.host().await;
    assert!(
        node.notices()[0].contains("does not follow"),
        "{:?}",
        node.notices()
    );
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
    assert!(matches!(
        faucet_key(&home.dir()),
        Err(DevnetError::BadFaucet { .. })
    ));

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
    let Joined::Guest(endpoint) = &guest else {
        unreachable!()
    };
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
    let dir = home.dir();
    let joining = (0..6).map(|_| join(&dir, JoinOptions::default()));
    let joined: Vec<_> = futures_util::future::join_all(joining)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
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
    assert!(matches!(
        error,
        DevnetError::File {
            operation: "create",
            ..
        }
    ));
    assert!(matches!(
        faucet_key(home.dir().parent().unwrap()),
        Err(DevnetError::NoFaucet { .. })
    ));
}
