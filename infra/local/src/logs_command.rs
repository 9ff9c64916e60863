//! `erp-sync logs`: what was logged on a day, by function, run or account; readable on a terminal, JSON lines elsewhere.
mod line;
mod source;

use crate::cli::LogsArgs;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Output;
use crate::progress::wait_for_signal;
use chrono::NaiveDate;
use line::LogLine;
use source::{CloudLogs, FileLogs, LogSource};
use std::collections::VecDeque;
use std::io::IsTerminal;
use std::time::Duration;

/// How often it is looked for new lines.
const FOLLOW_INTERVAL: Duration = Duration::from_millis(500);

/// Which lines are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Wanted {
    /// Of this function.
    pub(crate) function: Option<String>,
    /// Of this run.
    pub(crate) run: Option<String>,
    /// About this account.
    pub(crate) account: Option<String>,
}

impl Wanted {
    fn takes(&self, line: &LogLine) -> bool {
        let is = |wanted: &Option<String>, name: &str| {
            wanted.as_ref().is_none_or(|wanted| line.field(name).is_some_and(|value| value == *wanted))
        };
        is(&self.run, "run")
            && is(&self.account, "account")
            && self.function.as_ref().is_none_or(|function| line.is_of(function))
    }
}

/// `logs`.
///
/// # Errors
/// The log cannot be read.
pub async fn run(context: &Context, args: &LogsArgs) -> Result<(), Failure> {
    let day = args.date.unwrap_or_else(|| context.clock.now().date_naive());
    let wanted =
        Wanted { function: args.function.clone(), run: args.run.clone(), account: args.account.clone() };
    let mut source = open(context, day, wanted.function.as_deref());
    let output = &context.output;
    let readable = !output.is_json() && std::io::stdout().is_terminal();
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let mut newest: VecDeque<LogLine> = VecDeque::new();
    let mut left_out = 0;
    for line in source.read().await? {
        newest.extend(Some(line).filter(|line| wanted.takes(line)));
        if newest.len() > limit {
            newest.pop_front();
            left_out += 1;
        }
    }
    newest.iter().for_each(|line| print(output, line, readable));
    if left_out > 0 {
        output.note(format!("{left_out} older lines are not shown; --limit shows more"));
    }
    if !args.follow {
        if newest.is_empty() {
            output.note(format!("no such line was logged on {day} (days are UTC)"));
        }
        return Ok(());
    }
    let stop = wait_for_signal();
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => return Ok(()),
            () = context.clock.sleep(FOLLOW_INTERVAL) => {}
        }
        for line in source.read().await? {
            if wanted.takes(&line) {
                print(output, &line, readable);
            }
        }
    }
}

fn open(context: &Context, day: NaiveDate, function: Option<&str>) -> Box<dyn LogSource> {
    match &context.stack {
        Some(stack) => Box::new(CloudLogs::new(stack, function, day)),
        None => Box::new(FileLogs::new(&context.config.data_dir, day, context.clock.clone())),
    }
}

fn print(output: &Output, line: &LogLine, readable: bool) {
    if readable {
        output.line(line.readable());
    } else {
        output.raw(&format!("{}\n", line.json()));
    }
}

#[cfg(test)]
mod tests;
