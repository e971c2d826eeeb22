//! What can go wrong between this program and a chain, as sentences.

use crate::domain::{Address, publication::Contract};

/// Why the chain could not be read or written. Endpoints are named by scheme, host and port alone: paths and
/// credentials of a URL are keys of paid services.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// The URL is of no kind that can be asked.
    #[error("endpoint `{endpoint}` cannot be used: {cause}; {step}", step = self.step())]
    Endpoint {
        /// Scheme, host and port.
        endpoint: String,
        /// What is wrong with it.
        cause: String,
    },
    /// No connection, or a broken one.
    #[error("node `{endpoint}` cannot be reached: {cause}; {step}", step = self.step())]
    Unreachable {
        /// Scheme, host and port.
        endpoint: String,
        /// The operating system's or the server's word.
        cause: String,
    },
    /// No answer in time.
    #[error("node `{endpoint}` did not answer `{method}` within {seconds} s; {step}", step = self.step())]
    TimedOut {
        /// Scheme, host and port.
        endpoint: String,
        /// The JSON-RPC method.
        method: String,
        /// How long it was waited for.
        seconds: u64,
    },
    /// A JSON-RPC error.
    #[error("node `{endpoint}` refused `{method}`: {message}; {step}", step = self.step())]
    Node {
        /// Scheme, host and port.
        endpoint: String,
        /// The JSON-RPC method.
        method: String,
        /// JSON-RPC error code.
        code: i32,
        /// The node's words, made safe to show.
        message: String,
    },
    /// An answer that is none.
    #[error(
        "node `{endpoint}` answered `{method}` with something that is no answer: {cause}; {step}",
        step = self.step()
    )]
    Malformed {
        /// Scheme, host and port.
        endpoint: String,
        /// The JSON-RPC method.
        method: String,
        /// What is wrong with it.
        cause: String,
    },
    /// A node of another chain than the network's.
    #[error(
        "node `{endpoint}` belongs to chain {found}, and network `{network}` is chain {expected}; {step}",
        step = self.step()
    )]
    WrongChain {
        /// Scheme, host and port.
        endpoint: String,
        /// The network's name.
        network: String,
        /// The network's chain id.
        expected: u64,
        /// The node's.
        found: u64,
    },
    /// Nothing is deployed at the contract's address.
    #[error("network `{network}` has no {what} at {address}; {step}", what = match what {
        Contract::Registry => "contract",
        Contract::Directory => "publisher directory",
    }, step = self.step())]
    NoContract {
        /// The network's name.
        network: String,
        /// Which contract.
        what: Contract,
        /// Where it was looked for.
        address: Address,
    },
    /// Another code than the contract's.
    #[error("the contract at {address} on network `{network}` is not DaoChain's {what}; {step}", what = match what {
        Contract::Registry => "registry",
        Contract::Directory => "publisher directory",
    }, step = self.step())]
    ForeignContract {
        /// The network's name.
        network: String,
        /// Which contract.
        what: Contract,
        /// Where it stands.
        address: Address,
    },
    /// The chain was reorganised while it was read, twice in a row.
    #[error("the chain of node `{endpoint}` changed while it was read; {step}", step = self.step())]
    Unsettled {
        /// Scheme, host and port.
        endpoint: String,
    },
    /// Too few endpoints say the same.
    #[error("of the {of} endpoints of network `{network}` {needed} must agree, and they do not ({cause}); {step}", step = self.step())]
    Disagreement {
        /// The network's name.
        network: String,
        /// How many must agree.
        needed: usize,
        /// Of how many.
        of: usize,
        /// How many answered at all.
        answered: usize,
        /// What each of them said.
        cause: String,
        /// The errors among it.
        causes: Vec<ChainError>,
    },
    /// The contract reverts.
    #[error("the contract refused: {reason}; {step}", step = self.step())]
    Refused {
        /// Its custom error as a sentence.
        reason: String,
    },
    /// The node does not take the transaction.
    #[error("node `{endpoint}` did not take the transaction: {reason}; {step}", step = self.step())]
    Rejected {
        /// Scheme, host and port.
        endpoint: String,
        /// The node's words, made safe to show.
        reason: String,
    },
    /// The fee is below what the chain or the replaced transaction asks for.
    #[error("the fee is too low: {reason}; {step}", step = self.step())]
    Underpriced {
        /// The node's words, made safe to show.
        reason: String,
    },
    /// The account cannot pay.
    #[error("the account cannot pay: {cause}; {step}", step = self.step())]
    InsufficientFunds {
        /// How much is missing, or the node's words made safe to show.
        cause: String,
    },
    /// Another transaction of the account has the nonce.
    #[error("another transaction of this account was faster and took the nonce; {step}", step = self.step())]
    NonceTaken,
    /// Another transaction of the account waits with the nonce, and this one does not pay enough more to take its place.
    #[error("another transaction of this account waits with the same nonce and pays as much; {step}", step = self.step())]
    NonceHeld,
    /// A signer outside this program cannot be asked.
    #[error("signer `{signer}` cannot be asked: {cause}; {step}", step = self.step())]
    SignerSilent {
        /// Scheme, host and port, or the socket's path.
        signer: String,
        /// Why.
        cause: String,
    },
    /// A signer outside this program, or its user, did not sign what it was asked to.
    #[error("signer `{signer}` did not sign: {cause}; {step}", step = self.step())]
    SignerRefused {
        /// Scheme, host and port, or the socket's path.
        signer: String,
        /// Its words, made safe to show, or what is wrong with its answer.
        cause: String,
    },
    /// The key is none, or another account's.
    #[error("the key cannot sign: {cause}; {step}", step = self.step())]
    Key {
        /// What is wrong with it; never the key.
        cause: String,
    },
}

