//! Which refusals mean that less at once may be answered, in the words of those who refuse.

use super::ChainError;

/// What nodes and services say where a range of blocks is too long, or its events are too many. Each holds enough words to tell
/// it from a bound on requests per second or per day, which asking for less only makes worse.
const TOO_MUCH: [&str; 24] = [
    // geth and its descendants, cdk-erigon, cloudflare.
    "exceed maximum block range",
    "block range limit",
    "block range too large",
    "block range is bigger",
    "block range greater than",
    "response too large",
    "exceeds limit of",
    // Erigon.
    "block range exceeds",
    "returns too many logs",
    // reth, ethrex, base.
    "exceeds max block range",
    "exceeds max results",
    // Nethermind.
    "too many logs",
    "enabled timeout",
    // Infura, whose third bound is on time.
    "query returned more than",
    "query timeout exceeded",
    "query duration",
    // Alchemy.
    "response size",
    "block range should work",
    "block range with a cap",
    // QuickNode, Ankr, Avalanche and others.
    "is limited to a",
    "range is too",
    "block range is",
    "too many blocks",
    "request timed out",
];

/// Words of a bound on requests, whatever else they hold.
const REQUESTS: [&str; 6] =
    ["rate limit", "request limit", "request rate", "request count", "too many requests", "per second"];

/// True for a refusal to answer so many requests: to ask for less at once would make more of them.
pub(super) fn counts_requests(words: &str) -> bool {
    let words = words.to_ascii_lowercase();
    REQUESTS.iter().any(|part| words.contains(part))
}

impl ChainError {
    /// True where less at once may be answered: a range of blocks too long, or an answer too large. Where several endpoints
    /// disagree, one of them may have such a bound.
    #[must_use]
    pub fn is_too_much(&self) -> bool {
        match self {
            Self::Node { message, .. } => {
                let words = message.to_ascii_lowercase();
                let is_too_much = TOO_MUCH.iter().any(|part| words.contains(part));
                is_too_much && !words.contains("invalid block range") && !counts_requests(&words)
            }
            Self::Malformed { cause, .. } => cause.starts_with("it is larger than"),
            Self::Disagreement { causes, .. } => causes.iter().any(Self::is_too_much),
            _ => false,
        }
    }

    /// True where less at once may be answered in time, or nothing at all.
    #[must_use]
    pub fn is_too_slow(&self) -> bool {
        match self {
            Self::TimedOut { .. } => true,
            Self::Disagreement { causes, .. } => causes.iter().any(Self::is_too_slow),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(message: &str) -> ChainError {
        let (endpoint, method) = ("http://a:1".to_owned(), "eth_getLogs".to_owned());
        ChainError::Node { endpoint, method, code: -32005, message: message.to_owned() }
    }

    #[test]
    fn a_bound_on_a_range_is_told_from_a_bound_on_requests() {
        for much in [
            "exceed maximum block range: 50000",
            "query exceeds max block range 100000",
            "query exceeds max results 20000, retry with the range 1-2",
            "query block range exceeds server limit, narrow your filter: 1000",
            "query returns too many logs, narrow your filter: 20000",
            "range 1000000 exceeds limit of 10000",
            "query returned more than 10000 results. Try with this block range [0x1, 0x2].",
            "Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range",
            "Under the Free tier plan, you can make eth_getLogs requests with up to a 10 block range. Based on your \\
             parameters, this block range should work: [0x1, 0xa].",
            "eth_getLogs is limited to a 10,000 range",
            "block range is too wide",
            "eth_getLogs range is too large, max is 1k blocks",
            "requested too many blocks from 1 to 9000, maximum is set to 2048",
            "Query timeout exceeded. Consider reducing your block range.",
        ] {
            assert!(refused(much).is_too_much(), "{much}");
        }
        for otherwise in [
            "rate limit exceeded",
            "daily request limit exceeded",
            "daily request count exceeded, request rate limited",
            "Your app has exceeded its compute units per second capacity",
            "project ID request rate exceeded",
            "invalid block range params",
            "block range extends beyond current head block",
            "logs are not kept here",
        ] {
            assert!(!refused(otherwise).is_too_much(), "{otherwise}");
        }
    }

    #[test]
    fn of_those_who_disagree_one_may_be_asked_for_less() {
        let among = |causes: Vec<ChainError>| ChainError::Disagreement {
            network: "test".to_owned(),
            needed: 2,
            of: 2,
            answered: 1,
            cause: String::new(),
            causes,
        };
        let (endpoint, method) = ("http://a:1".to_owned(), "eth_getLogs".to_owned());
        let late = ChainError::TimedOut { endpoint, method, seconds: 10 };
        assert!(late.is_too_slow() && !late.is_too_much());
        let much = among(vec![refused("rate limit exceeded"), refused("block range is too wide")]);
        assert!(much.is_too_much() && !much.is_too_slow());
        assert!(!among(vec![refused("rate limit exceeded")]).is_too_much() && !among(Vec::new()).is_too_much());
        assert!(among(vec![late]).is_too_slow());
    }
}
