//! The chain itself: ethrex's store and executor, and the file that keeps what they agreed on.
//!
//! ```text
//! raw transaction ─▶ pool ─▶ built into a block ─▶ executed ─▶ appended and synced ─▶ head ─▶ answered
//!                      └─ nonce gap: waits in the pool (in memory) for the missing one
//! ```
//! Every block holds exactly one transaction. ethrex's in-memory store finds only the first receipt
//! of a block (its prefix search takes the index for part of the prefix), so a second transaction
//! would have no receipt and no logs.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;

use ethrex_blockchain::Blockchain;
use ethrex_blockchain::error::ChainError;
use ethrex_blockchain::fork_choice::apply_fork_choice;
use ethrex_blockchain::payload::{BuildPayloadArgs, create_payload};
use ethrex_common::types::{Block, BlockHeader, ELASTICITY_MULTIPLIER, Transaction};
use ethrex_common::{Address, H256, H512, U256};
use ethrex_crypto::NativeCrypto;
use ethrex_p2p::types::{Node, NodeRecord};
use ethrex_rlp::decode::RLPDecode as _;
use ethrex_rlp::encode::RLPEncode as _;
use ethrex_rpc::types::transaction::SendRawTransactionRequest;
use ethrex_rpc::{ClientVersion, GasTipEstimator, NodeData, RpcApiContext, RpcNamespace};
use ethrex_storage::{EngineType, Store, StoreConfig};
use rand::rngs::OsRng;
use secp256k1::SecretKey;
use tokio::sync::{Mutex, MutexGuard, watch};

use super::blocks::{BlocksFile, Next};
use super::fault::Fault;
use super::genesis::{GAS_LIMIT, Seed, genesis};
use super::{DevnetError, unix_now};

/// One home's chain, open.
pub(super) struct Chain {
    context: RpcApiContext,
    /// Held while a transaction becomes a block: one at a time, in the order of arrival.
    file: Mutex<BlocksFile>,
    /// Told of every new head.
    mined: watch::Sender<()>,
}

impl Chain {
    /// Opens the chain of `faucet` in `dir` and executes the blocks it holds.
    pub(super) async fn open(
        dir: &Path,
        faucet: [u8; 20],
        pool: Arc<rayon::ThreadPool>,
        notices: &mut Vec<String>,
    ) -> Result<Self, DevnetError> {
        let (mut file, seed) = BlocksFile::open(dir, faucet, unix_now(), notices)?;
        let (store, first) = begin_store(&seed).await?;
        let blockchain = Blockchain::default_with_store_and_pool(store.clone(), pool);
        blockchain.set_synced();
        let head = replay(&blockchain, &mut file, first, notices).await?;
        set_head(&store, head).await?;
        let mined = watch::Sender::new(());
        Ok(Self { context: context(store, Arc::new(blockchain))?, file: Mutex::new(file), mined })
    }

    /// Hears of every new head, and of the end of the chain.
    pub(super) fn mined(&self) -> watch::Receiver<()> {
        self.mined.subscribe()
    }

    /// What ethrex's request handlers need.
    pub(super) fn context(&self) -> &RpcApiContext {
        &self.context
    }

