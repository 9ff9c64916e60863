//! What is logged: JSON lines in `<data_dir>/logs/<day>.jsonl`, and warnings for a person who watches.
//!
//! Only this product's own crates are logged. Other crates log addresses and headers, and with them documents of
//! people and credentials; nobody here can vouch for their lines.
use crate::config::no_colour;
use crate::failure::Failure;
use crate::settings::{General, Level};
use chrono::{DateTime, Days, NaiveDate, Utc};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::IsTerminal;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Mutex;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

/// The crates whose lines are logged.
const OWN_CRATES: [&str; 11] = [
    "adapter_local",
    "adapter_sheets",
    "adapter_sige",
    "dispatch",
    "domain",
    "erp_sync",
    "flows",
    "local",
    "sige_backfill",
    "sige_daily_sync",
    "sige_window_sync",
];

/// Starts logging into the data directory, which is created with mode 0700 if need be, and deletes old log files.
///
/// # Errors
/// [`Failure::Failed`] when the log cannot be written: work that leaves no trace is not started.
pub fn start(data_dir: &Path, general: &General, now: DateTime<Utc>, quiet: bool) -> Result<(), Failure> {
    let folder = data_dir.join("logs");
    let failed =
        |error: std::io::Error| Failure::Failed(format!("{} cannot be written: {error}", folder.display()));
    DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(failed)?;
    let today = now.date_naive();
    let file = open(&folder, today).map_err(failed)?;
    remove_old(&folder, today, general.log_keep_days);

    let lines = fmt::layer()
        .json()
        .flatten_event(true)
        .with_span_list(false)
        .with_writer(Mutex::new(file))
        .with_filter(own(filter_of(general.log_level)));
    let shown = if quiet { LevelFilter::OFF } else { LevelFilter::WARN };
    let people = std::io::stderr().is_terminal().then(|| {
        fmt::layer()
            .compact()
            .without_time()
            .with_target(false)
            .with_ansi(!no_colour())
            .with_writer(std::io::stderr)
            .with_filter(own(shown))
    });
    // A second start in one process (tests) keeps the first subscriber; the log file is open either way.
    let _ = tracing_subscriber::registry().with(lines).with(people).try_init();
    Ok(())
}

fn open(folder: &Path, day: NaiveDate) -> std::io::Result<File> {
    OpenOptions::new().create(true).append(true).mode(0o600).open(folder.join(format!("{day}.jsonl")))
}

/// Best effort: a log file that stays costs space, nothing else.
fn remove_old(folder: &Path, today: NaiveDate, keep_days: u64) {
    let Some(oldest) = today.checked_sub_days(Days::new(keep_days)) else { return };
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let day = name.to_str().and_then(|name| name.strip_suffix(".jsonl")).and_then(|day| day.parse().ok());
        if day.is_some_and(|day: NaiveDate| day < oldest) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

fn filter_of(level: Level) -> LevelFilter {
    match level {
        Level::Error => LevelFilter::ERROR,
        Level::Warn => LevelFilter::WARN,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
        Level::Trace => LevelFilter::TRACE,
    }
}

fn own(level: LevelFilter) -> Targets {
    Targets::new().with_targets(OWN_CRATES.map(|name| (name, level))).with_default(LevelFilter::OFF)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use tracing_subscriber::filter::LevelFilter;

    #[test]
    fn only_our_own_crates_are_logged() {
        let targets = own(LevelFilter::TRACE);
        for ours in OWN_CRATES.into_iter().chain(["flows::window_sync"]) {
            assert!(targets.would_enable(ours, &tracing::Level::TRACE), "{ours}");
        }
        for other in ["hyper", "reqwest::connect", "google_sheets4", "rustls"] {
            assert!(!targets.would_enable(other, &tracing::Level::ERROR), "{other}");
        }
    }

    #[test]
    fn the_log_is_private_and_old_files_go() {
        let dir = tempfile::tempdir().unwrap();
        let data_dir = dir.path().join("deep/data");
        let general = General { log_keep_days: 10, ..General::default() };
        let now: DateTime<Utc> = "2026-05-20T12:00:00Z".parse().unwrap();
        let logs = data_dir.join("logs");
        std::fs::create_dir_all(&logs).unwrap();
        for name in ["2026-05-09.jsonl", "2026-05-10.jsonl", "notes.txt", "2020-01-01.txt"] {
            std::fs::write(logs.join(name), "x").unwrap();
        }
        start(&data_dir, &general, now, true).unwrap();
        let mut left: Vec<_> = std::fs::read_dir(&logs)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(left, ["2020-01-01.txt", "2026-05-10.jsonl", "2026-05-20.jsonl", "notes.txt"]);
        let mode = std::fs::metadata(logs.join("2026-05-20.jsonl")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
