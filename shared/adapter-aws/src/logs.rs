//! What the functions of a stack wrote to their logs.
use crate::failure::{self, Failure};
use crate::retry::Retrying;
use aws_config::SdkConfig;
use aws_sdk_cloudwatchlogs::Client;
use chrono::{DateTime, Utc};

/// The most lines of one answer.
const ANSWER_LINES_MAX: usize = 10_000;
/// The most answers of one reading: CloudWatch may look through much and find nothing.
const ANSWERS_MAX: usize = 200;

/// One line of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When it was written.
    pub at: DateTime<Utc>,
    /// The line, without the break at its end.
    pub message: String,
}

/// Why a log could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// Nothing of that name; it appears with the first line that a function writes.
    #[error("there is no log group {0}: the function is not deployed here, or has never run")]
    NoSuchGroup(String),
    /// The filter is not one CloudWatch understands.
    #[error("cloudwatch logs refused the call: {0}")]
    Invalid(String),
    /// The service cannot be reached or refuses access.
    #[error("cloudwatch logs is unavailable: {0}")]
    Unavailable(String),
}

/// Reads the logs of a stack. Clones share a connection.
#[derive(Clone)]
pub struct LogReader {
    client: Client,
    retrying: Retrying,
}

impl std::fmt::Debug for LogReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogReader").finish_non_exhaustive()
    }
}

impl LogReader {
    pub(crate) fn new(config: &SdkConfig, retrying: Retrying) -> Self {
        Self { client: Client::new(config), retrying }
    }

    /// The lines of a log group from `from` up to and including `to`, oldest first, at most `limit`. The filter is
    /// a CloudWatch filter pattern, such as `{ $.level = "ERROR" }` for lines in JSON.
    ///
    /// # Errors
    /// When there is no such group, or CloudWatch cannot be asked.
    pub async fn read(
        &self,
        group: &str,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        filter: Option<&str>,
        limit: usize,
    ) -> Result<Vec<LogLine>, LogError> {
        let mut lines: Vec<LogLine> = Vec::new();
        let mut next = None;
        for _ in 0..ANSWERS_MAX {
            if lines.len() >= limit {
                break;
            }
            let wanted = (limit - lines.len()).min(ANSWER_LINES_MAX);
            let request = self
                .client
                .filter_log_events()
                .log_group_name(group)
                .start_time(from.timestamp_millis())
                .end_time(to.timestamp_millis())
                .set_filter_pattern(filter.map(str::to_owned))
                .limit(i32::try_from(wanted).unwrap_or(1))
                .set_next_token(next);
            let answer = self.retrying.call(failure::passes, || request.clone().send()).await;
            let answer = answer.map_err(|error| {
                let failure = Failure::of("logs FilterLogEvents", &error);
                match failure.code.as_str() {
                    "ResourceNotFoundException" => LogError::NoSuchGroup(group.to_owned()),
                    "InvalidParameterException" => LogError::Invalid(failure.text),
                    _ => LogError::Unavailable(failure.text),
                }
            })?;
            for event in answer.events() {
                let at = event.timestamp().and_then(DateTime::from_timestamp_millis).unwrap_or(from);
                let message = event.message().unwrap_or_default().trim_end_matches(['\r', '\n']).to_owned();
                lines.push(LogLine { at, message });
            }
            next = answer.next_token;
            if next.is_none() {
                break;
            }
        }
        lines.truncate(limit);
        Ok(lines)
    }
}
