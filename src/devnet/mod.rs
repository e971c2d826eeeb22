//! The embedded Ethereum node.
