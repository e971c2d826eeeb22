//! Calls, events and errors of the contract, generated from the committed ABI.
#![allow(
    clippy::all,
    clippy::pedantic,
    clippy::allow_attributes_without_reason,
    missing_docs,
    reason = "generated code"
)]

ethers_contract::abigen!(ImageRegistry, "contracts/artifacts/ImageRegistry.abi.json");
