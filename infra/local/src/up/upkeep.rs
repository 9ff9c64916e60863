//! Once an hour what nobody sees any more is removed from the stores, in bounded pieces so that work goes on in between.
use super::stop::Stop;
use adapter_local::{LocalStores, Maintained};
use flows::ports::Clock;
use std::sync::Arc;
use std::time::Duration;

const EVERY: Duration = Duration::from_secs(3_600);
/// Rows of each kind in one piece.
const PIECE_ROWS: usize = 1_000;
/// Pieces of one hour; what is left then is removed in the next.
const PIECES_MAX: usize = 1_000;

/// Tidies up until the end is asked for.
pub(super) async fn run(stores: Arc<LocalStores>, clock: Arc<dyn Clock>, stop: Stop) {
    while !stop.is_requested() {
        tidy(&stores, &stop).await;
        tokio::select! {
            () = stop.requested() => {}
            () = clock.sleep(EVERY) => {}
        }
    }
}

async fn tidy(stores: &LocalStores, stop: &Stop) {
    for _ in 0..PIECES_MAX {
        match stores.maintain(PIECE_ROWS).await {
            Ok(removed) if removed == Maintained::default() => return,
            Ok(removed) => tracing::debug!(?removed, "removed what had expired"),
            Err(error) => return tracing::warn!(%error, "what has expired could not be removed"),
        }
        if stop.is_requested() {
            return;
        }
    }
}
