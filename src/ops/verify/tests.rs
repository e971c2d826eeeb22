#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::{
    config::{Config, Options},
    domain::{Address, network::ChainHead},
};

#[test]
fn a_node_that_is_away_is_asked_less_and_less_often_until_it_answers() {
    let mut pace = Pace::default();
    let lost = || ChainChange::Lost(Failure::new("node-unreachable", "it does not answer"));
    let seconds: Vec<_> = (0..6)
        .map(|_| {
            pace.learn(&lost());
            pace.interval.as_secs()
        })
        .collect();
    assert_eq!(seconds, [1, 2, 4, 8, 10, 10]);
}

#[tokio::test]
async fn a_chain_that_was_not_seen_is_not_asked_for_news() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { home: Some(folder.path().to_owned()), ..Options::default() };
    let context = Context::open(Config::load(options, &|_| None).unwrap()).unwrap();
    let latest = Block { number: 1, hash: [1; 32], at: Timestamp(0) };
    let seen = NetworkView {
        name: "test".to_owned(),
        chain_id: 1,
        contract: Address::from_bytes([1; 20]),
        head: ChainHead { latest, safe: None, finalized: None },
        local: false,
    };
    let mut news = News::Nobody;
    news.seek_behind(&ChainChange::Lost(Failure::new("node-unreachable", "it does not answer")), &context);
    assert!(matches!(news, News::Nobody));
    news.seek_behind(&ChainChange::Block(seen), &context);
    assert!(matches!(news, News::Sought(_)));
}
