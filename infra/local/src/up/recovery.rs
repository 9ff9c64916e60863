//! What a start makes good after a process that was killed.
//!
//! The one who starts holds the lock of the data directory, so nobody else works there: deliveries that were not acknowledged
//! belong to nobody, and leases that have not ended protect nobody. Both would end by themselves, after half an hour.
use adapter_local::LocalStores;
use flows::accounts;
use flows::deps::FlowError;
use flows::lease;
use flows::window_sync::lease_resource;
use std::collections::BTreeSet;

/// Hands back deliveries of these queues and ends the leases of every spreadsheet.
///
/// # Errors
/// The stores cannot be used.
pub(super) async fn recover<'q>(
    stores: &LocalStores,
    queues: impl IntoIterator<Item = &'q str>,
) -> Result<(), FlowError> {
    let stored = accounts::list(&*stores.state).await?;
    let spreadsheets: BTreeSet<_> =
        stored.iter().map(|stored| stored.account.destination.spreadsheet.as_str()).collect();
    for spreadsheet in spreadsheets {
        lease::force_release(&*stores.state, &lease_resource(spreadsheet), None).await?;
    }
    for queue in queues {
        let handed_back = stores.queue.hand_back(queue).await?;
        if handed_back > 0 {
            tracing::warn!(queue, handed_back, "took up what a process that is gone had in hand");
        }
    }
    Ok(())
}
