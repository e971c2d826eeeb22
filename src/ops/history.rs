//! What was said of a reference, in order.

use crate::{
    domain::{Address, Reference, record::HistoryEvent},
    ops::{Context, Failure},
};

/// Every event of a reference, of one publisher or of all, oldest first.
///
/// # Errors
/// When the node cannot be asked.
pub async fn read_history(
    context: &Context,
    reference: &Reference,
    publisher: Option<Address>,
) -> Result<Vec<HistoryEvent>, Failure> {
    Ok(context.chain().await?.history(reference, publisher).await?)
}
