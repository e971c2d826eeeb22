//! Work whose panic is an answer: the screen waits for each of its tasks, and would wait for ever.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;

use crate::{app::msg::Problem, ops::Failure};

use super::translate::problem;

/// What the work finds, or that it panicked. Nothing that it may have left half changed is looked at again.
pub(super) async fn caught<T>(what: &str, work: impl Future<Output = T>) -> Result<T, Problem> {
    AssertUnwindSafe(work).catch_unwind().await.map_err(|_| problem(Failure::fault(what)))
}
