//! The contracts as this program was built for them: bindings, code, address.
//!
//! An address needs no trust: it follows from the deployment code through CREATE2 (EIP-1014), and before a network
//! is first used the code that stands there is compared with the committed one.

use std::sync::LazyLock;

use ethers_core::{
    abi::AbiEncode as _,
    types::{H160, U256},
    utils::{get_contract_address, get_create2_address},
};

use super::bindings::directory::{ClaimCall, UnclaimCall};
use super::bindings::{
    AcceptSuccessionCall, Digest as AbiDigest, OfferSuccessionCall, PublishBySigCall, PublishCall, PublishForCall,
    PublishManyCall, Release, RetireCall, RevokeBySigCall, RevokeCall, RevokeForCall, SetDelegateCall,
};
use crate::domain::{
    Address, Reference,
    publication::{Authority, Contract, Statement},
};

/// Code that deploys a contract, and the code that stands at its address from then on. None has immutables, so it is the same
/// everywhere.
struct Code {
    deployment: Vec<u8>,
    runtime: Vec<u8>,
    /// Where it stands on every chain on which the proxy deployed it.
    address: Address,
}

static REGISTRY: LazyLock<Code> = LazyLock::new(|| {
    Code::of(
        include_str!("../../contracts/artifacts/ImageRegistry.bin"),
        include_str!("../../contracts/artifacts/ImageRegistry.runtime.bin"),
    )
});
static DIRECTORY: LazyLock<Code> = LazyLock::new(|| {
    Code::of(
        include_str!("../../contracts/artifacts/PublisherDirectory.bin"),
        include_str!("../../contracts/artifacts/PublisherDirectory.runtime.bin"),
    )
});

impl Code {
    fn of(deployment: &str, runtime: &str) -> Self {
        let (deployment, runtime) = (committed(deployment), committed(runtime));
        let address = get_create2_address(H160(*PROXY.as_bytes()), SALT, deployment.as_slice());
        Self { address: Address::from_bytes(address.0), deployment, runtime }
    }

    fn of_contract(what: Contract) -> &'static Self {
        match what {
            Contract::Registry => &REGISTRY,
            Contract::Directory => &DIRECTORY,
        }
    }
}

/// Code that deploys it.
pub(super) fn deployment_code(what: Contract) -> &'static [u8] {
    &Code::of_contract(what).deployment
}

/// Code that stands at its address.
pub(super) fn runtime_code(what: Contract) -> &'static [u8] {
    &Code::of_contract(what).runtime
}

/// The deterministic deployment proxy (github.com/Arachnid/deterministic-deployment-proxy): called with a salt and
/// deployment code, it deploys that code at an address that depends on nothing else.
pub(super) const PROXY: Address = Address::from_bytes([
    0x4e, 0x59, 0xb4, 0x48, 0x47, 0xb3, 0x79, 0x57, 0x85, 0x88, 0x92, 0x0c, 0xa7, 0x8f, 0xbf, 0x26, 0xc0, 0xb4, 0x95,
    0x6c,
]);
/// Its whole code.
pub(super) const PROXY_CODE: [u8; 69] = [
    0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xe0, 0x36, 0x01, 0x60, 0x00, 0x81,
    0x60, 0x20, 0x82, 0x37, 0x80, 0x35, 0x82, 0x82, 0x34, 0xf5, 0x80, 0x15, 0x15, 0x60, 0x39, 0x57, 0x81, 0x82, 0xfd,
    0x5b, 0x80, 0x82, 0x52, 0x50, 0x50, 0x50, 0x60, 0x14, 0x60, 0x0c, 0xf3,
];
const SALT: [u8; 32] = [0; 32];

/// Where it stands on every chain on which the proxy deployed it.
#[must_use]
pub fn usual_address(what: Contract) -> Address {
    Code::of_contract(what).address
}

/// Where a plain deployment puts it.
pub(super) fn plain_address(from: Address, nonce: u64) -> Address {
    Address::from_bytes(get_contract_address(H160(*from.as_bytes()), U256::from(nonce)).0)
}

