//! What is logged: JSON lines in `<data_dir>/logs/<day>.jsonl`, metrics beside them in `metrics-<day>.jsonl`, and what a person
//! who watches should see on standard error.
//!
//! Only this product's own crates are logged. Other crates log addresses and headers, and with them documents of
//! people and credentials; nobody here can vouch for their lines.
mod rolling;

pub use rolling::RollingFile;

use crate::config::no_colour;
use crate::failure::Failure;
use crate::settings::General;
use flows::ports::Clock;
use shared::metrics::Metrics;
use shared::telemetry::{filter_of, own};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

/// What stands before the day in the name of a file of metrics.
const METRICS_PREFIX: &str = "metrics-";

/// What is shown on standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// Nothing.
    Nothing,
    /// What may become a failure, on a terminal: the command itself says the rest.
    Warnings,
    /// A line with the time for each piece of work, wherever standard error goes: for a service.
    Work,
}

/// Where the logs of a data directory are.
pub fn folder(data_dir: &Path) -> PathBuf {
    data_dir.join("logs")
}

/// Starts logging into the data directory, which is created with mode 0700 if need be, and deletes old log files.
///
/// # Errors
/// [`Failure::Failed`] when the log cannot be written: work that leaves no trace is not started.
pub fn start(data_dir: &Path, general: &General, clock: Arc<dyn Clock>, shown: Shown) -> Result<(), Failure> {
    let file = rolling(data_dir, general, clock.clone(), "")?;
    let lines = fmt::layer()
        .json()
        .flatten_event(true)
        .with_span_list(false)
        .with_writer(Mutex::new(file))
        .with_filter(own(filter_of(general.log_level)));
    // A second start in one process (tests) keeps the first subscriber; the log file is open either way.
    let _ = tracing_subscriber::registry().with(lines).with(people(shown, Some(clock))).try_init();
    Ok(())
}

/// Starts without a file: what a person should see, and nothing else.
pub fn start_without_file(shown: Shown) {
    let _ = tracing_subscriber::registry().with(people(shown, None)).try_init();
}

/// Lines for a person who watches.
fn people<S>(shown: Shown, clock: Option<Arc<dyn Clock>>) -> Option<Box<dyn Layer<S> + Send + Sync>>
where
    S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
{
    let colour = !no_colour() && std::io::stderr().is_terminal();
    let on_standard_error = || fmt::layer().compact().with_target(false).with_writer(std::io::stderr);
    match (shown, clock) {
        (Shown::Work, Some(clock)) => {
            let timed = on_standard_error().with_timer(ReadableTime(clock)).with_ansi(colour);
            Some(timed.with_filter(own(LevelFilter::INFO)).boxed())
        }
        (Shown::Warnings, _) if std::io::stderr().is_terminal() => Some(
            on_standard_error().without_time().with_ansi(colour).with_filter(own(LevelFilter::WARN)).boxed(),
        ),
        _ => None,
    }
}

/// To the second, as a person reads it.
struct ReadableTime(Arc<dyn Clock>);

impl FormatTime for ReadableTime {
    fn format_time(&self, writer: &mut Writer<'_>) -> std::fmt::Result {
        write!(writer, "{}", self.0.now().format("%Y-%m-%d %H:%M:%SZ"))
    }
}

/// Metric lines of this machine, in the folder of the logs.
///
/// # Errors
/// [`Failure::Failed`] when they cannot be written.
pub fn metrics(data_dir: &Path, general: &General, clock: Arc<dyn Clock>) -> Result<Metrics, Failure> {
    let file = rolling(data_dir, general, clock.clone(), METRICS_PREFIX)?;
    Ok(Metrics::new(general.stage.as_str(), clock, Box::new(file)))
}

fn rolling(
    data_dir: &Path,
    general: &General,
    clock: Arc<dyn Clock>,
    prefix: &'static str,
) -> Result<RollingFile, Failure> {
    let folder = folder(data_dir);
    let failed = format!("{} cannot be written", folder.display());
    RollingFile::open(folder, prefix, general.log_keep_days, clock)
        .map_err(|error| Failure::Failed(format!("{failed}: {error}")))
}
