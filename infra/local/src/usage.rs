//! What clap has to say instead of a command: help and version (exit 0), or what is wrong with the line (exit 2).
use crate::failure::Failure;
use crate::output::Output;
use clap::error::ErrorKind;

/// Prints it and gives the exit code. With `--json` on the line a wrong one is also told as the usual object.
pub fn tell(error: &clap::Error) -> u8 {
    // A reader that went away is no reason to fail.
    let _ = error.print();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => 0,
        _ => {
            let asked_for_json =
                std::env::args_os().skip(1).take_while(|arg| arg != "--").any(|arg| arg == "--json");
            let failure = Failure::BadUsage(summary(error));
            if asked_for_json {
                let output = Output::standard(true, true);
                output.json_value(&failure.to_json());
                let _ = output.finish();
            }
            failure.exit_code()
        }
    }
}

/// The message without the usage lines that follow it.
fn summary(error: &clap::Error) -> String {
    let text = error.to_string();
    let message = text.split("\n\n").next().unwrap_or_default();
    message.strip_prefix("error: ").unwrap_or(message).trim().to_owned()
}
