//! `erp-sync sige preview`: a company's own exported files become Faturamento rows, on paper.
//!
//! Nothing is written and nothing leaves the machine: the same rules as the sync, on files. With `--profile both` it
//! is the shadow run, which lists what the old script wrote, what would be written now, and why they differ.
//!
//! Rows go to standard output, everything that was left out to standard error, one line each with its reason.
mod args;
mod cells;
mod compare;
mod erp;
mod input;
mod rows;
mod select;
mod write;

pub use args::{BookingPolicyChoice, DefectsChoice, FormatChoice, PreviewArgs, ProfileChoice};

use crate::failure::Failure;
use crate::output::Output;
use std::io::Read;

/// Reads the files, builds the rows and prints them.
///
/// # Errors
/// [`Failure::BadUsage`] when options contradict each other, [`Failure::BadConfig`] when a file cannot be read as what
/// it should be. Nothing has been printed on standard output then.
pub fn run(args: &PreviewArgs, output: &Output) -> Result<(), Failure> {
    run_with(args, &mut std::io::stdin().lock(), output)
}

fn run_with(args: &PreviewArgs, standard_input: &mut dyn Read, output: &Output) -> Result<(), Failure> {
    let format = args.checked_format(output.is_json())?;
    let inputs = input::read(args, standard_input)?;
    let preview = select::preview(args, &inputs);
    for note in &preview.notes {
        output.note(note);
    }
    match (args.profile, format) {
        (ProfileChoice::Both, FormatChoice::Table) => compare::print_table(&preview, args.all, output),
        (ProfileChoice::Both, FormatChoice::Json) => output.json_value(&compare::objects(&preview)),
        (ProfileChoice::Both, FormatChoice::Csv) => output.raw(&compare::csv(&preview, args.all)?),
        (_, FormatChoice::Table) => rows::print_table(&preview, output),
        (_, FormatChoice::Json) => output.json_value(&rows::objects(&preview)),
        (_, FormatChoice::Csv) => output.raw(&rows::csv(&preview)?),
    }
    output.note(&preview.closing);
    Ok(())
}

#[cfg(test)]
mod tests;
