//! A real node, and what every test does with it.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use daochain::{
    chain::{Action, Answers, Chain, ChainConfig, ChainError, Heard, Question, SigningKey, Unsigned},
    domain::{
        Address, Digest, Reference, Wei,
        publication::{Contract, Cost, Fate, TransactionHash},
        record::HistoryEvent,
    },
    store::{EventIndex, Store},
};
use ethers_core::{
    abi::{Token, encode},
    utils::id,
};
use jsonrpsee::{
    core::client::ClientT as _,
    http_client::{HttpClient, HttpClientBuilder},
    rpc_params,
};
use serde_json::json;
use url::Url;
use zeroize::Zeroizing;

const PATIENCE: Duration = Duration::from_secs(30);
/// Tests run at once, and only one of them may find the registry missing.
static DEPLOYING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
/// A faucet's transactions are sent one after the other.
static FUNDING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// One real node, with the registry on it.
pub(crate) struct Node {
    pub(crate) chain: Chain,
    pub(crate) url: Url,
    rpc: HttpClient,
    /// Pays where the node has no unlocked account.
    faucet: Option<SigningKey>,
}

/// The nodes to test against, by name.
fn endpoints() -> Vec<(String, Url)> {
    let without = std::env::var("DAOCHAIN_WITHOUT").unwrap_or_default();
    if without.split(',').any(|word| word == "node") {
        eprintln!("left out: DAOCHAIN_WITHOUT has `node`");
        return Vec::new();
    }
    let nodes = std::env::var("DAOCHAIN_TEST_NODES").expect(
        "DAOCHAIN_TEST_NODES names the nodes, as in `geth=http://127.0.0.1:8545`; or set DAOCHAIN_WITHOUT=node",
    );
    let node = |pair: &str| {
        let (name, url) = pair.split_once('=').expect("DAOCHAIN_TEST_NODES is a list of NAME=URL");
        (name.to_owned(), url.parse().unwrap())
    };
    nodes.split(',').map(node).collect()
}

pub(crate) fn on_each_node<F: Future<Output = ()>>(test: impl Fn(Node) -> F) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    for (name, url) in endpoints() {
        runtime.block_on(async {
            let node = Node::with_registry(url).await;
            eprintln!("{name}: {}", node.chain.endpoints()[0].client_version().await.unwrap());
            test(node).await;
        });
    }
}

pub(crate) fn config(url: &Url, contract: Option<Address>) -> ChainConfig {
    ChainConfig { contract, local: true, ..ChainConfig::new("test", vec![url.clone()]) }
}

impl Node {
    /// The registry is deployed through the proxy where the chain has it, and plainly elsewhere.
    async fn with_registry(url: Url) -> Self {
        let _alone = DEPLOYING.lock().await;
        let rpc = HttpClientBuilder::default().build(url.as_str()).unwrap();
        let chain = Chain::new(config(&url, None)).unwrap();
        let faucet = url.fragment().map(|digits| {
            let mut secret = Zeroizing::new([0; 32]);
            hex::decode_to_slice(digits, secret.as_mut()).unwrap();
            SigningKey::new(&secret).unwrap()
        });
        let mut node = Self { chain, url, rpc, faucet };
        let deterministic = node.chain.has_deployment_proxy().await.unwrap();
        if node.chain.contract_state().await.unwrap().code_matches {
            return node;
        }
        node.deploy(deterministic).await;
        node
    }

    /// What an index of everything tells of a reference.
    pub(crate) async fn history(&self, reference: &Reference, publisher: Option<Address>) -> Vec<HistoryEvent> {
        let head = self.chain.head().await.unwrap().latest;
        let (events, _) = self.chain.events_between(0, head.number).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = Store::open(&folder.path().join("state.db")).unwrap();
        let chain_id = self.chain.chain_id().await.unwrap();
        let index = EventIndex { chain_id, contract: self.chain.contract(), source: [0; 32] };
        assert!(store.append_events(index, 0, head.number + 1, &events, &[head]).unwrap());
        store.history(index, head.number, &reference.hash(), publisher).unwrap()
    }

    /// Deploys the registry, and looks at it before and after.
    pub(crate) async fn deploy(&mut self, deterministic: bool) {
        let node = self;
        let deployer = node.account().await;
        let action = Action::Deploy { what: Contract::Registry, deterministic };
        let nonce = node.chain.next_nonce(deployer.address()).await.unwrap();
        let address = action.creates(deployer.address(), nonce).unwrap();
        if deterministic {
            assert_eq!(address, node.chain.contract());
        } else {
            node.chain = Chain::new(config(&node.url, Some(address))).unwrap();
        }
        let state = node.chain.contract_state().await.unwrap();
        assert!(!state.deployed && !state.code_matches && state.address == address, "{state:?}");
        let error = node.chain.records(&[]).await.unwrap_err();
        assert_eq!(error.code(), "no-contract", "{error}");
        node.succeed(&deployer, &action).await;
        let state = node.chain.contract_state().await.unwrap();
        assert!(state.deployed && state.code_matches && state.address == address, "{state:?}");
    }

    /// Calls the registry with what no [`Action`] says yet.
    pub(crate) async fn call(&self, key: &SigningKey, signature: &str, arguments: &[Token]) {
        let data = [id(signature).as_slice(), &encode(arguments)].concat();
        self.send_raw(key, Some(self.chain.contract()), data).await;
    }

