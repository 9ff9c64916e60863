//! From a parsed command line to a finished command.
use crate::cli::{AccountsCommand, Cli, Command, ConfigCommand, RunCommand, SecretsCommand, SigeCommand};
use crate::config::Config;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Output;
use crate::{
    accounts_command, completions, config_command, demo, import_env, preview, runtime, secrets_command,
    simulate, telemetry, wiring,
};
use std::sync::Arc;

/// Does what the command line asks for.
///
/// # Errors
/// How it ended when it did not end well; the caller prints it and exits with its code.
pub async fn run(cli: Cli, output: &Arc<Output>) -> Result<(), Failure> {
    let overrides = cli.global.overrides();
    let quiet = cli.global.quiet;
    match cli.command {
        Command::Completions(args) => completions::print(output, &args),
        Command::Config(ConfigCommand::Init(args)) => config_command::init(output, &overrides, &args),
        Command::Config(ConfigCommand::Check) => config_command::check(output, &overrides),
        Command::Demo(args) => demo::run(output, &args).await,
        Command::Simulate(args) => simulate::run(output, &args).await,
        Command::Run(command) => {
            let context = open(Config::load(&overrides)?, output, quiet)?;
            let report = match &command {
                RunCommand::SigeDailySync(args) => runtime::run_daily(&context, args).await?,
                RunCommand::SigeBackfill(args) => runtime::run_backfill(&context, args).await?,
            };
            let shortfall = report.shortfall().map(Failure::Failed);
            let mut result = serde_json::to_value(&report).map_err(Failure::failed)?;
            if let (Some(failure), Some(fields)) = (&shortfall, result.as_object_mut()) {
                fields.extend(failure.to_json().as_object().cloned().unwrap_or_default());
            }
            output.result(&result, |output| report.print(output));
            if let Some(failure) = shortfall {
                return Err(failure);
            }
            Ok(())
        }
        Command::Sige(SigeCommand::Preview(args)) => preview::run(&args, output),
        Command::Sige(SigeCommand::Restore(args)) => {
            let context = open(Config::load(&overrides)?, output, quiet)?;
            runtime::restore(&context, &args).await
        }
        Command::Accounts(AccountsCommand::ImportEnv(args)) | Command::ImportEnv(args) => {
            import_env::run(&open(Config::load(&overrides)?, output, quiet)?, &args).await
        }
        Command::Accounts(command) => {
            accounts(&open(Config::load(&overrides)?, output, quiet)?, command).await
        }
        Command::Secrets(command) => {
            let context = open(Config::load(&overrides)?, output, quiet)?;
            match command {
                SecretsCommand::Set(args) => secrets_command::set(&context, &args).await,
                SecretsCommand::List => secrets_command::list(&context).await,
            }
        }
    }
}

async fn accounts(context: &Context, command: AccountsCommand) -> Result<(), Failure> {
    match command {
        AccountsCommand::Apply(args) => accounts_command::apply(context, &args).await,
        AccountsCommand::List(_) => accounts_command::list(context).await,
        AccountsCommand::Show(args) => accounts_command::show(context, &args).await,
        AccountsCommand::Resume(args) => accounts_command::resume(context, &args).await,
        AccountsCommand::ImportEnv(args) => import_env::run(context, &args).await,
    }
}

fn open(config: Config, output: &Arc<Output>, quiet: bool) -> Result<Context, Failure> {
    let context = wiring::open(config, output)?;
    let shown = if quiet { telemetry::Shown::Nothing } else { telemetry::Shown::Warnings };
    telemetry::start(
        &context.config.data_dir,
        &context.config.settings.general,
        context.clock.clone(),
        shown,
    )?;
    Ok(context)
}
