//! The arguments of `schedule`.
use clap::{Args, Subcommand};

/// What can be done with schedules.
#[derive(Debug, Clone, Subcommand)]
pub enum ScheduleCommand {
    /// List the schedules with their last and next run.
    #[command(after_help = "Example:\n  erp-sync schedule list --json")]
    List,
    /// Let the ticks of a schedule do nothing until it is resumed. Shows what would be done; --apply does it.
    ///
    /// Runs by hand work all the same. Pausing `dispatch` leaves deferred work lying.
    #[command(
        after_help = "Example:\n  erp-sync schedule pause sige-daily-sync --reason \"stocktaking until Monday\" --apply"
    )]
    Pause(SchedulePauseArgs),
    /// Let a paused schedule run again with its next tick. Shows what would be done; --apply does it.
    #[command(
        after_help = "Examples:\n  erp-sync schedule resume sige-daily-sync --apply\n  erp-sync schedule resume --apply"
    )]
    Resume(ScheduleResumeArgs),
}

/// Options of `schedule pause`.
#[derive(Debug, Clone, Args)]
pub struct SchedulePauseArgs {
    /// The schedule, as `schedule list` names it [default: every one].
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// Why; stands in the run journal where a tick is skipped.
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Do it. Without it the command shows what would be done.
    #[arg(long)]
    pub apply: bool,
}

/// Options of `schedule resume`.
#[derive(Debug, Clone, Args)]
pub struct ScheduleResumeArgs {
    /// The schedule, as `schedule list` names it [default: every one].
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// Do it. Without it the command shows what would be done.
    #[arg(long)]
    pub apply: bool,
}