    /// Waits for the block in the making, and lets no other begin while the guard lives.
    pub(super) async fn rest(&self) -> MutexGuard<'_, BlocksFile> {
        self.file.lock().await
    }

    /// Takes a signed transaction. When this returns, its block is on the disk and the head, or
    /// the transaction waits for one with a lower nonce.
    pub(super) async fn submit(self: &Arc<Self>, raw: &[u8]) -> Result<H256, Fault> {
        let (chain, raw) = (Arc::clone(self), raw.to_vec());
        // Whoever asks may hang up at any time, and this would end with it: between a block's place in the file and the head,
        // the next block would take the same place.
        let submission = tokio::spawn(async move { chain.take(&raw).await });
        submission.await.unwrap_or_else(|_| Err(Fault::refused("the node failed at this transaction")))
    }

    async fn take(&self, raw: &[u8]) -> Result<H256, Fault> {
        let transaction = SendRawTransactionRequest::decode_canonical(raw)
            .map_err(|cause| Fault::invalid_params(&format!("not a transaction: {cause}")))?;
        if matches!(transaction, SendRawTransactionRequest::EIP4844(_)) {
            return Err(Fault::refused(
                "transaction type not supported: blob transactions have no place on a local chain",
            ));
        }
        let transaction = transaction.to_transaction();
        let hash = transaction.hash(&NativeCrypto);
        let sender = transaction.sender(&NativeCrypto).map_err(|_| Fault::refused("invalid sender"))?;
        let mut file = self.file.lock().await;
        let known = self.holds(hash)?;
        if !known {
            self.admit(transaction).await?;
        }
        // Of a known one too: what kept it from its block may be over.
        while let Some(next) = self.executable(sender).await? {
            let found = next.hash(&NativeCrypto);
            if let Err(fault) = self.mine(next, &mut file).await {
                self.context.blockchain.remove_transaction_from_pool(&found)?;
                if found == hash {
                    return Err(fault);
                }
                tracing::warn!(transaction = %found, ?fault, "a waiting transaction was dropped");
            }
        }
        if known && self.holds(hash)? {
            return Err(Fault::refused("already known"));
        }
        Ok(hash)
    }

    /// The next nonce of `account`, counting what waits in the pool without a gap.
    pub(super) async fn pending_nonce(&self, account: Address) -> Result<u64, Fault> {
        let mut nonce = self.nonce(account).await?;
        while self.waiting(account, nonce)?.is_some() {
            nonce += 1;
        }
        Ok(nonce)
    }

    /// The header of the last block.
    pub(super) async fn head(&self) -> Result<BlockHeader, Fault> {
        let store = &self.context.storage;
        let number = store.get_latest_block_number().await?;
        store.get_block_header(number)?.ok_or_else(|| Fault::refused("the head block is missing"))
    }

    /// True while the transaction waits in the pool.
    fn holds(&self, hash: H256) -> Result<bool, Fault> {
        self.context.blockchain.mempool.contains_tx(hash).map_err(|error| Fault::rejected(&error))
    }

    async fn admit(&self, transaction: Transaction) -> Result<(), Fault> {
        let base_fee = self.draft(&self.head().await?)?.header.base_fee_per_gas;
        let base_fee = U256::from(base_fee.unwrap_or_default());
        if transaction.gas_price() < base_fee {
            // It could only wait for a cheaper block, and no block comes without a transaction.
            return Err(Fault::refused(format!(
                "max fee per gas less than block base fee: maxFeePerGas: {}, baseFee: {base_fee}",
                transaction.gas_price()
            )));
        }
        self.context.blockchain.add_transaction_to_pool(transaction).await.map_err(|error| Fault::rejected(&error))?;
        Ok(())
    }

    /// The transaction in the pool that `sender`'s account allows next and that pays enough.
    async fn executable(&self, sender: Address) -> Result<Option<Transaction>, Fault> {
        let Some(next) = self.waiting(sender, self.nonce(sender).await?)? else {
            return Ok(None);
        };
        let base_fee = self.draft(&self.head().await?)?.header.base_fee_per_gas;
        let pays = next.gas_price() >= U256::from(base_fee.unwrap_or_default());
        Ok(pays.then_some(next))
    }

    fn waiting(&self, sender: Address, nonce: u64) -> Result<Option<Transaction>, Fault> {
        let pool = &self.context.blockchain.mempool;
        let found = pool.contains_sender_nonce(sender, nonce, H256::zero()).map_err(|error| Fault::rejected(&error))?;
        Ok(found.map(|waiting| waiting.transaction().clone()))
    }

    async fn nonce(&self, account: Address) -> Result<u64, Fault> {
        let store = &self.context.storage;
        let number = store.get_latest_block_number().await?;
        let nonce = store.get_nonce_by_account_address(number, account).await?;
        Ok(nonce.unwrap_or_default())
    }

    /// An empty block on top of `parent`.
    fn draft(&self, parent: &BlockHeader) -> Result<Block, Fault> {
        let arguments = BuildPayloadArgs {
            parent: parent.hash(),
            // Ethereum demands a later time than the parent's, also within one second.
            timestamp: unix_now().max(parent.timestamp + 1),
            fee_recipient: Address::zero(),
            random: H256::zero(),
            withdrawals: Some(Vec::new()),
            beacon_root: Some(H256::zero()),
            slot_number: None,
            version: 3,
            elasticity_multiplier: ELASTICITY_MULTIPLIER,
            gas_ceil: GAS_LIMIT,
        };
        let extra = self.context.node_data.extra_data.clone();
        Ok(create_payload(&arguments, &self.context.storage, extra)?)
    }

    async fn mine(&self, transaction: Transaction, file: &mut BlocksFile) -> Result<(), Fault> {
        let blockchain = &self.context.blockchain;
        let draft = self.draft(&self.head().await?)?;
        let block = blockchain.build_payload_with_transactions(draft, vec![transaction])?.payload;
        add(blockchain, block.clone()).await?;
        // Nobody sees the block before it is the head, and it becomes that only once it is kept.
        file.append(&block.encode_to_vec())?;
        set_head(&self.context.storage, block.hash()).await?;
        self.mined.send_replace(());
        blockchain.remove_block_transactions_from_pool(&block)?;
        Ok(())
    }
}

async fn begin_store(seed: &Seed) -> Result<(Store, H256), DevnetError> {
    let config = StoreConfig { persist_channel_capacity: 1, ..StoreConfig::default() };
    let mut store = Store::new_with_config(Path::new(""), EngineType::InMemory, config)
        .map_err(DevnetError::node("open its store"))?;
    let genesis = genesis(seed)?;
    let hash = genesis.get_block().hash();
    store.add_initial_state(genesis).await.map_err(DevnetError::node("store its genesis block"))?;
    Ok((store, hash))
}

