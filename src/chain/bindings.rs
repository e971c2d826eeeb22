//! Calls, events and errors of the contracts, generated from their committed ABIs.
#![allow(
    clippy::all,
    clippy::pedantic,
    clippy::allow_attributes_without_reason,
    missing_docs,
    reason = "generated code"
)]

ethers_contract::abigen!(ImageRegistry, "contracts/artifacts/ImageRegistry.abi.json");

/// Of the publisher directory.
pub mod directory {
    ethers_contract::abigen!(PublisherDirectory, "contracts/artifacts/PublisherDirectory.abi.json");
}
