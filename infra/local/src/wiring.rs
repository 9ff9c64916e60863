//! The one place that names the adapters of this machine.
use crate::config::Config;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Output;
use std::sync::Arc;

/// Opens the stores in the data directory.
///
/// # Errors
/// [`Failure::Failed`] with the path and the remedy.
pub fn open(_config: Config, _output: &Arc<Output>) -> Result<Context, Failure> {
    Err(crate::runtime::not_wired("stores"))
}
