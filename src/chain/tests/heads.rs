//! News of blocks from a node that pushes far too many.

use std::{
    future::ready,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, UnixListener, UnixStream},
    time::timeout,
};

use super::{super::*, header, only, word};

/// Heads that are pushed at once.
const BURST: usize = 16;

/// Answers what is asked, and pushes heads without end once it is asked to.
async fn flood(stream: UnixStream, pushed: Arc<AtomicUsize>) {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    let mut is_subscribed = false;
    let head = json!({"jsonrpc": "2.0", "method": "eth_subscription",
        "params": {"subscription": word("01"), "result": header("0x9")}});
    let burst = format!("{head}\n").repeat(BURST);
    loop {
        let text = tokio::select! {
            biased;
            line = lines.next_line() => {
                let Ok(Some(line)) = line else { return };
                let request: Value = serde_json::from_str(&line).unwrap();
                is_subscribed |= request["method"] == "eth_subscribe";
                let result = if request["method"] == "eth_chainId" { "0x539".to_owned() } else { word("01") };
                format!("{}\n", json!({"jsonrpc": "2.0", "id": request["id"], "result": result}))
            }
            () = ready(()), if is_subscribed => {
                pushed.fetch_add(BURST, Ordering::Relaxed);
                burst.clone()
            }
        };
        if writer.write_all(text.as_bytes()).await.is_err() {
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_heads_is_a_few_pieces_of_news() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("node.ipc");
    let listener = UnixListener::bind(&path).unwrap();
    let pushed = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&pushed);
    let node = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(flood(stream, Arc::clone(&counter)));
        }
    });
    let url: Url = format!("ipc:{}", path.display()).parse().unwrap();
    // It takes connections, says nothing, and keeps nobody from the other.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let hangs = format!("ws://{}", silent.local_addr().unwrap()).parse().unwrap();
    let both = Chain::new(ChainConfig::new("test", vec![hangs, url.clone()])).unwrap();
    assert!(timeout(Duration::from_secs(3), both.new_heads()).await.unwrap().is_some());
    let chain = Chain::new(ChainConfig::new("test", vec![url])).unwrap();
    let mut heads = chain.new_heads().await.unwrap();
    let began = Instant::now();
    let mut news = 0;
    while began.elapsed() < Duration::from_secs(4) {
        timeout(Duration::from_secs(3), heads.changed()).await.unwrap().unwrap();
        news += 1;
        // The connection is of use all the while.
        assert_eq!(timeout(Duration::from_secs(1), only(&chain).chain_id()).await.unwrap(), Ok(1337));
    }
    assert!((3..=17).contains(&news), "{news} pieces of news in 4 s");
    let seen = pushed.load(Ordering::Relaxed);
    assert!(seen > 8000, "{seen} heads are no flood");
    node.abort();
}
