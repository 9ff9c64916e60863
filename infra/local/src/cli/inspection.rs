//! The arguments of the commands that look at what is there: `logs`, `status`, `doc`, and of `release`, which follows from
//! what they show.
use super::values::{account_name, day};
use chrono::NaiveDate;
use clap::{Args, Subcommand};

/// Options of `logs`.
#[derive(Debug, Clone, Args)]
pub struct LogsArgs {
    /// The day (UTC) [default: today].
    #[arg(long, value_name = "DAY", value_parser = day)]
    pub date: Option<NaiveDate>,
    /// Only lines of this function, for example sige-window-sync.
    #[arg(long, value_name = "NAME")]
    pub function: Option<String>,
    /// Only lines of this run, as `runs list` names it.
    #[arg(long, value_name = "ID")]
    pub run: Option<String>,
    /// Only lines about this account.
    #[arg(long, value_name = "NAME", value_parser = account_name)]
    pub account: Option<String>,
    /// The newest so many.
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub limit: u32,
    /// Go on with lines as they are written, until Ctrl-C.
    #[arg(long, conflicts_with = "date")]
    pub follow: bool,
}

/// Options of `status`.
#[derive(Debug, Clone, Args)]
pub struct StatusArgs {
    /// Only this account and the stores [default: every enabled account].
    #[arg(long, value_name = "NAME", value_parser = account_name)]
    pub account: Option<String>,
}

/// What can be done with documents.
#[derive(Debug, Clone, Subcommand)]
pub enum DocCommand {
    /// Show where an order or a sale day is, and how it came there: ledger, window, plans, runs, before-images.
    #[command(
        after_help = "Examples:\n  erp-sync doc show loja-centro 10482\n  erp-sync doc show loja-centro 2026-03-25 --json"
    )]
    Show(DocShowArgs),
}

/// Options of `doc show`.
#[derive(Debug, Clone, Args)]
pub struct DocShowArgs {
    /// The account.
    #[arg(value_name = "ACCOUNT", value_parser = account_name)]
    pub account: String,
    /// The order's code, its id, or the day as YYYY-MM-DD.
    #[arg(value_name = "ORDER|DAY")]
    pub name: String,
}

/// Options of `release`.
#[derive(Debug, Clone, Args)]
pub struct ReleaseArgs {
    /// The account whose spreadsheet is to be released.
    #[arg(long, value_name = "NAME", value_parser = account_name)]
    pub account: String,
    /// Why; stands in the audit.
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Do it. Without it the command shows what would be done.
    #[arg(long)]
    pub apply: bool,
}
