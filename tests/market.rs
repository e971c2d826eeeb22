//! Everything that is published, found on a real chain.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::sync::Arc;

use daochain::{
    config::{Config, Options},
    domain::{
        market::{Order, Query},
        progress::Unwatched,
    },
    ops::{Context, market},
};
use support::Home;

#[test]
fn what_was_published_is_found_by_name_publisher_and_namespace() {
    let home = Home::new();
    let (first, second) = (home.funded_account(), home.funded_account());
    for (name, content, account) in [
        ("acme/api:1", "a", &first),
        ("acme/api:1", "b", &first),
        ("acme/web:1", "c", &second),
        ("other/x:1", "d", &second),
    ] {
        let archive = home.archive(name, content);
        let run = home.run(&["publish", "--archive", archive.to_str().unwrap(), "--account", account, "--yes"]);
        assert!(run.success(), "{run:?}");
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let options = Options { home: Some(home.path().to_path_buf()), ..Options::default() };
        let context = Context::open(Config::load(options, &|_| None).unwrap()).unwrap();
        let all = Query { limit: 10, order: Order::Newest, ..Query::default() };
        let before = market::page(&context, &all).await.unwrap();
        assert_eq!((before.offers.len(), before.read_to), (0, None), "nothing was read yet");
        let head = market::refresh(&context, Arc::new(Unwatched)).await.unwrap();
        let names = async |query: &Query| -> Vec<(String, u32)> {
            let page = market::page(&context, query).await.unwrap();
            assert_eq!(page.read_to, Some(head));
            assert_eq!(market::count(&context, query).await.unwrap(), page.offers.len() as u64);
            page.offers.iter().map(|one| (one.reference.familiar().to_owned(), one.version)).collect()
        };
        let expected = [("other/x:1", 1), ("acme/web:1", 1), ("acme/api:1", 2)].map(|(name, of)| (name.to_owned(), of));
        assert_eq!(names(&all).await, expected);
        assert_eq!(names(&Query { namespace: Some("acme".parse().unwrap()), ..all.clone() }).await, expected[1..]);
        assert_eq!(names(&Query { publisher: Some(first.parse().unwrap()), ..all.clone() }).await, expected[2..]);
        assert_eq!(names(&Query { text: "web".to_owned(), ..all.clone() }).await, expected[1..2]);
        context.close().await;
    });
}
