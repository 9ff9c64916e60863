//! What a person sees while a job works: a bar of days on a terminal, nothing elsewhere. Ctrl-C and SIGTERM are noted
//! here, and the unit in hand is finished before the job ends.
use crate::drain::{Observer, describe};
use crate::output::Output;
use chrono::{DateTime, Utc};
use flows::reason::Reason;
use flows::window_sync::{WindowOutcome, WindowReport};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The bar, and whether the user asked to stop.
pub struct Progress {
    bar: ProgressBar,
    stop: Arc<AtomicBool>,
    signals: tokio::task::JoinHandle<()>,
}

impl Progress {
    /// A bar over so many days.
    pub fn start(output: &Output, days: usize) -> Self {
        let bar = ProgressBar::new(u64::try_from(days).unwrap_or(u64::MAX));
        let target =
            if output.shows_progress() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        bar.set_draw_target(target);
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} days  {elapsed}  {msg}") {
            bar.set_style(style);
        }
        let stop = Arc::new(AtomicBool::new(false));
        let noted = stop.clone();
        let signals = tokio::spawn(async move {
            wait_for_signal().await;
            noted.store(true, Ordering::Relaxed);
        });
        Self { bar, stop, signals }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
        self.signals.abort();
    }
}

/// Returns when the user or the system asks the process to end.
pub async fn wait_for_signal() {
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            // Without a handler the system's own reaction to the signal stays in place.
            Err(_) => std::future::pending().await,
        }
    };
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! { () = terminate => {}, () = interrupt => {} }
}

impl Observer for Progress {
    fn window(&self, report: &WindowReport) {
        match report.outcome {
            WindowOutcome::Written { .. }
            | WindowOutcome::Unchanged { .. }
            | WindowOutcome::Failed { .. } => {
                self.bar.inc(1);
            }
            WindowOutcome::Waiting { .. } | WindowOutcome::NotDue => {}
        }
        self.bar.set_message(describe(report));
        tracing::info!(account = report.account, day = %report.day, outcome = describe(report), "window");
    }

    fn waiting(&self, reason: &Reason, until: DateTime<Utc>) {
        self.bar.set_message(format!("until {}: {reason}", until.format("%H:%M:%SZ")));
    }

    fn stop_requested(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
