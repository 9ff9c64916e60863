//! `erp-sync simulate`: the simulators alone, until Ctrl-C.
use crate::cli::SimulateArgs;
use crate::failure::Failure;
use crate::output::Output;
use std::sync::Arc;

/// `simulate`; prints addresses and a configuration, then waits for SIGINT or SIGTERM.
///
/// # Errors
/// The simulators could not be started.
pub async fn run(_output: &Arc<Output>, _args: &SimulateArgs) -> Result<(), Failure> {
    Err(crate::runtime::not_wired("simulate"))
}