/// What the proxy is called with.
pub(super) fn proxy_calldata(what: Contract) -> Vec<u8> {
    [SALT.as_slice(), deployment_code(what)].concat()
}

/// What the registry, or the directory, is called with.
pub(super) fn calldata(statement: &Statement, authority: &Authority) -> Vec<u8> {
    match statement {
        Statement::Release { .. } | Statement::Releases { .. } => published(statement, authority),
        Statement::Revocation { reference, digests, reason } => {
            let digests = digests.iter().map(|digest| *digest.as_bytes()).collect();
            revoked(reference.as_str().to_owned(), digests, reason.clone(), authority)
        }
        Statement::Retirement { reference, reason } => {
            RetireCall { ref_hash: scope(reference.as_ref()), reason: reason.clone() }.encode()
        }
        Statement::Delegation { reference, delegate, expiry } => {
            SetDelegateCall { delegate: raw(*delegate), ref_hash: scope(reference.as_ref()), expiry: expiry.0 }.encode()
        }
        Statement::SuccessionOffer { reference, successor } => OfferSuccessionCall {
            ref_hash: scope(reference.as_ref()),
            successor: successor.map_or_else(H160::zero, raw),
        }
        .encode(),
        Statement::SuccessionAcceptance { reference, publisher } => {
            AcceptSuccessionCall { publisher: raw(*publisher), ref_hash: scope(reference.as_ref()) }.encode()
        }
        Statement::NamespaceClaim { namespace, taken_back: false } => {
            ClaimCall { namespace: namespace.as_str().to_owned() }.encode()
        }
        Statement::NamespaceClaim { namespace, taken_back: true } => {
            UnclaimCall { namespace: namespace.as_str().to_owned() }.encode()
        }
        // Neither calls a contract of ours.
        Statement::Deployment { .. } | Statement::Cancellation { .. } => Vec::new(),
    }
}

fn published(statement: &Statement, authority: &Authority) -> Vec<u8> {
    let mut releases = releases(statement.parts());
    match authority {
        Authority::Own if matches!(statement, Statement::Release { .. }) => {
            PublishCall { release: releases.pop().unwrap_or_default() }.encode()
        }
        Authority::Own => PublishManyCall { releases }.encode(),
        Authority::Delegate { publisher } => PublishForCall { publisher: raw(*publisher), releases }.encode(),
        Authority::Signature(signed) => PublishBySigCall {
            publisher: raw(signed.request.publisher),
            releases,
            nonce: signed.request.nonce.into(),
            deadline: signed.request.deadline.0.into(),
            signature: signed.signature.clone().into(),
        }
        .encode(),
    }
}

fn revoked(image_ref: String, digests: Vec<[u8; 32]>, reason: String, authority: &Authority) -> Vec<u8> {
    match authority {
        Authority::Own => RevokeCall { image_ref, digests, reason }.encode(),
        Authority::Delegate { publisher } => {
            RevokeForCall { publisher: raw(*publisher), image_ref, digests, reason }.encode()
        }
        Authority::Signature(signed) => RevokeBySigCall {
            publisher: raw(signed.request.publisher),
            image_ref,
            digests,
            reason,
            nonce: signed.request.nonce.into(),
            deadline: signed.request.deadline.0.into(),
            signature: signed.signature.clone().into(),
        }
        .encode(),
    }
}

const fn raw(address: Address) -> H160 {
    H160(*address.as_bytes())
}

/// The hash of a name; zero stands for everything.
pub(super) fn scope(reference: Option<&Reference>) -> [u8; 32] {
    reference.map_or([0; 32], Reference::hash)
}

/// The releases among `statements`, as the contract reads them.
fn releases(statements: &[Statement]) -> Vec<Release> {
    let release = |statement: &Statement| {
        let Statement::Release { reference, digests, amends, annotations } = statement else { return None };
        let digests =
            digests.iter().map(|one| AbiDigest { value: *one.digest.as_bytes(), kind: one.kind.code() }).collect();
        let (image_ref, annotations) = (reference.as_str().to_owned(), annotations.clone());
        Some(Release { image_ref, digests, amends: *amends, annotations })
    };
    statements.iter().filter_map(release).collect()
}

