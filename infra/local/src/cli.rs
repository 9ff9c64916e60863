//! The command line, as clap reads it. Help texts are documentation: each says what it does, what it changes, and shows
//! an example. Nothing is decided here.
mod arguments;
mod inspection;
mod quarantine;
mod queue;
mod runs;
mod schedule;
mod up;
mod values;

pub use arguments::{
    AccountsApplyArgs, AccountsCommand, AccountsListArgs, AccountsResumeArgs, AccountsShowArgs, BackfillArgs,
    CompletionsArgs, ConfigCommand, ConfigInitArgs, DailyArgs, DemoArgs, ImportEnvArgs, RestoreArgs,
    RunCommand, SecretsCommand, SecretsSetArgs, SigeCommand, SimulateArgs,
};
pub use inspection::{DocCommand, DocShowArgs, LogsArgs, ReleaseArgs, StatusArgs};
pub use quarantine::{
    QuarantineCommand, QuarantineDiscardArgs, QuarantineListArgs, QuarantineRetryArgs, QuarantineShowArgs,
    WhichHeld,
};
pub use queue::{QueueCommand, QueueMoveArgs, QueueShowArgs};
pub use runs::{RunsCommand, RunsListArgs, RunsResumeArgs, RunsShowArgs, RunsTurnArgs};
pub use schedule::{ScheduleCommand, SchedulePauseArgs, ScheduleResumeArgs};
pub use up::{UpArgs, UpMode};
use values::path;
pub use values::{account_name, day, level, stack_name};

