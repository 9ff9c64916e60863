//! `erp-sync`: parses the command line, does it, and exits with the code that scripts rely on.
use clap::Parser;
use local::cli::Cli;
use local::output::Output;
use local::{app, usage};
use std::process::ExitCode;
use std::sync::Arc;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return ExitCode::from(usage::tell(&error)),
    };
    let output = Arc::new(Output::standard(cli.global.json, cli.global.quiet));
    // One thread: the work waits for others most of the time, and waking a second one costs more than it brings.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(app::run(cli, &output)),
        Err(error) => Err(local::failure::Failure::failed(error)),
    };
    match outcome.and_then(|()| output.finish()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output.failure(&failure);
            ExitCode::from(failure.exit_code())
        }
    }
}
