//! That no task leaves the screen waiting.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::{
    app::msg::NodeMsg,
    config::{Config, Options},
};

#[tokio::test]
async fn a_task_that_panics_has_answered() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { home: Some(folder.path().to_owned()), ..Options::default() };
    let context = Context::open(Config::load(options, &|_| None).unwrap()).unwrap();
    let (mut runtime, mut messages) = Runtime::new(context);
    let added = |added| Msg::Node(NodeMsg::PeerAdded(added));
    runtime.answer("a test", added, |_| async { panic!("a panic that a test wants") });
    let Some(Msg::Node(NodeMsg::PeerAdded(Err(problem)))) = messages.recv().await else { panic!("no answer") };
    assert_eq!((problem.code, problem.message.as_str()), ("internal", "a test ended by a fault of this program"));
    // The next question is answered as if nothing had been.
    runtime.answer("a test", added, |_| async { Ok(()) });
    assert_eq!(messages.recv().await, Some(Msg::Node(NodeMsg::PeerAdded(Ok(())))));
    runtime.close().await;
}
