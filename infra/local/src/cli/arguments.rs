//! The arguments of each command.
use super::values::{account_name, day};
use crate::preview::PreviewArgs;
use chrono::NaiveDate;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Options of `demo`.
#[derive(Debug, Clone, Args)]
pub struct DemoArgs {}

/// The jobs.
#[derive(Debug, Clone, Subcommand)]
pub enum RunCommand {
    /// The daily job: the last completed days, and every day touched since the last success.
    ///
    /// Writes only days that changed. Repeating it is safe at any time: a day that stands already costs no write.
    #[command(
        after_help = "Examples:\n  erp-sync run sige-daily-sync\n  erp-sync run sige-daily-sync --account loja-centro --json"
    )]
    SigeDailySync(DailyArgs),
    /// Rebuild an inclusive range of past days.
    ///
    /// Resumes where it stopped when it is asked for again, and always lets the daily job go first.
    #[command(after_help = "Examples:\n  erp-sync run sige-backfill --from 2026-04-01 --to 2026-04-30\n  \
        erp-sync run sige-backfill --from 01/04/2026 --to 30/04/2026 --dry-run")]
    SigeBackfill(BackfillArgs),
}

/// Options of `run sige-daily-sync`.
#[derive(Debug, Clone, Args)]
pub struct DailyArgs {
    /// Last sale day to look at [default: yesterday in São Paulo]. With it, changed orders are not asked for.
    #[arg(long, value_name = "DAY", value_parser = day)]
    pub date: Option<NaiveDate>,
    /// Only this account [default: every enabled account].
    #[arg(long, value_name = "NAME", value_parser = account_name)]
    pub account: Option<String>,
    /// Let a day that has rows become empty when SIGE lists no order for it.
    #[arg(long)]
    pub allow_empty: bool,
    /// Do not wait for work that is due later (rate limits, outages): say when it is due and end. While `erp-sync up` works
    /// in the data directory: ask for the work and end.
    #[arg(long)]
    pub no_wait: bool,
    /// Show how far it has come where there is no terminal for a progress bar, too: a line whenever a day is done.
    #[arg(long, conflicts_with = "no_wait")]
    pub watch: bool,
}

/// Options of `run sige-backfill`.
#[derive(Debug, Clone, Args)]
pub struct BackfillArgs {
    /// First sale day, YYYY-MM-DD or DD/MM/YYYY.
    #[arg(long, value_name = "DAY", value_parser = day)]
    pub from: NaiveDate,
    /// Last sale day, inclusive; at the latest yesterday.
    #[arg(long, value_name = "DAY", value_parser = day)]
    pub to: NaiveDate,
    /// Only this account [default: every enabled account].
    #[arg(long, value_name = "NAME", value_parser = account_name)]
    pub account: Option<String>,
    /// Show which days would be planned, and change nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Let a day that has rows become empty when SIGE lists no order for it.
    #[arg(long)]
    pub allow_empty: bool,
    /// Do not wait for work that is due later (rate limits, outages): say when it is due and end. While `erp-sync up` works
    /// in the data directory: ask for the work and end.
    #[arg(long)]
    pub no_wait: bool,
    /// Show how far it has come where there is no terminal for a progress bar, too: a line whenever a day is done.
    #[arg(long, conflicts_with = "no_wait")]
    pub watch: bool,
}

/// Preview and repair.
#[derive(Debug, Clone, Subcommand)]
pub enum SigeCommand {
    /// Turn a company's own exported files into Faturamento rows, on paper. Writes nothing and needs no account.
    Preview(Box<PreviewArgs>),
    /// Repair a stopped account: show which rows a write has hit, rebuild those of ours, let the account run again.
    ///
    /// Rows of ours are rebuilt from SIGE by synchronising their days again. Rows that a person made are listed with the
    /// time at which they stood in the spreadsheet's version history. Shows what would change; --apply does it.
    #[command(after_help = "Example:\n  erp-sync sige restore --account loja-centro --apply")]
    Restore(RestoreArgs),
}

/// Options of `sige restore`.
#[derive(Debug, Clone, Args)]
pub struct RestoreArgs {
    /// The account.
    #[arg(long, value_name = "NAME", value_parser = account_name)]
    pub account: String,
    /// Do it. Without it the command shows what would change.
    #[arg(long)]
    pub apply: bool,
}

