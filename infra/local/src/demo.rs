//! `erp-sync demo`: the daily sync at work against simulators, twice.
use crate::cli::DemoArgs;
use crate::failure::Failure;
use crate::output::Output;
use std::sync::Arc;

/// `demo`; prints its own result.
///
/// # Errors
/// The simulators could not be started, or the run failed.
pub async fn run(_output: &Arc<Output>, _args: &DemoArgs) -> Result<(), Failure> {
    Err(crate::runtime::not_wired("demo"))
}