/// A committed artifact: `0x`, hex, a newline. A damaged one gives no code, which no chain's code equals; the test
/// below fails first.
fn committed(text: &str) -> Vec<u8> {
    text.trim_end().strip_prefix("0x").and_then(|digits| hex::decode(digits).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use ethers_core::{abi::AbiDecode as _, utils::id};

    use super::*;
    use crate::domain::{Digest, digest::DigestKind, image::KindedDigest};

    #[test]
    fn the_address_follows_from_the_code() {
        let addresses: serde_json::Value =
            serde_json::from_str(include_str!("../../contracts/artifacts/addresses.json")).unwrap();
        assert_eq!(addresses["ImageRegistry"], usual_address(Contract::Registry).to_string());
        assert_eq!(addresses["PublisherDirectory"], usual_address(Contract::Directory).to_string());
        assert_eq!(addresses["proxy"]["address"], PROXY.to_string());
        assert_eq!(addresses["proxy"]["runtime"], format!("0x{}", hex::encode(PROXY_CODE)));
        assert_eq!(addresses["salt"], format!("0x{}", hex::encode(SALT)));
        for what in [Contract::Registry, Contract::Directory] {
            assert!(runtime_code(what).len() > 1000 && deployment_code(what).len() > runtime_code(what).len());
        }
    }

    #[test]
    fn a_plain_address_is_the_yellow_papers() {
        let from: Address = "0x6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0".parse().unwrap();
        assert_eq!(plain_address(from, 0), "0xcd234a471b72ba2f1ccf0a70fcaba648a5eecd8d".parse().unwrap());
        assert_eq!(plain_address(from, 1), "0x343c43a37d37dff08ae8c4a11544c718abb4fcf8".parse().unwrap());
    }

    #[test]
    fn statements_survive_the_abi() {
        let digests = vec![
            KindedDigest { kind: DigestKind::Config, digest: Digest::of(b"a") },
            KindedDigest { kind: DigestKind::Other(9), digest: Digest::of(b"b") },
        ];
        let release = Statement::Release {
            reference: "acme/api:1".parse().unwrap(),
            digests: digests.clone(),
            amends: 0,
            annotations: r#"{"a":1}"#.to_owned(),
        };
        let encoded = calldata(&release, &Authority::Own);
        assert_eq!(encoded[..4], id("publish((string,(bytes32,uint8)[],uint32,string))"));
        let PublishCall { release: decoded } = PublishCall::decode(&encoded).unwrap();
        assert_eq!((decoded.image_ref.as_str(), decoded.amends), ("docker.io/acme/api:1", 0));
        assert_eq!(decoded.digests.len(), 2);
        assert_eq!((decoded.digests[1].kind, decoded.digests[1].value), (9, *digests[1].digest.as_bytes()));

        let revocation = Statement::Revocation {
            reference: "acme/api:1".parse().unwrap(),
            digests: vec![Digest::of(b"a")],
            reason: "leaked".to_owned(),
        };
        let encoded = calldata(&revocation, &Authority::Own);
        assert_eq!(encoded[..4], id("revoke(string,bytes32[],string)"));
        assert_eq!(RevokeCall::decode(&encoded).unwrap().reason, "leaked");

        for (taken_back, signature) in [(false, "claim(string)"), (true, "unclaim(string)")] {
            let claim = Statement::NamespaceClaim { namespace: "acme".parse().unwrap(), taken_back };
            let encoded = calldata(&claim, &Authority::Own);
            assert_eq!(encoded[..4], id(signature));
            let tokens = ethers_core::abi::decode(&[ethers_core::abi::ParamType::String], &encoded[4..]).unwrap();
            assert_eq!(tokens[0].to_string(), "docker.io/acme");
        }
    }
}
