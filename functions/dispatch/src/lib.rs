//! The dispatcher: every minute it sends what is due and not on its way.
//!
//! Event: `{ "v": 1 }`; anything else in it is ignored, since a tick says nothing that the items do not say better.
use flows::deps::{Deps, FlowError};
use flows::dispatch::{Dispatched, tick};

/// One tick.
///
/// # Errors
/// The infrastructure failed; the next tick does the same again.
pub async fn handle(deps: &Deps) -> Result<Dispatched, FlowError> {
    tick(deps).await
}
