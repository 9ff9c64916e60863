//! From a parsed command line to a finished command.
use crate::cli::{
    AccountsCommand, Cli, Command, ConfigCommand, DocCommand, QuarantineCommand, QueueCommand, RunCommand,
    RunsCommand, ScheduleCommand, SecretsCommand, SigeCommand,
};
use crate::config::{Config, Overrides};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Output;
use crate::{
    accounts_command, completions, config_command, demo, document_command, import_env, logs_command, preview,
    quarantine_command, queue_command, release_command, restore_command, runs_command, runtime,
    schedule_command, secrets_command, simulate, stack, status_command, telemetry, up, watch_command, wiring,
};
use std::sync::Arc;

/// Does what the command line asks for.
///
/// # Errors
/// How it ended when it did not end well; the caller prints it and exits with its code.
pub async fn run(cli: Cli, output: &Arc<Output>) -> Result<(), Failure> {
    let overrides = cli.global.overrides();
    let from = Origin { overrides: &overrides, stack: cli.global.stack.as_deref(), quiet: cli.global.quiet };
    match cli.command {
        Command::Completions(args) => completions::print(output, &args),
        Command::Config(ConfigCommand::Init(args)) => config_command::init(output, &overrides, &args),
        Command::Config(ConfigCommand::Check) => config_command::check(output, &overrides),
        Command::Demo(args) => {
            refuse_stack(&from, "demo")?;
            demo::run(output, &args).await
        }
        Command::Simulate(args) => {
            refuse_stack(&from, "simulate")?;
            simulate::run(output, &args).await
        }
        Command::Up(args) => {
            refuse_stack(&from, "up")?;
            up::run(output, &overrides, from.quiet, &args).await
        }
        Command::Run(command) => {
            let context = open(&from, output).await?;
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
        Command::Status(args) => status_command::run(&open(&from, output).await?, &args).await,
        Command::Logs(args) => logs_command::run(&open(&from, output).await?, &args).await,
        Command::Release(args) => release_command::release(&open(&from, output).await?, &args).await,
        Command::Doc(DocCommand::Show(args)) => {
            document_command::show(&open(&from, output).await?, &args).await
        }
        Command::Runs(command) => runs(&open(&from, output).await?, command).await,
        Command::Quarantine(command) => quarantine(&open(&from, output).await?, command).await,
        Command::Schedule(command) => {
            let context = open(&from, output).await?;
            match command {
                ScheduleCommand::List => schedule_command::list(&context).await,
                ScheduleCommand::Pause(args) => schedule_command::pause(&context, &args).await,
                ScheduleCommand::Resume(args) => schedule_command::resume(&context, &args).await,
            }
        }
        Command::Queue(command) => {
            let context = open(&from, output).await?;
            match command {
                QueueCommand::List => queue_command::list(&context).await,
                QueueCommand::Show(args) => queue_command::show(&context, &args).await,
                QueueCommand::Redrive(args) => queue_command::redrive(&context, &args).await,
                QueueCommand::Discard(args) => queue_command::discard(&context, &args).await,
            }
        }
        Command::Sige(SigeCommand::Preview(args)) => preview::run(&args, output),
        Command::Sige(SigeCommand::Restore(args)) => {
            let context = open(&from, output).await?;
            restore_command::restore(&context, &args).await
        }
        Command::Accounts(AccountsCommand::ImportEnv(args)) | Command::ImportEnv(args) => {
            import_env::run(&open(&from, output).await?, &args).await
        }
        Command::Accounts(command) => accounts(&open(&from, output).await?, command).await,
        Command::Secrets(command) => {
            let context = open(&from, output).await?;
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

async fn runs(context: &Context, command: RunsCommand) -> Result<(), Failure> {
    match command {
        RunsCommand::List(args) => runs_command::list(context, &args).await,
        RunsCommand::Show(args) => runs_command::show(context, &args).await,
        RunsCommand::Watch(args) => watch_command::run(context, &args).await,
        RunsCommand::Cancel(args) => runs_command::cancel(context, &args).await,
        RunsCommand::Resume(args) => runs_command::resume(context, &args).await,
    }
}

async fn quarantine(context: &Context, command: QuarantineCommand) -> Result<(), Failure> {
    match command {
        QuarantineCommand::List(args) => quarantine_command::list(context, &args).await,
        QuarantineCommand::Show(args) => quarantine_command::show(context, &args).await,
        QuarantineCommand::Retry(args) => quarantine_command::retry(context, &args).await,
        QuarantineCommand::Discard(args) => quarantine_command::discard(context, &args).await,
    }
}

/// What the options for every command say about where to work.
struct Origin<'a> {
    overrides: &'a Overrides,
    stack: Option<&'a str>,
    quiet: bool,
}

async fn open(from: &Origin<'_>, output: &Arc<Output>) -> Result<Context, Failure> {
    let config = Config::load(from.overrides)?;
    let shown = if from.quiet { telemetry::Shown::Nothing } else { telemetry::Shown::Warnings };
    if let Some(stack) = from.stack {
        // Nothing of a stack is kept on this machine, its log lines neither.
        telemetry::start_without_file(shown);
        return stack::open(config, stack, output).await;
    }
    let context = wiring::open(config, output)?;
    telemetry::start(
        &context.config.data_dir,
        &context.config.settings.general,
        context.clock.clone(),
        shown,
    )?;
    Ok(context)
}

/// Refuses `--stack` where it means nothing, instead of working somewhere else than the user thinks.
fn refuse_stack(from: &Origin<'_>, command: &str) -> Result<(), Failure> {
    match from.stack {
        Some(_) => {
            Err(Failure::BadUsage(format!("`{command}` works on this machine only; leave out --stack")))
        }
        None => Ok(()),
    }
}
