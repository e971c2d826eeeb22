//! The first block of a home's dev chain, a pure function of its [`Seed`].

use ethrex_common::types::Genesis;
use ethrex_common::utils::keccak;
use secp256k1::{PublicKey, Secp256k1, SecretKey};
use serde_json::json;

use super::DevnetError;

/// The chain id of every dev chain, the one Ethereum tools use for private networks.
pub const CHAIN_ID: u64 = 1337;

/// The deterministic deployment proxy, predeployed at its address on every public chain
/// (<https://github.com/Arachnid/deterministic-deployment-proxy>).
pub const DEPLOYMENT_PROXY: &str = "0x4e59b44847b379578588920cA78FbF26c0B4956C";

/// A block's gas limit, the one of the main network. Blocks hold one transaction, so it also bounds that.
pub(super) const GAS_LIMIT: u64 = 60_000_000;

/// The proxy's runtime code, as deployed on the public chains.
const PROXY_CODE: &str = "0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3";

/// EIP-4788's beacon roots contract: a system call of every Cancun block goes there.
const BEACON_ROOTS: &str = "0x000F3df6D732807Ef1319fB7B8bB8522d0Beac02";
const BEACON_ROOTS_CODE: &str = "0x3373fffffffffffffffffffffffffffffffffffffffe14604d57602036146024575f5ffd5b5f35801560495762001fff810690815414603c575f5ffd5b62001fff01545f5260205ff35b5f5ffd5b62001fff42064281555f359062001fff015500";

/// A thousand million ether: never spent, and far from overflowing any tool's arithmetic.
const FAUCET_BALANCE: &str = "0x33b2e3c9fd0803ce8000000";

/// What distinguishes one home's dev chain from another's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seed {
    /// When the chain was made, in Unix seconds: the genesis block's timestamp.
    pub(super) created: u64,
    /// The account that holds the ether.
    pub(super) faucet: [u8; 20],
}

/// The genesis of `seed`: chain id 1337, Cancun rules from the first block on.
pub(super) fn genesis(seed: &Seed) -> Result<Genesis, DevnetError> {
    let faucet = format!("0x{}", hex::encode(seed.faucet));
    let description = json!({
        "config": {
            "chainId": CHAIN_ID,
            "homesteadBlock": 0, "eip150Block": 0, "eip155Block": 0, "eip158Block": 0,
            "byzantiumBlock": 0, "constantinopleBlock": 0, "petersburgBlock": 0,
            "istanbulBlock": 0, "berlinBlock": 0, "londonBlock": 0, "mergeNetsplitBlock": 0,
            "shanghaiTime": 0, "cancunTime": 0,
            "terminalTotalDifficulty": 0, "terminalTotalDifficultyPassed": true,
            "depositContractAddress": "0x00000000219ab540356cbb839cbe05303d7705fa",
            "blobSchedule": {"cancun": {"target": 3, "max": 6, "baseFeeUpdateFraction": 3_338_477}}
        },
        "alloc": {
            faucet: {"balance": FAUCET_BALANCE},
            BEACON_ROOTS: {"balance": "0x0", "nonce": "0x1", "code": BEACON_ROOTS_CODE},
            DEPLOYMENT_PROXY: {"balance": "0x0", "nonce": "0x1", "code": PROXY_CODE}
        },
        "coinbase": "0x0000000000000000000000000000000000000000",
        "difficulty": "0x0",
        "extraData": "0x",
        "gasLimit": format!("{GAS_LIMIT:#x}"),
        "nonce": "0x0",
        "timestamp": format!("{:#x}", seed.created),
        "mixHash": format!("0x{}", "0".repeat(64)),
        "baseFeePerGas": "0x3b9aca00"
    });
    serde_json::from_value(description).map_err(DevnetError::node("build its genesis block"))
}

/// The genesis block's hash, which tells one chain from another.
pub(super) fn fingerprint(seed: &Seed) -> Result<[u8; 32], DevnetError> {
    Ok(genesis(seed)?.get_block().hash().0)
}

/// The Ethereum address of `key`.
pub(super) fn address(key: &SecretKey) -> [u8; 20] {
    let point = PublicKey::from_secret_key(&Secp256k1::signing_only(), key).serialize_uncompressed();
    let mut address = [0; 20];
    address.copy_from_slice(&keccak(&point[1..]).0[12..]);
    address
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    const SEED: Seed = Seed { created: 1_700_000_000, faucet: [7; 20] };

    #[test]
    fn the_fingerprint_covers_the_whole_seed() {
        let print = fingerprint(&SEED).unwrap();
        assert_eq!(print, fingerprint(&SEED).unwrap());
        let later = Seed { created: SEED.created + 1, ..SEED };
        assert_ne!(print, fingerprint(&later).unwrap());
        let other = Seed { faucet: [8; 20], ..SEED };
        assert_ne!(print, fingerprint(&other).unwrap());
    }

    #[test]
    fn the_address_is_ethereums() {
        // The first account of every public test mnemonic "test test … junk".
        let key = hex::decode("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80");
        let key = SecretKey::from_slice(&key.unwrap()).unwrap();
        let expected = "f39fd6e51aad88f6f4ce6ab8827279cfffb92266";
        assert_eq!(hex::encode(address(&key)), expected);
    }
}