    /// Sends any transaction at all. Returns its nonce.
    async fn send_raw(&self, key: &SigningKey, to: Option<Address>, data: Vec<u8>) -> u64 {
        let nothing = Action::Transfer { to: key.address(), amount: Wei::ZERO };
        let cost = Cost { gas_limit: 300_000, ..self.chain.estimate(&nothing, key.address()).await.unwrap() };
        let nonce = self.chain.next_nonce(key.address()).await.unwrap();
        let unsigned = self.chain.prepare(&nothing, key.address(), nonce, cost).await.unwrap();
        let signed = Unsigned { to, data, ..unsigned }.sign(key).unwrap();
        self.broadcast_to_settled_pool(&signed.raw).await.unwrap();
        let fate = self.follow(signed.hash, key, nonce).await;
        assert!(matches!(fate, Fate::Succeeded { .. }), "it came to {fate:?}");
        nonce
    }

    pub(crate) async fn account(&self) -> SigningKey {
        let key = SigningKey::generate();
        // All funding is by one account: two at once would take one nonce.
        let _alone = FUNDING.lock().await;
        match &self.faucet {
            Some(faucet) => {
                let transfer = Action::Transfer { to: key.address(), amount: Wei::from_ether(2) };
                self.succeed(faucet, &transfer).await;
            }
            None => self.fund_from_unlocked(key.address()).await,
        }
        key
    }

    async fn fund_from_unlocked(&self, to: Address) {
        let accounts: Vec<String> = self.rpc.request("eth_accounts", rpc_params![]).await.unwrap();
        let two_ether = "0x1bc16d674ec80000";
        let transfer = json!({"from": accounts[0], "to": to.to_string(), "value": two_ether});
        let deadline = Instant::now() + PATIENCE;
        // Another suite's transaction may have the nonce that the node would give this one.
        while let Err(error) = self.rpc.request::<String, _>("eth_sendTransaction", rpc_params![transfer.clone()]).await
        {
            assert!(Instant::now() < deadline, "{error}");
            tokio::task::yield_now().await;
        }
        while self.chain.balances(&[to]).await.unwrap() != [Wei::from_ether(2)] {
            assert!(Instant::now() < deadline, "the account was not funded");
            tokio::task::yield_now().await;
        }
    }

    pub(crate) async fn sign(
        &self,
        key: &SigningKey,
        action: &Action,
        nonce: u64,
        cost: Cost,
    ) -> (TransactionHash, Vec<u8>) {
        let unsigned = self.chain.prepare(action, key.address(), nonce, cost).await.unwrap();
        let signed = unsigned.sign(key).unwrap();
        (signed.hash, signed.raw)
    }

    /// Signs, sends and follows `action` with a known cost.
    pub(crate) async fn send(&self, key: &SigningKey, action: &Action, cost: Cost) -> Fate {
        let nonce = self.chain.next_nonce(key.address()).await.unwrap();
        let (hash, raw) = self.sign(key, action, nonce, cost).await;
        assert_eq!(self.chain.fate(hash, key.address(), nonce).await.unwrap(), Fate::Forgotten);
        self.broadcast_to_settled_pool(&raw).await.unwrap();
        let fate = self.follow(hash, key, nonce).await;
        // The bytes may be sent again, whoever has them by now.
        self.chain.broadcast(&raw).await.unwrap();
        fate
    }

    /// geth's pool learns of a block a moment after its state does: an account that was funded in the newest block may still
    /// have nothing there, and a transaction of that block may still wait there.
    pub(crate) async fn broadcast_to_settled_pool(&self, raw: &[u8]) -> Result<(), ChainError> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.chain.broadcast(raw).await {
                Err(ChainError::InsufficientFunds { .. } | ChainError::Underpriced { .. })
                    if Instant::now() < deadline =>
                {
                    tokio::task::yield_now().await;
                }
                sent => return sent,
            }
        }
    }

    pub(crate) async fn follow(&self, hash: TransactionHash, key: &SigningKey, nonce: u64) -> Fate {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.chain.fate(hash, key.address(), nonce).await.unwrap() {
                Fate::Pending => assert!(Instant::now() < deadline, "no block took the transaction"),
                fate => return fate,
            }
            tokio::task::yield_now().await;
        }
    }

    /// Estimates, signs, sends, and demands success. Returns the block.
    pub(crate) async fn succeed(&self, key: &SigningKey, action: &Action) -> u64 {
        let cost = self.chain.estimate(action, key.address()).await.unwrap();
        match self.send(key, action, cost).await {
            Fate::Succeeded { inclusion, confirmations, .. } => {
                assert!(confirmations >= 1);
                assert!(inclusion.gas_used <= cost.gas_limit && inclusion.fee <= cost.at_most());
                assert!(inclusion.fee > Wei::ZERO);
                inclusion.block
            }
            other => panic!("{action:?} came to {other:?}"),
        }
    }

    pub(crate) async fn ask(&self, reference: &Reference, publishers: &[Address], digests: &[Digest]) -> Answers {
        let question =
            Question { reference: reference.clone(), publishers: publishers.to_vec(), digests: digests.to_vec() };
        let (head, behind) = self.chain.common_head().await.unwrap();
        let mut heard = Heard::default();
        for event in self.chain.events_between(0, head.latest.number).await.unwrap().0 {
            heard.take(event);
        }
        self.chain.records_at(&head, behind, &[question], &heard).await.unwrap()
    }

    /// A contract that is not the registry: one byte of code.
    pub(crate) async fn foreign_contract(&self) -> Address {
        let key = self.account().await;
        // PUSH1 1 PUSH1 0 RETURN: deploys one zero byte.
        let nonce = self.send_raw(&key, None, vec![0x60, 1, 0x60, 0, 0xf3]).await;
        Action::Deploy { what: Contract::Registry, deterministic: false }.creates(key.address(), nonce).unwrap()
    }
}