/// Executes the blocks of `file` from the genesis block `first` on, and returns the last one's hash.
async fn replay(
    blockchain: &Blockchain,
    file: &mut BlocksFile,
    first: H256,
    notices: &mut Vec<String>,
) -> Result<H256, DevnetError> {
    let mut head = first;
    let mut count: u64 = 0;
    loop {
        let why = match file.next()? {
            Next::Block(bytes) => match execute(blockchain, &bytes, head).await {
                Ok(hash) => {
                    file.accept(bytes.len());
                    head = hash;
                    count += 1;
                    continue;
                }
                Err(why) => why,
            },
            Next::End => return Ok(head),
            Next::Torn(bytes) => {
                file.cut_torn()?;
                notices.push(format!(
                    "the last block of the dev chain was not written to its end ({bytes} bytes) and was dropped; the chain continues from block {count}"
                ));
                return Ok(head);
            }
            Next::Damaged => "its bytes changed".to_owned(),
        };
        let name = file.set_rest_aside()?;
        notices.push(format!(
            "the dev chain could not be read behind block {count}: {why}; the rest is kept as `{name}`, and the chain continues from block {count}"
        ));
        return Ok(head);
    }
}

async fn execute(blockchain: &Blockchain, bytes: &[u8], parent: H256) -> Result<H256, String> {
    let block = Block::decode(bytes).map_err(|cause| format!("no block ({cause})"))?;
    if block.header.parent_hash != parent {
        return Err("the next block does not follow it".to_owned());
    }
    let hash = block.hash();
    add(blockchain, block).await.map_err(|cause| format!("the next block does not execute ({cause})"))?;
    Ok(hash)
}

/// Executes `block` and waits until ethrex's writer has stored it. A write that meets an open read
/// makes the in-memory store copy itself whole, so reading the next block's state must not begin.
async fn add(blockchain: &Blockchain, block: Block) -> Result<(), ChainError> {
    blockchain.add_block(block)?;
    Ok(blockchain.store().wait_for_persistence_idle().await?)
}

/// Makes `hash` the head, and safe and final at once: one writer leaves nothing to reorganise.
async fn set_head(store: &Store, hash: H256) -> Result<(), DevnetError> {
    apply_fork_choice(store, hash, hash, hash, None).await.map_err(DevnetError::node("take a block for its head"))?;
    Ok(())
}

fn context(store: Store, blockchain: Arc<Blockchain>) -> Result<RpcApiContext, DevnetError> {
    // ethrex wants the identity of a peer. This node has none and opens no port for any.
    let node = Node::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0, 0, H512::zero());
    let record = NodeRecord::from_node(&node, 1, &SecretKey::new(&mut OsRng))
        .map_err(DevnetError::node("make its node record"))?;
    let unnamed = String::new;
    let (block_worker_channel, _) = tokio::sync::mpsc::unbounded_channel();
    Ok(RpcApiContext {
        storage: store,
        blockchain,
        active_filters: Arc::default(),
        syncer: None,
        peer_handler: None,
        node_data: NodeData {
            jwt_secret: bytes::Bytes::new(),
            local_p2p_node: node,
            local_node_record: record,
            client_version: ClientVersion::new(
                "ethrex".to_owned(),
                super::ETHREX.to_owned(),
                unnamed(),
                unnamed(),
                unnamed(),
                unnamed(),
            ),
            extra_data: bytes::Bytes::new(),
        },
        gas_tip_estimator: Arc::new(Mutex::new(GasTipEstimator::new())),
        log_filter_handler: None,
        gas_ceil: GAS_LIMIT,
        block_worker_channel,
        ws: None,
        allowed_namespaces: Arc::new(HashSet::from([RpcNamespace::Eth, RpcNamespace::Net, RpcNamespace::Web3])),
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use ethers_core::types::TransactionRequest;
    use ethers_core::types::transaction::eip2718::TypedTransaction;
    use ethers_signers::{LocalWallet, Signer as _};

    use super::super::genesis::{CHAIN_ID, address};
    use super::*;

    #[tokio::test]
    async fn a_full_disk_refuses_the_transaction_and_changes_nothing() {
        let full = Path::new("/dev/full");
        if !full.exists() {
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let key = SecretKey::from_slice(&[5; 32]).unwrap();
        let pool = Arc::new(rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap());
        let chain = Arc::new(Chain::open(dir.path(), address(&key), pool, &mut Vec::new()).await.unwrap());
        let wallet = LocalWallet::from_bytes(&[5; 32]).unwrap();
        let transfer: TypedTransaction = TransactionRequest::pay(wallet.address(), 1)
            .nonce(0)
            .gas(21_000)
            .gas_price(2_000_000_000_u64)
            .chain_id(CHAIN_ID)
            .into();
        let signature = wallet.with_chain_id(CHAIN_ID).sign_transaction(&transfer).await;
        let raw = transfer.rlp_signed(&signature.unwrap());

        let disk = std::mem::replace(&mut *chain.file.lock().await, BlocksFile::on(full).unwrap());
        let fault = chain.submit(&raw).await.unwrap_err();
        assert!(fault.to_json()["message"].as_str().unwrap().contains("cannot write"));
        assert_eq!(chain.head().await.unwrap().number, 0);

        *chain.file.lock().await = disk;
        chain.submit(&raw).await.unwrap();
        assert_eq!(chain.head().await.unwrap().number, 1);
    }
}
