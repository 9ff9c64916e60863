//! The window worker: a wake-up from `sige-windows.fifo` names one sale day of one account.
//!
//! Event body: `{ "v": 1, "account": "matriz", "day": "2026-03-25" }`.
mod function;

pub use function::function;

use flows::deps::{Deps, FlowError};
use flows::request;
use flows::window_sync::{WindowReport, WindowWake, sync_window};

/// Works on the window if it is due. A lost, doubled or late wake-up does no harm.
///
/// # Errors
/// The infrastructure failed: nothing is concluded, the message is to be delivered again.
pub async fn handle(wake: WindowWake, deps: &Deps) -> Result<WindowReport, FlowError> {
    if wake.v != 1 {
        return Err(FlowError::BadRequest(format!("event version {} is not known, 1 is", wake.v)));
    }
    request::check_account(&wake.account)?;
    sync_window(deps, &wake).await
}
