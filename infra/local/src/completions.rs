//! `erp-sync completions`: the script that a shell loads.
use crate::cli::{Cli, CompletionsArgs};
use crate::failure::Failure;
use crate::output::Output;
use clap::CommandFactory;

/// Prints the script. With `--json` it is one JSON string.
///
/// # Errors
/// Never in practice: the generator writes text.
pub fn print(output: &Output, args: &CompletionsArgs) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "erp-sync", &mut script);
    let script = String::from_utf8(script).map_err(Failure::failed)?;
    output.result(&script, |output| output.raw(&script));
    Ok(())
}
