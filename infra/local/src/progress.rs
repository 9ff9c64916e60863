//! What a person sees while a job works: a bar of days on a terminal; elsewhere nothing, or a line for each step when
//! that is asked for. Ctrl-C and SIGTERM are noted here, and the unit in hand is finished before the job ends.
use crate::drain::{Observer, describe};
use crate::output::Output;
use chrono::{DateTime, Utc};
use flows::reason::Reason;
use flows::window_sync::{WindowOutcome, WindowReport};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The bar, and whether the user asked to stop.
pub struct Progress {
    bar: ProgressBar,
    lines: Option<Lines>,
    stop: Arc<AtomicBool>,
    signals: tokio::task::JoinHandle<()>,
}

/// Progress for a log: how many days have been told of.
struct Lines {
    output: Arc<Output>,
    told: AtomicU64,
}

impl Progress {
    /// A bar over so many days; where there is no terminal, lines if they are wanted.
    pub fn start(output: &Arc<Output>, days: usize, lines_wanted: bool) -> Self {
        let lines = (lines_wanted && !output.shows_progress())
            .then(|| Lines { output: output.clone(), told: AtomicU64::new(0) });
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
        Self { bar, lines, stop, signals }
    }

    /// Tells how far it has come, when that has changed.
    fn tell(&self) {
        let Some(lines) = &self.lines else { return };
        let (done, all) = (self.bar.position(), self.bar.length().unwrap_or_default());
        if lines.told.swap(done, Ordering::Relaxed) != done {
            lines.output.note(format!("{done} of {all} days"));
        }
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
        self.tell();
        tracing::info!(account = report.account, day = %report.day, outcome = describe(report), "window");
    }

    fn waiting(&self, reason: &Reason, until: DateTime<Utc>) {
        self.bar.set_message(format!("until {}: {reason}", until.format("%H:%M:%SZ")));
    }

    fn settled(&self, days: usize) {
        self.bar.set_position(u64::try_from(days).unwrap_or(u64::MAX));
        self.tell();
    }

    fn stop_requested(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
