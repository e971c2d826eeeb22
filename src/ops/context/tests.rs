#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::time::timeout;

use super::{engine::ASK_INTERVAL, *};
use crate::{
    config::Options,
    domain::progress::{Progress, Watch},
};

struct Wish(AtomicBool);

impl Watch for Wish {
    fn report(&self, _: Progress) {}

    fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

#[test]
fn what_one_endpoint_told_is_not_anothers_word() {
    let key = |rpc: &[&str]| {
        let folder = tempfile::tempdir().unwrap();
        let rpc = rpc.iter().map(ToString::to_string).collect();
        let options = Options { home: Some(folder.path().to_owned()), rpc, ..Options::default() };
        Context::open(Config::load(options, &|_| None).unwrap()).unwrap().network_key()
    };
    let (one, other) = ("https://rpc.example/one", "https://rpc.example/other");
    assert_eq!(key(&[one]), key(&[one]));
    let keys = [key(&[one]), key(&[other]), key(&[one, other]), key(&[])];
    assert!(keys.iter().enumerate().all(|(at, key)| !keys[..at].contains(key)), "{keys:?}");
    assert!(!keys[0].contains("one"), "{keys:?}");
}

#[tokio::test]
async fn an_engine_is_asked_for_two_exports_whoever_asks() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { home: Some(folder.path().to_owned()), ..Options::default() };
    let context = Context::open(Config::load(options, &|_| None).unwrap()).unwrap();
    let (wanted, unwanted) = (Wish(AtomicBool::new(false)), Wish(AtomicBool::new(true)));
    let mut permits = Vec::new();
    for _ in 0..EXPORTS_AT_ONCE {
        permits.push(context.export_permit(&wanted).await.unwrap());
    }
    let third = context.export_permit(&wanted);
    assert!(timeout(ASK_INTERVAL * 3, third).await.is_err(), "a third waits");
    assert!(context.export_permit(&unwanted).await.unwrap_err().is_cancelled(), "and not for ever");
    permits.pop();
    assert!(timeout(ASK_INTERVAL * 10, context.export_permit(&wanted)).await.is_ok());
}