/// What can be done with accounts.
#[derive(Debug, Clone, Subcommand)]
pub enum AccountsCommand {
    /// Bring the stored accounts to what a file says. Shows what would change; --apply does it.
    ///
    /// Accounts that are not in the file stay as they are; set `enabled = false` to switch one off.
    #[command(
        after_help = "Examples:\n  erp-sync accounts apply\n  erp-sync accounts apply --file accounts.toml --apply\n\n\
        A file with one account (every other key has a default, see infra/guide/configuration.md):\n\n  \
        [loja-centro]\n  erp.spreadsheet = \"<id or address of the spreadsheet with the ERP tab>\"\n  \
        destination.spreadsheet = \"<id or address of the spreadsheet with the Faturamento tab>\""
    )]
    Apply(AccountsApplyArgs),
    /// List the stored accounts.
    List(AccountsListArgs),
    /// Show one account with every setting.
    Show(AccountsShowArgs),
    /// Let a stopped account run again without restoring anything. Shows what would change; --apply does it.
    Resume(AccountsResumeArgs),
    /// Take over the six variables of the old worker: SIGE_TOKEN, SIGE_USER, SIGE_APP, GOOGLE_TOKEN, SPREADSHEET_ID,
    /// ERP_SPREADSHEET_ID. Shows what would change; --apply does it.
    #[command(after_help = "Example:\n  erp-sync accounts import-env .env --name loja-centro --apply")]
    ImportEnv(ImportEnvArgs),
}

/// Options of `accounts apply`.
#[derive(Debug, Clone, Args)]
pub struct AccountsApplyArgs {
    /// The file [default: accounts.toml beside the configuration].
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Do it. Without it the command shows what would change.
    #[arg(long)]
    pub apply: bool,
}

/// Options of `accounts list`.
#[derive(Debug, Clone, Args)]
pub struct AccountsListArgs {}

/// Options of `accounts show`.
#[derive(Debug, Clone, Args)]
pub struct AccountsShowArgs {
    /// The account.
    #[arg(value_name = "NAME", value_parser = account_name)]
    pub name: String,
}

/// Options of `accounts resume`.
#[derive(Debug, Clone, Args)]
pub struct AccountsResumeArgs {
    /// The account.
    #[arg(value_name = "NAME", value_parser = account_name)]
    pub name: String,
    /// Do it. Without it the command shows what would change.
    #[arg(long)]
    pub apply: bool,
}

/// Options of `import-env`.
#[derive(Debug, Clone, Args)]
pub struct ImportEnvArgs {
    /// File of NAME=value lines.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Name of the account.
    #[arg(long, value_name = "NAME", default_value = "main", value_parser = account_name)]
    pub name: String,
    /// Do it. Without it the command shows what would change.
    #[arg(long)]
    pub apply: bool,
}

/// What can be done with secrets.
#[derive(Debug, Clone, Subcommand)]
pub enum SecretsCommand {
    /// Set or replace a secret. The value comes from a hidden prompt, standard input or a file, never from the command line.
    #[command(after_help = "Names:\n  \
        sige/<account>     {\"token\": \"...\", \"user\": \"administrator's e-mail\", \"app\": \"registered app\"}\n  \
        google/<account>   the JSON key of a service account, or {\"access_token\": \"...\"}, or a bare access token\n\n\
        Examples:\n  erp-sync secrets set google/loja-centro --from-file service-account.json\n  \
        erp-sync secrets set sige/loja-centro < sige.json")]
    Set(SecretsSetArgs),
    /// List the names of the secrets of this stage.
    List,
}

/// Options of `secrets set`.
#[derive(Debug, Clone, Args)]
pub struct SecretsSetArgs {
    /// `sige/<account>` or `google/<account>`.
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Read the value from this file instead of standard input.
    #[arg(long, value_name = "FILE")]
    pub from_file: Option<PathBuf>,
}

/// What can be done with the configuration.
#[derive(Debug, Clone, Subcommand)]
pub enum ConfigCommand {
    /// Write a commented file with every key, default and range (erp-sync.toml, or the one named by --config).
    Init(ConfigInitArgs),
    /// Check the configuration and the accounts file without starting anything; show every value in force.
    Check,
}

/// Options of `config init`.
#[derive(Debug, Clone, Args)]
pub struct ConfigInitArgs {
    /// Replace a file that is there.
    #[arg(long)]
    pub force: bool,
}

/// Options of `simulate`.
#[derive(Debug, Clone, Args)]
pub struct SimulateArgs {
    /// Billed orders of each sample day.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    pub orders_per_day: u32,
    /// Rows of the ERP tab.
    #[arg(long, value_name = "N", default_value_t = 25_000, value_parser = clap::value_parser!(u32).range(0..=200_000))]
    pub erp_rows: u32,
    /// Rows that stand in the Faturamento tab already.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=200_000))]
    pub destination_rows: u32,
}

/// Options of `completions`.
#[derive(Debug, Clone, Args)]
pub struct CompletionsArgs {
    /// The shell.
    pub shell: clap_complete::Shell,
}
