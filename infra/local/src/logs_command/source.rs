//! Where lines come from: the files of a data directory, or the log groups of a stack.
use super::line::LogLine;
use crate::failure::Failure;
use crate::stack::Stack;
use crate::telemetry;
use adapter_aws::{LogError, LogReader};
use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use flows::ports::Clock;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Most bytes that one reading takes from a file; the rest follows with the next one.
const READ_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Most lines that one reading takes from a log group.
const GROUP_LINES_MAX: usize = 100_000;
/// The functions of a stack.
const FUNCTIONS: [&str; 4] = ["dispatch", "sige-backfill", "sige-daily-sync", "sige-window-sync"];

/// Lines, oldest first.
#[async_trait]
pub(crate) trait LogSource: Send {
    /// Those that have come since the last reading; at first those of the day.
    async fn read(&mut self) -> Result<Vec<LogLine>, Failure>;
}

/// The files that this machine writes, one a day.
pub(crate) struct FileLogs {
    folder: PathBuf,
    day: NaiveDate,
    /// Goes on with the next day's file when the day is over.
    rolls: bool,
    clock: Arc<dyn Clock>,
    offset: u64,
    /// The beginning of a line whose end was not written yet.
    rest: Vec<u8>,
}

impl FileLogs {
    /// Nothing is read yet.
    pub(crate) fn new(data_dir: &Path, day: NaiveDate, clock: Arc<dyn Clock>) -> Self {
        let rolls = day == clock.now().date_naive();
        let folder = telemetry::folder(data_dir);
        Self { folder, day, rolls, clock, offset: 0, rest: Vec::new() }
    }

    fn read_file(&mut self) -> Result<Vec<LogLine>, Failure> {
        let path = self.folder.join(format!("{}.jsonl", self.day));
        let failed =
            |error: std::io::Error| Failure::failed(format!("{} cannot be read: {error}", path.display()));
        let mut file = match std::fs::File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        file.seek(SeekFrom::Start(self.offset)).map_err(failed)?;
        let read = file.take(READ_BYTES_MAX).read_to_end(&mut self.rest).map_err(failed)?;
        self.offset += u64::try_from(read).unwrap_or(0);
        let complete = self.rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let lines: Vec<u8> = self.rest.drain(..complete).collect();
        let lines = String::from_utf8_lossy(&lines);
        Ok(lines.lines().filter(|line| !line.trim().is_empty()).map(LogLine::read).collect())
    }
}

#[async_trait]
impl LogSource for FileLogs {
    async fn read(&mut self) -> Result<Vec<LogLine>, Failure> {
        let mut lines = self.read_file()?;
        let today = self.clock.now().date_naive();
        if self.rolls && today > self.day {
            // What was written between the reading and midnight comes with the second look at yesterday's file.
            lines.extend(self.read_file()?);
            (self.day, self.offset) = (today, 0);
            self.rest.clear();
            lines.extend(self.read_file()?);
        }
        Ok(lines)
    }
}

/// The log groups of a stack's functions.
pub(crate) struct CloudLogs {
    reader: LogReader,
    groups: Vec<(String, String)>,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    /// Lines of the last millisecond that was read: they come again with the next reading.
    seen: Vec<(String, String)>,
}

impl CloudLogs {
    /// Nothing is read yet.
    pub(crate) fn new(stack: &Stack, function: Option<&str>, day: NaiveDate) -> Self {
        let wanted = FUNCTIONS.into_iter().filter(|name| function.is_none_or(|function| function == *name));
        let groups = wanted.map(|name| (name.to_owned(), format!("/aws/lambda/{}-{name}", stack.name)));
        let from = day.and_time(NaiveTime::MIN).and_utc();
        let to = from + TimeDelta::days(1) - TimeDelta::milliseconds(1);
        Self { reader: stack.logs.clone(), groups: groups.collect(), from, to, seen: Vec::new() }
    }
}

#[async_trait]
impl LogSource for CloudLogs {
    async fn read(&mut self) -> Result<Vec<LogLine>, Failure> {
        let mut found = Vec::new();
        for (function, group) in &self.groups {
            match self.reader.read(group, self.from, self.to, None, GROUP_LINES_MAX).await {
                Ok(lines) => found.extend(lines.into_iter().map(|line| (function.clone(), line))),
                // A function that has never run has nothing to tell.
                Err(LogError::NoSuchGroup(_)) => {}
                Err(error) => return Err(Failure::failed(error)),
            }
        }
        found.retain(|(function, line)| {
            line.at > self.from || !self.seen.contains(&(function.clone(), line.message.clone()))
        });
        found.sort_by_key(|(_, line)| line.at);
        if let Some((_, last)) = found.last() {
            let newest = last.at;
            if newest > self.from {
                self.seen.clear();
            }
            self.from = newest;
            let last = found.iter().filter(|(_, line)| line.at == newest);
            self.seen.extend(last.map(|(function, line)| (function.clone(), line.message.clone())));
        }
        let line = |(function, line): (String, adapter_aws::LogLine)| {
            LogLine::read(&line.message).of(&function, line.at)
        };
        Ok(found.into_iter().map(line).collect())
    }
}
