//! The jobs on this machine: from a command's arguments to a report.
use crate::cli::{BackfillArgs, DailyArgs, RestoreArgs};
use crate::context::Context;
use crate::failure::Failure;
use crate::report::RunReport;

/// `run sige-daily-sync`.
///
/// # Errors
/// The request is wrong, or the stores failed. What happened to single days is in the report.
pub async fn run_daily(_context: &Context, _args: &DailyArgs) -> Result<RunReport, Failure> {
    Err(not_wired("run sige-daily-sync"))
}

/// `run sige-backfill`.
///
/// # Errors
/// As [`run_daily`].
pub async fn run_backfill(_context: &Context, _args: &BackfillArgs) -> Result<RunReport, Failure> {
    Err(not_wired("run sige-backfill"))
}

/// `sige restore`; prints its own result.
///
/// # Errors
/// There is nothing to restore, or it could not be done.
pub async fn restore(_context: &Context, _args: &RestoreArgs) -> Result<(), Failure> {
    Err(not_wired("sige restore"))
}

pub(crate) fn not_wired(what: &str) -> Failure {
    Failure::Failed(format!("{what}: the runtime is not wired"))
}
