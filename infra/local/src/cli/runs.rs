//! The arguments of `runs`.
use super::values::{account_name, day};
use chrono::NaiveDate;
use clap::{Args, Subcommand};

/// What can be done with runs and plans.
#[derive(Debug, Clone, Subcommand)]
pub enum RunsCommand {
    /// List what was done lately, the newest last; with --plans the plans and how far they have come.
    #[command(
        after_help = "Examples:\n  erp-sync runs list --account loja-centro --function sige-window-sync\n  \
        erp-sync runs list --plans\n  erp-sync runs list --since 2026-03-01 --limit 500 --json"
    )]
    List(RunsListArgs),
    /// Show one entry of the run journal, or one plan with its days.
    #[command(after_help = "Example:\n  erp-sync runs show backfill-0198c1f2-… --account loja-centro")]
    Show(RunsShowArgs),
    /// Follow a plan until each of its days has an outcome. Ctrl-C ends the watching, not the work.
    #[command(after_help = "Example:\n  erp-sync runs watch backfill-0198c1f2-…")]
    Watch(RunsShowArgs),
    /// Cancel a plan: days without an outcome are no longer due. Shows what would be done; --apply does it.
    ///
    /// A day in hand is finished. Days that another plan waits for stay due. `runs resume` goes on with it.
    #[command(after_help = "Example:\n  erp-sync runs cancel backfill-0198c1f2-… --apply")]
    Cancel(RunsTurnArgs),
    /// Go on with a cancelled plan: its pending days are due again. Shows what would be done; --apply does it.
    #[command(after_help = "Example:\n  erp-sync runs resume backfill-0198c1f2-… --apply")]
    Resume(RunsResumeArgs),
}

/// Options of `runs list`.
#[derive(Debug, Clone, Args)]
pub struct RunsListArgs {
    /// Only this account [default: every account].
    #[arg(long, value_name = "NAME", value_parser = account_name)]
    pub account: Option<String>,
    /// Only this function, for example sige-window-sync.
    #[arg(long, value_name = "NAME")]
    pub function: Option<String>,
    /// From this day on (UTC) [default: seven days ago].
    #[arg(long, value_name = "DAY", value_parser = day)]
    pub since: Option<NaiveDate>,
    /// The newest so many.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub limit: u32,
    /// Plans instead of single runs.
    #[arg(long, conflicts_with = "function")]
    pub plans: bool,
}

/// Options of `runs show` and `runs watch`.
#[derive(Debug, Clone, Args)]
pub struct RunsShowArgs {
    /// The run or plan.
    #[arg(value_name = "ID")]
    pub id: String,
    /// The account, where several have a plan of that id.
    #[arg(long, value_name = "NAME", value_parser = account_name)]
    pub account: Option<String>,
}

/// Options of `runs cancel`.
#[derive(Debug, Clone, Args)]
pub struct RunsTurnArgs {
    /// The plan.
    #[arg(value_name = "PLAN")]
    pub id: String,
    /// The account, where several have a plan of that id.
    #[arg(long, value_name = "NAME", value_parser = account_name)]
    pub account: Option<String>,
    /// Do it. Without it the command shows what would be done.
    #[arg(long)]
    pub apply: bool,
}

/// Options of `runs resume`.
#[derive(Debug, Clone, Args)]
pub struct RunsResumeArgs {
    /// Which plan, and whether to do it.
    #[command(flatten)]
    pub turn: RunsTurnArgs,
    /// Ask for the work and end, instead of doing it or watching it.
    #[arg(long)]
    pub no_wait: bool,
}
