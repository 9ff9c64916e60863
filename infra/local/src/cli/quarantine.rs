//! The arguments of `quarantine`.
use super::values::account_name;
use clap::{ArgGroup, Args, Subcommand};

/// What can be done with what needs a person.
#[derive(Debug, Clone, Subcommand)]
pub enum QuarantineCommand {
    /// List orders that cannot become a row and days that failed, with the reason and since when.
    #[command(
        after_help = "Examples:\n  erp-sync quarantine list\n  erp-sync quarantine list --account loja-centro --json"
    )]
    List(QuarantineListArgs),
    /// Show one order or day of that list with everything that is known about it.
    #[command(
        after_help = "Examples:\n  erp-sync quarantine show loja-centro 10482\n  erp-sync quarantine show loja-centro 2026-03-25"
    )]
    Show(QuarantineShowArgs),
    /// Synchronise the days of these orders and days again, with the urgency of the daily job. Shows what would be done;
    /// --apply does it.
    #[command(after_help = "Examples:\n  erp-sync quarantine retry loja-centro 2026-03-25 --apply\n  \
        erp-sync quarantine retry loja-centro --all --apply")]
    Retry(QuarantineRetryArgs),
    /// Take them off the list. Shows what would be done; --apply does it.
    ///
    /// A discarded order comes back when it, or the reason, changes; a row that it once had is left alone. A discarded day
    /// is not taken up by the daily job any more, as long as nothing touches it.
    #[command(after_help = "Example:\n  erp-sync quarantine discard loja-centro 10482 --apply")]
    Discard(QuarantineDiscardArgs),
}

/// Options of `quarantine list`.
#[derive(Debug, Clone, Args)]
pub struct QuarantineListArgs {
    /// Only this account [default: every account].
    #[arg(long, value_name = "NAME", value_parser = account_name)]
    pub account: Option<String>,
}

/// Options of `quarantine show`.
#[derive(Debug, Clone, Args)]
pub struct QuarantineShowArgs {
    /// The account.
    #[arg(value_name = "ACCOUNT", value_parser = account_name)]
    pub account: String,
    /// The order's code or identity, or the day as YYYY-MM-DD.
    #[arg(value_name = "ORDER|DAY")]
    pub name: String,
}

/// Options of `quarantine retry`.
#[derive(Debug, Clone, Args)]
pub struct QuarantineRetryArgs {
    /// Which ones.
    #[command(flatten)]
    pub which: WhichHeld,
    /// Let a day that has rows become empty when SIGE lists no order for it.
    #[arg(long)]
    pub allow_empty: bool,
    /// Ask for the work and end, instead of doing it or watching it.
    #[arg(long)]
    pub no_wait: bool,
    /// Do it. Without it the command shows what would be done.
    #[arg(long)]
    pub apply: bool,
}

/// Options of `quarantine discard`.
#[derive(Debug, Clone, Args)]
pub struct QuarantineDiscardArgs {
    /// Which ones.
    #[command(flatten)]
    pub which: WhichHeld,
    /// Do it. Without it the command shows what would be done.
    #[arg(long)]
    pub apply: bool,
}

/// Some of what needs a person, or all of it.
#[derive(Debug, Clone, Args)]
#[command(group(ArgGroup::new("held").required(true).args(["names", "all"])))]
pub struct WhichHeld {
    /// The account.
    #[arg(value_name = "ACCOUNT", value_parser = account_name)]
    pub account: String,
    /// The order's code or identity, or the day as YYYY-MM-DD; several are fine.
    #[arg(value_name = "ORDER|DAY")]
    pub names: Vec<String>,
    /// Everything of the account.
    #[arg(long)]
    pub all: bool,
}
