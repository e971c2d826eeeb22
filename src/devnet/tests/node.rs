//! The builder of the tests: a home, a node in it, and a client that signs.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ethers_core::types::transaction::eip2718::TypedTransaction;
use ethers_core::types::{Address, Eip1559TransactionRequest, TransactionRequest, U256};
use ethers_signers::{LocalWallet, Signer as _};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::devnet::{CHAIN_ID, Devnet, JoinOptions, Joined, faucet_key, join};

/// An account that nobody has.
pub(super) const SOMEONE: &str = "0x00000000000000000000000000000000000000aa";

pub(super) struct Home(TempDir);

impl Home {
    pub(super) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(super) fn dir(&self) -> PathBuf {
        self.0.path().join("devnet")
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.dir().join(name)
    }

    pub(super) async fn host(&self) -> Node {
        Node::host(&self.dir()).await
    }

    /// How many files were set aside.
    pub(super) fn set_aside(&self) -> usize {
        let names = std::fs::read_dir(self.dir()).unwrap();
        names
            .filter(|entry| {
                let name = entry.as_ref().unwrap().file_name();
                name.to_string_lossy().contains(".damaged-") || name.to_string_lossy().contains(".other-")
            })
            .count()
    }
}

pub(super) struct Node {
    devnet: Devnet,
    wallet: LocalWallet,
}

impl Node {
    pub(super) async fn host(dir: &Path) -> Self {
        let Joined::Host(devnet) = join(dir, JoinOptions::default()).await.unwrap() else {
            panic!("another process hosts {}", dir.display());
        };
        let wallet = LocalWallet::from_bytes(faucet_key(dir).unwrap().as_slice()).unwrap();
        Self { devnet, wallet: wallet.with_chain_id(CHAIN_ID) }
    }

    pub(super) fn notices(&self) -> &[String] {
        self.devnet.notices()
    }

    pub(super) async fn end(self) {
        self.devnet.shutdown().await;
    }

    pub(super) fn faucet(&self) -> String {
        format!("{:#x}", self.wallet.address())
    }

    /// The result of a call, or its error object.
    pub(super) async fn call(&self, method: &str, params: Value) -> Result<Value, Value> {
        let request = json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params});
        let (status, answer) = post(self.devnet.url(), "", &request.to_string()).await;
        assert_eq!(status, 200);
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["id"], 7);
        match answer.get("error") {
            Some(error) => Err(error.clone()),
            None => Ok(answer["result"].clone()),
        }
    }

    pub(super) async fn ok(&self, method: &str, params: Value) -> Value {
        self.call(method, params).await.unwrap()
    }

    pub(super) async fn message(&self, method: &str, params: Value) -> String {
        let error = self.call(method, params).await.unwrap_err();
        error["message"].as_str().unwrap().to_owned()
    }

    /// Posts `body` as it is, with further header lines.
    pub(super) async fn post(&self, headers: &str, body: &str) -> (u16, String) {
        post(self.devnet.url(), headers, body).await
    }

    /// Posts `body` and hangs up `after` that, whatever becomes of it.
    pub(super) async fn post_and_leave(&self, body: &str, after: Duration) {
        let place = self.devnet.url().strip_prefix("http://").unwrap().trim_end_matches('/');
        let mut stream = TcpStream::connect(place).await.unwrap();
        let head = format!("POST / HTTP/1.1\r\nHost: {place}\r\nContent-Type: application/json\r\n");
        let request = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
        stream.write_all(request.as_bytes()).await.unwrap();
        tokio::time::sleep(after).await;
    }

    pub(super) async fn block_number(&self) -> Value {
        self.ok("eth_blockNumber", json!([])).await
    }

    pub(super) async fn balance(&self, account: &str) -> Value {
        self.ok("eth_getBalance", json!([account, "latest"])).await
    }

    /// Sends a transfer and returns its hash.
    pub(super) async fn pay(&self, nonce: u64, wei: u64) -> Value {
        self.send(&transfer(nonce, wei)).await.unwrap()
    }

    /// Signs and sends.
    pub(super) async fn send(&self, transaction: &TypedTransaction) -> Result<Value, Value> {
        let raw = self.sign(transaction).await;
        self.call("eth_sendRawTransaction", json!([raw])).await
    }

    pub(super) async fn sign(&self, transaction: &TypedTransaction) -> String {
        let mut transaction = transaction.clone();
        transaction.set_chain_id(CHAIN_ID);
        let signature = self.wallet.sign_transaction(&transaction).await.unwrap();
        format!("0x{}", hex::encode(transaction.rlp_signed(&signature)))
    }
}

/// A transfer to [`SOMEONE`] that pays 2 gwei for gas.
pub(super) fn transfer(nonce: u64, wei: u64) -> TypedTransaction {
    Eip1559TransactionRequest::new()
        .to(SOMEONE.parse::<Address>().unwrap())
        .value(wei)
        .nonce(nonce)
        .gas(21_000)
        .max_fee_per_gas(2_000_000_000_u64)
        .max_priority_fee_per_gas(1)
        .into()
}

/// The same before EIP-1559.
pub(super) fn legacy_transfer(nonce: u64, wei: u64) -> TypedTransaction {
    TransactionRequest::new()
        .to(SOMEONE.parse::<Address>().unwrap())
        .value(wei)
        .nonce(nonce)
        .gas(21_000)
        .gas_price(2_000_000_000_u64)
        .into()
}

/// Code that deploys `runtime`, both in hexadecimal.
pub(super) fn init_code(runtime: &str) -> String {
    let length = runtime.len() / 2;
    // PUSH1 length, DUP1, PUSH1 9, PUSH0, CODECOPY, PUSH0, RETURN
    format!("60{length:02x}8060095f395ff3{runtime}")
}

/// Creates a contract with `runtime` code.
pub(super) fn creation(nonce: u64, runtime: &str) -> TypedTransaction {
    Eip1559TransactionRequest::new()
        .data(hex::decode(init_code(runtime)).unwrap())
        .nonce(nonce)
        .gas(1_000_000)
        .max_fee_per_gas(U256::from(2_000_000_000_u64))
        .max_priority_fee_per_gas(1)
        .into()
}

/// One HTTP request, written out so that a test may send any header.
async fn post(url: &str, headers: &str, body: &str) -> (u16, String) {
    let place = url.strip_prefix("http://").unwrap().trim_end_matches('/');
    let mut stream = TcpStream::connect(place).await.unwrap();
    let usual = [
        format!("Connection: close\r\nContent-Length: {}\r\n", body.len()),
        format!("Host: {place}\r\n"),
        "Content-Type: application/json\r\n".to_owned(),
    ];
    let mut head = format!("POST / HTTP/1.1\r\n{headers}");
    for line in usual {
        // A given header stands for the usual one.
        let name = line.split(' ').next().unwrap();
        if !headers.contains(name) {
            head += &line;
        }
    }
    stream.write_all(format!("{head}\r\n").as_bytes()).await.unwrap();
    // The server may refuse before it has read everything.
    let _ = stream.write_all(body.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, body.to_owned())
}