use crate::config::Overrides;
use crate::settings::Level;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Synchronises billed SIGE orders into the Faturamento spreadsheet.
///
/// Every order is written once: a run that is repeated, interrupted or doubled leaves the same rows. Try it without any
/// account with `erp-sync demo`.
#[derive(Debug, Parser)]
#[command(
    name = "erp-sync",
    version,
    after_help = "Examples:\n  \
        erp-sync demo                                           see it work, no account needed\n  \
        erp-sync config init                                    write a commented erp-sync.toml\n  \
        erp-sync import-env .env --apply                        take over the old worker's settings\n  \
        erp-sync run sige-daily-sync                            the daily job, now\n  \
        erp-sync run sige-backfill --from 2026-04-01 --to 2026-04-30\n\n\
        Exit codes: 0 done, 1 failed, 2 bad usage or configuration."
)]
pub struct Cli {
    /// What holds for every command.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// Options that every command takes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options for every command")]
pub struct GlobalArgs {
    /// Configuration file [default: erp-sync.toml in the current directory, if there is one].
    #[arg(long, global = true, value_name = "FILE", env = "ERP_SYNC_CONFIG", hide_env_values = true, value_parser = path())]
    pub config: Option<PathBuf>,
    /// Directory of database, secrets, blobs and logs, instead of the configured one.
    #[arg(long, global = true, value_name = "DIR", env = "ERP_SYNC_DATA_DIR", hide_env_values = true, value_parser = path())]
    pub data_dir: Option<PathBuf>,
    /// Work on this stack on AWS instead of this machine's data directory. Credentials and region come from the
    /// environment or the profile, as for any AWS tool.
    #[arg(long, global = true, value_name = "NAME", value_parser = stack_name)]
    pub stack: Option<String>,
    /// Least severe level that is logged: error, warn, info, debug or trace.
    #[arg(long, global = true, value_name = "LEVEL", env = "ERP_SYNC_LOG", hide_env_values = true, value_parser = level)]
    pub log_level: Option<Level>,
    /// Print exactly one JSON value on standard output; after a failure {"error": {...}}.
    #[arg(long, global = true)]
    pub json: bool,
    /// Print results and errors only: no notes, no progress.
    #[arg(long, short, global = true)]
    pub quiet: bool,
}

impl GlobalArgs {
    /// What these options say about the configuration. An empty variable counts as unset.
    pub fn overrides(&self) -> Overrides {
        let given = |path: &Option<PathBuf>| path.clone().filter(|path| !path.as_os_str().is_empty());
        Overrides { config: given(&self.config), data_dir: given(&self.data_dir), log_level: self.log_level }
    }
}

/// Everything that `erp-sync` does.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show the daily sync at work against simulators on this machine.
    ///
    /// Starts simulators of SIGE and Google Sheets with a sample company on loopback ports, runs the daily sync, runs it
    /// again to show that nothing is written twice, and prints what happened. Needs no account and no network, and leaves
    /// nothing behind.
    #[command(
        after_help = "Examples:\n  erp-sync demo\n  erp-sync demo --json | jq .sige.second.write_requests"
    )]
    Demo(DemoArgs),
    /// Run everything on this machine: schedules, queues, workers. Ends at Ctrl-C or SIGTERM.
    ///
    /// Works on what is due, day and night: the daily job at its time, deferred work when it is due, backfills in between.
    /// Commands beside it ask it for work and watch. Asked to end, it finishes what it has in hand; asked twice, it hands
    /// it back. infra/guide/one-machine.md tells how to install it as a service.
    #[command(
        after_help = "Examples:\n  erp-sync up --sample              the whole product at work, no account needed\n  erp-sync up\n  \
        erp-sync up --mode all --port 0   with a health page, on any free port"
    )]
    Up(UpArgs),
    /// Run a job now.
    #[command(subcommand)]
    Run(RunCommand),
    /// Ask every system that the work needs whether it is there, and say what to do about one that is not.
    ///
    /// Reads only. Ends with 1 when something does not answer as it should.
    #[command(after_help = "Examples:\n  erp-sync status\n  erp-sync status --account loja-centro --json")]
    Status(StatusArgs),
    /// List, follow, cancel and resume what is being done.
    #[command(subcommand)]
    Runs(RunsCommand),
    /// List what needs a person, try it again, or put it aside.
    #[command(subcommand)]
    Quarantine(QuarantineCommand),
    /// Show where an order or a sale day is, and how it came there.
    #[command(subcommand)]
    Doc(DocCommand),
    /// List the schedules; pause and resume them.
    #[command(subcommand)]
    Schedule(ScheduleCommand),
    /// List the queues; look at dead letters, send them back, or delete them.
    #[command(subcommand)]
    Queue(QueueCommand),
    /// Show what was logged: readable on a terminal, JSON lines elsewhere and with --json.
    #[command(after_help = "Examples:\n  erp-sync logs --follow\n  \
        erp-sync logs --date 2026-03-25 --function sige-window-sync --account loja-centro\n  \
        erp-sync logs --run 0198c1f2-… --json | jq .message")]
    Logs(LogsArgs),
    /// End the lease of an account's spreadsheet by force. Shows who holds it; --apply ends it.
    ///
    /// For a worker that is gone and that nobody wants to wait for. If it should still live, none of its commits is taken
    /// any more.
    #[command(
        after_help = "Example:\n  erp-sync release --account loja-centro --reason \"the machine is gone\" --apply"
    )]
    Release(ReleaseArgs),
    /// Preview and repair what the SIGE sync writes.
    #[command(subcommand)]
    Sige(SigeCommand),
    /// Apply, list and show accounts: a company's credentials, spreadsheets and rules.
    #[command(subcommand)]
    Accounts(AccountsCommand),
    /// Take over the six variables of the old worker (same as `accounts import-env`).
    ImportEnv(ImportEnvArgs),
    /// Set and list secrets. Values are never shown.
    #[command(subcommand)]
    Secrets(SecretsCommand),
    /// Write and check the configuration file.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Start the simulators alone, with the sample company, until Ctrl-C.
    ///
    /// Prints their addresses and a configuration that points at them. For developers, benchmarks and trying things out.
    #[command(after_help = "Examples:\n  erp-sync simulate\n  erp-sync simulate --json --orders-per-day 100")]
    Simulate(SimulateArgs),
    /// Print the completion script of a shell.
    #[command(
        after_help = "Examples:\n  erp-sync completions bash > ~/.local/share/bash-completion/completions/erp-sync\n  \
        erp-sync completions fish > ~/.config/fish/completions/erp-sync.fish"
    )]
    Completions(CompletionsArgs),
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_and_option_is_documented() {
        fn walk(command: &clap::Command, path: &str) {
            let path = format!("{path} {}", command.get_name());
            assert!(command.get_about().is_some(), "{path} has no help");
            for argument in command.get_arguments() {
                assert!(argument.get_help().is_some(), "{path} {} has no help", argument.get_id());
            }
            command.get_subcommands().filter(|sub| sub.get_name() != "help").for_each(|sub| walk(sub, &path));
        }
        walk(&Cli::command(), "");
    }

    #[test]
    fn an_empty_variable_counts_as_unset() {
        let cli = Cli::parse_from(["erp-sync", "--config", "", "demo"]);
        assert_eq!(cli.global.overrides().config, None);
    }
}
