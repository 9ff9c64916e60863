//! Log lines as JSON on standard output, at the level that Lambda's logging configuration asks for.
//!
//! Only this product's own crates are logged. Other crates log addresses and headers, and with them documents of
//! people and credentials; nobody here can vouch for their lines.
use flows::config::Level;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

/// The crates whose lines are logged.
pub const OWN_CRATES: [&str; 13] = [
    "adapter_aws",
    "adapter_local",
    "adapter_sheets",
    "adapter_sige",
    "dispatch",
    "domain",
    "erp_sync",
    "flows",
    "local",
    "shared",
    "sige_backfill",
    "sige_daily_sync",
    "sige_window_sync",
];

/// Lets lines of our own crates through from a level on, and no others.
pub fn own(level: LevelFilter) -> Targets {
    Targets::new().with_targets(OWN_CRATES.map(|name| (name, level))).with_default(LevelFilter::OFF)
}

/// A setting as a filter.
pub fn filter_of(level: Level) -> LevelFilter {
    match level {
        Level::Error => LevelFilter::ERROR,
        Level::Warn => LevelFilter::WARN,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
        Level::Trace => LevelFilter::TRACE,
    }
}

/// Starts logging on standard output, one JSON object a line.
pub fn start(level: Level) {
    let lines = fmt::layer()
        .json()
        .flatten_event(true)
        .with_span_list(false)
        .with_writer(std::io::stdout)
        .with_filter(own(filter_of(level)));
    // A second start in one process (tests) keeps the first subscriber.
    let _ = tracing_subscriber::registry().with(lines).try_init();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_crates_are_logged() {
        let targets = own(LevelFilter::TRACE);
        for ours in OWN_CRATES.into_iter().chain(["flows::window_sync"]) {
            assert!(targets.would_enable(ours, &tracing::Level::TRACE), "{ours}");
        }
        for other in ["hyper", "reqwest::connect", "hyper_util", "rustls", "aws_sdk_dynamodb"] {
            assert!(!targets.would_enable(other, &tracing::Level::ERROR), "{other}");
        }
    }
}