impl ChainError {
    /// A kebab-case word that never changes its meaning, for documents.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Endpoint { .. } => "endpoint-invalid",
            Self::Unreachable { .. } => "node-unreachable",
            Self::TimedOut { .. } => "node-timeout",
            Self::Node { .. } => "node-error",
            Self::Malformed { .. } => "node-malformed",
            Self::WrongChain { .. } => "wrong-chain",
            Self::NoContract { .. } => "no-contract",
            Self::ForeignContract { .. } => "foreign-contract",
            Self::Unsettled { .. } => "chain-unsettled",
            Self::Disagreement { .. } => "endpoints-disagree",
            Self::Refused { .. } => "refused",
            Self::Rejected { .. } => "transaction-rejected",
            Self::Underpriced { .. } => "fee-too-low",
            Self::InsufficientFunds { .. } => "insufficient-funds",
            Self::NonceTaken => "nonce-taken",
            Self::NonceHeld => "nonce-held",
            Self::SignerSilent { .. } => "signer-unreachable",
            Self::SignerRefused { .. } => "signer-refused",
            Self::Key { .. } => "key-unusable",
        }
    }

    /// What the user can do about it. It depends on the kind of error alone, never on foreign words, and ends the sentence.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Endpoint { .. } => "name one as `http://host:port` or `https://host/path`",
            Self::Unreachable { .. } => "start it, or name another with --rpc",
            Self::TimedOut { .. } | Self::Node { .. } => "try again, or name another with --rpc",
            Self::Malformed { .. } => "name another with --rpc",
            Self::WrongChain { .. } => "name a node of that chain with --rpc, or another network with --network",
            Self::NoContract { .. } => "deploy it with `daochain contract deploy`",
            Self::ForeignContract { .. } => "correct the address of the network",
            Self::Unsettled { .. } => "try again",
            Self::Disagreement { .. } => "`daochain node status` asks each of them; name others with --rpc",
            Self::Refused { .. } => "`daochain history REFERENCE` tells what it holds",
            Self::Rejected { .. } => "try again later, or name another with --rpc",
            Self::Underpriced { .. } => "estimate again",
            Self::InsufficientFunds { .. } => "fund it first",
            Self::NonceTaken => "start again",
            Self::NonceHeld => "pay more (--max-gas-price), or wait for it",
            Self::SignerSilent { .. } => "start it, or name another account with --account",
            Self::SignerRefused { .. } => "approve it in the signer, or name another account with --account",
            Self::Key { .. } => "name another account with --account",
        })
    }

    /// True where the node was asked, understood, and said what it holds to be the case: an error that endpoints can
    /// agree on. Everything else is a fault of one of them.
    #[must_use]
    pub(super) const fn is_answer(&self) -> bool {
        matches!(
            self,
            Self::NoContract { .. }
                | Self::ForeignContract { .. }
                | Self::WrongChain { .. }
                | Self::Refused { .. }
                | Self::Rejected { .. }
                | Self::Underpriced { .. }
                | Self::InsufficientFunds { .. }
                | Self::NonceTaken
                | Self::NonceHeld
        )
    }

    /// Why, without whom it concerns and what to do.
    pub(super) fn cause(&self) -> String {
        match self {
            Self::Unreachable { cause, .. } | Self::Malformed { cause, .. } => cause.clone(),
            Self::TimedOut { seconds, .. } => format!("it did not answer within {seconds} s"),
            other => other.to_string(),
        }
    }

    /// The next step, for the sentence.
    fn step(&self) -> &'static str {
        self.hint().unwrap_or_default()
    }
}
